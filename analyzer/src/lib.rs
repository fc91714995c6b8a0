//! Think: readings in, findings out.
//!
//! A [`Reading`] is what a meter said; a [`Finding`] is what idlewatt can say. Between them stands one
//! analyzer, a plain state machine: no I/O, no clock, no logging, no randomness. Time comes in with every
//! call, so the same code runs live, on a replayed journal, on a CSV file and in the tests, and says the same.

mod energy;
mod finding;
mod reading;
pub mod site;
mod state;

pub use energy::Energy;
pub use finding::{
    AlertEvent, AlertPhase, DeviceId, Exam, Fault, FaultKind, Finding, Interval, LedgerRow, Sample, Severity, StateChange,
};
pub use reading::{Arrival, Availability, Reading};
pub use state::{NotAState, State};
