//! Learning a device's bands from nothing but its modality and its watts.
//!
//! A streaming [load-duration curve](curve) and the [stretches that hold still](stillness) give [plateaus](plateau); the
//! modality's prior [names](naming) them; [edges](edge) between them make the bands. Looked at anew every
//! [`LOOK_EVERY`]; what was decided before stays decided.
//!
//! Until enough is known the published levels hold, and what is said by them is provisional: the first levels are named
//! after some minutes, so the first hour already has answers of its own.
//!
//! Limits: the curve's bins, [`plateau::PLATEAUS_MAX`] levels: some kilobytes a device, whatever it does.

mod around;
mod curve;
mod drift;
mod edge;
mod evidence;
mod naming;
mod pace;
mod plateau;
mod report;
mod stillness;
mod swing;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::band::Bands;
use crate::decider::Onset;
use crate::modality::Modality;
use crate::{Device, PINS_MAX, State};

use curve::Curve;
use drift::Drift;
use naming::Known;
use pace::Pace;
use plateau::Plateau;
use stillness::{Measure, Stillness};
use swing::Swing;

pub use evidence::{Evidence, LearnedBand, LevelMoved};
pub use plateau::Cycle;
pub(crate) use report::Report;

/// No reading holds from longer before its stamp.
pub(crate) const LEAD_MAX: SignedDuration = SignedDuration::from_secs(20);

/// Levels are looked at anew so often.
const LOOK_EVERY: SignedDuration = SignedDuration::from_mins(10);
/// Half of what was seen is forgotten after this.
const HALF_LIFE_S: f64 = 7.0 * 86_400.0;
/// A reading is held at most so long; a longer gap is nobody's level, s.
const HOLD_S_MAX: f64 = 900.0;
/// A slower meter may show a pulse with one reading, s.
const SLOW_S: f64 = 3.5;
/// A level that was named keeps its name while it moves by less.
const SAME_LEVEL: f64 = 0.07;
/// A pin holds for levels this near, as a part of it.
pub const PIN_REACH: f64 = 0.15;

/// A person's word on a level: "what draws about so much is called so".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Pin {
    /// The level, W.
    pub level_w: f64,
    /// Its state.
    pub state: State,
    /// What people call it, where they do.
    pub label: Option<String>,
}

/// What one device has learned of itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Learner {
    curve: Curve,
    stillness: Stillness,
    swing: Swing,
    pace: Pace,
    drift: Drift,
    held: Option<Held>,
    looked_at: Option<Timestamp>,
    named: Vec<LearnedBand>,
    /// What people have said of levels while it ran, newest first; before what the configuration says.
    said: Vec<Pin>,
    /// Where acquisitions begin; none where nothing is acquired or the meter is too slow to show it.
    onset: Option<Onset>,
    /// Somebody works with the device from these watts on, also where the meter is too slow to show how long, W.
    work_from_w: Option<f64>,
}

/// A reading that holds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Held {
    #[serde(with = "crate::nanoseconds")]
    from: Timestamp,
    power_w: f64,
}

/// What a look at the curve brought out.
#[derive(Debug, Default)]
pub(crate) struct Look {
    /// The bands; none while nothing is learned.
    pub(crate) bands: Option<Bands>,
    /// Levels that have moved since they were first known.
    pub(crate) moved: Vec<LevelMoved>,
}

impl Learner {
    /// Takes a reading; the one before has held until now.
    pub(crate) fn sample(&mut self, modality: &Modality, at: Timestamp, power_w: f64) {
        if let Some(held) = self.held {
            let seconds = at.duration_since(held.from).as_secs_f64();
            #[expect(clippy::float_cmp, reason = "the same message again has the same value")]
            self.pace.reading(seconds, held.power_w == power_w);
            self.hold(modality, held.power_w, seconds);
        }
        self.held = Some(Held { from: at, power_w });
    }

    fn hold(&mut self, modality: &Modality, power_w: f64, seconds: f64) {
        if seconds > HOLD_S_MAX {
            self.stillness.gap(&mut self.curve);
            self.swing.gap();
            return;
        }
        #[expect(clippy::cast_possible_truncation, reason = "a quarter of an hour at most")]
        self.curve.hold(power_w, seconds as f32);
        let measure = Measure {
            steady_s: modality.learning.steady_s.max(self.pace.interval_s() * 2.5),
            pulse_ratio: modality.learning.pulse_ratio,
            is_on_change: self.pace.is_on_change(),
            is_slow: self.pace.interval_s() > SLOW_S,
            cycles: modality.learning.cycle.is_some(),
        };
        if let Some(cycle) = modality.learning.cycle {
            self.swing
                .hold(cycle, measure.steady_s, power_w, seconds, &mut self.curve);
        }
        if let Some(part) = self.stillness.hold(measure, power_w, seconds, &mut self.curve) {
            self.drift.still(part.mean_w, part.seconds);
        }
    }

    /// Nobody knows the power from here on.
    pub(crate) fn silence(&mut self) {
        self.held = None;
        self.stillness.gap(&mut self.curve);
        self.swing.gap();
    }

    /// Where acquisitions begin, as far as it is known; none where nothing is acquired or the meter is too slow.
    pub(crate) fn onset(&self) -> Option<Onset> {
        self.onset
    }

    /// Somebody works with the device from these watts on, W; none while nothing is learned.
    pub(crate) fn work_from_w(&self) -> Option<f64> {
        self.work_from_w
    }

    /// How often the meter tells something new, s.
    pub(crate) fn interval_s(&self) -> f64 {
        self.pace.interval_s()
    }

