//! Time by state as a share of the calendar.

use super::{Answer, Kpi, NOTHING, Reckon, Totals, ratio};
use crate::State;

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "time_share",
    unit: "1",
    formula: "t_s / T, T = calendar time of the period × devices",
    source: "Woolen et al., Radiology 2023, table 3",
    published: None,
    reckon: Reckon::ByState(value),
};

fn value(totals: &Totals, state: State) -> Answer {
    if totals.all().duration.is_zero() {
        return Err(NOTHING);
    }
    ratio(
        totals.state(state).duration.as_secs_f64(),
        totals.calendar.as_secs_f64(),
        NOTHING,
    )
}
