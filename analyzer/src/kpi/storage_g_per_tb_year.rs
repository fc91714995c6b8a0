//! What storing a terabyte for a year emits.

use super::{Answer, Kpi, Reckon, Totals, ratio};

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "storage_g_per_tb_year",
    unit: "g/(TB·a)",
    formula: "m_CO2e of a year / stored_tb",
    source: "stored_tb and carbon factor of the configuration",
    published: None,
    reckon: Reckon::Whole(value),
};

fn value(totals: &Totals) -> Answer {
    ratio(
        totals.storage_co2e_g_per_year,
        totals.stored_tb,
        "no rack of this group says stored_tb, or nothing was measured of it",
    )
}
