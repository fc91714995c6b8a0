//! What being ready while closed took.

use super::{Answer, Kpi, Reckon, Totals, closed_idle, closed_idle_hours};

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "closed_idle_kwh",
    unit: "kWh",
    formula: "sum of E_idle in closed hours, scanners and workstations",
    source: closed_idle_hours::KPI.source,
    published: None,
    reckon: Reckon::Whole(value),
};

fn value(totals: &Totals) -> Answer {
    closed_idle(totals).map(|part| part.energy.kwh())
}
