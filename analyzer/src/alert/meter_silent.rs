//! Meter silent: a meter of the device says nothing for longer than its silence limit and a grace time.
//!
//! One alert a device, however many of its meters are silent, and one for each device where a gateway takes down many. It
//! is cleared when all are heard again. A meter that was never heard is not silent: `idlewatt check` and the page say so.

use jiff::Timestamp;

use super::{Rule, minutes};
use crate::Severity;
use crate::finding::Finding;
use crate::life::{Frame, Life, Spent};

/// See the module.
pub(super) const RULE: Rule = Rule {
    name: "meter_silent",
    severity: Severity::Warning,
    says: "Its meter has not been heard: nobody knows what it does.",
    limits: minutes(15, 24 * 60, 15),
    looks_at: |_| true,
    is_of_closed_hours: false,
    is_one_a_period: false,
};

pub(super) fn silent(
    life: &mut Life,
    frame: Frame<'_>,
    (meter, at): (&str, Timestamp),
    out: &mut Vec<Finding>,
) {
    if !life.is_running() {
        life.tell(meter.to_owned());
    }
    life.holds(frame, (at, at), Spent::default(), out);
}

pub(super) fn advance(
    life: &mut Life,
    frame: Frame<'_>,
    now: Timestamp,
    is_silent: bool,
    out: &mut Vec<Finding>,
) {
    if is_silent {
        life.holds(frame, (now, now), Spent::default(), out);
    } else {
        life.settle(frame, now, out);
    }
}
