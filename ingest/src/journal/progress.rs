//! How far the journal is, and whether its disk can be written: for readers, the page and metrics.

use std::path::PathBuf;

use jiff::Timestamp;
use serde::Serialize;

use crate::account::Account;

/// How far the journal is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Progress {
    /// The last committed batch.
    pub last_seq: u64,
    /// Its time.
    pub committed: Option<Timestamp>,
    /// The account at that batch.
    pub account: Account,
    /// Set while commits fail.
    pub alarm: Option<Alarm>,
}

/// Commits fail: nothing is acknowledged until they succeed again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alarm {
    /// Since when, by the wall clock.
    pub since: Timestamp,
    /// What the disk said.
    pub what: String,
    /// Where.
    pub place: PathBuf,
    /// What to do about it.
    pub mend: &'static str,
    /// How often it has been tried.
    pub attempts: u64,
}
