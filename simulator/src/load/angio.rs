//! Angiography suite.
//!
//! Levels: Vosshenrich et al., AJR 2024 (seven interventional systems, 2 Hz, four weeks; chiller not included): for the
//! largest off 1.1 kW, idle 6.9 kW, patient in the room 7.5 kW; net imaging up to 12.5 kW. Assumed: standby 3 kW,
//! the length of fluoroscopy (4 to 25 s) and of runs of images (4 to 9 s), and the pauses between them.
//!
//! A patient in the room without radiation is idle in the truth. Pauses keep clear of the 60 s bridge.

use super::{Entry, Levels};
use crate::agenda::Habit;
use crate::dice::Dice;
use crate::machine::{Model, Script, Shape, Step};
use crate::power::State;
use crate::scenario::{Modality, Mode};

pub(super) const ENTRY: Entry = Entry {
    modality: Modality::Angio,
    levels: Levels {
        off_watts: 1_100.0,
        standby_watts: 3_000.0,
        idle_watts: 6_900.0,
        ready_watts: 7_500.0,
        scanning_watts_min: 9_000.0,
        scanning_watts_max: 12_500.0,
        burst_watts: 400.0,
    },
    habit: Habit {
        exams_per_hour: 0.8,
        exam_minutes: 55.0,
        after_hours: Mode::Off,
        calibrates: false,
    },
    bridge_ms: 60_000,
    model: Some(|levels| Box::new(Angio { levels })),
};

struct Angio {
    levels: Levels,
}

impl Angio {
    fn patient(&self, ms: i64) -> Step {
        Step::steady(ms, self.levels.ready_watts)
    }

    fn pulse(&self, dice: &mut Dice) -> Step {
        let (low, high) = (self.levels.scanning_watts_min, self.levels.scanning_watts_max);
        let middle = f64::midpoint(low, high);
        let (ms, watts) = if dice.chance(0.7) {
            (dice.seconds(4.0, 25.0), dice.between(low, middle))
        } else {
            (dice.seconds(4.0, 9.0), dice.between(middle, high))
        };
        self.patient(ms)
            .state(State::Scanning)
            .shape(Shape::Steady { watts, share: 0.01 })
            .in_exam()
    }
}

impl Model for Angio {
    fn rest(&mut self, mode: Mode, dice: &mut Dice) -> Step {
        let (state, watts) = match mode {
            Mode::Off => (State::Off, self.levels.off_watts),
            Mode::Standby => (State::Standby, self.levels.standby_watts),
            Mode::Idle => (State::Idle, self.levels.idle_watts),
        };
        Step::steady(dice.seconds(240.0, 900.0), watts).state(state)
    }

    fn switch(&mut self, _from: Mode, to: Mode, dice: &mut Dice, script: &mut Script) {
        if to == Mode::Idle {
            let shape = Shape::Ramp {
                from: self.levels.idle_watts * 0.9,
                to: self.levels.idle_watts,
            };
            script.push_back(Step::steady(dice.seconds(60.0, 150.0), self.levels.idle_watts).shape(shape));
        }
    }

    fn exam(&mut self, dice: &mut Dice, script: &mut Script) {
        script.push_back(self.patient(dice.seconds(300.0, 700.0)));
        let pulses = dice.count(15, 40);
        for pulse in 0..pulses {
            script.push_back(self.pulse(dice));
            if pulse + 1 < pulses {
                let pause = if dice.chance(0.2) {
                    dice.seconds(75.0, 180.0)
                } else {
                    dice.seconds(6.0, 50.0)
                };
                script.push_back(self.patient(pause).in_exam());
            }
        }
        script.push_back(self.patient(dice.seconds(200.0, 500.0)));
    }
}
