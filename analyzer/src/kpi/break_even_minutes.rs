//! After how long a shutdown pays.

use super::{Answer, Kpi, Reckon, Totals};

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "break_even_minutes",
    unit: "min",
    formula: "(E_shutdown + E_boot) / (P_idle - P_target)",
    source: "Schulz et al., Acad Radiol 2024: 2 min for off, 5 min for low-power; energies from shutdown_wh and boot_wh of the configuration",
    published: None,
    reckon: Reckon::Whole(value),
};

fn value(totals: &Totals) -> Answer {
    let shutdown = totals
        .shutdown
        .ok_or("needs a single device with boot_wh, shutdown_wh and a target below its idle power")?;
    Ok(shutdown.energy.wh() / shutdown.saved_w * 60.0)
}