    /// How long before its stamp a reading begins to hold.
    pub(crate) fn lead(&self) -> SignedDuration {
        self.pace.half()
    }

    /// Whether the meter tells too rarely for acquisitions to be seen.
    pub(crate) fn is_too_coarse(&self, modality: &Modality) -> bool {
        modality
            .acquisition
            .is_some_and(|acquisition| !acquisition.is_shown_every(self.pace.interval_s()))
    }

    /// The lowest level that a cooled magnet has been seen to keep, W; none while too little is known.
    pub(crate) fn base_w(&self) -> Option<f64> {
        let lowest = self.named.first().filter(|band| band.evidence.is_level_known())?;
        Some(lowest.from_w_seen)
    }

    /// All that is known, to be shown.
    pub(crate) fn learned(&self, modality: &Modality) -> Learned {
        let points = self.curve.all().map(|(number, seconds)| CurvePoint {
            from_w: curve::lower_w(number),
            until_w: curve::lower_w(number + 1),
            seconds: f64::from(seconds),
            steady_s: f64::from(self.curve.still_s(number)),
        });
        Learned {
            bands: self.named.clone(),
            scanning_from_w: self.onset.map(|onset| onset.strong_w),
            scout_from_w: self.onset.and_then(Onset::scout_from_w),
            curve: points.collect(),
            interval_s: self.pace.interval_s(),
            is_too_coarse: self.is_too_coarse(modality),
        }
    }

    /// Takes a person's word on a level; its levels are named anew at the next look. At most [`PINS_MAX`] are kept, the
    /// oldest goes. Returns whether anything changed.
    pub(crate) fn name_level(&mut self, level_w: f64, pin: Option<Pin>) -> bool {
        let before = self.said.clone();
        self.said.retain(|said| {
            (said.level_w - level_w).abs() > level_w.abs().max(said.level_w.abs()) * PIN_REACH
        });
        self.said.splice(0..0, pin);
        self.said.truncate(PINS_MAX);
        let is_changed = self.said != before;
        if is_changed {
            // it keeps no name for having had it before
            self.named
                .retain(|band| (band.level_w - level_w).abs() > level_w.abs() * PIN_REACH);
            self.looked_at = None;
        }
        is_changed
    }

    /// Looks at the curve again if it is time.
    pub(crate) fn look(&mut self, device: &Device, now: Timestamp) -> Option<Look> {
        let since = self.looked_at.map(|last| now.duration_since(last));
        if since.is_some_and(|since| since < LOOK_EVERY) {
            return None;
        }
        self.looked_at = Some(now);
        if let Some(since) = since {
            #[expect(clippy::cast_possible_truncation, reason = "a part of one")]
            let to = (-since.as_secs_f64() / HALF_LIFE_S).exp2() as f32;
            self.curve.fade(to);
        }
        Some(self.name(device))
    }

    fn name(&mut self, device: &Device) -> Look {
        let modality = device.modality;
        let plateaus = plateau::plateaus(&self.curve, modality.learning.cycle);
        let known = |plateau: &Plateau| {
            let is_near =
                |other_w: f64, reach: f64| (plateau.level_w - other_w).abs() <= other_w.abs() * reach;
            let mut pins = self.said.iter().chain(&device.pins);
            let pin = pins.find(|pin| is_near(pin.level_w, PIN_REACH));
            if let Some(pin) = pin {
                return Known::Pinned(pin.state);
            }
            if let Some(cycle) = modality.learning.cycle.filter(|_| plateau.cycle.is_some()) {
                return Known::Cycle(cycle.state);
            }
            let before = self.named.iter().find(|band| is_near(band.level_w, SAME_LEVEL));
            before.map_or(Known::Nothing, |band| Known::Before(band.state))
        };
        let named = naming::name(modality, &plateaus, known);
        let is_usual = plateaus
            .iter()
            .find_map(|plateau| plateau.cycle)
            .is_some_and(|upper| upper.is_usual);
        let pins: Vec<&Pin> = self.said.iter().chain(&device.pins).collect();
        self.named = evidence::judge(&pins, &plateaus, &named);
        // the steps of a meter that reports changes are those that it reports, not its noise
        let is_on_change = self.pace.is_on_change();
        let step = if is_on_change { 0.0 } else { self.stillness.step() };
        let onset = edge::onset(modality, &self.named, &self.curve, step);
        self.work_from_w = onset.map(|onset| edge::work_from_w(modality, &self.named, onset, step));
        self.onset = onset.filter(|_| !self.is_too_coarse(modality));
        Look {
            bands: edge::bands(modality, &mut self.named, self.onset, is_usual),
            moved: self.drift.look(&self.named),
        }
    }
}

/// What a device has taught of itself.
#[derive(Clone, Debug, PartialEq)]
pub struct Learned {
    /// The levels of rest with their names and edges, from low to high; empty while nothing is known.
    pub bands: Vec<LearnedBand>,
    /// Acquisition begins here, W; none where it is not claimed.
    pub scanning_from_w: Option<f64>,
    /// What rises to so much from idle is an acquisition too, if others are near, W.
    pub scout_from_w: Option<f64>,
    /// The load-duration curve, from low to high, empty bins left out.
    pub curve: Vec<CurvePoint>,
    /// How often the meter tells something new, s.
    pub interval_s: f64,
    /// The meter tells too rarely for acquisitions to be seen.
    pub is_too_coarse: bool,
}

/// One bin of a load-duration curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CurvePoint {
    /// First watt.
    pub from_w: f64,
    /// First watt above.
    pub until_w: f64,
    /// Time at these watts, older time counting less.
    pub seconds: f64,
    /// The part of it that held still.
    pub steady_s: f64,
}
