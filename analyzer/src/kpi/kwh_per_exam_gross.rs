//! All energy of scanners for each examination of a patient.

use super::{Answer, Kpi, Reckon, Totals, ratio};
use crate::modality::Role;

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "kwh_per_exam_gross",
    unit: "kWh",
    formula: "E_total / patients, scanners",
    source: "Heye et al., Radiology 2020: 1.2 for CT, 19.9 for MRI, cooling included; here without cooling",
    published: None,
    reckon: Reckon::Whole(value),
};

fn value(totals: &Totals) -> Answer {
    let patients = u32::try_from(totals.exams.patients).unwrap_or(u32::MAX);
    ratio(
        totals.role(Role::Scanner).energy.kwh(),
        f64::from(patients),
        "no patient examination was seen",
    )
}
