//! What the avoidable energy emitted.

use super::{Answer, Kpi, Reckon, Totals};

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "avoidable_co2e_kg",
    unit: "kg",
    formula: "avoidable_kwh × carbon factor",
    source: "carbon factor of the configuration, with its source and year",
    published: None,
    reckon: Reckon::Whole(value),
};

fn value(totals: &Totals) -> Answer {
    totals
        .all_avoidable()
        .map(|part| part.co2e_g / 1000.0)
        .ok_or("no device of this group has a target and closed hours: see the targets")
}
