//! What to do about a device that idles while closed: one rule a line, the first that fits.
//!
//! Limits: advice comes from power alone; whether a machine may rest is the department's word (`exempt`).

use analyzer::report::Row;

use super::figures::known_share;
use super::statement::{Sheet, Statement};
use super::words::Words;

/// A device that was known for less of the time is measured first.
const KNOWN_SHARE_MIN: f64 = 0.8;
/// Left on in so many of the nights is a habit, not a slip.
const HABIT_SHARE: f64 = 0.5;

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Advice {
    /// Its meter was silent for long: mend that first.
    MendMeter,
    /// It wakes by itself.
    AskWhyItWakes,
    /// Its computer can shut itself down.
    ShutDownByItself,
    /// Power-save or system-off; the magnet stays cooled.
    RestTheMagnet,
    /// It was never seen at rest.
    FindARest,
    /// Make switching off part of closing.
    MakeItARoutine,
    /// It was forgotten now and then.
    Remind,
}

type Fits = fn(&Statement, &Sheet, &Row) -> bool;

const RULES: [(Fits, Advice); 7] = [
    (|_, _, row| known_share(row) < KNOWN_SHARE_MIN, Advice::MendMeter),
    (
        |_, sheet, _| sheet.alerts.iter().any(|alerts| alerts.rule == "self_wake"),
        Advice::AskWhyItWakes,
    ),
    (
        |_, sheet, _| sheet.subject.device.modality == "workstation",
        Advice::ShutDownByItself,
    ),
    (
        |_, _, row| row.targets.iter().all(|(_, target)| target.power_w().is_none()),
        Advice::FindARest,
    ),
    (
        |_, sheet, _| sheet.subject.device.modality == "mri",
        Advice::RestTheMagnet,
    ),
    (
        |statement, _, row| is_habit(statement, row),
        Advice::MakeItARoutine,
    ),
    (|_, _, _| true, Advice::Remind),
];

impl Advice {
    /// The first that fits.
    pub(crate) fn of(statement: &Statement, sheet: &Sheet, row: &Row) -> Self {
        let fitting = RULES.iter().find(|(fits, _)| fits(statement, sheet, row));
        fitting.map_or(Self::Remind, |(_, advice)| *advice)
    }

    /// The stable word of the JSON.
    pub(crate) const fn kind(self) -> &'static str {
        match self {
            Self::MendMeter => "mend_meter",
            Self::AskWhyItWakes => "ask_why_it_wakes",
            Self::ShutDownByItself => "shut_down_by_itself",
            Self::RestTheMagnet => "rest_the_magnet",
            Self::FindARest => "find_a_rest",
            Self::MakeItARoutine => "make_it_a_routine",
            Self::Remind => "remind",
        }
    }

    /// For people.
    pub(crate) const fn text(self, words: &Words) -> &'static str {
        match self {
            Self::MendMeter => words.advice_meter,
            Self::AskWhyItWakes => words.advice_wakes,
            Self::ShutDownByItself => words.advice_workstation,
            Self::RestTheMagnet => words.advice_magnet,
            Self::FindARest => words.advice_find_rest,
            Self::MakeItARoutine => words.advice_routine,
            Self::Remind => words.advice_remind,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "a few nights")]
fn is_habit(statement: &Statement, row: &Row) -> bool {
    let figures = &statement.figures;
    let left_on = figures
        .waste
        .device(&row.group)
        .map_or(0, analyzer::report::Idling::nights_left_on);
    left_on as f64 >= figures.nights as f64 * HABIT_SHARE
}
