//! Levels that move: another firmware, an ageing cooler. Followed slowly, and said.
//!
//! Each state's level is remembered as it was when first well known. What is seen since fades with a half-life of
//! [`HALF_LIFE_S`] at that level; once it is [`MOVED`] away, the level has moved. Where it is by then a quicker mean says
//! ([`LATELY_S`]), and that is what is remembered: one change is said once, however far it goes.

use serde::{Deserialize, Serialize};

use super::evidence::{LearnedBand, LevelMoved};
use crate::State;

/// Half of what was seen at a level is forgotten after so much time at it.
const HALF_LIFE_S: f64 = 12.0 * 3600.0;
/// And after so much time for where it is by now.
const LATELY_S: f64 = 3600.0;
/// A level that is this part away has moved.
const MOVED: f64 = 0.08;
/// Nothing is said before so much time at the level.
const SEEN_S_MIN: f64 = 12.0 * 3600.0;
/// Stretches farther away belong to another level of the same state (an MRI that is prepared).
const REACH: f64 = 0.3;

/// The levels of one device as they were and are.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Drift(Vec<Followed>);

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Followed {
    state: State,
    was_w: f64,
    is_w: f64,
    lately_w: f64,
    seen_s: f64,
}

impl Followed {
    fn new(state: State, level_w: f64) -> Self {
        Self {
            state,
            was_w: level_w,
            is_w: level_w,
            lately_w: level_w,
            seen_s: 0.0,
        }
    }
}

impl Drift {
    /// A stretch held still at this mean.
    pub(super) fn still(&mut self, mean_w: f64, seconds: f64) {
        let near = |followed: &&mut Followed| (mean_w / followed.was_w.max(1.0) - 1.0).abs() <= REACH;
        let nearest = self.0.iter_mut().filter(near).min_by(|a, b| {
            let far = |followed: &Followed| (mean_w - followed.is_w).abs();
            far(a).total_cmp(&far(b))
        });
        if let Some(followed) = nearest {
            followed.seen_s += seconds;
            let part = |half_life_s: f64| 1.0 - (-seconds / half_life_s.min(followed.seen_s)).exp2();
            let (slow, quick) = (part(HALF_LIFE_S), part(LATELY_S));
            followed.is_w += (mean_w - followed.is_w) * slow;
            followed.lately_w += (mean_w - followed.lately_w) * quick;
        }
    }

    /// Takes up levels that have become well known; returns those that have moved.
    pub(super) fn look(&mut self, bands: &[LearnedBand]) -> Vec<LevelMoved> {
        for state in [State::Off, State::Standby, State::Idle] {
            let of_state = bands
                .iter()
                .filter(|band| band.state == state && band.evidence.is_level_known());
            let main = of_state.max_by(|a, b| a.evidence.seconds.total_cmp(&b.evidence.seconds));
            let is_followed = self.0.iter().any(|followed| followed.state == state);
            if let Some(band) = main.filter(|_| !is_followed) {
                self.0.push(Followed::new(state, band.level_w));
            }
        }
        let has_moved = |followed: &&mut Followed| {
            followed.seen_s >= SEEN_S_MIN
                && (followed.is_w - followed.was_w).abs() > followed.was_w.max(20.0) * MOVED
        };
        let moved = self.0.iter_mut().filter(has_moved).map(|followed| {
            let (state, from_w, to_w) = (followed.state, followed.was_w, followed.lately_w);
            *followed = Followed::new(state, to_w);
            LevelMoved { state, from_w, to_w }
        });
        moved.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Days and levels of what is said while idle is at 2.6 kW, and from the third day on somewhere else.
    fn said(then: impl Fn(i32) -> f64) -> Vec<(i32, f64, f64)> {
        let mut drift = Drift(vec![Followed::new(State::Idle, 2_600.0)]);
        let mut said = Vec::new();
        for minute in 0..8 * 24 * 60 {
            let later = minute - 2 * 24 * 60;
            drift.still(if later < 0 { 2_600.0 } else { then(later) }, 60.0);
            let moved = drift.look(&[]);
            said.extend(
                moved
                    .iter()
                    .map(|moved| (minute / 1440, moved.from_w, moved.to_w)),
            );
        }
        said
    }

    #[test]
    fn a_change_is_said_once_within_a_day_however_far_it_goes() {
        for level_w in [1_900.0, 2_300.0, 2_900.0, 3_000.0, 3_350.0] {
            let said = said(|_| level_w);
            assert_eq!(said.len(), 1, "{level_w}: {said:?}");
            let (day, from_w, to_w) = said[0];
            assert_eq!((day, from_w), (2, 2_600.0), "{level_w}");
            assert!((to_w / level_w - 1.0).abs() < 0.04, "{to_w} is not {level_w}");
        }
    }

    #[test]
    fn noise_is_no_drift() {
        assert_eq!(said(|minute| 2_600.0 + f64::from(minute % 7 - 3) * 40.0), []);
    }
}
