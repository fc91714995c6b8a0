//! A load that cycles within one state: the compressor of an MRI in power-save, whose upper half looks like off.
//!
//! How long the upper half usually lasts is learned from the lower halves around it: what stays there for longer does not
//! cycle. Limits: one cycle in memory.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::State;
use crate::band::CycleBand;

/// A compressor that runs for longer does not cycle: the device is in the state that its power says.
const HALF_S_MAX: f64 = 1500.0;
/// Nor one that runs for so many times its usual time.
const HALVES: f64 = 1.5;
/// Shorter ones are noise, s.
const HALF_S_MIN: f64 = 30.0;
/// How fast the usual time is learned.
const RATE: f64 = 0.25;

/// When the halves of the cycle were seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Cycling {
    /// Since when power has been where it cycles.
    since: Option<Timestamp>,
    /// When it was in the lower half last.
    low_at: Option<Timestamp>,
    /// When it left the lower half last, while it is in the upper one.
    up_at: Option<Timestamp>,
    /// How long the upper half usually lasts, s; zero before one was seen.
    half_s: f64,
}

impl Cycling {
    /// Nobody knows the power from here on.
    pub(super) fn forget(&mut self) {
        (self.since, self.low_at, self.up_at) = (None, None, None);
    }

    /// The state of a power whose band says `plain`, for a device that was in `current`.
    pub(super) fn judge(
        &mut self,
        cycle: CycleBand,
        at: Timestamp,
        power_w: f64,
        plain: State,
        current: State,
    ) -> State {
        if !cycle.holds(power_w) {
            // a little above the upper half is still the same stay
            if plain != cycle.upper {
                self.forget();
            }
            return plain;
        }
        let since = *self.since.get_or_insert(at);
        if plain == cycle.state {
            self.low(at);
            return plain;
        }
        self.up_at = self.up_at.or(self.low_at.and(Some(at)));
        let is_half = match self.low_at {
            Some(low_at) => self.is_recent(low_at, at) && current == cycle.state,
            None => cycle.is_usual && self.is_recent(since, at),
        };
        if is_half { cycle.state } else { plain }
    }

    fn low(&mut self, at: Timestamp) {
        self.low_at = Some(at);
        let Some(up_at) = self.up_at.take() else { return };
        let half_s = at.duration_since(up_at).as_secs_f64();
        if (HALF_S_MIN..=HALF_S_MAX).contains(&half_s) {
            let is_first = self.half_s <= 0.0;
            self.half_s += (half_s - self.half_s) * if is_first { 1.0 } else { RATE };
        }
    }

    /// Whether the upper half may have lasted from then until now.
    fn is_recent(&self, from: Timestamp, at: Timestamp) -> bool {
        let most_s = if self.half_s > 0.0 {
            self.half_s * HALVES
        } else {
            HALF_S_MAX
        };
        at.duration_since(from) <= SignedDuration::from_secs_f64(most_s.min(HALF_S_MAX))
    }
}
