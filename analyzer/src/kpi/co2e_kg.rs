//! What all energy emitted.

use super::{Answer, Kpi, NOTHING, Reckon, Totals};

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "co2e_kg",
    unit: "kg",
    formula: "E_total × carbon factor",
    source: "carbon factor of the configuration, with its source and year",
    published: None,
    reckon: Reckon::Whole(value),
};

fn value(totals: &Totals) -> Answer {
    let all = totals.all();
    all.duration
        .is_positive()
        .then(|| all.co2e_g / 1000.0)
        .ok_or(NOTHING)
}
