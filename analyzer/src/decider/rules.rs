//! What a device is judged by: its bands, its modality's timing, and what its meter can show.
//!
//! A slow meter shows pauses and dwells longer than they are; how much longer depends on what it misses. Invariant: no
//! bridge and no dwell is longer than what is final in time.

use jiff::SignedDuration;

use super::{Mean, Onset};
use crate::State;
use crate::band::Bands;
use crate::modality::Timing;

/// No bridge is longer, so that what is said is final in time.
const BRIDGE_MAX: SignedDuration = SignedDuration::from_secs(105);
/// A pause looks longer than it is by up to an interval at either end, and short exposures inside it are not seen.
const BRIDGE_INTERVALS: f64 = 2.5;
/// Less where scouts and the anode's spin-up show some of the exposures that are missed.
const BRIDGE_INTERVALS_SCOUTS: f64 = 1.5;
/// Where nothing is missed and what lies within a reading is placed, a pause is known to about half an interval.
const BRIDGE_INTERVALS_MEAN: f64 = 0.5;
/// A meter that tells more often than this misses no acquisition, s.
const ONCE_S: f64 = 3.5;
/// A mean that is surer than this part of an exposure's rise shows it.
const DOUBT_MAX: f64 = 0.5;
/// A state other than scanning is told by more than one reading.
const DWELL_INTERVALS: f64 = 1.5;
/// No dwell is longer, so that what is said is final in time.
const DWELL_MAX: SignedDuration = SignedDuration::from_secs(105);

/// What a device is judged by.
#[derive(Clone, Copy)]
pub(crate) struct Rules<'a> {
    pub(crate) bands: &'a Bands,
    pub(crate) timing: Timing,
    /// None where scanning is never claimed.
    pub(crate) onset: Option<Onset>,
    /// Work draws so much, W; known where the meter is too slow for scanning to be claimed.
    pub(crate) work_from_w: Option<f64>,
    /// How often the meter tells something new, s.
    pub(crate) interval_s: f64,
    /// Its readings miss nothing: they are means, or a register tells what they miss.
    pub(crate) is_mean: bool,
}

impl Rules<'_> {
    pub(super) fn dwell(&self, from: State, to: State) -> SignedDuration {
        let dwell = if to > from {
            self.timing.rise_dwell
        } else {
            self.timing.fall_dwell
        };
        let readings = SignedDuration::from_secs_f64(self.interval_s * DWELL_INTERVALS);
        dwell.max(readings.min(DWELL_MAX))
    }

    /// Whether a register's mean shows acquisitions that the readings themselves may miss.
    pub(crate) fn shows(&self, mean: Mean) -> bool {
        let rise = self.onset.and_then(|onset| onset.rise);
        rise.is_some_and(|rise| mean.doubt_w <= rise.medium_w * DOUBT_MAX)
    }

    /// Whether the meter tells so rarely that acquisitions may lie between two readings.
    pub(crate) fn may_miss(&self) -> bool {
        self.interval_s > ONCE_S
    }

    /// A meter shows pauses longer than they are, by up to its interval.
    pub(super) fn bridge(&self) -> SignedDuration {
        let intervals = match self.onset.and_then(|onset| onset.rise) {
            _ if self.is_mean => BRIDGE_INTERVALS_MEAN,
            Some(rise) if rise.has_scouts() && self.may_miss() => BRIDGE_INTERVALS_SCOUTS,
            _ => BRIDGE_INTERVALS,
        };
        let seen = self.timing.bridge + SignedDuration::from_secs_f64(self.interval_s * intervals);
        seen.min(BRIDGE_MAX)
    }
}
