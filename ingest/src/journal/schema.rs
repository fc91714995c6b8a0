//! The journal's file: opening it, making its tables, and setting a torn one aside.
//!
//! SQLite in WAL mode; `synchronous=FULL` for the one connection that commits batches. A file that SQLite or the
//! last batch's checksum calls damaged is renamed with a stamp, never deleted, and a new one begun: its numbers
//! start above any the old one can have had, so that no reader's cursor points into the future.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::encoding;
use super::error::{JournalError, is_torn};

/// Raised whenever the tables change.
const SCHEMA_VERSION: i64 = 3;
/// "idlw"
const APPLICATION_ID: i64 = 0x6964_6c77;
const BUSY_WAIT: Duration = Duration::from_secs(5);
/// A write-ahead log that grew beyond this is cut when it has been folded into the file.
const WAL_BYTES_MAX: i64 = 64 << 20;
/// Above this size a full check takes too long for a start; the last batch is looked at anyway.
const CHECKED_BYTES_MAX: u64 = 64 << 20;

/// What makes the tables of each version those of the next, from version 1 on. Nothing is thrown away, so the program
/// that wrote a file before still finds its tables, though it will not open a newer version.
const MIGRATIONS: [&str; 2] = [
    "ALTER TABLE broker ADD COLUMN session_from_seq INTEGER NOT NULL DEFAULT 0",
    "CREATE TABLE incident (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        at_us INTEGER NOT NULL,
        kind TEXT NOT NULL,
        place TEXT NOT NULL,
        what TEXT NOT NULL,
        lost INTEGER NOT NULL
     ) STRICT;
     ALTER TABLE quarantine ADD COLUMN is_cut INTEGER NOT NULL DEFAULT 0;
     UPDATE quarantine SET is_cut = 1 WHERE reason LIKE '%packet_bytes_max: cut to%';
     ALTER TABLE quarantine_tally ADD COLUMN dropped INTEGER NOT NULL DEFAULT 0",
];

/// The tables of version 1.
const TABLES: &str = "
    CREATE TABLE batch (
        seq INTEGER PRIMARY KEY,
        committed_us INTEGER NOT NULL,
        records INTEGER NOT NULL,
        qos1 INTEGER NOT NULL,
        records_total INTEGER NOT NULL,
        received_qos0_total INTEGER NOT NULL,
        received_qos1_total INTEGER NOT NULL,
        duplicates_total INTEGER NOT NULL,
        raw_bytes INTEGER NOT NULL,
        blob BLOB NOT NULL
    ) STRICT;
    CREATE INDEX batch_with_qos1 ON batch (seq) WHERE qos1 > 0;
    CREATE TABLE state (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        last_seq INTEGER NOT NULL,
        committed_us INTEGER,
        account TEXT NOT NULL
    ) STRICT;
    CREATE TABLE broker (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
    CREATE TABLE subscription (
        broker INTEGER NOT NULL,
        filter TEXT NOT NULL,
        PRIMARY KEY (broker, filter)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE quarantine (
        seq INTEGER NOT NULL,
        position INTEGER NOT NULL,
        received_us INTEGER NOT NULL,
        topic TEXT NOT NULL,
        payload BLOB NOT NULL,
        qos INTEGER NOT NULL,
        is_retained INTEGER NOT NULL,
        broker INTEGER NOT NULL,
        family TEXT,
        reason TEXT NOT NULL,
        PRIMARY KEY (seq, position)
    ) STRICT;
    CREATE TABLE quarantine_tally (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        stored INTEGER NOT NULL,
        stored_bytes INTEGER NOT NULL,
        evicted INTEGER NOT NULL
    ) STRICT;
    INSERT INTO quarantine_tally (id, stored, stored_bytes, evicted) VALUES (1, 0, 0, 0);
";

/// A sound journal file, and the damaged one that was in its place.
pub(super) struct Opened {
    pub(super) connection: Connection,
    pub(super) set_aside: Option<PathBuf>,
    /// Held for as long as the journal is written: a second writer would number its batches the same.
    pub(super) lock: File,
}

/// Opens or makes the journal; `now` stamps a torn file.
pub(super) fn open(path: &Path, now: Timestamp) -> Result<Opened, JournalError> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(|error| JournalError::GiveUp {
            path: path.to_owned(),
            what: format!("its folder cannot be made: {error}"),
            mend: "create the folder, owned by the user that idlewatt runs as",
        })?;
    }
    let lock = lock(path)?;
    match open_sound(path, 0) {
        Err(Fault::Torn(reason)) => {
            let aside = set_aside(path, now)?;
            tracing::error!(
                journal = %path.display(), aside = %aside.display(), reason,
                "the journal was damaged: set aside, a new one is begun; what it held and no sink had is not delivered"
            );
            let first_after = now.as_millisecond().max(0);
            match open_sound(path, first_after) {
                Ok(connection) => Ok(Opened {
                    connection,
                    set_aside: Some(aside),
                    lock,
                }),
                Err(Fault::Torn(reason)) => Err(give_up(path, format!("damaged again at once: {reason}"))),
                Err(Fault::Other(error)) => Err(error),
            }
        }
        Ok(connection) => Ok(Opened {
            connection,
            set_aside: None,
            lock,
        }),
        Err(Fault::Other(error)) => Err(error),
    }
}

/// A further connection to a journal that is open already. Its commits are ordered, but not each synced.
pub(crate) fn connect(path: &Path) -> Result<Connection, JournalError> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    connection.busy_timeout(BUSY_WAIT)?;
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    Ok(connection)
}

