//! Computed tomography.
//!
//! Levels: Schulz, Niemann et al., Acad Radiol 2024 (three dual-energy scanners: off below 0.01 kW, low-power
//! 0.89 ± 0.42 kW, idle 2.6 ± 1.34 kW); Brown et al., CARJ 2022 (dual source: 0.5, 1.5 and 3 kW); Lipford et al.,
//! AAPM 2022 (idle 2.35 and 3.21 kW). Exposure 30 to 90 kW: generators of 72 to 80 kW (vendor guides). Assumed: scouts
//! of 5 to 15 kW, rotor spin-up of a few kW, tails, and the course of a calibration (real exposures, no patient).
//!
//! Pauses inside an exam keep clear of the 60 s bridge (below 52 s or above 72 s), and pauses of a calibration lie
//! above it, so that a judge need not argue about a second.

use super::{Entry, Levels};
use crate::agenda::Habit;
use crate::dice::Dice;
use crate::machine::{Model, Script, Shape, Step};
use crate::power::State;
use crate::scenario::{Modality, Mode};

pub(super) const ENTRY: Entry = Entry {
    modality: Modality::Ct,
    levels: Levels {
        off_watts: 150.0,
        standby_watts: 1_000.0,
        idle_watts: 2_600.0,
        ready_watts: 2_600.0,
        scanning_watts_min: 30_000.0,
        scanning_watts_max: 90_000.0,
        burst_watts: 3_000.0,
    },
    habit: Habit {
        exams_per_hour: 3.0,
        exam_minutes: 10.0,
        after_hours: Mode::Standby,
        calibrates: true,
    },
    bridge_ms: 60_000,
    model: Some(|levels| Box::new(Ct { levels })),
};

struct Ct {
    levels: Levels,
}

impl Ct {
    fn idle(&self, ms: i64) -> Step {
        Step::steady(ms, self.levels.idle_watts)
    }

    /// Anode and gantry come up to speed: a few kW, no radiation.
    fn spin_up(&self, dice: &mut Dice) -> Step {
        let watts = self.levels.idle_watts + self.levels.burst_watts * dice.between(0.6, 1.2);
        self.idle(dice.seconds(1.5, 3.5))
            .shape(Shape::Steady { watts, share: 0.03 })
    }

    fn exposure(&self, ms: i64, watts: f64) -> Step {
        let heat = self.levels.burst_watts * (watts / 90_000.0).min(1.0) * 0.5;
        self.idle(ms)
            .state(State::Scanning)
            .shape(Shape::Steady { watts, share: 0.015 })
            .heat(heat)
    }

    fn scout(&self, dice: &mut Dice) -> Step {
        let watts = dice
            .between(5_000.0, 15_000.0)
            .min(self.levels.scanning_watts_max);
        self.exposure(dice.seconds(3.0, 6.0), watts).in_exam()
    }
}

impl Model for Ct {
    fn rest(&mut self, mode: Mode, dice: &mut Dice) -> Step {
        let ms = dice.seconds(240.0, 900.0);
        match mode {
            Mode::Off => self.idle(ms).state(State::Off).shape(Shape::Steady {
                watts: self.levels.off_watts,
                share: 0.02,
            }),
            Mode::Standby => self.idle(ms).state(State::Standby).shape(Shape::Steady {
                watts: self.levels.standby_watts,
                share: 0.01,
            }),
            // Now and then the heat exchanger's fans run on their own.
            Mode::Idle if dice.chance(0.06) => {
                let watts = self.levels.idle_watts + self.levels.burst_watts * dice.between(0.2, 0.4);
                Step::steady(dice.seconds(20.0, 60.0), watts)
            }
            Mode::Idle => self.idle(ms),
        }
    }

    fn switch(&mut self, from: Mode, to: Mode, dice: &mut Dice, script: &mut Script) {
        if to == Mode::Idle {
            let seconds = if from == Mode::Off { 90.0 } else { 30.0 };
            let shape = Shape::Ramp {
                from: self.levels.idle_watts * 0.85,
                to: self.levels.idle_watts,
            };
            script.push_back(self.idle(dice.seconds(seconds * 0.7, seconds * 1.3)).shape(shape));
        }
    }

    fn calibrate(&mut self, dice: &mut Dice, script: &mut Script) {
        for _ in 0..dice.count(5, 9) {
            script.push_back(self.spin_up(dice));
            let top = (self.levels.scanning_watts_max * 0.7).max(self.levels.scanning_watts_min);
            let watts = dice.between(self.levels.scanning_watts_min, top);
            script.push_back(self.exposure(dice.seconds(3.0, 8.0), watts));
            script.push_back(self.idle(dice.seconds(72.0, 100.0)));
        }
    }

    fn exam(&mut self, dice: &mut Dice, script: &mut Script) {
        // The patient lies down before, gets up after: plain idle.
        script.push_back(self.idle(dice.seconds(60.0, 150.0)));
        script.push_back(self.spin_up(dice));
        script.push_back(self.scout(dice));
        if dice.chance(0.6) {
            script.push_back(self.idle(dice.seconds(4.0, 9.0)).in_exam());
            script.push_back(self.scout(dice));
        }
        for series in 0..dice.count(1, 4) {
            // Planning, then breath-hold; sometimes the wait for the contrast agent.
            let waits = series > 0 && dice.chance(0.3);
            let pause = if waits {
                dice.seconds(72.0, 110.0)
            } else {
                dice.seconds(12.0, 46.0)
            };
            script.push_back(self.idle(pause).in_exam());
            script.push_back(self.spin_up(dice).in_exam());
            let watts = dice.between(self.levels.scanning_watts_min, self.levels.scanning_watts_max);
            script.push_back(self.exposure(dice.seconds(2.0, 16.0), watts).in_exam());
        }
        let fans = self.levels.idle_watts + self.levels.burst_watts * 0.3;
        script.push_back(self.idle(dice.seconds(20.0, 60.0)).shape(Shape::Steady {
            watts: fans,
            share: 0.02,
        }));
        script.push_back(self.idle(dice.seconds(120.0, 240.0)));
    }
}
