//! Where acquisitions begin, and which readings are part of one.
//!
//! Where acquisitions are strong and short (CT, X-ray) a reading is judged by how far it rises above the level just
//! before it: a heat exchanger or a warm tube lifts the level, not the pulse. What rises and stays is a fan, and its
//! level the new one to rise from. Elsewhere (MRI, angiography) acquisition is what lies above an edge.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::modality::Acquisition;

/// A scout is over after this; what is longer and no stronger is a fan or a heat exchanger.
const SCOUT_MAX: SignedDuration = SignedDuration::from_secs(15);
/// A weak exposure is over after this.
const MEDIUM_MAX: SignedDuration = SignedDuration::from_secs(30);
/// Either may take so many intervals of the meter.
const RUN_INTERVALS: f64 = 2.5;
/// What rises by this many times as much as a short acquisition is clearly one.
const CLEARLY: f64 = 2.5;
/// How fast the level follows power that rises by less than a pulse does: a part of the way with each reading.
const FOLLOW: f64 = 0.2;

/// Where acquisitions begin, and how much of one makes it certain.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Onset {
    /// Acquisition, W.
    pub(crate) strong_w: f64,
    /// Where pulses are judged by how far they rise.
    pub(crate) rise: Option<Rise>,
    /// The usual acquisition, W; none where it is not known.
    pub(crate) typical_w: Option<f64>,
    /// A short one, s.
    pub(crate) short_s: f64,
    /// So much of it makes it certain, s.
    pub(crate) least_s: f64,
    /// Awaited so long, s.
    pub(crate) wait_s: f64,
    /// A single reading may be a spike.
    pub(crate) is_lone_doubtful: bool,
}

/// How far pulses rise above the level just before, W.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Rise {
    /// A scout, if other acquisitions are near.
    pub(crate) weak_w: f64,
    /// An exposure, if it is short.
    pub(crate) medium_w: f64,
    /// An exposure, however long.
    pub(crate) strong_w: f64,
    /// What rises by less cannot be told from the levels of rest.
    pub(crate) clear_w: f64,
}

impl Rise {
    /// Whether what rises by less than an exposure may be part of an examination.
    pub(crate) fn has_scouts(self) -> bool {
        self.weak_w < self.medium_w
    }

    /// The same for the mean of an interval, in which a short acquisition of so many seconds is only a part.
    fn within(self, short_s: f64, interval_s: f64) -> Self {
        let part = (short_s / interval_s.max(short_s)).min(1.0);
        let least_w = |full_w: f64| (full_w * part).max(self.clear_w.min(full_w));
        Self {
            weak_w: least_w(self.weak_w),
            medium_w: least_w(self.medium_w),
            ..self
        }
    }
}

impl Onset {
    /// Acquisition from `strong_w` on, or by how far it rises.
    pub(crate) fn new(
        acquisition: &Acquisition,
        strong_w: f64,
        rise: Option<Rise>,
        typical_w: Option<f64>,
    ) -> Self {
        Self {
            strong_w,
            rise,
            typical_w,
            short_s: acquisition.short_s,
            least_s: acquisition.least_s,
            wait_s: acquisition.wait_s,
            is_lone_doubtful: acquisition.least_s > 0.0,
        }
    }
}

impl Onset {
    /// What rises so far above rest in the mean of an interval is part of an acquisition, not the anode's spin-up, W.
    pub(crate) fn rises_w(self, rest_w: f64, interval_s: f64) -> f64 {
        match self.rise {
            Some(rise) if rise.has_scouts() => rise.within(self.short_s * CLEARLY, interval_s).medium_w,
            Some(rise) => rise.within(self.short_s, interval_s).medium_w,
            None => self.strong_w - rest_w,
        }
    }

    /// Where scouts begin when they rise from idle, W; none where there are none.
    pub(crate) fn scout_from_w(self) -> Option<f64> {
        let rise = self.rise.filter(|rise| rise.has_scouts())?;
        Some(self.strong_w - rise.medium_w + rise.weak_w)
    }
}

/// How much of an acquisition a reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Load {
    /// None.
    Rest,
    /// A scout, if other acquisitions are near.
    Weak,
    /// An exposure, if it turns out to be short.
    Medium,
    /// An exposure.
    Strong,
}

/// What a reading says of itself and of those just before it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Verdict {
    pub(super) load: Load,
    /// What rose since then was a pulse, or has stayed and is none.
    pub(super) since: Option<(Timestamp, Turned)>,
}

/// What a rise turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turned {
    Pulse,
    Fan,
}

/// A reading as it is judged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Judged {
    pub(super) at: Timestamp,
    pub(super) power_w: f64,
    /// It is the mean of an interval, not a momentary value.
    pub(super) is_mean: bool,
    /// The higher one of the readings at the two ends of that interval, W.
    pub(super) ends_w: f64,
    /// How often the meter tells something new, s.
    pub(super) interval_s: f64,
}

/// The level from which pulses rise, and the rise that is going on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Level {
    level_w: Option<f64>,
    since: Option<Timestamp>,
}

impl Level {
    /// The level that power rises from, W.
    pub(super) fn rest_w(&self) -> Option<f64> {
        self.level_w
    }

    /// Judges a reading.
    pub(super) fn judge(&mut self, onset: &Onset, judged: Judged) -> Verdict {
        let Judged {
            at,
            power_w,
            is_mean,
            ends_w,
            interval_s,
        } = judged;
        let Some(rise) = onset.rise else {
            let load = if power_w >= onset.strong_w {
                Load::Strong
            } else {
                self.level_w = Some(power_w);
                Load::Rest
            };
            return Verdict { load, since: None };
        };
        let rise = if is_mean {
            rise.within(onset.short_s, interval_s)
        } else {
            rise
        };
        let level_w = *self.level_w.get_or_insert(power_w.min(onset.strong_w));
        let height_w = power_w - level_w;
        if height_w < rise.weak_w {
            let up = if power_w > level_w { FOLLOW } else { 1.0 };
            self.level_w = Some(level_w + height_w * up);
            let since = self.since.take().map(|since| (since, Turned::Pulse));
            return Verdict {
                load: Load::Rest,
                since,
            };
        }
        let since = *self.since.get_or_insert(at);
        // a fan that runs, or has just begun or ended, shows at an end of the interval
        let is_inside = is_mean && height_w >= rise.medium_w && ends_w - level_w < rise.weak_w;
        if height_w >= rise.strong_w || is_inside {
            // how long what follows stays up is counted from here
            self.since = Some(at);
            return Verdict {
                load: Load::Strong,
                since: Some((since, Turned::Pulse)),
            };
        }
        let (load, longest) = if height_w >= rise.medium_w {
            (Load::Medium, MEDIUM_MAX)
        } else {
            (Load::Weak, SCOUT_MAX)
        };
        if at.duration_since(since) <= longest.max(SignedDuration::from_secs_f64(interval_s * RUN_INTERVALS))
        {
            return Verdict { load, since: None };
        }
        (self.level_w, self.since) = (Some(power_w), None);
        Verdict {
            load: Load::Rest,
            since: Some((since, Turned::Fan)),
        }
    }

    /// Nobody knows the power: the next reading is the level anew.
    pub(super) fn forget(&mut self) {
        *self = Self::default();
    }
}
