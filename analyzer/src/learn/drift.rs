//! Levels that move: another firmware, an ageing cooler. Followed slowly, and said.
//!
//! Each state's level is remembered as it was when first well known. What is seen since fades with a half-life of
//! [`HALF_LIFE_S`] at that level; once it is [`MOVED`] away, the level has moved, and the new one is what is remembered.

use serde::{Deserialize, Serialize};

use super::evidence::{LearnedBand, LevelMoved};
use crate::State;

/// Half of what was seen at a level is forgotten after so much time at it.
const HALF_LIFE_S: f64 = 12.0 * 3600.0;
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
    seen_s: f64,
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
            let part = 1.0 - (-seconds / HALF_LIFE_S.min(followed.seen_s)).exp2();
            followed.is_w += (mean_w - followed.is_w) * part;
        }
    }

    /// Takes up levels that have become well known; returns those that have moved.
    pub(super) fn look(&mut self, bands: &[LearnedBand]) -> Vec<LevelMoved> {
        for state in [State::Off, State::Standby, State::Idle] {
            let of_state = bands
                .iter()
                .filter(|band| band.state == state && !band.evidence.is_provisional());
            let main = of_state.max_by(|a, b| a.evidence.seconds.total_cmp(&b.evidence.seconds));
            let is_followed = self.0.iter().any(|followed| followed.state == state);
            if let Some(band) = main.filter(|_| !is_followed) {
                let (was_w, is_w) = (band.level_w, band.level_w);
                self.0.push(Followed {
                    state,
                    was_w,
                    is_w,
                    seen_s: 0.0,
                });
            }
        }
        let has_moved = |followed: &&mut Followed| {
            followed.seen_s >= SEEN_S_MIN
                && (followed.is_w - followed.was_w).abs() > followed.was_w.max(20.0) * MOVED
        };
        let moved = self.0.iter_mut().filter(has_moved).map(|followed| {
            let from_w = std::mem::replace(&mut followed.was_w, followed.is_w);
            followed.seen_s = 0.0;
            LevelMoved {
                state: followed.state,
                from_w,
                to_w: followed.is_w,
            }
        });
        moved.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_level_is_followed_slowly_and_said_once() {
        let followed = Followed {
            state: State::Idle,
            was_w: 2_600.0,
            is_w: 2_600.0,
            seen_s: 0.0,
        };
        let mut drift = Drift(vec![followed]);
        let mut said = Vec::new();
        for minute in 0..6 * 24 * 60 {
            let level_w = if minute < 2 * 24 * 60 { 2_600.0 } else { 3_000.0 };
            drift.still(level_w, 60.0);
            let moved = drift.look(&[]);
            said.extend(moved.iter().map(|moved| (minute / 1440, moved.from_w.round())));
        }
        assert_eq!(said.first(), Some(&(2, 2_600.0)), "within a day of the change");
        assert!(said.len() <= 2, "{said:?}");
    }

    #[test]
    fn noise_is_no_drift() {
        let followed = Followed {
            state: State::Idle,
            was_w: 2_600.0,
            is_w: 2_600.0,
            seen_s: 0.0,
        };
        let mut drift = Drift(vec![followed]);
        for minute in 0..10_000 {
            drift.still(2_600.0 + f64::from(minute % 7 - 3) * 40.0, 60.0);
            assert_eq!(drift.look(&[]), []);
        }
    }
}
