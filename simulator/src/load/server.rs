//! Server rack behind a PDU.
//!
//! Assumed throughout (no study of an imaging department's rack was found): base load of 3.2 kW day and night and bursts
//! of up to `burst_watts` while images arrive. It is idle in the truth, always: a rack is not switched off.

use super::{Entry, Levels};
use crate::agenda::Habit;
use crate::dice::Dice;
use crate::machine::{Model, Script, Shape, Step};
use crate::scenario::{Modality, Mode};

pub(super) const ENTRY: Entry = Entry {
    modality: Modality::Server,
    levels: Levels {
        off_watts: 0.0,
        standby_watts: 3_200.0,
        idle_watts: 3_200.0,
        ready_watts: 3_200.0,
        scanning_watts_min: 3_200.0,
        scanning_watts_max: 3_700.0,
        burst_watts: 500.0,
    },
    habit: Habit {
        exams_per_hour: 4.0,
        exam_minutes: 10.0,
        after_hours: Mode::Idle,
        calibrates: false,
    },
    bridge_ms: 60_000,
    model: Some(|levels| Box::new(Server { levels })),
};

struct Server {
    levels: Levels,
}

impl Model for Server {
    fn rest(&mut self, _mode: Mode, dice: &mut Dice) -> Step {
        let watts = self.levels.idle_watts + self.levels.burst_watts * dice.between(0.0, 0.15);
        Step::steady(dice.seconds(60.0, 300.0), watts).shape(Shape::Steady { watts, share: 0.008 })
    }

    /// A batch of images arrives and is stored, compressed, sent on.
    fn exam(&mut self, dice: &mut Dice, script: &mut Script) {
        let watts = self.levels.idle_watts + self.levels.burst_watts * dice.between(0.4, 1.0);
        script.push_back(Step::steady(dice.seconds(60.0, 400.0), watts));
    }
}
