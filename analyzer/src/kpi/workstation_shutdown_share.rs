//! What automatic shutdown in closed hours would save of the energy of workstations.

use super::{Answer, Kpi, Published, Reckon, Totals, ratio};
use crate::modality::Role;

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "workstation_shutdown_share",
    unit: "1",
    formula: "(P_on - P_target) × t_on in closed hours / E_total, workstations",
    source: "Walters et al., Clin Radiol 2024: 45 % of energy",
    published: Some(Published {
        from: 0.45,
        until: 0.45,
    }),
    reckon: Reckon::Whole(value),
};

fn value(totals: &Totals) -> Answer {
    let avoidable = totals
        .avoidable
        .get(&Role::Workstation)
        .ok_or("no workstation has a target and closed hours: see the targets")?;
    ratio(
        avoidable.part.energy.wh(),
        totals.role(Role::Workstation).energy.wh(),
        "no workstation is in this group, or nothing was measured of it",
    )
}
