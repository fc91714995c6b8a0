//! What servers and racks take in a day.

use super::{Answer, Kpi, Reckon, Totals, base_load_w};

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "base_kwh_per_day",
    unit: "kWh",
    formula: "24 h × base load",
    source: "own meter; no published level",
    published: None,
    reckon: Reckon::Whole(value),
};

fn value(totals: &Totals) -> Answer {
    base_load_w::value(totals).map(|base_w| base_w * 24.0 / 1000.0)
}
