//! Reading workstation.
//!
//! Levels: Büttner et al., Eur J Radiol Open 2021 (three stations, twelve months): on 117.4 W, standby 54.2 W, off
//! 18.2 W. A station draws the same watts used or unused, so "on" is idle in the truth and never scanning. Assumed:
//! bursts of work of 20 to 90 W for some seconds by day.

use super::{Entry, Levels};
use crate::agenda::Habit;
use crate::dice::Dice;
use crate::machine::{Model, Script, Shape, Step};
use crate::power::State;
use crate::scenario::{Modality, Mode};

pub(super) const ENTRY: Entry = Entry {
    modality: Modality::Workstation,
    levels: Levels {
        off_watts: 18.2,
        standby_watts: 54.2,
        idle_watts: 117.4,
        ready_watts: 117.4,
        scanning_watts_min: 117.4,
        scanning_watts_max: 207.4,
        burst_watts: 90.0,
    },
    // An "exam" is a reading session: bursts of work, no acquisition.
    habit: Habit {
        exams_per_hour: 6.0,
        exam_minutes: 6.0,
        after_hours: Mode::Standby,
        calibrates: false,
    },
    bridge_ms: 60_000,
    model: Some(|levels| Box::new(Workstation { levels })),
};

struct Workstation {
    levels: Levels,
}

impl Model for Workstation {
    fn rest(&mut self, mode: Mode, dice: &mut Dice) -> Step {
        let (state, watts) = match mode {
            Mode::Off => (State::Off, self.levels.off_watts),
            Mode::Standby => (State::Standby, self.levels.standby_watts),
            Mode::Idle => (State::Idle, self.levels.idle_watts),
        };
        let shape = Shape::Steady { watts, share: 0.02 };
        Step::steady(dice.seconds(120.0, 600.0), watts)
            .state(state)
            .shape(shape)
    }

    fn exam(&mut self, dice: &mut Dice, script: &mut Script) {
        for _ in 0..dice.count(2, 6) {
            let watts = self.levels.idle_watts + self.levels.burst_watts * dice.between(0.2, 1.0);
            script.push_back(Step::steady(dice.seconds(5.0, 40.0), watts));
            script.push_back(Step::steady(dice.seconds(10.0, 60.0), self.levels.idle_watts));
        }
    }
}
