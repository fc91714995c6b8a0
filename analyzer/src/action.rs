//! What a person says of an alert: that it is known, or that it may wait.
//!
//! An action comes in like a reading, with its instant, out of the journal: so a replay says the same.

use jiff::Timestamp;

use crate::DeviceId;

/// A person's word on an open alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Action {
    /// What is said.
    pub word: Word,
    /// The rule of the alert.
    pub rule: String,
    /// Its device.
    pub device: DeviceId,
    /// Which one is meant, by the instant at which it began; none means the one that is open.
    pub since: Option<Timestamp>,
    /// Who says it; empty where that is not known.
    pub by: String,
}

/// What can be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// It is known: no more reminders; it stays open until it is over.
    Acknowledge,
    /// No reminders until this instant; then again, if it is still so.
    Snooze {
        /// The instant.
        until: Timestamp,
    },
}
