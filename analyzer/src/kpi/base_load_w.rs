//! The base load of servers and racks.

use super::{Answer, Kpi, Reckon, Totals, ratio};
use crate::State;
use crate::modality::Role;

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "base_load_w",
    unit: "W",
    formula: "E / t_known × servers",
    source: "own meter; no published level",
    published: None,
    reckon: Reckon::Whole(value),
};

pub(super) fn value(totals: &Totals) -> Answer {
    let known = totals.sum(|role, state, _| role == Role::Server && state != State::Unknown);
    let servers = totals.devices_of(Role::Server);
    ratio(
        known.energy.wh() * f64::from(servers),
        known.hours(),
        "no server is in this group, or nothing was measured of it",
    )
}
