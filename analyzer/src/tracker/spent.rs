//! The mean power between two readings, by the register: a meter that is asked every few seconds misses what is shorter,
//! its register does not.
//!
//! Limits: one stretch in memory. Invariant: a mean is told only where the register spoke with both readings, counted all
//! that lies between them, and has been found to tell of the same load as power does.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Energy;
use crate::booking::Mark;
use crate::decider::Mean;

/// Readings that differ by less than this part are of a power that holds still.
const STILL: f64 = 0.05;
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
    /// How often register and power agree while power holds still, from 0 to 1.
    trust: f64,
    /// The mean before the last reading.
    mean: Option<Mean>,
}

impl Spent {
    /// The register spoke.
    pub(super) fn mark(&mut self, mark: &Mark) {
        self.until = Some(mark.at);
        self.resolution = mark.resolution;
        match mark.counted {
            Some(counted) if mark.estimated == Energy::ZERO => self.energy += counted,
            _ => self.is_counted = false,
        }
    }

    /// A reading came; returns the mean power since the one before.
    pub(super) fn reading(&mut self, at: Timestamp, power_w: f64) -> Option<Mean> {
        self.mean = self.mean_until(at, power_w);
        self.mean
    }

    /// The mean power before the last reading, where it was told.
    pub(super) fn mean(&self) -> Option<Mean> {
        self.mean
    }

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
        };
        self.compare(mean, before_w, power_w);
        (self.trust >= TRUST_MIN).then_some(mean)
    }

    fn compare(&mut self, mean: Mean, before_w: f64, power_w: f64) {
        let room_w = power_w.abs() * STILL;
        if (power_w - before_w).abs() > room_w {
            return;
        }
        let is_same = (mean.power_w - power_w).abs() <= room_w + mean.doubt_w;
        self.trust += (f64::from(u8::from(is_same)) - self.trust) * TRUST_RATE;
    }
}
