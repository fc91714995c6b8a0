//! Stretches in which power holds still, and pulses that rise from one and come back to it.
//!
//! A stretch goes on while power stays within a band about its mean that is as wide as the device's own noise asks for.
//! It counts once it is long enough; then its mean is a level of the machine, whatever it is called. A machine that
//! works leaves its level and returns: the level from which pulses rise is the one in which it is ready.
//!
//! Where loads cycle within a state, a mean over the last quarter of an hour goes along, and the curve learns it beside
//! each level: halves of one cycle have one mean.
//!
//! Limits: one stretch, one pulse and one mean in memory. A gap ends them.

use serde::{Deserialize, Serialize};

use super::curve::Curve;

/// Power may leave the mean of its stretch by this part of it, at least and at most.
const TOLERANCE: (f64, f64) = (0.03, 0.08);
/// So many times the usual step between two readings.
const TOLERANCE_STEPS: f64 = 5.0;
/// And by this many watts: meters of small loads count in watts.
const TOLERANCE_W: f64 = 3.0;
/// A stretch is told to the curve in parts, so that a slow drift is followed, s.
const PART_S: f64 = 60.0;
/// Shorter stretches may be the halves of a cycle, s.
const BRIEF_S: f64 = 1500.0;
/// A pulse that takes longer is no pulse, s.
const PULSE_S_MAX: f64 = 1800.0;
/// A level that follows within this after another has taken its place at once, s.
const CHANGE_S_MAX: f64 = 60.0;
/// An MRI that is prepared to scan draws at least so many times what it does ready (Woolen et al.: 17.3 to 9.5 up to 25.6 to
/// 14.5 kW; halves of a cryocooler's cycle are nearer).
const CALL: f64 = 1.4;
/// A pulse has come back when the new level is this near the old one.
const RETURN: f64 = 0.12;
/// How fast the usual step is learned.
const STEP_RATE: f64 = 1.02;
/// The usual step before anything is known, and its bounds.
const STEP_AT_FIRST: f64 = 0.01;
const STEP: (f64, f64) = (0.000_5, 0.03);
/// The mean around a level is one over so much time, s: some cycles of a cryocooler take minutes each.
const AROUND_S: f64 = 900.0;
/// It is known after so much of it, s.
const AROUND_S_MIN: f64 = 600.0;
/// Power that is farther from it, as a part of it, is another state.
const AROUND_REACH: f64 = 0.25;
/// Readings that a stretch needs, unless the meter reports changes only.
const READINGS_MIN: u32 = 3;

/// What holds still at the moment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Stillness {
    mean_w: f64,
    /// Since the last part was told.
    part_s: f64,
    part_ws: f64,
    /// Since the stretch began.
    stretch_s: f64,
    readings: u32,
    /// Long enough to be a level.
    is_level: bool,
    /// The usual step from one reading to the next, as a part of the power.
    step: f64,
    last_w: f64,
    pulse: Option<Pulse>,
    around: Around,
}

/// The mean around the level.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Around {
    mean_w: f64,
    seconds: f64,
}

impl Around {
    fn see(&mut self, power_w: f64, seconds: f64) {
        if (power_w - self.mean_w).abs() > self.mean_w * AROUND_REACH {
            *self = Self {
                mean_w: power_w,
                seconds,
            };
            return;
        }
        self.seconds += seconds;
        self.mean_w += (power_w - self.mean_w) * (seconds / self.seconds.min(AROUND_S)).min(1.0);
    }
}

/// Power has left a level.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Pulse {
    from_w: f64,
    /// The greatest power, and the second greatest: a spike has no second.
    peaks_w: (f64, f64),
    readings: u32,
    seconds: f64,
    /// How long the level it left had held.
    stretch_s: f64,
}

/// A part of a stretch.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Part {
    pub(super) mean_w: f64,
    pub(super) seconds: f64,
}

/// What makes a stretch and a pulse for a kind of machine and a meter.
#[derive(Clone, Copy)]
pub(super) struct Measure {
    /// A stretch must last so long, s.
    pub(super) steady_s: f64,
    /// A pulse rises to this many times the level.
    pub(super) pulse_ratio: f64,
    /// The meter reports changes only: one reading that holds is still.
    pub(super) is_on_change: bool,
    /// The meter is so slow that one reading may be all that is seen of a pulse.
    pub(super) is_slow: bool,
    /// Loads cycle within a state.
    pub(super) cycles: bool,
}

impl Pulse {
    fn see(&mut self, power_w: f64) {
        let (first_w, second_w) = self.peaks_w;
        self.peaks_w = if power_w > first_w {
            (power_w, first_w)
        } else {
            (first_w, second_w.max(power_w))
        };
        self.readings += 1;
    }
}

impl Default for Stillness {
    fn default() -> Self {
        Self {
            mean_w: 0.0,
            part_s: 0.0,
            part_ws: 0.0,
            stretch_s: 0.0,
            readings: 0,
            is_level: false,
            step: STEP_AT_FIRST,
            last_w: 0.0,
            pulse: None,
            around: Around::default(),
        }
    }
}

impl Stillness {
    /// The usual step between readings, as a part of the power.
    pub(super) fn step(&self) -> f64 {
        self.step
    }

