//! How much of the energy went into anything but scanning.

use super::{Kpi, Totals};
use crate::State;

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "non_productive_share",
    unit: "1",
    formula: "1 - E_scanning / E_total",
    source: "Woolen et al., Radiology 2023: 72 to 91 % for MRI; Vosshenrich et al., AJR 2024: 89 to 99 %",
    value,
};

fn value(totals: &Totals) -> Option<f64> {
    totals
        .share(totals.energy_in(State::Scanning))
        .map(|productive| 1.0 - productive)
}
