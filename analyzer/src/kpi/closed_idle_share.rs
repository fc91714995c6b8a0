//! How much of the energy went into being ready while closed; base loads are left out.

use super::{Answer, Kpi, Reckon, Totals, ratio};
use crate::modality::Role;

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "closed_idle_share",
    unit: "1",
    formula: "E_idle in closed hours / E_total, scanners and workstations",
    source: "overnight idle: McCarthy et al., Acad Radiol 2014; J Med Radiat Sci 2025",
    published: None,
    reckon: Reckon::Whole(value),
};

fn value(totals: &Totals) -> Answer {
    let whole = totals.role(Role::Scanner).energy + totals.role(Role::Workstation).energy;
    ratio(
        totals.closed_idle().energy.wh(),
        whole.wh(),
        "no scanner and no workstation is in this group, or nothing was measured of it",
    )
}
