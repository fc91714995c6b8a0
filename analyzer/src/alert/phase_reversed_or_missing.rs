//! Phase reversed or missing: of a meter's three phases one draws negative power while the others draw positive, or
//! nearly none while the others carry load, for some minutes while the device is not off.
//!
//! A clamp that sits backwards takes twice its phase from the sum; one that fell off hides a third of all energy. Judged
//! by each meter's `l1`, `l2`, `l3`. Racks and workstations are loads of one phase each, and not looked at.

use jiff::Timestamp;

use super::{Rule, minutes};
use crate::Severity;
use crate::finding::Finding;
use crate::life::{Frame, Life, Spent};

/// See the module.
pub(super) const RULE: Rule = Rule {
    name: "phase_reversed_or_missing",
    severity: Severity::Warning,
    says: "One phase of its meter is reversed or missing: its energy is wrong.",
    limits: minutes(10, 24 * 60, 30),
    looks_at: |modality| modality.exam_gap.is_some() || modality.name == "cooling",
    is_of_closed_hours: false,
    is_one_a_period: false,
};

/// The other two phases must draw so much each, W: less is no load to compare with.
const LOAD_W_MIN: f64 = 100.0;
/// And be like each other: the smaller at least this share of the larger. A load between two phases is not looked at.
const ALIKE_SHARE_MIN: f64 = 0.4;
const NAMES: [&str; 3] = ["l1", "l2", "l3"];

pub(super) fn sample(
    life: &mut Life,
    frame: Frame<'_>,
    at: Timestamp,
    meters: &[(&str, [f64; 3])],
    share: f64,
    out: &mut Vec<Finding>,
) {
    if meters.is_empty() {
        life.begin_anew();
        return;
    }
    let odd = |&(meter, phases_w): &(_, _)| odd_one(phases_w, share).map(|odd| (meter, odd));
    if let Some((meter, (phase, what))) = meters.iter().find_map(odd) {
        life.tell(format!("{phase} of {meter} is {what}"));
        life.holds(frame, (at, at), Spent::default(), out);
    } else if !life.is_quiet() {
        life.fails(frame, (at, at), out);
    }
}

/// The phase that is not like the others, and how.
fn odd_one(phases_w: [f64; 3], share: f64) -> Option<(&'static str, &'static str)> {
    (0..3).find_map(|index| {
        let (power_w, one, other) = (
            phases_w[index],
            phases_w[(index + 1) % 3],
            phases_w[(index + 2) % 3],
        );
        let (least, most) = (one.min(other), one.max(other));
        let limit_w = share * f64::midpoint(one, other);
        if least < LOAD_W_MIN || least < most * ALIKE_SHARE_MIN || power_w >= limit_w {
            return None;
        }
        let what = if power_w <= -limit_w {
            "reversed"
        } else {
            "missing"
        };
        Some((NAMES[index], what))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_odd_one_is_named_and_uneven_loads_are_not() {
        let check = |phases_w, expected| assert_eq!(odd_one(phases_w, 0.05), expected, "{phases_w:?}");
        check([900.0, 1_000.0, 950.0], None);
        check([900.0, -1_000.0, 950.0], Some(("l2", "reversed")));
        check([3.0, 1_000.0, 950.0], Some(("l1", "missing")));
        check([900.0, 1_000.0, 300.0], None);
        check([2_000.0, 3.0, 2.0], None);
        check([20.0, 30.0, 0.0], None);
    }
}
