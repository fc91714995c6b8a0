//! How much of the energy went into being ready.

use super::{Kpi, Totals};
use crate::State;

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "idle_share",
    unit: "1",
    formula: "E_idle / E_total",
    source: "Heye et al., Radiology 2020;295:593: two thirds for CT",
    value,
};

fn value(totals: &Totals) -> Option<f64> {
    totals.share(totals.energy_in(State::Idle))
}
