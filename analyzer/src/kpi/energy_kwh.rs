//! Energy by state.

use super::{Answer, Kpi, NOTHING, Reckon, Totals};
use crate::State;

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "energy_kwh",
    unit: "kWh",
    formula: "E_s",
    source: "all; what no counter counted is integrated from power",
    published: None,
    reckon: Reckon::ByState(value),
};

fn value(totals: &Totals, state: State) -> Answer {
    let seen = totals.all().duration.is_positive();
    seen.then(|| totals.state(state).energy.kwh()).ok_or(NOTHING)
}
