//! How many examinations of patients there were, as guessed from power.

use super::{Answer, Kpi, Reckon, Totals};
use crate::modality::Role;

/// See the module.
pub(super) const KPI: Kpi = Kpi {
    name: "exams",
    unit: "1",
    formula: "clusters of scanning, without guessed calibrations",
    source: "modality gaps of docs/states.md",
    published: None,
    reckon: Reckon::Whole(value),
};

fn value(totals: &Totals) -> Answer {
    let has_scanner = totals.role(Role::Scanner).duration.is_positive();
    let patients = u32::try_from(totals.exams.patients).unwrap_or(u32::MAX);
    has_scanner
        .then(|| f64::from(patients))
        .ok_or("no scanner is in this group, or nothing was measured of it")
}
