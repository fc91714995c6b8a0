//! The energy between first and last acquisition of an examination of a patient.

use super::{Answer, Kpi, Reckon, Totals, ratio};

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "kwh_per_exam_net",
    unit: "kWh",
    formula: "E_exam / patients",
    source: "Woolen et al., Radiology 2025;315:e243453: 15.5, 13.6 and 9.9 for MRI of 3, 1.5 and 0.55 T",
    published: None,
    reckon: Reckon::Whole(value),
};

fn value(totals: &Totals) -> Answer {
    let patients = u32::try_from(totals.exams.patients).unwrap_or(u32::MAX);
    ratio(
        totals.exams.energy.kwh(),
        f64::from(patients),
        "no patient examination was seen",
    )
}
