//! The tables, their version, and opening a file that may be new, old, too new or torn.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::{HistoryError, Result};

/// The version this program writes (SQLite's `user_version`).
pub(super) const VERSION: i64 = 6;

/// A file up to this size is checked page by page when it is opened (about a second on a slow disk).
const CHECKED_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// What leads from a version to the next, beginning with 1. A new file takes all steps.
const STEPS: [&str; 5] = [LEARNED, EXAM_KIND, ALERT_WORDS, REBUILT, ALERT_NOTES];

/// What a person has written down beside an alert.
const ALERT_NOTES: &str = "ALTER TABLE alert_step ADD COLUMN note TEXT NOT NULL DEFAULT '';";

/// The last time that the past was written again.
const REBUILT: &str = "ALTER TABLE cursor ADD COLUMN rebuilt TEXT;";

/// What a rule adds in words, who took a step, and until when an alert is snoozed.
const ALERT_WORDS: &str = "
ALTER TABLE alert ADD COLUMN detail TEXT NOT NULL DEFAULT '';
ALTER TABLE alert ADD COLUMN said_by TEXT NOT NULL DEFAULT '';
ALTER TABLE alert ADD COLUMN until_ms INTEGER;
ALTER TABLE alert_step ADD COLUMN said_by TEXT NOT NULL DEFAULT '';
ALTER TABLE alert_step ADD COLUMN until_ms INTEGER;
";

/// `WITHOUT ROWID` where the key is most of the row. All instants `_ms` are Unix milliseconds.
const TABLES: &str = "
CREATE TABLE cursor (id INTEGER PRIMARY KEY CHECK (id = 1), log_seq INTEGER NOT NULL);
INSERT INTO cursor VALUES (1, 0);
CREATE TABLE device (key INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE);
CREATE TABLE last_state (device INTEGER PRIMARY KEY, state INTEGER NOT NULL, since_ms INTEGER,
    power_dw INTEGER, sampled_ms INTEGER);
CREATE TABLE state_change (device INTEGER, at_ms INTEGER, was INTEGER NOT NULL, state INTEGER NOT NULL,
    PRIMARY KEY (device, at_ms)) WITHOUT ROWID;
CREATE TABLE interval (device INTEGER, from_ms INTEGER, until_ms INTEGER NOT NULL, state INTEGER NOT NULL,
    energy_uwh INTEGER NOT NULL, estimated_uwh INTEGER NOT NULL, PRIMARY KEY (device, from_ms)) WITHOUT ROWID;
CREATE TABLE ledger (device INTEGER, hour_ms INTEGER, state INTEGER, is_open INTEGER, tariff INTEGER,
    energy_uwh INTEGER NOT NULL, estimated_uwh INTEGER NOT NULL, duration_ms INTEGER NOT NULL,
    cost_millionths INTEGER NOT NULL, co2e_mg INTEGER NOT NULL,
    PRIMARY KEY (device, hour_ms, state, is_open, tariff)) WITHOUT ROWID;
CREATE TABLE exam (device INTEGER, from_ms INTEGER, until_ms INTEGER NOT NULL, number INTEGER NOT NULL,
    energy_uwh INTEGER NOT NULL, scanning_uwh INTEGER NOT NULL, scanning_ms INTEGER NOT NULL,
    PRIMARY KEY (device, from_ms)) WITHOUT ROWID;
CREATE TABLE alert (device INTEGER, rule TEXT, since_ms INTEGER, severity INTEGER NOT NULL,
    phase INTEGER NOT NULL, raised_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL, energy_uwh INTEGER NOT NULL,
    cost_millionths INTEGER NOT NULL, co2e_mg INTEGER NOT NULL, PRIMARY KEY (device, rule, since_ms)) WITHOUT ROWID;
CREATE INDEX alert_by_time ON alert (raised_ms);
CREATE TABLE alert_step (device INTEGER, rule TEXT, since_ms INTEGER, at_ms INTEGER, phase INTEGER NOT NULL,
    energy_uwh INTEGER NOT NULL, cost_millionths INTEGER NOT NULL, co2e_mg INTEGER NOT NULL,
    PRIMARY KEY (device, rule, since_ms, at_ms, phase)) WITHOUT ROWID;
