//! A meter's cumulative energy register, and what can go wrong with it.
//!
//! Registers reset at a reboot, go back a little after a crash, wrap, jump and step coarsely. A step is believed when
//! `0 <= step <= plausible power × time`, with some room for the register's resolution; anything else begins a new
//! epoch, and the energy of that gap is estimated from power instead.
//!
//! Invariant: what is counted is never negative and never more than the device can draw.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Energy, FaultKind};

/// Room for coarse registers (0.1 kWh steps) when a step is judged.
const STEP_ROOM: Energy = Energy::from_micro_wh(100_000_000);
/// A register below this share of its last value has been reset; above, rolled back.
const RESET_SHARE: f64 = 0.01;

/// One register.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Counter {
    last: Option<(Timestamp, f64)>,
    /// The smallest step seen so far: the register's resolution as far as it is known.
    resolution: Option<Energy>,
}

/// What a new value of the register means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Step {
    /// The first value: nothing can be counted yet.
    First,
    /// Counted since the last value.
    Counted(Energy),
    /// Not believed; a new epoch begins at this value, the last value was `before_wh`.
    Broken { kind: FaultKind, before_wh: f64 },
}

impl Counter {
    /// Takes the register's value at `at`.
    pub(crate) fn step(&mut self, at: Timestamp, value_wh: f64, power_w_max: f64) -> Step {
        let Some((last_at, last_wh)) = self.last else {
            self.last = Some((at, value_wh));
            return Step::First;
        };
        if at < last_at {
            return Step::Counted(Energy::ZERO);
        }
        self.last = Some((at, value_wh));
        if value_wh < last_wh {
            let is_reset = value_wh <= last_wh * RESET_SHARE;
            let kind = if is_reset {
                FaultKind::CounterReset
            } else {
                FaultKind::CounterRollback
            };
            return Step::Broken {
                kind,
                before_wh: last_wh,
            };
        }
        let step = Energy::from_wh(value_wh) - Energy::from_wh(last_wh);
        let plausible = Energy::from_power(power_w_max, at.duration_since(last_at).as_secs_f64());
        if step > plausible + STEP_ROOM {
            return Step::Broken {
                kind: FaultKind::CounterJump,
                before_wh: last_wh,
            };
        }
        if step > Energy::ZERO {
            self.resolution = Some(self.resolution.map_or(step, |known| known.min(step)));
        }
        Step::Counted(step)
    }

    /// The register's resolution as far as it is known.
    pub(crate) const fn resolution(&self) -> Option<Energy> {
        self.resolution
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    /// Feeds values a minute apart and returns what the last one means.
    fn last_of(values_wh: &[f64]) -> Step {
        let mut counter = Counter::default();
        let steps = values_wh
            .iter()
            .zip(0..)
            .map(|(value, n)| counter.step(at(n * 60), *value, 3_000.0));
        steps.last().expect("there are values")
    }

    #[test]
    fn a_plausible_step_is_counted() {
        assert_eq!(last_of(&[5.0]), Step::First);
        assert_eq!(last_of(&[5.0, 45.0]), Step::Counted(Energy::from_wh(40.0)));
        assert_eq!(last_of(&[5.0, 5.0]), Step::Counted(Energy::ZERO));
    }

    #[test]
    fn resets_rollbacks_and_jumps_begin_a_new_epoch() {
        let broken = |kind, before_wh| Step::Broken { kind, before_wh };
        assert_eq!(
            last_of(&[43_000.0, 0.0]),
            broken(FaultKind::CounterReset, 43_000.0)
        );
        assert_eq!(
            last_of(&[500.0, 480.0]),
            broken(FaultKind::CounterRollback, 500.0)
        );
        assert_eq!(
            last_of(&[500.0, 3_137_500.0]),
            broken(FaultKind::CounterJump, 500.0)
        );
        assert_eq!(
            last_of(&[500.0, 480.0, 490.0]),
            Step::Counted(Energy::from_wh(10.0)),
            "counts on from there"
        );
    }
}
