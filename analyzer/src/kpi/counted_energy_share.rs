//! How much of the energy was counted by a meter, and not integrated from power.

use super::{Answer, Kpi, NOTHING, Reckon, Totals, ratio};

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "counted_energy_share",
    unit: "1",
    formula: "1 - E_estimated / E_total",
    source: "data coverage: look here before you compare",
    published: None,
    reckon: Reckon::Whole(value),
};

fn value(totals: &Totals) -> Answer {
    let all = totals.all();
    ratio((all.energy - all.estimated).wh(), all.energy.wh(), NOTHING)
}
