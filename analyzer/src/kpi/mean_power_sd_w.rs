//! How much the mean power of a state varies from hour to hour.
//!
//! The ledger knows a state's energy and time by local hour, so this is the spread of hourly means, each with the weight
//! of its time. It is less than the spread of single samples that the papers state: within an hour, the peaks of
//! sequences and exposures are one mean. Of a group, hours of all its devices are put together.

use super::{Answer, Kpi, Reckon, Totals};
use crate::State;

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "mean_power_sd_w",
    unit: "W",
    formula: "sqrt(sum of t_h × (P_h - P_s)² / t_s), P_h = mean power of a local hour, P_s = mean_power_w",
    source: "beside the mean as in Woolen et al., Radiology 2023, and Schulz et al., Acad Radiol 2024 (there of samples: more)",
    published: None,
    reckon: Reckon::ByState(value),
};

fn value(totals: &Totals, state: State) -> Answer {
    totals
        .state(state)
        .power_sd_w()
        .ok_or("less than two hours of the ledger hold this state in the period")
}
