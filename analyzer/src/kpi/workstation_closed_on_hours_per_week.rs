//! How long a workstation is on in closed hours, in a week.

use super::{Answer, Kpi, Reckon, Totals, ratio};
use crate::State;
use crate::modality::Role;

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "workstation_closed_on_hours_per_week",
    unit: "h",
    formula: "168 × t_on in closed hours / t_known, workstations",
    source: "McCarthy et al., Acad Radiol 2014: 25 of 27 left on",
    published: None,
    reckon: Reckon::Whole(value),
};

fn value(totals: &Totals) -> Answer {
    let known = totals.sum(|role, state, _| role == Role::Workstation && state != State::Unknown);
    let closed =
        totals.sum(|role, state, is_open| role == Role::Workstation && state == State::Idle && !is_open);
    ratio(
        168.0 * closed.hours(),
        known.hours(),
        "no workstation is in this group, or nothing was measured of it",
    )
}
