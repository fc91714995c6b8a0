//! A reading as the decider hears it: a momentary value, or the mean of the time before it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// A reading.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heard {
    pub(crate) at: Timestamp,
    /// It holds from so long before its stamp, if it is no mean.
    pub(crate) lead: SignedDuration,
    pub(crate) power_w: f64,
    /// What the register says of the time before it.
    pub(crate) mean: Option<Mean>,
}

/// A mean power since an instant.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Mean {
    #[serde(with = "crate::nanoseconds")]
    pub(crate) since: Timestamp,
    pub(crate) power_w: f64,
    /// It may be wrong by so much.
    pub(crate) doubt_w: f64,
    /// Whether it is known when it began and ended.
    pub(crate) is_placed: bool,
}

impl Heard {
    /// Since when it holds.
    pub(crate) fn from(&self) -> Timestamp {
        self.mean.map_or(self.at - self.lead, |mean| mean.since)
    }

    /// The power of its time.
    pub(super) fn held_w(&self) -> f64 {
        self.mean.map_or(self.power_w, |mean| mean.power_w)
    }
}
