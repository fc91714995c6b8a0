//! How much of the energy of scanners went into being ready.

use super::{Answer, Kpi, Reckon, Totals, ratio};
use crate::State;
use crate::modality::Role;

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "idle_share",
    unit: "1",
    formula: "E_idle / E_total, scanners",
    source: "Heye et al., Radiology 2020;295:593: two thirds for CT",
    published: None,
    reckon: Reckon::Whole(value),
};

fn value(totals: &Totals) -> Answer {
    ratio(
        totals.role_state(Role::Scanner, State::Idle).energy.wh(),
        totals.role(Role::Scanner).energy.wh(),
        "no scanner is in this group, or nothing was measured of it",
    )
}
