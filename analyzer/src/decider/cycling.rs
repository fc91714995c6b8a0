//! A load that cycles within one state: the compressor of an MRI in power-save, whose upper half looks like off.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::State;
use crate::band::CycleBand;

/// A compressor that runs for longer does not cycle: the device is in the state that its power says.
const HALF_MAX: SignedDuration = SignedDuration::from_mins(25);

/// When the halves of the cycle were seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Cycling {
    /// Since when power has been where it cycles.
    since: Option<Timestamp>,
    /// When it was in the lower half last.
    low_at: Option<Timestamp>,
}

impl Cycling {
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
            *self = Self::default();
            return plain;
        }
        let since = *self.since.get_or_insert(at);
        if plain == cycle.state {
            self.low_at = Some(at);
            return plain;
        }
        let is_recent = |from: Timestamp| at.duration_since(from) <= HALF_MAX;
        let is_half = match self.low_at {
            Some(low_at) => is_recent(low_at) && current == cycle.state,
            None => cycle.is_usual && is_recent(since),
        };
        if is_half { cycle.state } else { plain }
    }
}
