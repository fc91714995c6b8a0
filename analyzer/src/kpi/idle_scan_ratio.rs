//! How many times the energy of scanning went into being ready.

use super::{Answer, Kpi, Published, Reckon, Totals, ratio};
use crate::State;
use crate::modality::Role;

/// See the module.
pub const KPI: Kpi = Kpi {
    name: "idle_scan_ratio",
    unit: "1",
    formula: "E_idle / E_scanning, scanners",
    source: "Esmaeili 2015 and 2018: 14 to 30 for CT",
    published: Some(Published {
        from: 14.0,
        until: 30.0,
    }),
    reckon: Reckon::Whole(value),
};

fn value(totals: &Totals) -> Answer {
    ratio(
        totals.role_state(Role::Scanner, State::Idle).energy.wh(),
        totals.role_state(Role::Scanner, State::Scanning).energy.wh(),
        "no scanning was seen: none happened, or the meter is too slow to show it",
    )
}
