//! The mean power of the time before a reading, where it is known: a meter that is asked every few seconds misses what is
//! shorter, its register does not, and a meter that tells means shows a part of it.
//!
//! Limits: one stretch in memory. Invariant: a mean is told only where the register spoke with both readings, counted all
//! that lies between them, and has been found to tell of the same load as power does.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Energy;
use crate::booking::Mark;
use crate::decider::{Mean, Rules};
use crate::learn::LEAD_MAX;

use super::blur::{Blur, Kind};

/// Readings that differ by less than this part are of a power that holds still.
const STILL: f64 = 0.05;
/// Without a register nobody knows whether a mean is stamped at the end of its interval, as by meters that send what they
/// have just measured, or at its beginning: it is taken to begin this part of an interval before its stamp.
const UNSAID_LEAD: f64 = 0.75;
/// How fast it is learned whether register and power agree.
const TRUST_RATE: f64 = 0.01;
/// They agree where they do so this often.
const TRUST_MIN: f64 = 0.8;

/// What was counted since the last reading.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Spent {
    /// The last reading: when, W.
    last: Option<(Timestamp, f64)>,
    /// Whether the register had spoken by then.
    is_counted: bool,
    energy: Energy,
    resolution: Energy,
    /// Until when it is counted.
    until: Option<Timestamp>,
    /// How much time our own clock had been set back by then: over a step of it nobody knows a mean.
    set_back: SignedDuration,
    /// How often register and power agree while power holds still, from 0 to 1.
    trust: f64,
    /// The mean before the last reading.
    mean: Option<Mean>,
    blur: Blur,
}

impl Spent {
    /// The register spoke.
    pub(super) fn mark(&mut self, mark: &Mark, set_back: SignedDuration) {
        if std::mem::replace(&mut self.set_back, set_back) != set_back {
            self.is_counted = false;
        }
        self.until = Some(mark.at);
        self.resolution = mark.resolution;
        match mark.counted {
            Some(counted) if mark.estimated == Energy::ZERO => self.energy += counted,
            _ => self.is_counted = false,
        }
    }

    /// A reading came; returns the mean power of the time before it, where it is known.
    pub(super) fn reading(&mut self, rules: Rules<'_>, at: Timestamp, power_w: f64) -> Option<Mean> {
        let last = self.last;
        let counted = self.mean_until(at, power_w);
        self.mean = rules.onset.filter(|_| rules.may_miss()).and_then(|onset| {
            self.blur.reading(&onset, rules.interval_s, power_w);
            let (_, before_w) = last?;
            let Some(mean) = counted else {
                let since = at - SignedDuration::from_secs_f64(rules.interval_s * UNSAID_LEAD);
                let is_mean = self.blur.kind() == Kind::MeanBefore;
                return is_mean.then_some(Mean {
                    since,
                    power_w,
                    doubt_w: 0.0,
                    is_placed: false,
                });
            };
            self.blur.counted(mean, before_w, power_w);
            let said_w = match self.blur.kind() {
                Kind::MeanAfter => before_w,
                Kind::MeanBefore => power_w,
                Kind::Moment if rules.shows(mean) => power_w,
                Kind::Moment => return None,
            };
            let (low_w, high_w) = (mean.power_w - mean.doubt_w, mean.power_w + mean.doubt_w);
            Some(Mean {
                power_w: said_w.max(low_w).min(high_w),
                ..mean
            })
        });
        self.mean = self.mean.filter(|mean| at.duration_since(mean.since) <= LEAD_MAX);
        self.mean
    }

    /// The mean power before the last reading, where it was told.
    pub(super) fn mean(&self) -> Option<Mean> {
        self.mean
    }

    /// What the register says of the time between two readings.
    fn mean_until(&mut self, at: Timestamp, power_w: f64) -> Option<Mean> {
        let before = self.last.replace((at, power_w));
        let has_spoken = self.until == Some(at);
        let was_counted = std::mem::replace(&mut self.is_counted, has_spoken);
        let energy = std::mem::take(&mut self.energy);
        let (since, before_w) = before.filter(|_| was_counted && has_spoken)?;
        let hours = at.duration_since(since).as_secs_f64() / 3600.0;
        if hours <= 0.0 || self.resolution == Energy::ZERO {
            return None;
        }
        let mean = Mean {
            since,
            power_w: energy.wh() / hours,
            doubt_w: self.resolution.wh() / hours,
            is_placed: true,
        };
        self.compare(mean, before_w, power_w);
        (self.trust >= TRUST_MIN).then_some(mean)
    }

    /// Learns whether register and power tell of the same load, while power holds still.
    fn compare(&mut self, mean: Mean, before_w: f64, power_w: f64) {
        let room_w = power_w.abs() * STILL;
        if (power_w - before_w).abs() > room_w {
            return;
        }
        let is_same = (mean.power_w - power_w).abs() <= room_w + mean.doubt_w;
        self.trust += (f64::from(u8::from(is_same)) - self.trust) * TRUST_RATE;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The mean before the last of these readings, every 10 s: watts, and Wh counted since the one before.
    fn mean(readings: &[(f64, f64)]) -> Option<Mean> {
        let (mut spent, mut at, mut mean) = (Spent::default(), Timestamp::UNIX_EPOCH, None);
        for &(power_w, wh) in readings {
            at += SignedDuration::from_secs(10);
            let mark = Mark {
                at,
                counted: Some(Energy::from_wh(wh)),
                estimated: Energy::ZERO,
                resolution: Energy::from_wh(1.0),
            };
            spent.mark(&mark, SignedDuration::ZERO);
            mean = spent.mean_until(at, power_w);
        }
        mean
    }

    #[test]
    fn an_exposure_between_two_readings_is_in_the_register() {
        let mut readings = vec![(2_520.0, 7.0); 300];
        readings.push((2_520.0, 57.0));
        let mean = mean(&readings).expect("register and power agree");
        assert!((mean.power_w - 20_520.0).abs() < 1.0, "{mean:?}");
        assert!((mean.doubt_w - 360.0).abs() < 1.0, "{mean:?}");
    }

    #[test]
    fn a_register_of_another_load_tells_nothing() {
        assert_eq!(mean(&[(2_520.0, 2.0); 300]), None);
    }
}
