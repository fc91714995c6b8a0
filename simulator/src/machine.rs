//! The frame of every load with a day: rests in a mode, switches, calibrates, examines, as its agenda says.
//!
//! A modality supplies a [`Model`]: how each mode rests, and the script of steps of a switch, a calibration, an exam.
//! The machine plays the steps as constant pieces of power, adds the cooling tail, numbers the exams. Invariants: the
//! pieces are contiguous; the memory is one script (at most a few hundred steps) and one day of appointments.

use std::collections::VecDeque;

use crate::agenda::{Agenda, Task};
use crate::dice::Dice;
use crate::power::{Happening, Load, Segment, State, milliwatts};
use crate::scenario::Mode;

/// Power over the course of a step.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Shape {
    /// About constant: noise of `share` once a grain.
    Steady { watts: f64, share: f64 },
    /// Swings about a mean by up to `share`, once a step of the scenario.
    Swing { watts: f64, share: f64 },
    /// Linear from one level to another.
    Ramp { from: f64, to: f64 },
    /// High for `on_ms`, then low for `off_ms`, since the epoch.
    Square {
        high: f64,
        low: f64,
        on_ms: i64,
        off_ms: i64,
    },
}

/// One step of a script.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Step {
    pub(crate) ms: i64,
    pub(crate) shape: Shape,
    pub(crate) state: State,
    /// Part of an exam: between its first and its last acquisition.
    pub(crate) in_exam: bool,
    /// Watts of cooling that this step leaves behind.
    pub(crate) heat_watts: f64,
}

impl Step {
    /// An idle-state step that is about constant.
    pub(crate) fn steady(ms: i64, watts: f64) -> Self {
        let shape = Shape::Steady { watts, share: 0.01 };
        Self {
            ms,
            shape,
            state: State::Idle,
            in_exam: false,
            heat_watts: 0.0,
        }
    }

    pub(crate) fn state(self, state: State) -> Self {
        Self { state, ..self }
    }

    pub(crate) fn shape(self, shape: Shape) -> Self {
        Self { shape, ..self }
    }

    pub(crate) fn in_exam(self) -> Self {
        Self {
            in_exam: true,
            ..self
        }
    }

    pub(crate) fn heat(self, heat_watts: f64) -> Self {
        Self { heat_watts, ..self }
    }
}

/// The steps to come.
pub(crate) type Script = VecDeque<Step>;

/// What a modality adds to the frame.
pub(crate) trait Model: Send {
    /// How the device rests in a mode. The step may be shorter than the rest; it is asked for again.
    fn rest(&mut self, mode: Mode, dice: &mut Dice) -> Step;

    /// A change of mode takes this; nothing by default.
    fn switch(&mut self, _from: Mode, _to: Mode, _dice: &mut Dice, _script: &mut Script) {}

    /// Calibration without a patient; nothing by default.
    fn calibrate(&mut self, _dice: &mut Dice, _script: &mut Script) {}

    /// One exam. Steps from the first to the last acquisition are `in_exam`.
    fn exam(&mut self, dice: &mut Dice, script: &mut Script);
}

/// Half-life of a cooling tail.
const TAIL_HALF_LIFE_MS: f64 = 45_000.0;
/// Below this a tail is over.
const TAIL_END_WATTS: f64 = 25.0;
/// Longest constant piece of a steady step.
const GRAIN_MS: i64 = 5_000;
/// Longest constant piece while a tail decays.
const TAIL_GRAIN_MS: i64 = 1_000;

/// A load with a day.
pub(crate) struct Machine {
    model: Box<dyn Model>,
    agenda: Agenda,
    dice: Dice,
    mode: Mode,
    now_ms: i64,
    fine_ms: i64,
    script: Script,
    step: Option<(Step, i64)>,
    tail_watts: f64,
    exams: u32,
    happening: Option<Happening>,
}