CREATE TABLE fault (seq INTEGER PRIMARY KEY, device INTEGER NOT NULL, meter TEXT NOT NULL, at_ms INTEGER NOT NULL,
    kind INTEGER NOT NULL, detail TEXT NOT NULL, UNIQUE (device, meter, at_ms, kind));
CREATE TABLE power_minute (device INTEGER, minute INTEGER, samples INTEGER NOT NULL, sum_dw INTEGER NOT NULL,
    min_dw INTEGER NOT NULL, max_dw INTEGER NOT NULL, last_ms INTEGER NOT NULL, state INTEGER NOT NULL,
    PRIMARY KEY (device, minute)) WITHOUT ROWID;
CREATE TABLE power_quarter (device INTEGER, quarter INTEGER, samples INTEGER NOT NULL, sum_dw INTEGER NOT NULL,
    min_dw INTEGER NOT NULL, max_dw INTEGER NOT NULL, state INTEGER NOT NULL,
    PRIMARY KEY (device, quarter)) WITHOUT ROWID;
";

/// What devices have learned of their levels. Watts as they are: an edge may be without end.
const LEARNED: &str = "
CREATE TABLE learned (device INTEGER, at_ms INTEGER, scanning_from_w REAL, scout_from_w REAL,
    interval_s REAL NOT NULL, is_too_coarse INTEGER NOT NULL, PRIMARY KEY (device, at_ms)) WITHOUT ROWID;
CREATE TABLE learned_band (device INTEGER, at_ms INTEGER, place INTEGER, state INTEGER NOT NULL, label TEXT,
    level_w REAL NOT NULL, from_w REAL NOT NULL, until_w REAL NOT NULL, seen_from_w REAL NOT NULL,
    seen_until_w REAL NOT NULL, cycles_until_w REAL, seen_s REAL NOT NULL, stability REAL NOT NULL, separation REAL,
    pulses REAL NOT NULL, margin REAL, is_pinned INTEGER NOT NULL, confidence REAL NOT NULL,
    PRIMARY KEY (device, at_ms, place)) WITHOUT ROWID;
";
/// Examinations are of a kind; all that were kept counted as patients.
const EXAM_KIND: &str = "ALTER TABLE exam ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;";

/// Opens `path` for writing. A torn file is renamed first; its new name comes back with the fresh connection.
pub(super) fn open_to_write(path: &Path) -> Result<(Connection, Option<PathBuf>)> {
    match connect(path) {
        Ok(connection) => Ok((connection, None)),
        Err(HistoryError::Torn { source, .. }) => {
            let aside = set_aside(path)?;
            tracing::error!(path = %path.display(), aside = %aside.display(), %source, "history torn, set aside");
            connect(path).map(|connection| (connection, Some(aside)))
        }
        Err(other) => Err(other),
    }
}

/// Opens `path` for reading alone; the writer must have made it.
pub(super) fn open_to_read(path: &Path) -> Result<Connection> {
    let open = || {
        let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        connection.busy_timeout(std::time::Duration::from_secs(5))?;
        connection.set_prepared_statement_cache_capacity(32);
        Ok(connection)
    };
    open().map_err(|source| HistoryError::from_sqlite(path, source))
}

fn connect(path: &Path) -> Result<Connection> {
    let sqlite = |source| HistoryError::from_sqlite(path, source);
    let mut connection = Connection::open(path).map_err(sqlite)?;
    // NORMAL, not FULL: the history is derived and carries its cursor, so a commit that a power cut takes back is
    // delivered again. The file itself stays sound (WAL).
    connection
        .execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 16777216;",
        )
        .map_err(sqlite)?;
    connection
        .busy_timeout(std::time::Duration::from_secs(5))
        .map_err(sqlite)?;
    connection.set_prepared_statement_cache_capacity(64);
    let found: i64 = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(sqlite)?;
    match found {
        0 => create(&mut connection).map_err(sqlite)?,
        1..=VERSION => {
            check(&connection, path)?;
            upgrade(&mut connection, found).map_err(sqlite)?;
        }
        _ => {
            return Err(HistoryError::Newer {
                path: path.to_owned(),
                found,
                known: VERSION,
            });
        }
    }
    Ok(connection)
}

fn create(connection: &mut Connection) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    transaction.execute_batch(TABLES)?;
    transaction.pragma_update(None, "user_version", 1)?;
    transaction.commit()?;
    upgrade(connection, 1)
}

