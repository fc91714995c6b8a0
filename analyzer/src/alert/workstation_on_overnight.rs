//! Workstation on overnight: a workstation is on (screens lit or asleep, it is not in sleep mode) outside its opening
//! hours for longer than a grace time. One alert per station and closed period.

use super::{Rule, minutes};
use crate::Severity;

/// See the module. Not reminded within a night: nobody comes for a workstation twice.
pub(super) const RULE: Rule = Rule {
    name: "workstation_on_overnight",
    severity: Severity::Info,
    says: "This workstation was left on outside its opening hours.",
    limits: minutes(60, 24 * 60, 5),
    looks_at: |modality| modality.idle_is_waste && modality.exam_gap.is_none(),
    is_of_closed_hours: true,
    is_one_a_period: true,
};
