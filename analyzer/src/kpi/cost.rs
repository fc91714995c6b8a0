//! What all energy cost.

use super::{Answer, Kpi, NOTHING, Reckon, Totals};

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "cost",
    unit: "currency",
    formula: "E_total × tariff",
    source: "tariff of the configuration, with its source and year",
    published: None,
    reckon: Reckon::Whole(value),
};

fn value(totals: &Totals) -> Answer {
    let all = totals.all();
    all.duration.is_positive().then_some(all.cost).ok_or(NOTHING)
}
