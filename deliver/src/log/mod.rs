//! The findings log: one SQLite file between the analyzer and everything that delivers.
//!
//! The analyzer appends; each sink reads behind a cursor of its own, so one that is away delays no other and loses
//! nothing. The file also keeps what the analyzer resumes from (its journal cursor and snapshot) and the items that
//! a sink's server refused for good, each with its reason.
//!
//! Invariants:
//! - Findings, journal cursor and snapshot are one transaction (WAL, synchronous=NORMAL): after `kill -9` the analyzer
//!   resumes exactly behind what is in the log; after a power cut perhaps some commits earlier, but whole.
//! - A row's number is never used again, also when every row is gone.
//! - A row goes when every registered sink has passed it. Only [`LogConfig::bytes_max`] removes it earlier; that is
//!   booked to each sink that had not read it ([`SinkCursor::skipped_findings`]) and said in the log.
//!
//! - Of each sink: findings since it was made = passed + skipped + waiting. What was passed was accepted, refused, or is
//!   nothing that the sink writes.
//!
//! Limits: one writer; instants of rows are kept to the microsecond. The rows can be had again from the journal, so
//! a file that is torn is renamed, said loudly ([`FindingsLog::set_aside`]) and started afresh; an older one is brought
//! up to date, a newer one refused.

mod code;
mod prune;
mod read;
mod rewind;
mod schema;
#[cfg(test)]
mod tests;
mod write;

use std::path::{Path, PathBuf};

use analyzer::Finding;
use jiff::Timestamp;

pub use code::{PackedSnapshot, SnapshotPacker};
pub use read::{LogReader, Settlement, Standing, standing, stored_snapshot};
pub use write::FindingsLog;

/// What bounds the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogConfig {
    /// Compressed findings kept for sinks that are behind; beyond it the oldest go and the sinks are skipped forward.
    pub bytes_max: u64,
    /// Findings in one row at most; longer appends become several rows.
    pub row_findings_max: usize,
    /// Refused items kept; beyond it the oldest go.
    pub rejected_max: u64,
    /// A fresh file numbers its rows from here on: the greatest cursor of readers that keep their cursor themselves
    /// (the local history), so that they do not mistake new rows for old ones.
    pub starts_after: u64,
}

impl Default for LogConfig {
    fn default() -> Self {
        Self {
            bytes_max: 4 << 30,
            row_findings_max: 1000,
            rejected_max: 10_000,
            starts_after: 0,
        }
    }
}

/// One row of the log: findings that became known together.
#[derive(Clone, Debug, PartialEq)]
pub struct LogRow {
    /// Number of the row; grows by one.
    pub seq: u64,
    /// The journal record after which the analyzer said this.
    pub journal_seq: u64,
    /// When that record was received.
    pub at: Timestamp,
    /// How many findings it has, or had before it was damaged.
    pub count: u64,
    /// What was found, in the analyzer's order.
    pub findings: Vec<Finding>,
    /// The row is damaged and its findings are gone; it is counted and passed over.
    pub is_unreadable: bool,
}

/// Where the log ends. Counts findings since the file was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LogEnd {
    /// The newest row.
    pub seq: u64,
    /// All findings ever appended.
    pub findings: u64,
}

/// What the log knows of a sink.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SinkCursor {
    /// The last row it is done with.
    pub seq: u64,
    /// Rows that went before it had read them.
    pub skipped_rows: u64,
    /// The findings in those.
    pub skipped_findings: u64,
    /// Items its server refused, ever.
    pub rejected: u64,
    /// Findings its server took or is not told ([`crate::line::Hours`]), ever.
    pub accepted: u64,
    /// Findings of the rows that it is done with, since it was made or the past was written again.
    pub passed: u64,
    /// Findings of the rows that it has still to do.
    pub waiting: u64,
    /// All findings since it was made.
    pub findings: u64,
}

impl SinkCursor {
    /// Findings that were passed and are neither at its server nor refused: it has nothing to write for them.
    #[must_use]
    pub const fn left_out(&self) -> u64 {
        self.passed.saturating_sub(self.accepted + self.rejected)
    }

    /// Findings that its figures do not explain; 0 when they balance.
    #[must_use]
    pub const fn unexplained(&self) -> u64 {
        self.findings
            .abs_diff(self.passed + self.skipped_findings + self.waiting)
    }
}

/// What became of the journal's messages up to the analyzer's cursor.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Messages {
    /// Analyzed; those put aside are among them.
    pub heard: u64,
    /// Put aside with a reason.
    pub aside: u64,
    /// Gone before they could be analyzed: deleted by retention, or in a damaged batch.
    pub lost: u64,
}

/// A change of what a sink remembers: key and value; none forgets the key.
pub type MemoryChange = (String, Option<Vec<u8>>);

/// An item that a server refused for good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// The item as it was sent.
    pub item: String,
    /// What the server said.
    pub reason: String,
}

/// A kept [`Rejection`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// Counts up.
    pub number: u64,
    /// Which sink.
    pub sink: String,
    /// The last row of the batch it was in.
    pub seq: u64,
    /// What and why.
    pub rejection: Rejection,
}

/// Why the log did not do what was asked, by what the caller can do about it.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// Nothing was written; the same call may succeed later (the file is locked, the disk is full).
    #[error("the findings log at {path} cannot be used just now: {source}", path = .path.display())]
    Retry {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The file is damaged: open the log again, which sets it aside, and analyze the journal again.
    #[error("the findings log at {path} is damaged: {source}; start idlewatt again, it sets the file aside", path = .path.display())]
    Torn {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// It cannot be done and trying again will not help (no right to write, no such folder).
    #[error("the findings log at {path} cannot be used: {source}", path = .path.display())]
    GiveUp {
        /// The file.
        path: PathBuf,
        /// What SQLite or the file system says.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// What a call on the log gives.
pub type Result<T> = std::result::Result<T, LogError>;

impl LogError {
    fn from_sqlite(path: &Path, source: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{
            DatabaseBusy, DatabaseCorrupt, DatabaseLocked, DiskFull, NotADatabase, SystemIoFailure,
        };
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(DatabaseBusy | DatabaseLocked | DiskFull | SystemIoFailure) => Self::Retry { path, source },
            Some(DatabaseCorrupt | NotADatabase) => Self::Torn { path, source },
            _ => Self::GiveUp {
                path,
                source: Box::new(source),
            },
        }
    }
}

/// SQLite's integers are signed; row numbers and counts stay far below 2⁶³.
fn to_stored(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}

fn from_stored(stored: i64) -> u64 {
    u64::try_from(stored).unwrap_or(0)
}
