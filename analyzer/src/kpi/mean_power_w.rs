//! Mean power by state.

use super::{Answer, Kpi, Reckon, Totals};
use crate::State;

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "mean_power_w",
    unit: "W",
    formula: "E_s / t_s",
    source: "Woolen et al., Radiology 2023; Schulz et al., Acad Radiol 2024",
    published: None,
    reckon: Reckon::ByState(value),
};

fn value(totals: &Totals, state: State) -> Answer {
    totals
        .state(state)
        .mean_power_w()
        .ok_or("never in this state in the period")
}
