//! Cycles whose halves are too short to hold still: a slow meter shows one reading of a compressor's pause, or a mean of
//! both halves.
//!
//! Power that turns back from its least and greatest by a fifth or more has made half a cycle. Where one of two halves was
//! too short for a level, they are told to the curve as the levels they would have been.
//!
//! Limits: two halves in memory. A gap ends them.

use serde::{Deserialize, Serialize};

use super::curve::Curve;
use super::plateau::Cycle;

/// Power that comes back from the end of its swing to this part of it has turned: a cryocooler that cycles swings less.
const TURNED: f64 = 0.8;
/// A half that takes longer is no half of a cycle, s.
const HALF_S_MAX: f64 = 1500.0;

/// One half of a cycle: how far it went and how long it took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Half {
    extreme_w: f64,
    seconds: f64,
}

/// The half that goes on, and the one before it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Swing {
    is_up: bool,
    now: Half,
    before: Half,
}

impl Swing {
    /// A reading held for some seconds. Halves shorter than `steady_s` hold no level of their own.
    pub(super) fn hold(
        &mut self,
        cycle: Cycle,
        steady_s: f64,
        power_w: f64,
        seconds: f64,
        curve: &mut Curve,
    ) {
        // the first reading after a gap begins a half
        if self.now.seconds <= 0.0 {
            self.now.extreme_w = power_w;
        }
        let end_w = self.now.extreme_w;
        let has_turned = if self.is_up {
            power_w < end_w * TURNED
        } else {
            power_w * TURNED > end_w
        };
        if has_turned {
            if !self.is_up {
                self.tell(cycle, steady_s, curve);
            }
            (self.before, self.is_up) = (self.now, !self.is_up);
            self.now = Half {
                extreme_w: power_w,
                seconds: 0.0,
            };
        }
        let now = &mut self.now;
        now.seconds += seconds;
        now.extreme_w = if self.is_up {
            now.extreme_w.max(power_w)
        } else {
            now.extreme_w.min(power_w)
        };
    }

    /// Power is not known from here on.
    pub(super) fn gap(&mut self) {
        *self = Self::default();
    }

    /// A lower half is over.
    #[expect(clippy::cast_possible_truncation, reason = "some minutes")]
    fn tell(&self, cycle: Cycle, steady_s: f64, curve: &mut Curve) {
        let (low, high) = (self.now, self.before);
        let is_cycle = high.seconds > 0.0
            && low.seconds.max(high.seconds) <= HALF_S_MAX
            && high.extreme_w <= low.extreme_w * cycle.ratio
            && f64::midpoint(low.extreme_w, high.extreme_w) < cycle.below_w;
        // halves that hold still are seen as levels
        if !is_cycle || low.seconds.min(high.seconds) >= steady_s {
            return;
        }
        for half in [low, high] {
            if half.seconds < steady_s {
                let level = curve.level(half.extreme_w);
                level.seconds += half.seconds as f32;
                level.brief_s += half.seconds as f32;
            }
        }
        curve.level(high.extreme_w).downs += 1.0;
        let level = curve.level(low.extreme_w);
        level.ups += 1.0;
        level.upper_s += high.seconds as f32;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::State;

    /// What a meter that looks once a minute shows of these watts: its levels, with changes up and down.
    fn seen(watts: &[f64]) -> Vec<(f64, f32, f32)> {
        let cycle = Cycle {
            below_w: 9_000.0,
            wide: 1.3,
            narrow_below_w: 7_200.0,
            ratio: 3.5,
            state: State::Standby,
        };
        let (mut swing, mut curve) = (Swing::default(), Curve::default());
        for power_w in watts {
            swing.hold(cycle, 150.0, *power_w, 60.0, &mut curve);
        }
        let bins = curve.still().iter();
        bins.map(|(number, still)| (super::super::curve::lower_w(*number), still.ups, still.downs))
            .collect()
    }

    #[test]
    fn a_compressor_that_pauses_for_a_minute_makes_two_levels() {
        let cycles = [8_500.0, 8_500.0, 8_500.0, 8_500.0, 8_500.0, 4_100.0].repeat(10);
        assert_eq!(seen(&cycles), [(4_096.0, 8.0, 0.0), (8_448.0, 0.0, 8.0)]);
    }

    #[test]
    fn a_cryocooler_that_swings_a_little_makes_none() {
        assert_eq!(seen(&[7_300.0, 8_500.0].repeat(20)), []);
    }
}
