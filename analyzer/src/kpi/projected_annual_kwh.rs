//! What a year would take if it went on like this.

use super::{Answer, Kpi, Reckon, Totals};

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "projected_annual_kwh",
    unit: "kWh",
    formula: "8760 h × (5/7 × P_weekday + 2/7 × P_weekend), means over known states",
    source: "Woolen et al., Radiology 2023",
    published: None,
    reckon: Reckon::Whole(value),
};

fn value(totals: &Totals) -> Answer {
    let is_whole = totals.projected_devices > 0 && totals.projected_devices == totals.devices;
    is_whole
        .then_some(totals.projected_kwh)
        .ok_or("needs 20 known hours of weekdays and 20 of weekends of every device")
}
