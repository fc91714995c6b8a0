//! What cooling takes, on a line of its own.

use super::{Answer, Kpi, Reckon, Totals};
use crate::modality::Role;

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "cooling_kwh",
    unit: "kWh",
    formula: "E_cooling",
    source: "Heye et al., Radiology 2020: reported beside the scanners, never inside",
    published: None,
    reckon: Reckon::Whole(value),
};

fn value(totals: &Totals) -> Answer {
    let cooling = totals.role(Role::Cooling);
    let seen = cooling.duration.is_positive();
    seen.then(|| cooling.energy.kwh())
        .ok_or("no cooling is in this group, or nothing was measured of it")
}