    /// A reading held for some seconds; returns a part of a stretch that is told to the curve by it.
    pub(super) fn hold(
        &mut self,
        measure: Measure,
        power_w: f64,
        seconds: f64,
        curve: &mut Curve,
    ) -> Option<Part> {
        self.learn_step(power_w);
        if measure.cycles {
            self.around.see(power_w, seconds);
        }
        if let Some(pulse) = &mut self.pulse {
            pulse.see(power_w);
            pulse.seconds += seconds;
        }
        let share = (self.step * TOLERANCE_STEPS).clamp(TOLERANCE.0, TOLERANCE.1);
        let tolerance_w = (self.mean_w.abs() * share).max(TOLERANCE_W);
        let mut told = None;
        if self.readings > 0 && (power_w - self.mean_w).abs() > tolerance_w {
            told = self.end(curve);
            if let Some(pulse) = self.pulse.as_mut().filter(|pulse| pulse.readings == 0) {
                pulse.see(power_w);
                pulse.seconds += seconds;
            }
        }
        self.stretch_s += seconds;
        self.part_s += seconds;
        self.part_ws += power_w * seconds;
        self.readings += 1;
        let memory_s = self.stretch_s.min(PART_S);
        if self.readings == 1 {
            self.mean_w = power_w;
        } else if memory_s > 0.0 {
            self.mean_w += (power_w - self.mean_w) * (seconds / memory_s).min(1.0);
        }
        let is_enough = self.readings >= READINGS_MIN || measure.is_on_change;
        if !self.is_level && is_enough && self.stretch_s >= measure.steady_s {
            self.is_level = true;
            self.arrive(measure, curve);
        }
        if self.is_level && self.part_s >= PART_S {
            told = Some(self.tell(curve));
        }
        told
    }

    /// Power is not known from here on.
    pub(super) fn gap(&mut self, curve: &mut Curve) {
        self.end(curve);
        self.pulse = None;
        self.around = Around::default();
    }

    fn learn_step(&mut self, power_w: f64) {
        let last_w = std::mem::replace(&mut self.last_w, power_w);
        let scale_w = last_w.abs().max(TOLERANCE_W);
        let step = (power_w - last_w).abs() / scale_w;
        // the median of the steps, found by nudging
        let nudged = if step > self.step {
            self.step * STEP_RATE
        } else {
            self.step / STEP_RATE
        };
        self.step = nudged.clamp(STEP.0, STEP.1);
    }

    /// A new level is reached: a pulse is over if it is the level it rose from.
    fn arrive(&mut self, measure: Measure, curve: &mut Curve) {
        let Some(pulse) = self.pulse.take() else { return };
        let peak_w = if measure.is_slow {
            pulse.peaks_w.0
        } else {
            pulse.peaks_w.1
        };
        let has_risen = peak_w >= pulse.from_w * measure.pulse_ratio && peak_w - pulse.from_w > TOLERANCE_W;
        let is_back = (self.mean_w - pulse.from_w).abs() <= (pulse.from_w.abs() * RETURN).max(TOLERANCE_W);
        let level = curve.level(pulse.from_w);
        if has_risen && is_back && pulse.seconds <= PULSE_S_MAX {
            level.launches += 1.0;
        }
        if !is_back && pulse.seconds <= CHANGE_S_MAX + measure.steady_s && pulse.stretch_s < BRIEF_S {
            if self.mean_w > pulse.from_w {
                level.ups += 1.0;
                if self.mean_w > pulse.from_w * CALL {
                    level.calls += 1.0;
                }
            } else {
                level.downs += 1.0;
                #[expect(clippy::cast_possible_truncation, reason = "some minutes")]
                let upper_s = pulse.stretch_s as f32;
                curve.level(self.mean_w).upper_s += upper_s;
            }
        }
    }

    fn tell(&mut self, curve: &mut Curve) -> Part {
        let part = Part {
            mean_w: self.part_ws / self.part_s,
            seconds: self.part_s,
        };
        #[expect(clippy::cast_possible_truncation, reason = "seconds of one part")]
        let seconds = part.seconds as f32;
        let level = curve.level(part.mean_w);
        level.seconds += seconds;
        if self.stretch_s < BRIEF_S {
            level.brief_s += seconds;
        }
        if self.around.seconds >= AROUND_S_MIN {
            level.around_s += seconds;
            #[expect(
                clippy::cast_possible_truncation,
                reason = "seven digits of a power are enough"
            )]
            let around_w = self.around.mean_w as f32;
            level.around_ws += around_w * seconds;
        }
        (self.part_s, self.part_ws) = (0.0, 0.0);
        part
    }

    /// The stretch is over.
    fn end(&mut self, curve: &mut Curve) -> Option<Part> {
        let mut told = None;
        if self.is_level {
            told = (self.part_s > 0.0).then(|| self.tell(curve));
            self.pulse = Some(Pulse {
                from_w: self.mean_w,
                peaks_w: (0.0, 0.0),
                readings: 0,
                seconds: 0.0,
                stretch_s: self.stretch_s,
            });
        }
        self.is_level = false;
        (self.stretch_s, self.part_s, self.part_ws, self.readings) = (0.0, 0.0, 0.0, 0);
        told
    }
}
