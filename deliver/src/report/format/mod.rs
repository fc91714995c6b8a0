//! The forms of a report: one file a form; a new one is a file and two lines here. `docs/report.md` says what each holds.
//!
//! Invariant: all forms say the same figures, those of the statement; none reckons anything itself.

mod csv;
mod html;
mod json;
mod md;

use super::Statement;

pub(crate) use json::waste_json;

/// A form of a report.
#[derive(Clone, Copy, Debug)]
pub struct Format {
    /// The stable word, which also ends the file's name.
    pub name: &'static str,
    /// Writes the whole report.
    pub write: fn(&Statement) -> String,
}

/// All forms, the one for people first.
pub static FORMATS: [Format; 4] = [html::FORMAT, csv::FORMAT, json::FORMAT, md::FORMAT];

impl Format {
    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        FORMATS.iter().find(|format| format.name == name)
    }
}
