//! Backups of the state folder, made while the service runs, and putting them back.
//!
//! A backup is a folder with one file for each durable file, whole and of one instant, and `backup.json`, which says how
//! far each was and what its bytes hash to. The instants of the files are taken within milliseconds of each other, the last
//! in the flow first: so no file refers to anything that the one before it in the flow does not have yet.
//!
//! Invariants: a folder with a `backup.json` is complete; what is restored is what was hashed; nothing of the state folder
//! is deleted by a restore. Limits: copies are made by SQLite itself, so the write-ahead logs of the originals grow for
//! as long as it takes; secrets are not in it.

mod copy;
mod digest;
mod make;
mod manifest;
mod restore;
#[cfg(test)]
mod tests;

pub use make::{Made, make};
pub use manifest::{Manifest, verify};
pub use restore::{Restored, refuse_unfinished, restore};

use crate::pipeline::Files;
use std::path::{Path, PathBuf};

/// A durable database: its name in a backup, and where it stands in the state folder.
struct Database {
    name: &'static str,
    path: fn(&Files<'_>) -> PathBuf,
}

/// The databases, the last in the flow first.
const DATABASES: [Database; 3] = [
    Database {
        name: "history.sqlite",
        path: |files| files.history(),
    },
    Database {
        name: "findings.sqlite",
        path: |files| files.findings(),
    },
    Database {
        name: "journal.sqlite",
        path: |files| files.journal(),
    },
];

/// Which reports were written, in a backup.
const REPORTS: &str = "reports.json";
/// The configuration, in a backup: to be read by people, never put back.
const CONFIGURATION: &str = "idlewatt.toml";

/// How far it is: which file, and how many bytes of how many.
pub type Progress<'a> = &'a mut dyn FnMut(&str, u64, u64);

/// Bytes of several files that are worked through one after the other.
struct Tally<'a> {
    progress: Progress<'a>,
    before: u64,
    of: u64,
}

impl<'a> Tally<'a> {
    fn new(of: u64, progress: Progress<'a>) -> Self {
        Self {
            progress,
            before: 0,
            of,
        }
    }

    /// So many bytes of this file.
    fn at(&mut self, name: &str, bytes: u64) {
        (self.progress)(name, self.before + bytes, self.of);
    }

    /// A file is done with.
    fn done(&mut self, bytes: u64) {
        self.before += bytes;
    }
}

/// Makes the names in a folder durable.
fn sync_folder(folder: &Path) -> std::io::Result<()> {
    std::fs::File::open(folder)?.sync_all()
}
