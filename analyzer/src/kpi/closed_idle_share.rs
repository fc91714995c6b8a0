//! How much of the energy went into being ready while closed.

use super::{Kpi, Totals};
use crate::State;

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "closed_idle_share",
    unit: "1",
    formula: "E_idle in closed hours / E_total",
    source: "overnight idle: McCarthy et al., Acad Radiol 2014; J Med Radiat Sci 2025",
    value,
};

fn value(totals: &Totals) -> Option<f64> {
    totals.share(totals.energy_of(State::Idle, false))
}
