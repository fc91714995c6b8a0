//! How much of the time a scanner was on it examined patients.

use super::{Answer, Kpi, Reckon, Totals, ratio};
use crate::State;
use crate::modality::Role;

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "utilisation",
    unit: "1",
    formula: "t_exam / t_on, scanners, t_on = t_scanning + t_idle + t_standby",
    source: "MITA: above 50 % little is left to save",
    published: None,
    reckon: Reckon::Whole(value),
};

fn value(totals: &Totals) -> Answer {
    if totals.exams.patients == 0 {
        return Err("no patient examination was seen");
    }
    let on = totals.sum(|role, state, _| {
        role == Role::Scanner && matches!(state, State::Scanning | State::Idle | State::Standby)
    });
    ratio(
        totals.exams.duration.as_secs_f64(),
        on.duration.as_secs_f64(),
        "no scanner is in this group, or nothing was measured of it",
    )
}
