//! Counter fault: the register of a meter was reset, went back, jumped or stands still. What is booked stays right
//! (docs/decisions/0005-energy.md), but somebody should look at the meter.
//!
//! At most one step a day: further faults within the settling time of a day belong to the same alert.

use jiff::Timestamp;

use super::{Rule, minutes};
use crate::Severity;
use crate::finding::{FaultKind, Finding};
use crate::life::{Frame, Life};

/// See the module.
pub(super) const RULE: Rule = Rule {
    name: "counter_fault",
    severity: Severity::Info,
    says: "The energy counter of its meter did not go on as it should.",
    limits: minutes(0, 24 * 60, 24 * 60),
    looks_at: |_| true,
    is_of_closed_hours: false,
    is_one_a_period: false,
};

/// What counts as one.
const KINDS: [FaultKind; 4] = [
    FaultKind::CounterReset,
    FaultKind::CounterRollback,
    FaultKind::CounterJump,
    FaultKind::CounterStuck,
];

pub(super) fn fault(
    life: &mut Life,
    frame: Frame<'_>,
    (kind, at): (FaultKind, Timestamp),
    meter: &str,
    out: &mut Vec<Finding>,
) {
    if KINDS.contains(&kind) {
        life.tell(format!("{meter}: {}", kind.name()));
        life.event_at(frame, at, out);
    }
}
