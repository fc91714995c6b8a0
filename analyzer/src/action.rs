//! What a person says: of an alert, that it is known, that it may wait, or a note; of a level, what it is called.
//!
//! An action comes in like a reading, with its instant, out of the journal: so a replay says the same.

use jiff::Timestamp;

use crate::learn::Pin;
use crate::{DeviceId, State};

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
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// It is known: no more reminders; it stays open until it is over.
    Acknowledge,
    /// No reminders until this instant; then again, if it is still so.
    Snooze {
        /// The instant.
        until: Timestamp,
    },
    /// Something for others to read; nothing changes.
    Note {
        /// The words.
        text: String,
    },
}

/// A person's word on a level of a device that learns. It comes before what the configuration says of the same level.
#[derive(Clone, Debug, PartialEq)]
pub struct LevelWord {
    /// Which device.
    pub device: DeviceId,
    /// The level, W.
    pub level_w: f64,
    /// Its name from now on; none: what was said of it on this way is forgotten.
    pub name: Option<LevelName>,
}

/// What a level is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelName {
    /// Its state.
    pub state: State,
    /// What people call it, where they do.
    pub label: Option<String>,
}

impl LevelWord {
    pub(crate) fn pin(&self) -> Option<Pin> {
        let name = self.name.clone()?;
        Some(Pin {
            level_w: self.level_w,
            state: name.state,
            label: name.label,
        })
    }
}
