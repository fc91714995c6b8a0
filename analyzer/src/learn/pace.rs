//! How often a meter tells something.
//!
//! A meter that is asked in a steady rhythm has one pause; its median is found by nudging. A meter that reports changes
//! is slow while nothing happens and fast when something does: how fast it can be is remembered, and fades within days.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

/// How fast the medians move.
const RATE: f64 = 1.1;
/// How fast a meter is found to be quick.
const RATE_QUICK: f64 = 1.3;
/// A meter is one that reports changes where it can be this much faster than it usually is.
const ON_CHANGE: f64 = 0.25;
/// Or where pauses differ by so much from the usual one.
const UNEVEN: f64 = 0.5;
/// How fast what a meter can do is forgotten: by a factor of e in this time, s.
const FORGET_S: f64 = 86_400.0;
/// Pauses of which the half matters and is known, s.
const STEADY_S: (f64, f64) = (1.5, 20.0);
const SECONDS: (f64, f64) = (0.02, 7200.0);

/// The rhythms of one device's readings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Pace {
    /// The median pause, s; zero before two readings.
    usual_s: f64,
    /// The pause at which the meter can tell, s.
    fast_s: f64,
    /// How much pauses differ from the usual one, as a part of it.
    unevenness: f64,
}

impl Pace {
    /// A reading after so many seconds; one that is the same as before may be the same message again.
    pub(super) fn reading(&mut self, seconds: f64, is_same: bool) {
        let seconds = seconds.clamp(SECONDS.0, SECONDS.1);
        if self.usual_s <= 0.0 {
            (self.usual_s, self.fast_s) = (seconds, seconds);
        }
        self.usual_s = nudged(self.usual_s, seconds);
        let apart = ((seconds - self.usual_s).abs() / self.usual_s).min(2.0);
        self.unevenness += (apart - self.unevenness) * 0.02;
        self.fast_s = if seconds < self.fast_s && is_same {
            self.fast_s
        } else if seconds < self.fast_s {
            // a few quick news after a quiet night are enough to know a meter that reports changes
            (self.fast_s / RATE_QUICK).max(seconds)
        } else {
            (self.fast_s * (1.0 + seconds / FORGET_S)).min(seconds)
        };
    }

    /// How long the meter takes to tell something new, s; zero while nothing is known.
    pub(super) fn interval_s(&self) -> f64 {
        if self.is_on_change() {
            self.fast_s
        } else {
            self.usual_s
        }
    }

    /// Half the pause of a meter that is asked in a steady rhythm, whole tenths of a second: its reading stands for the
    /// time around it, be it a mean or a momentary value. Zero for a fast meter, and for one that reports changes.
    pub(super) fn half(&self) -> SignedDuration {
        if !(STEADY_S.0..=STEADY_S.1).contains(&self.usual_s) || self.is_on_change() {
            return SignedDuration::ZERO;
        }
        #[expect(clippy::cast_possible_truncation, reason = "a hundred tenths at most")]
        let tenths = (self.usual_s * 5.0).round() as i64;
        SignedDuration::from_millis(tenths * 100)
    }

    /// Whether what it does not tell has not changed.
    pub(super) fn is_on_change(&self) -> bool {
        self.unevenness > UNEVEN || self.fast_s < self.usual_s * ON_CHANGE
    }
}

fn nudged(median: f64, value: f64) -> f64 {
    if value > median * RATE {
        median * RATE
    } else if value < median / RATE {
        median / RATE
    } else {
        value
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Readings after these pauses, again and again.
    fn pace(pauses_s: &[f64], times: usize) -> Pace {
        let mut pace = Pace::default();
        for _ in 0..times {
            for &seconds in pauses_s {
                pace.reading(seconds, false);
            }
        }
        pace
    }

    #[test]
    fn a_meter_that_is_asked_once_a_minute_is_slow_with_everything() {
        let pace = pace(&[60.0, 58.0, 61.0, 60.0, 120.0, 60.0], 50);
        assert!((pace.interval_s() - 60.0).abs() < 6.0, "{pace:?}");
        assert!(!pace.is_on_change());
    }

    #[test]
    fn a_meter_that_reports_changes_is_as_fast_as_it_can_be_also_after_a_quiet_night() {
        let mut pace = pace(&[60.0, 60.0, 41.0, 1.0, 2.0, 1.0, 24.0, 1.0], 50);
        assert!(pace.interval_s() < 3.0 && pace.is_on_change(), "{pace:?}");
        for _ in 0..12 * 60 {
            pace.reading(60.0, true);
        }
        assert!(pace.interval_s() < 3.0 && pace.is_on_change(), "{pace:?}");
    }
}
