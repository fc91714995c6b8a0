//! The tables, their version, and opening a file that may be new, torn or of another version.

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::{LogConfig, LogError, Result, to_stored};

/// The version this program writes (SQLite's `user_version`). Raise it with every change of `Finding` or the tables; a
/// kind of finding that comes last leaves the rows of older files as they are.
pub(super) const VERSION: i64 = 5;
/// The oldest version that is brought up to date; older rows hold other findings.
const OLDEST: i64 = 3;
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

/// What makes the tables of each version those of the next, from [`OLDEST`] on; a new file takes all steps.
const STEPS: [&str; 2] = [ACCOUNTS, SETTLED];

/// A kind of finding has come, which older programs do not know; the tables are the same.
const SETTLED: &str = "";

/// The account: what became of the journal's messages, and of the findings at each sink; and the past to be said again.
const ACCOUNTS: &str = "
ALTER TABLE meta ADD COLUMN messages INTEGER;
ALTER TABLE meta ADD COLUMN aside INTEGER NOT NULL DEFAULT 0;
ALTER TABLE meta ADD COLUMN lost INTEGER NOT NULL DEFAULT 0;
ALTER TABLE meta ADD COLUMN rebuild TEXT;
ALTER TABLE sink ADD COLUMN begun INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sink ADD COLUMN passed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE sink ADD COLUMN cleared TEXT;
CREATE INDEX row_findings ON row (seq, findings);
UPDATE sink SET passed = accepted + rejected;
UPDATE sink SET begun = max(0, (SELECT findings FROM meta) - passed - skipped_findings
    - (SELECT coalesce(sum(findings), 0) FROM row WHERE row.seq > sink.seq));
";

/// How a connection is used.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Appends.
    Writer,
    /// Reads rows and moves cursors.
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
        // what a power cut takes back is found again from the journal, and delivered again: no reason to wait for the disk
        connection.pragma_update(None, "synchronous", "NORMAL")?;
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
        OLDEST..=VERSION => {
            check(&connection, path)?;
            upgrade(&mut connection, found).map_err(sqlite)?;
        }
        newer if newer > VERSION => {
            let what = format!(
                "it has version {found}, this idlewatt knows up to {VERSION}: start the newer idlewatt, or move the file away"
            );
            return Err(Unusable::Other(LogError::GiveUp {
                path: path.to_owned(),
                source: what.into(),
            }));
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
        "INSERT INTO meta (id, journal_seq, last_seq, findings, bytes) VALUES (1, 0, ?1, 0, 0)",
        [to_stored(config.starts_after)],
    )?;
    transaction.pragma_update(None, "user_version", OLDEST)?;
    transaction.commit()?;
    upgrade(connection, OLDEST)
}

/// Takes the steps that an older file has not taken.
fn upgrade(connection: &mut Connection, found: i64) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    for step in STEPS.iter().skip(usize::try_from(found - OLDEST).unwrap_or(0)) {
        transaction.execute_batch(step)?;
    }
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