enum Fault {
    Torn(String),
    Other(JournalError),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        if is_torn(&error) {
            Self::Torn(error.to_string())
        } else {
            Self::Other(error.into())
        }
    }
}

fn open_sound(path: &Path, first_after: i64) -> Result<Connection, Fault> {
    let connection = Connection::open(path).map_err(|error| {
        if is_torn(&error) {
            error.into()
        } else {
            Fault::Other(cannot_open(path, &error))
        }
    })?;
    connection.busy_timeout(BUSY_WAIT)?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let application: i64 = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?;
    match (application, version) {
        (0, 0) if tables == 0 => make_tables(&connection, first_after)?,
        (APPLICATION_ID, 1..=SCHEMA_VERSION) => {
            migrate(&connection, version)?;
            if version < SCHEMA_VERSION {
                tracing::info!(
                    from = version,
                    to = SCHEMA_VERSION,
                    "the journal's tables were brought up to date"
                );
            }
        }
        (APPLICATION_ID, newer) => {
            return Err(Fault::Other(JournalError::GiveUp {
                path: path.to_owned(),
                what: format!("its schema is version {newer}, this program knows {SCHEMA_VERSION}"),
                mend: "start the program that wrote it, or name another file",
            }));
        }
        _ => {
            return Err(Fault::Other(give_up(
                path,
                "is a database of something else".to_owned(),
            )));
        }
    }
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "journal_size_limit", WAL_BYTES_MAX)?;
    probe(&connection, path)?;
    Ok(connection)
}

fn make_tables(connection: &Connection, first_after: i64) -> Result<(), rusqlite::Error> {
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    connection.execute_batch(TABLES)?;
    connection.execute(
        "INSERT INTO state (id, last_seq, account) VALUES (1, ?1, '{}')",
        [first_after],
    )?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    connection.pragma_update(None, "user_version", 1)?;
    connection.execute_batch("COMMIT")?;
    migrate(connection, 1)
}

/// Brings the tables from a version to ours; a crash leaves the version it was reached.
fn migrate(connection: &Connection, version: i64) -> Result<(), rusqlite::Error> {
    let reached = usize::try_from(version - 1).unwrap_or(0);
    for (change, to) in MIGRATIONS.iter().zip(2_i64..).skip(reached) {
        connection.execute_batch(&format!(
            "BEGIN IMMEDIATE; {change}; PRAGMA user_version = {to}; COMMIT"
        ))?;
    }
    Ok(())
}

/// Looks at what a start depends on: the last batch, the state, and in a small file every page.
fn probe(connection: &Connection, path: &Path) -> Result<(), Fault> {
    let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    if bytes <= CHECKED_BYTES_MAX {
        let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if verdict != "ok" {
            return Err(Fault::Torn(verdict));
        }
    }
    connection
        .query_row("SELECT last_seq FROM state WHERE id = 1", [], |row| {
            row.get::<_, i64>(0)
        })
        .map_err(|error| match error {
            rusqlite::Error::QueryReturnedNoRows => Fault::Torn("its state is missing".to_owned()),
            other => other.into(),
        })?;
    let last = connection
        .query_row(
            "SELECT raw_bytes, blob FROM batch ORDER BY seq DESC LIMIT 1",
            [],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, Vec<u8>>(1)?)),
        )
        .optional()?;
    if let Some((raw_bytes, blob)) = last {
        let raw_bytes = usize::try_from(raw_bytes).unwrap_or(usize::MAX);
        encoding::decode(&blob, raw_bytes)
            .map_err(|reason| Fault::Torn(format!("its last batch: {reason}")))?;
    }
    Ok(())
}

pub(super) fn lock(path: &Path) -> Result<File, JournalError> {
    let give_up = |what: String, mend| JournalError::GiveUp {
        path: path.to_owned(),
        what,
        mend,
    };
    let lock_path = named(path, ".lock");
    let lock = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&lock_path)
        .map_err(|error| {
            let mend = "check that the user idlewatt runs as may write in that folder, on a disk with room";
            give_up(format!("{} cannot be made: {error}", lock_path.display()), mend)
        })?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(give_up(
            "is in use by another process".to_owned(),
            "stop it, or name another file",
        )),
        Err(TryLockError::Error(error)) => Err(give_up(
            format!("cannot be locked: {error}"),
            "keep the journal on a local disk",
        )),
    }
}

fn named(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn set_aside(path: &Path, now: Timestamp) -> Result<PathBuf, JournalError> {
    let stamp = now.strftime("%Y%m%dT%H%M%S%6fZ");
    let aside = named(path, &format!(".torn-{stamp}"));
    for ending in ["", "-wal", "-shm"] {
        match std::fs::rename(named(path, ending), named(&aside, ending)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(give_up(
                    path,
                    format!("is damaged and cannot be renamed: {error}"),
                ));
            }
            _ => {}
        }
    }
    Ok(aside)
}

fn give_up(path: &Path, what: String) -> JournalError {
    JournalError::GiveUp {
        path: path.to_owned(),
        what,
        mend: "move it away or name another file",
    }
}

fn cannot_open(path: &Path, error: &rusqlite::Error) -> JournalError {
    JournalError::GiveUp {
        path: path.to_owned(),
        what: format!("cannot be opened: {error}"),
        mend: "check that the path is a file that the user idlewatt runs as may write, on a disk with room",
    }
}
