//! Radiography room.
//!
//! Levels: defaults of the CEDARS calculator for radiography (off 0.1 kW, standby 0.6 kW, idle 2 kW, active 12 kW; its
//! authors call them estimates). Assumed: an image loads the supply for 1.5 to 3 s (generator, detector, motors), since
//! the exposure itself lasts milliseconds and no meter sees it; pauses of 15 to 45 s inside an exam.

use super::{Entry, Levels};
use crate::agenda::Habit;
use crate::dice::Dice;
use crate::machine::{Model, Script, Shape, Step};
use crate::power::State;
use crate::scenario::{Modality, Mode};

pub(super) const ENTRY: Entry = Entry {
    modality: Modality::Xray,
    levels: Levels {
        off_watts: 100.0,
        standby_watts: 600.0,
        idle_watts: 2_000.0,
        ready_watts: 2_000.0,
        scanning_watts_min: 8_000.0,
        scanning_watts_max: 12_000.0,
        burst_watts: 500.0,
    },
    habit: Habit {
        exams_per_hour: 5.0,
        exam_minutes: 6.0,
        after_hours: Mode::Standby,
        calibrates: false,
    },
    bridge_ms: 60_000,
    model: Some(|levels| Box::new(Xray { levels })),
};

struct Xray {
    levels: Levels,
}

impl Model for Xray {
    fn rest(&mut self, mode: Mode, dice: &mut Dice) -> Step {
        let (state, watts) = match mode {
            Mode::Off => (State::Off, self.levels.off_watts),
            Mode::Standby => (State::Standby, self.levels.standby_watts),
            Mode::Idle => (State::Idle, self.levels.idle_watts),
        };
        Step::steady(dice.seconds(240.0, 900.0), watts).state(state)
    }

    fn exam(&mut self, dice: &mut Dice, script: &mut Script) {
        let levels = self.levels;
        script.push_back(Step::steady(dice.seconds(40.0, 90.0), levels.idle_watts));
        for image in 0..dice.count(1, 4) {
            if image > 0 {
                let idle = Step::steady(dice.seconds(15.0, 45.0), levels.idle_watts).in_exam();
                script.push_back(idle);
            }
            let watts = dice.between(levels.scanning_watts_min, levels.scanning_watts_max);
            let shape = Shape::Steady { watts, share: 0.01 };
            let image = Step::steady(dice.seconds(1.5, 3.0), watts)
                .shape(shape)
                .state(State::Scanning);
            script.push_back(image.in_exam());
        }
        script.push_back(Step::steady(dice.seconds(90.0, 150.0), levels.idle_watts));
    }
}
