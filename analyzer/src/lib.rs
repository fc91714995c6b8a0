//! Think: readings in, findings out.
//!
//! A [`Reading`] is what a meter said; a [`Finding`] is what idlewatt can say. Between them stands one
//! analyzer, a plain state machine: no I/O, no clock, no logging, no randomness. Time comes in with every
//! call, so the same code runs live, on a replayed journal, on a CSV file and in the tests, and says the same.

pub mod band;
pub mod calendar;
mod device;
mod energy;
mod finding;
pub mod modality;
mod reading;
pub mod site;
mod state;

pub use device::{Device, Feed, OvernightIdle};
pub use energy::Energy;
pub use finding::{
    AlertEvent, AlertPhase, DeviceId, Exam, Fault, FaultKind, Finding, Interval, LedgerRow, Sample, Severity,
    StateChange,
};
pub use reading::{Arrival, Availability, Reading};
pub use state::{NotAState, State};

/// What is said of an instant is final after at most this long.
pub const FINAL_AFTER: jiff::SignedDuration = jiff::SignedDuration::from_secs(120);

/// All that an analyzer is told before the first reading.
#[derive(Clone, Debug)]
pub struct Config {
    /// What holds for every device.
    pub site: site::Site,
    /// The devices, each with its meters.
    pub devices: Vec<Device>,
}
