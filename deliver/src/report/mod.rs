//! Reports of a period, and the figures and charts that they share with the waste view of the page.
//!
//! `figures` reads a span of the history once and makes sums of it; `statement` adds the span before, alerts, faults,
//! levels and what remains unknown: all that a report says, before any format. [`FORMATS`] writes it; `part` and `chart`
//! are the pieces that page and report share; [`schedule`] says which reports are due. Every figure is that of
//! `idlewatt kpi`: both ask `analyzer::report`.
//!
//! Invariants: nothing is reckoned against idling round the clock; a figure without its data is left out, never zero;
//! text from outside is escaped in every format; a report that is written to a folder is whole or not there.
//!
//! Limits: a span has at most [`SPAN_DAYS_MAX`] days.

mod advice;
mod chart;
mod figures;
mod format;
mod name;
mod part;
pub mod schedule;
mod span;
mod statement;
#[cfg(test)]
mod tests;
mod text;
mod unknown;
mod words;
mod write;

pub(crate) use figures::{Figures, RATIO_PUBLISHED_FOR};
pub(crate) use format::waste_json;
pub use format::{FORMATS, Format};
pub(crate) use part::{Line, days, headline, heat, ranking, ratio, savings};
pub use span::Span;
pub use statement::{Question, ReportError, Statement, Subject};
pub use write::write_whole;

/// So many devices are named with what to do.
pub(crate) const WORST: usize = 3;

/// Three years, as much as a history keeps by default.
pub const SPAN_DAYS_MAX: i64 = 3 * 366;

/// Hours of rest a night that a saving is shown for where nobody chooses: those of Woolen et al., Radiology 2023.
pub(crate) const REST_HOURS: u32 = 12;
