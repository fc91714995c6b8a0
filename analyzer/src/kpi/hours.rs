//! Time by state.

use super::{Answer, Kpi, NOTHING, Reckon, Totals};
use crate::State;

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "hours",
    unit: "h",
    formula: "t_s",
    source: "Woolen et al., Radiology 2023; Hehenkamp et al., AJR 2025",
    published: None,
    reckon: Reckon::ByState(value),
};

fn value(totals: &Totals, state: State) -> Answer {
    let seen = totals.all().duration.is_positive();
    seen.then(|| totals.state(state).hours()).ok_or(NOTHING)
}