/// Takes the steps that an older file has not taken.
fn upgrade(connection: &mut Connection, found: i64) -> rusqlite::Result<()> {
    let transaction = connection.transaction()?;
    for step in STEPS.iter().skip(usize::try_from(found - 1).unwrap_or(0)) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

fn check(connection: &Connection, path: &Path) -> Result<()> {
    let sqlite = |source| HistoryError::from_sqlite(path, source);
    let bytes = std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    if bytes > CHECKED_BYTES_MAX {
        return Ok(());
    }
    let verdict: String = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .map_err(sqlite)?;
    if verdict == "ok" {
        return Ok(());
    }
    let corrupt = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
    Err(sqlite(rusqlite::Error::SqliteFailure(corrupt, Some(verdict))))
}

/// Renames the file and its companions to the first free `<name>.torn-<n>`.
fn set_aside(path: &Path) -> Result<PathBuf> {
    let give_up = |source: std::io::Error| HistoryError::GiveUp {
        path: path.to_owned(),
        source: Box::new(source),
    };
    let with_suffix = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let aside = (1..1000)
        .map(|number| with_suffix(&format!(".torn-{number}")))
        .find(|candidate| !candidate.exists())
        .ok_or_else(|| {
            give_up(std::io::Error::other(
                "1000 torn files lie beside it; remove them",
            ))
        })?;
    std::fs::rename(path, &aside).map_err(give_up)?;
    for companion in ["-wal", "-shm"] {
        match std::fs::remove_file(with_suffix(companion)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(give_up(error)),
            _ => {}
        }
    }
    Ok(aside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_no_database_is_set_aside_and_said() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.sqlite");
        std::fs::write(&path, vec![7_u8; 8192]).unwrap();
        let (connection, aside) = open_to_write(&path).unwrap();
        assert_eq!(aside, Some(folder.path().join("history.sqlite.torn-1")));
        assert_eq!(
            connection
                .query_row("SELECT log_seq FROM cursor", [], |row| row.get::<_, i64>(0))
                .unwrap(),
            0
        );
    }

    #[test]
    fn a_file_with_a_torn_page_is_set_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.sqlite");
        drop(open_to_write(&path).unwrap());
        let mut bytes = std::fs::read(&path).unwrap();
        let middle = bytes.len() / 2;
        bytes[middle..].fill(0xA5);
        std::fs::write(&path, bytes).unwrap();
        assert!(open_to_write(&path).unwrap().1.is_some());
        assert!(open_to_write(&path).unwrap().1.is_none(), "the new file is sound");
    }

    #[test]
    fn an_older_file_is_brought_up_to_date_and_keeps_its_rows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.sqlite");
        let old = Connection::open(&path).unwrap();
        old.execute_batch(TABLES).unwrap();
        old.execute_batch("INSERT INTO device VALUES (1, 'ct'); PRAGMA user_version = 1;")
            .unwrap();
        drop(old);
        for _ in 0..2 {
            let (connection, aside) = open_to_write(&path).unwrap();
            assert_eq!(aside, None);
            let rows = |table: &str| -> i64 {
                let sql = format!("SELECT count(*) FROM {table}");
                connection.query_row(&sql, [], |row| row.get(0)).unwrap()
            };
            assert_eq!((rows("device"), rows("learned"), rows("learned_band")), (1, 0, 0));
        }
    }

    #[test]
    fn a_file_of_version_1_is_led_on_and_its_examinations_are_patients() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.sqlite");
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch(TABLES).unwrap();
        connection
            .execute_batch("INSERT INTO exam VALUES (1, 0, 1, 1, 1, 1, 1); PRAGMA user_version = 1;")
            .unwrap();
        drop(connection);
        let (connection, aside) = open_to_write(&path).unwrap();
        assert_eq!(aside, None);
        let kind: i64 = connection
            .query_row("SELECT kind FROM exam", [], |row| row.get(0))
            .unwrap();
        assert_eq!(kind, 0);
    }

    #[test]
    fn a_newer_schema_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("history.sqlite");
        let (connection, _) = open_to_write(&path).unwrap();
        connection
            .pragma_update(None, "user_version", VERSION + 1)
            .unwrap();
        drop(connection);
        assert!(
            matches!(open_to_write(&path), Err(HistoryError::Newer { found, .. }) if found == VERSION + 1)
        );
    }
}
