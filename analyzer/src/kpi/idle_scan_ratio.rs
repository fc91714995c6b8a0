//! How many times the energy of scanning went into being ready.

use super::{Kpi, Totals};
use crate::{Energy, State};

/// See the module.
pub const KPI: Kpi = Kpi {
    name: "idle_scan_ratio",
    unit: "1",
    formula: "E_idle / E_scanning",
    source: "Esmaeili 2015 and 2018: 14 to 30 for CT",
    value,
};

fn value(totals: &Totals) -> Option<f64> {
    let scanning = totals.energy_in(State::Scanning);
    (scanning > Energy::ZERO).then(|| totals.energy_in(State::Idle).wh() / scanning.wh())
}
