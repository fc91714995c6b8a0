//! How long a workstation is on in a week.

use super::{Answer, Kpi, Reckon, Totals, ratio};
use crate::State;
use crate::modality::Role;

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "workstation_on_hours_per_week",
    unit: "h",
    formula: "168 × t_on / t_known, workstations",
    source: "Walters et al., Clin Radiol 2024: 148 before, 75.5 after automatic shutdown",
    published: None,
    reckon: Reckon::Whole(value),
};

fn value(totals: &Totals) -> Answer {
    let known = totals.sum(|role, state, _| role == Role::Workstation && state != State::Unknown);
    let on = totals.role_state(Role::Workstation, State::Idle);
    ratio(
        168.0 * on.hours(),
        known.hours(),
        "no workstation is in this group, or nothing was measured of it",
    )
}
