//! What a device is doing, in the four words every study can be mapped to, and the honest fifth.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The state of a device. The order is that of readiness, never of watts: an MRI in power-save draws less than one
/// that is off (Woolen et al., Radiology 2023).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum State {
    /// Acquisition is impossible until a boot. An MRI's magnet cooling still runs.
    Off,
    /// Reduced power by a vendor's feature; resumes by itself or with one action.
    Standby,
    /// Ready to acquire at any time, not acquiring. An MRI that is prepared to scan counts here.
    Idle,
    /// The acquisition load is present.
    Scanning,
    /// The meter is silent, stale, or its value lies in no band. Never counted as off.
    Unknown,
}

impl State {
    /// Every state, in the order used for tables and legends.
    pub const ALL: [Self; 5] = [
        Self::Scanning,
        Self::Idle,
        Self::Standby,
        Self::Off,
        Self::Unknown,
    ];

    /// The stable word used in series, topics and files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Standby => "standby",
            Self::Idle => "idle",
            Self::Scanning => "scanning",
            Self::Unknown => "unknown",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

/// A word that names no state.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a state; the states are off, standby, idle, scanning, unknown")]
pub struct NotAState(pub String);

impl FromStr for State {
    type Err = NotAState;
    fn from_str(word: &str) -> Result<Self, NotAState> {
        Self::ALL
            .into_iter()
            .find(|state| state.name() == word)
            .ok_or_else(|| NotAState(word.to_owned()))
    }
}
