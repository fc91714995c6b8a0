//! What can go wrong with the journal, by what the caller can do about it.

use std::path::PathBuf;

/// A fault of the journal.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The disk is full, busy or failing: nothing was stored; the same again later may work.
    #[error("the journal cannot be written or read just now: {source}")]
    Retry {
        /// What SQLite said.
        #[source]
        source: rusqlite::Error,
    },
    /// A batch is damaged and cannot be read; the others can.
    #[error("batch {seq} of the journal is damaged: {reason}")]
    Damaged {
        /// Which batch.
        seq: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// A person is needed.
    #[error("journal {path}: {what}; {mend}", path = path.display())]
    GiveUp {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
        /// What to do about it.
        mend: &'static str,
    },
}

impl From<rusqlite::Error> for JournalError {
    fn from(source: rusqlite::Error) -> Self {
        Self::Retry { source }
    }
}

/// Whether SQLite says that the file itself is no sound database.
pub(crate) fn is_torn(error: &rusqlite::Error) -> bool {
    use rusqlite::ErrorCode::{DatabaseCorrupt, NotADatabase};
    matches!(error.sqlite_error_code(), Some(DatabaseCorrupt | NotADatabase))
}
