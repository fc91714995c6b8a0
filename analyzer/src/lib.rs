//! Think: readings in, findings out.
//!
//! A [`Reading`] is what a meter said; a [`Finding`] is what idlewatt can say. Between them stands one
//! analyzer, a plain state machine: no I/O, no clock, no logging, no randomness. Time comes in with every
//! call, so the same code runs live, on a replayed journal, on a CSV file and in the tests, and says the same.

mod action;
pub mod alert;
mod analyzer;
pub mod band;
mod booking;
mod cadence;
pub mod calendar;
mod clock;
mod counter;
mod decider;
mod device;
mod draw;
mod energy;
mod exam;
mod feed;
mod finding;
mod honesty;
pub mod kpi;
pub mod learn;
mod ledger;
mod life;
pub mod modality;
mod nanoseconds;
mod order;
mod reading;
pub mod report;
mod route;
pub mod site;
mod slice;
mod snapshot;
mod state;
mod tracker;

pub use action::{Action, LevelName, LevelWord, Word};
pub use analyzer::{Analyzer, Config};
pub use device::{Device, Feed, PINS_MAX};
pub use energy::Energy;
pub use finding::{
    AlertEvent, AlertPhase, BandsLearned, DeviceId, Exam, ExamKind, Fault, FaultKind, Finding, Interval,
    LedgerRow, Sample, Severity, StateChange,
};
pub use life::Limits;
pub use reading::{Arrival, Availability, Notice, Reading, is_pair};
pub use snapshot::SnapshotError;
pub use state::{NotAState, State};

/// What is said of an instant is final after at most this long.
pub const FINAL_AFTER: jiff::SignedDuration = jiff::SignedDuration::from_secs(120);
/// The same by the instants of the readings, which may be on their way for the rest.
const DECIDED_AFTER: jiff::SignedDuration = jiff::SignedDuration::from_secs(120 - tracker::LATENESS_S);
