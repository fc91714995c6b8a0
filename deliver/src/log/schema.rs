//! The tables, their version, and opening a file that may be new, torn or of another version.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::{LogConfig, LogError, Result, to_stored};

/// The version this program writes (SQLite's `user_version`). Raise it with every change of `Finding` or the
/// tables. A new kind of finding at the end of `Finding` leaves older files readable.
pub(super) const VERSION: i64 = 3;
/// Its tables are the same, and a kind of finding has come since: it is read as it is.
const READABLE: i64 = 2;
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// A file up to this size is checked page by page when it is opened.
const CHECKED_BYTES_MAX: u64 = 64 << 20;

const TABLES: &str = "
CREATE TABLE meta (id INTEGER PRIMARY KEY CHECK (id = 1), journal_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL,
    findings INTEGER NOT NULL, bytes INTEGER NOT NULL);
CREATE TABLE row (seq INTEGER PRIMARY KEY, journal_seq INTEGER NOT NULL, at_us INTEGER NOT NULL,
    findings INTEGER NOT NULL, bytes INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE snapshot (id INTEGER PRIMARY KEY CHECK (id = 1), journal_seq INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE sink (name TEXT PRIMARY KEY, seq INTEGER NOT NULL, skipped_rows INTEGER NOT NULL DEFAULT 0,
    skipped_findings INTEGER NOT NULL DEFAULT 0, rejected INTEGER NOT NULL DEFAULT 0,
    accepted INTEGER NOT NULL DEFAULT 0);
CREATE TABLE memory (sink TEXT, key TEXT, value BLOB NOT NULL, PRIMARY KEY (sink, key)) WITHOUT ROWID;
CREATE TABLE rejected (number INTEGER PRIMARY KEY AUTOINCREMENT, sink TEXT NOT NULL, seq INTEGER NOT NULL,
    item TEXT NOT NULL, reason TEXT NOT NULL);
";

/// How a connection is used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Appends; every commit is on disk when it returns.
    Writer,
    /// Reads rows and moves cursors. A cursor that a power cut takes back means delivering a batch again, which
    /// overwrites it: no reason to wait for the disk.
    Reader,
}

/// Opens the log for appending. A file that cannot be used is renamed; its new name comes back too.
pub(super) fn open(path: &Path, config: &LogConfig) -> Result<(Connection, Option<PathBuf>)> {
    let reason = match prepare(path, config) {
        Ok(connection) => return Ok((connection, None)),
        Err(Unusable::Other(error)) => return Err(error),
        Err(Unusable::SetAside(reason)) => reason,
    };
    let aside = set_aside(path)?;
    tracing::error!(
        path = %path.display(), aside = %aside.display(), reason,
        "findings log set aside; started afresh, the journal will be analyzed again"
    );
    match prepare(path, config) {
        Ok(connection) => Ok((connection, Some(aside))),
        Err(Unusable::Other(error)) => Err(error),
        Err(Unusable::SetAside(reason)) => Err(LogError::GiveUp {
            path: path.to_owned(),
            source: reason.into(),
        }),
    }
}

/// Connects to a log that exists.
pub(super) fn connect(path: &Path, role: Role) -> Result<Connection> {
    let open = || -> rusqlite::Result<Connection> {
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if role == Role::Writer {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        }
        let mut connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_transaction_behavior(TransactionBehavior::Immediate);
        connection.set_prepared_statement_cache_capacity(32);
        if role == Role::Writer {
            connection.execute_batch("PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = WAL;")?;
        }
        let synchronous = if role == Role::Writer { "FULL" } else { "NORMAL" };
        connection.pragma_update(None, "synchronous", synchronous)?;
        connection.pragma_update(None, "journal_size_limit", 64 << 20)?;
        Ok(connection)
    };
    open().map_err(|source| LogError::from_sqlite(path, source))
}

enum Unusable {
    SetAside(String),
    Other(LogError),
}

impl From<LogError> for Unusable {
    fn from(error: LogError) -> Self {
        match error {
            LogError::Torn { source, .. } => Self::SetAside(format!("damaged: {source}")),
            other => Self::Other(other),
        }
    }
}

fn prepare(path: &Path, config: &LogConfig) -> std::result::Result<Connection, Unusable> {
    let sqlite = |source| Unusable::from(LogError::from_sqlite(path, source));
    let mut connection = connect(path, Role::Writer)?;
    let found: i64 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(sqlite)?;
    match found {
        0 => create(&mut connection, config).map_err(sqlite)?,
        VERSION => check(&connection, path)?,
        READABLE => {
            check(&connection, path)?;
            connection
                .pragma_update(None, "user_version", VERSION)
                .map_err(sqlite)?;
        }
        _ => {
            return Err(Unusable::SetAside(format!(
                "it has version {found}, this idlewatt writes {VERSION}"
            )));
        }
    }
    Ok(connection)
}

fn create(connection: &mut Connection, config: &LogConfig) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(TABLES)?;
    transaction.execute(
        "INSERT INTO meta VALUES (1, 0, ?1, 0, 0)",
        [to_stored(config.starts_after)],
    )?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

fn check(connection: &Connection, path: &Path) -> std::result::Result<(), Unusable> {
    let sqlite = |source| Unusable::from(LogError::from_sqlite(path, source));
    connection
        .query_row("SELECT last_seq FROM meta", [], |row| row.get::<_, i64>(0))
        .map_err(|source| match source {
            rusqlite::Error::QueryReturnedNoRows => Unusable::SetAside("its table meta is empty".to_owned()),
            other => sqlite(other),
        })?;
    if std::fs::metadata(path).map_or(0, |metadata| metadata.len()) > CHECKED_BYTES_MAX {
        return Ok(());
    }
    let verdict: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(sqlite)?;
    if verdict == "ok" {
        Ok(())
    } else {
        Err(Unusable::SetAside(verdict))
    }
}

/// Renames the file and its companions to the first free `<name>.torn-<n>`.
fn set_aside(path: &Path) -> Result<PathBuf> {
    let give_up = |source: std::io::Error| LogError::GiveUp {
        path: path.to_owned(),
        source: Box::new(source),
    };
    let beside = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let suffix = (1..1000)
        .map(|number| format!(".torn-{number}"))
        .find(|suffix| !beside(suffix).exists())
        .ok_or_else(|| {
            give_up(std::io::Error::other(
                "999 torn files lie beside it; move them away",
            ))
        })?;
    std::fs::rename(path, beside(&suffix)).map_err(give_up)?;
    for companion in ["-wal", "-shm"] {
        match std::fs::rename(beside(companion), beside(&format!("{suffix}{companion}"))) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(give_up(error)),
            _ => {}
        }
    }
    Ok(beside(&suffix))
}