impl Machine {
    pub(crate) fn new(
        model: Box<dyn Model>,
        (agenda, mode): (Agenda, Mode),
        dice: Dice,
        start_ms: i64,
        fine_ms: i64,
    ) -> Self {
        Self {
            model,
            agenda,
            dice,
            mode,
            now_ms: start_ms,
            fine_ms: fine_ms.max(1),
            script: Script::new(),
            step: None,
            tail_watts: 0.0,
            exams: 0,
            happening: None,
        }
    }

    /// Does what is due and loads the next step.
    fn advance(&mut self) {
        loop {
            if let Some(step) = self.script.pop_front() {
                if step.ms > 0 {
                    self.step = Some((step, step.ms));
                    return;
                }
                continue;
            }
            let next = self.agenda.peek();
            if next.at_ms > self.now_ms {
                let mut step = self.model.rest(self.mode, &mut self.dice);
                step.ms = step.ms.min(next.at_ms - self.now_ms);
                self.step = Some((step, step.ms));
                return;
            }
            self.agenda.take();
            self.perform(next.task);
        }
    }

    fn perform(&mut self, task: Task) {
        match task {
            Task::Switch(to) => {
                if to != self.mode {
                    self.model.switch(self.mode, to, &mut self.dice, &mut self.script);
                    self.mode = to;
                }
            }
            Task::Calibrate => self.model.calibrate(&mut self.dice, &mut self.script),
            Task::Exam => {
                if self.mode == Mode::Idle {
                    self.exams += 1;
                    self.model.exam(&mut self.dice, &mut self.script);
                }
            }
            Task::Note(happening) => self.happening = Some(happening),
        }
    }

    fn watts(&mut self, step: &Step, left_ms: i64) -> (f64, i64) {
        match step.shape {
            Shape::Steady { watts, share } => (watts * (1.0 + share * self.dice.normal()), GRAIN_MS),
            Shape::Swing { watts, share } => {
                let swing = (self.dice.normal() * 0.5).clamp(-1.0, 1.0);
                (watts * (1.0 + share * swing), self.fine_ms)
            }
            Shape::Ramp { from, to } => {
                #[expect(clippy::cast_precision_loss, reason = "milliseconds of one step")]
                let done = 1.0 - left_ms as f64 / step.ms as f64;
                (from + (to - from) * done, self.fine_ms)
            }
            Shape::Square {
                high,
                low,
                on_ms,
                off_ms,
            } => {
                let phase = self.now_ms.rem_euclid(on_ms + off_ms);
                let noise = 1.0 + 0.008 * self.dice.normal();
                if phase < on_ms {
                    (high * noise, (on_ms - phase).min(2 * GRAIN_MS))
                } else {
                    (low * noise, (on_ms + off_ms - phase).min(2 * GRAIN_MS))
                }
            }
        }
    }
}

impl Load for Machine {
    fn next_segment(&mut self) -> Segment {
        if self.step.is_none() {
            self.advance();
        }
        let (step, left_ms) = self.step.expect("advance always loads a step");
        let (mut watts, mut grain_ms) = self.watts(&step, left_ms);
        if self.tail_watts > 0.0 {
            grain_ms = grain_ms.min(TAIL_GRAIN_MS);
            watts += self.tail_watts;
        }
        let ms = grain_ms.min(left_ms);
        let segment = Segment {
            from_ms: self.now_ms,
            until_ms: self.now_ms + ms,
            milliwatts: milliwatts(watts),
            state: step.state,
            exam: if step.in_exam { self.exams } else { 0 },
            happening: self.happening.take(),
        };
        self.now_ms += ms;
        if self.tail_watts > 0.0 {
            #[expect(clippy::cast_precision_loss, reason = "at most a second")]
            let halves = ms as f64 / TAIL_HALF_LIFE_MS;
            self.tail_watts *= (-halves).exp2();
            if self.tail_watts < TAIL_END_WATTS {
                self.tail_watts = 0.0;
            }
        }
        self.step = (left_ms > ms).then_some((step, left_ms - ms));
        if self.step.is_none() {
            self.tail_watts += step.heat_watts;
        }
        segment
    }
}
