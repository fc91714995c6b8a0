//! What idlewatt remembers by itself: one SQLite file with intervals, the energy ledger, exams, alerts, faults and
//! the power curve. The live page, the reports and the restart of the live view read it.
//!
//! All of it is derived: a file that cannot be read is set aside and filled again from the findings log.
//!
//! Invariants:
//! - Findings and the cursor are committed in one transaction, so a batch takes effect exactly once.
//! - Every row has the finding's own key, so findings that are replayed overwrite their rows and add nothing.
//! - Sums are exact: energy in whole µWh, money in millionths, carbon in milligrams.
//!
//! Limits: instants are kept to the millisecond, power to 0.1 W; the power curve has one row a minute for
//! [`HistoryConfig::minute_rows_kept_days`] and one row a quarter of an hour after that; nothing is older than
//! [`HistoryConfig::kept_days`]; at most [`HistoryConfig::faults_max`] faults. A replay with
//! another configuration books hours to *other* states: the rows of that time go first ([`History::forget_since`]).

mod code;
mod power;
mod prune;
mod read;
mod readers;
mod schema;
mod sum;
#[cfg(test)]
mod tests;
mod write;

use std::path::PathBuf;

pub use read::alert::{AlertFilter, AlertRecord, AlertStep};
pub use read::curve::{Band, PowerPoint};
pub use read::exam::ExamSums;
pub use read::fault::FaultCount;
pub use read::report::{AlertCount, FaultSum};
pub use read::{LastState, Reader};
pub use readers::Readers;
pub use sum::{Amount, LedgerSum, Totals};
pub use write::History;

/// What bounds the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistoryConfig {
    /// The power curve keeps a row a minute for so many days, then a row a quarter of an hour.
    pub minute_rows_kept_days: u32,
    /// Everything older than so many days is forgotten.
    pub kept_days: u32,
    /// The newest so many meter faults are kept.
    pub faults_max: u32,
}

impl Default for HistoryConfig {
    fn default() -> Self {
        Self {
            minute_rows_kept_days: 35,
            kept_days: 3 * 366,
            faults_max: 10_000,
        }
    }
}

/// Why the history did not do what was asked, by what the caller can do about it.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// Nothing was written; the same call may succeed later (the file is locked, the disk is full).
    #[error("the history at {path} cannot be used just now: {source}; it will be tried again", path = .path.display())]
    Retry {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The file is damaged: open it again, which sets it aside, and fill the new one from the findings log.
    #[error("the history at {path} is damaged: {source}", path = .path.display())]
    Torn {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// A newer idlewatt wrote the file; this one must not touch it.
    #[error(
        "the history at {path} has schema {found}, this idlewatt knows up to {known}: start the newer idlewatt, or name another file",
        path = .path.display()
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// The schema in the file.
        found: i64,
        /// The newest schema this program knows.
        known: i64,
    },
    /// It cannot be done and trying again will not help (no right to write, no such folder).
    #[error("the history at {path} cannot be used: {source}", path = .path.display())]
    GiveUp {
        /// The file.
        path: PathBuf,
        /// What SQLite or the file system says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// What a call on the history gives.
pub type Result<T> = std::result::Result<T, HistoryError>;

impl HistoryError {
    /// Sorts an SQLite error by what can be done about it.
    fn from_sqlite(path: &std::path::Path, source: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{DatabaseBusy, DatabaseCorrupt, DatabaseLocked, DiskFull, NotADatabase};
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(DatabaseBusy | DatabaseLocked | DiskFull) => Self::Retry { path, source },
            Some(DatabaseCorrupt | NotADatabase) => Self::Torn { path, source },
            _ => Self::GiveUp {
                path,
                source: Box::new(source),
            },
        }
    }
}
