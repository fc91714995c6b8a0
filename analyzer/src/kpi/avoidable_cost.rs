//! What the avoidable energy cost.

use super::{Answer, Kpi, Reckon, Totals};

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "avoidable_cost",
    unit: "currency",
    formula: "avoidable_kwh × the mean price of those hours",
    source: "tariff of the configuration, with its source and year",
    published: None,
    reckon: Reckon::Whole(value),
};

fn value(totals: &Totals) -> Answer {
    totals
        .all_avoidable()
        .map(|part| part.cost)
        .ok_or("no device of this group has a target and closed hours: see the targets")
}
