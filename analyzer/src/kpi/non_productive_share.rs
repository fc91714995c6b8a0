//! How much of the energy of scanners went into anything but scanning.

use super::{Answer, Kpi, Published, Reckon, Totals, ratio};
use crate::State;
use crate::modality::Role;

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "non_productive_share",
    unit: "1",
    formula: "1 - E_scanning / E_total, scanners",
    source: "Woolen et al., Radiology 2023: 72 to 91 % for MRI; Vosshenrich et al., AJR 2024: 89 to 99 % for angiography",
    published: Some(Published {
        from: 0.72,
        until: 0.99,
    }),
    reckon: Reckon::Whole(value),
};

fn value(totals: &Totals) -> Answer {
    let scanning = totals.role_state(Role::Scanner, State::Scanning).energy;
    ratio(
        (totals.role(Role::Scanner).energy - scanning).wh(),
        totals.role(Role::Scanner).energy.wh(),
        "no scanner is in this group, or nothing was measured of it",
    )
}
