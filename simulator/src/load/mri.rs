//! Magnetic resonance.
//!
//! Levels: Woolen et al., Radiology 2023 (four scanners of three vendors at 1 Hz): power-save 6.4 ± 0.1 kW, off
//! 7.3 to 9.7 kW (the magnet's cooling runs on), idle 9.5 to 14.5 kW, prepared-to-scan 17.3 to 25.6 kW, scanning
//! 28.6 ± 8.6 to 48.3 ± 11.8 kW. Note that power-save lies below off. Heye et al., Radiology 2020: peaks of about 60 kW.
//! Assumed: in power-save the cryocooler is cycled, a square wave of two minutes about the published mean; sequences
//! of 1 to 5 minutes with pauses of 8 to 45 s.
//!
//! Prepared-to-scan is idle in the truth: nothing is acquired.

use super::{Entry, Levels};
use crate::agenda::Habit;
use crate::dice::Dice;
use crate::machine::{Model, Script, Shape, Step};
use crate::power::State;
use crate::scenario::{Modality, Mode};

pub(super) const ENTRY: Entry = Entry {
    modality: Modality::Mri,
    levels: Levels {
        off_watts: 8_200.0,
        standby_watts: 6_400.0,
        idle_watts: 11_500.0,
        ready_watts: 19_000.0,
        scanning_watts_min: 28_600.0,
        scanning_watts_max: 44_000.0,
        burst_watts: 2_000.0,
    },
    habit: Habit {
        exams_per_hour: 1.6,
        exam_minutes: 32.0,
        after_hours: Mode::Off,
        calibrates: false,
    },
    bridge_ms: 90_000,
    model: Some(|levels| Box::new(Mri { levels })),
};

struct Mri {
    levels: Levels,
}

/// The gradients' swing about a sequence's mean.
const GRADIENT_SWING: f64 = 0.25;

impl Mri {
    fn ready(&self, ms: i64) -> Step {
        Step::steady(ms, self.levels.ready_watts).shape(Shape::Steady {
            watts: self.levels.ready_watts,
            share: 0.012,
        })
    }

    fn acquisition(&self, ms: i64, watts: f64, share: f64) -> Step {
        Step::steady(ms, watts)
            .state(State::Scanning)
            .shape(Shape::Swing { watts, share })
            .in_exam()
    }
}

impl Model for Mri {
    fn rest(&mut self, mode: Mode, dice: &mut Dice) -> Step {
        let levels = self.levels;
        let step = Step::steady(dice.seconds(240.0, 900.0), levels.idle_watts);
        match mode {
            Mode::Off => step.state(State::Off).shape(Shape::Steady {
                watts: levels.off_watts,
                share: 0.01,
            }),
            Mode::Standby => {
                // The cryocooler runs three fifths of the time: the mean is the published level.
                let high = levels.standby_watts + 0.4 * levels.burst_watts;
                let low = levels.standby_watts - 0.6 * levels.burst_watts;
                step.state(State::Standby).shape(Shape::Square {
                    high,
                    low,
                    on_ms: 72_000,
                    off_ms: 48_000,
                })
            }
            Mode::Idle => step,
        }
    }

    fn switch(&mut self, from: Mode, to: Mode, dice: &mut Dice, script: &mut Script) {
        if to == Mode::Idle {
            let seconds = if from == Mode::Off { 120.0 } else { 40.0 };
            let shape = Shape::Ramp {
                from: self.levels.idle_watts * 0.95,
                to: self.levels.idle_watts,
            };
            let ms = dice.seconds(seconds * 0.7, seconds * 1.3);
            script.push_back(Step::steady(ms, self.levels.idle_watts).shape(shape));
        }
    }

    fn exam(&mut self, dice: &mut Dice, script: &mut Script) {
        let levels = self.levels;
        script.push_back(self.ready(dice.seconds(90.0, 180.0)));
        for sequence in 0..dice.count(5, 8) {
            if sequence > 0 {
                script.push_back(self.ready(dice.seconds(8.0, 45.0)).in_exam());
            }
            // Prescan, then the sequence with its own mean and swing.
            script.push_back(self.acquisition(dice.seconds(8.0, 15.0), levels.scanning_watts_min, 0.05));
            let watts = dice.between(levels.scanning_watts_min, levels.scanning_watts_max);
            let ms = dice.seconds(70.0, 300.0);
            script.push_back(self.acquisition(ms, watts, GRADIENT_SWING));
        }
        script.push_back(self.ready(dice.seconds(60.0, 150.0)));
        script.push_back(Step::steady(dice.seconds(60.0, 180.0), levels.idle_watts));
    }
}
