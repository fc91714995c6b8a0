//! How long devices were ready while closed.

use super::{Answer, Kpi, Reckon, Totals, closed_idle};

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "closed_idle_hours",
    unit: "h",
    formula: "sum of t_idle in closed hours, scanners and workstations",
    source: "McCarthy et al., Acad Radiol 2014; J Med Radiat Sci 2025; Heye et al., Radiology 2020",
    published: None,
    reckon: Reckon::Whole(value),
};

fn value(totals: &Totals) -> Answer {
    closed_idle(totals).map(|part| part.hours())
}
