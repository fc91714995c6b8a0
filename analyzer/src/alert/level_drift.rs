//! Level drift: a level of the device is not where it was first known. New firmware, an ageing cooler, or something else
//! on the same board: for a person to say. The learned bands follow by themselves.
//!
//! Further moves within the settling time of a week belong to the same alert.

use jiff::Timestamp;

use super::{Rule, minutes};
use crate::Severity;
use crate::finding::Finding;
use crate::learn::LevelMoved;
use crate::life::{Frame, Life};

/// See the module.
pub(super) const RULE: Rule = Rule {
    name: "level_drift",
    severity: Severity::Info,
    says: "It draws more or less than it used to in the same state.",
    limits: minutes(0, 7 * 24 * 60, 7 * 24 * 60),
    looks_at: |_| true,
    is_of_closed_hours: false,
    is_one_a_period: false,
};

pub(super) fn moved(
    life: &mut Life,
    frame: Frame<'_>,
    at: Timestamp,
    moved: &LevelMoved,
    out: &mut Vec<Finding>,
) {
    let LevelMoved { state, from_w, to_w } = moved;
    life.tell(format!("{state}: {from_w:.0} W to {to_w:.0} W"));
    life.event_at(frame, at, out);
}
