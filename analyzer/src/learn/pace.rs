//! How often a meter tells something new.
//!
//! Two rhythms: that of all readings, and that of readings that differ from the one before. A meter that reports changes
//! only is slow while nothing happens and fast when something does; a meter that is asked once a minute is always slow.
//!
//! Both are the median of the pauses, found by nudging; a few dozen readings are enough.

use serde::{Deserialize, Serialize};

/// How fast the medians move.
const RATE: f64 = 1.1;
/// A change of more than this part is something new.
const CHANGE: f64 = 0.04;
/// So many changes say how fast the meter is with news.
const CHANGES_MIN: u16 = 12;
/// A meter is one that reports changes where news come this many times faster than readings in all.
const ON_CHANGE: f64 = 0.4;
/// Or where usual pauses differ by so much from reading to reading.
const UNEVEN: f64 = 0.5;
/// Pauses of which the half matters and is known, s.
const STEADY_S: (f64, f64) = (1.5, 20.0);
const SECONDS: (f64, f64) = (0.02, 7200.0);

/// The rhythms of one device's readings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Pace {
    /// The median pause, s; zero before two readings.
    usual_s: f64,
    /// The median pause before something new, s.
    news_s: f64,
    changes: u16,
    /// How much pauses differ from the usual one, as a part of it.
    unevenness: f64,
}

impl Pace {
    /// A reading after so many seconds.
    pub(super) fn reading(&mut self, seconds: f64, before_w: f64, power_w: f64) {
        let seconds = seconds.clamp(SECONDS.0, SECONDS.1);
        if self.usual_s <= 0.0 {
            (self.usual_s, self.news_s) = (seconds, seconds);
        }
        self.usual_s = nudged(self.usual_s, seconds);
        let apart = ((seconds - self.usual_s).abs() / self.usual_s).min(2.0);
        self.unevenness += (apart - self.unevenness) * 0.02;
        if (power_w - before_w).abs() > before_w.abs().max(20.0) * CHANGE {
            self.news_s = if self.changes < CHANGES_MIN {
                seconds.min(self.news_s)
            } else {
                nudged(self.news_s, seconds)
            };
            self.changes = self.changes.saturating_add(1);
        }
    }

    /// How long the meter takes to tell something new, s; zero while nothing is known.
    pub(super) fn interval_s(&self) -> f64 {
        if self.changes < CHANGES_MIN {
            self.usual_s.min(self.news_s)
        } else {
            self.news_s.min(self.usual_s)
        }
    }

    /// Half the pause of a meter that is asked in a steady rhythm, whole tenths of a second: its reading stands for the
    /// time around it, be it a mean or a momentary value. Zero for a fast meter, and for one that reports changes.
    pub(super) fn half_s(&self) -> f64 {
        if self.is_on_change() || !(STEADY_S.0..=STEADY_S.1).contains(&self.usual_s) {
            return 0.0;
        }
        (self.usual_s * 5.0).round() / 10.0
    }

    /// Whether what it does not tell has not changed.
    pub(super) fn is_on_change(&self) -> bool {
        self.unevenness > UNEVEN || (self.changes >= CHANGES_MIN && self.news_s < self.usual_s * ON_CHANGE)
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

    /// Readings at (pause, watts), again and again.
    fn pace(readings: &[(f64, f64)], times: usize) -> Pace {
        let (mut pace, mut before_w) = (Pace::default(), 100.0);
        for _ in 0..times {
            for &(seconds, power_w) in readings {
                pace.reading(seconds, before_w, power_w);
                before_w = power_w;
            }
        }
        pace
    }

    #[test]
    fn a_meter_that_is_asked_once_a_minute_is_slow_with_everything() {
        let pace = pace(&[(60.0, 100.0), (60.0, 300.0), (60.0, 100.0)], 50);
        assert!((pace.interval_s() - 60.0).abs() < 6.0, "{pace:?}");
        assert!(!pace.is_on_change());
    }

    #[test]
    fn a_meter_that_reports_changes_is_as_fast_as_its_news() {
        let quiet = [(60.0, 100.0), (60.0, 101.0), (60.0, 100.0), (60.0, 100.0)];
        let news = [(41.0, 900.0), (1.0, 2_000.0), (2.0, 100.0)];
        let pace = pace(&[&quiet[..], &news[..]].concat(), 50);
        assert!(pace.interval_s() < 3.0, "{pace:?}");
        assert!(pace.is_on_change(), "{pace:?}");
    }
}
