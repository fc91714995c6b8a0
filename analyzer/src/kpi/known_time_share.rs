//! How much of the calendar is known.

use super::{Answer, Kpi, NOTHING, Reckon, Totals, ratio};

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "known_time_share",
    unit: "1",
    formula: "t_known / T, T = calendar time of the period × devices",
    source: "data coverage: look here before you compare",
    published: None,
    reckon: Reckon::Whole(value),
};

fn value(totals: &Totals) -> Answer {
    ratio(
        totals.known().duration.as_secs_f64(),
        totals.calendar.as_secs_f64(),
        NOTHING,
    )
}
