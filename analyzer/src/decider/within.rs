//! Where in a reading an acquisition lies.
//!
//! A mean over seconds (the register's between two readings) shows an acquisition that is shorter than it by a part of
//! its height. How much of the interval it took is the part of the usual height that the mean has risen by; where it lies
//! the readings before and after tell: it goes on across the border that it shares with another one. What lies alone
//! may be anywhere: then so much of the middle is claimed that it cannot be missed.
//!
//! Invariant: the energy of the reading stays what it was; what is not acquisition draws what rest drew just before.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::onset::{Load, Onset};
use super::{Decider, Pending, Rules};
use crate::State;

/// So many intervals the next reading is awaited.
const AWAITED_INTERVALS: f64 = 4.0;
/// A momentary value shows the height of what a mean has a part of when it is higher than that by this factor.
const SHOWS: f64 = 1.1;
/// No acquisition takes a smaller part of an interval: what would is too weak for the usual height.
const PART_MIN: f64 = 0.05;
/// What takes more than this part takes all of it.
const PART_MAX: f64 = 0.95;

/// A mean of which the next reading will tell where the acquisition in it lies.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Open {
    /// It is known when the interval began and ended.
    pub(super) is_placed: bool,
    /// The reading before belongs to the acquisition.
    pub(super) follows: bool,
    /// The highest power near it that was shown, W.
    pub(super) shown_w: f64,
}

impl Decider {
    /// Whether the newest reading waits for the next one.
    pub(super) fn is_newest_open(&self, rules: Rules<'_>, now: Timestamp) -> bool {
        let newest = self.pending.back();
        newest.is_some_and(|newest| newest.open.is_some() && now < awaited_until(rules, newest))
    }

    /// The next reading holds from `at`: puts the acquisition of the newest where it lies.
    pub(super) fn place_newest(&mut self, rules: Rules<'_>, at: Timestamp, next_w: f64, next: Load) {
        let Some(newest) = self.pending.back_mut() else {
            return;
        };
        let Some(open) = newest.open.take() else { return };
        let newest = *newest;
        let (Some(power_w), Some(onset)) = (newest.power_w, rules.onset) else {
            return;
        };
        let (precedes, rest_w) = (next > Load::Rest, self.level.rest_w().unwrap_or(power_w));
        let is_late = at >= awaited_until(rules, &newest);
        if newest.load == Load::Rest || (open.follows && precedes) || is_late || power_w <= rest_w {
            return;
        }
        let highest_w = if precedes { next_w } else { 0.0 };
        let full_w = full_w(&onset, &newest, open.shown_w.max(highest_w), rest_w);
        let part = ((power_w - rest_w) / (full_w - rest_w)).max(PART_MIN);
        let is_alone = !open.follows && !precedes;
        if part >= PART_MAX || (is_alone && !open.is_placed) {
            return;
        }
        // where it lies alone, a claim of 1 - 2 * part about the middle meets it wherever it is
        let (from, claim) = match (open.follows, precedes) {
            (true, _) => (0.0, part),
            (false, true) => (1.0 - part, part),
            (false, false) => {
                let claim = part.max(1.0 - 2.0 * part);
                ((1.0 - claim) / 2.0, claim)
            }
        };
        let gained_w = power_w - rest_w;
        let active_w = (gained_w + rest_w * part) / claim;
        let calm_w = rest_w * (1.0 - part) / (1.0 - claim);
        self.split_newest(at, (from, from + claim), (calm_w, active_w));
    }

    /// Divides the newest reading, which ends at `at`: acquisition between two parts of it, rest beside.
    fn split_newest(&mut self, at: Timestamp, (begin, end): (f64, f64), (calm_w, active_w): (f64, f64)) {
        let Some(whole) = self.pending.pop_back() else {
            return;
        };
        let seconds = at.duration_since(whole.from).as_secs_f64();
        let place = |part: f64| whole.from + SignedDuration::from_secs_f64(seconds * part);
        let calm = Pending {
            power_w: Some(calm_w),
            raw: State::Idle,
            load: Load::Rest,
            said: None,
            ..whole
        };
        let begins = place(begin);
        if begins > whole.from {
            self.pending.push_back(calm);
        }
        let lead = begins.duration_since(whole.from).as_millis();
        let said = whole.said.map(|said| said.later(lead));
        self.pending.push_back(Pending {
            from: begins,
            power_w: Some(active_w),
            said,
            ..whole
        });
        let ends = place(end);
        if ends > begins && ends < at {
            self.pending.push_back(Pending { from: ends, ..calm });
        }
    }
}

/// The power of the acquisition that `newest` has a part of.
fn full_w(onset: &Onset, newest: &Pending, shown_w: f64, rest_w: f64) -> f64 {
    let power_w = newest.power_w.unwrap_or(0.0);
    match (newest.load, onset.rise) {
        (Load::Weak, Some(rise)) => power_w.max(rest_w + rise.medium_w),
        _ if shown_w >= power_w * SHOWS && shown_w >= onset.strong_w => shown_w,
        _ => power_w.max(shown_w).max(onset.typical_w.unwrap_or(power_w)),
    }
}

fn awaited_until(rules: Rules<'_>, newest: &Pending) -> Timestamp {
    newest.from + SignedDuration::from_secs_f64(rules.interval_s * AWAITED_INTERVALS)
}
