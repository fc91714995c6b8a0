//! Time by state as a share of the time the device was on.

use super::{Answer, Kpi, Reckon, Totals, ratio};
use crate::State;

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "on_time_share",
    unit: "1",
    formula: "t_s / t_on, t_on = t_scanning + t_idle + t_standby",
    source: "Hehenkamp et al., AJR 2025: active 34 %, idle 28 %, power-save 38 % for a CT",
    published: None,
    reckon: Reckon::ByState(value),
};

fn value(totals: &Totals, state: State) -> Answer {
    if matches!(state, State::Off | State::Unknown) {
        return Err("this state is not part of the time on");
    }
    ratio(
        totals.state(state).hours(),
        totals.on_hours(),
        "the device was never on",
    )
}
