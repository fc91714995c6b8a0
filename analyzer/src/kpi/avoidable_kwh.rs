//! What idling in closed hours took above the target: the baseline is what was observed, never idling round the clock.

use super::{Answer, Kpi, Reckon, Totals};

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "avoidable_kwh",
    unit: "kWh",
    formula: "(P_idle - P_target) × t_idle in closed hours, as observed",
    source: "Woolen et al., Radiology 2023: 12 h a night; Vosshenrich et al., AJR 2024 (against idling 24/7, which this is not)",
    published: None,
    reckon: Reckon::Whole(value),
};

fn value(totals: &Totals) -> Answer {
    totals
        .all_avoidable()
        .map(|part| part.energy.kwh())
        .ok_or("no device of this group has a target and closed hours: see the targets")
}
