//! Which rows go: those that every registered sink has passed, and the oldest where the file is too large.

use rusqlite::{Transaction, params};

use super::{FindingsLog, LogError, Result, from_stored, to_stored};

/// Rows that go in one transaction at most; the appends wait for it.
const ROWS_AT_ONCE: i64 = 2000;
/// Free pages beyond this, and beyond half of the file, are given back to the file system.
const FREE_PAGES_MAX: i64 = 4096;

/// What [`FindingsLog::prune`] did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pruned {
    /// Rows that every sink had passed.
    pub(super) passed_rows: u64,
    /// Rows that went because the file was too large, read by every sink or not.
    pub(super) oldest_rows: u64,
}

struct Gone {
    rows: u64,
    bytes: u64,
    last_seq: i64,
}

impl FindingsLog {
    /// Removes what need not be kept. Done by `append` from time to time.
    pub(super) fn prune(&mut self) -> Result<Pruned> {
        let path = self.path.clone();
        self.prune_rows()
            .map_err(|source| LogError::from_sqlite(&path, source))
    }

    fn prune_rows(&mut self) -> rusqlite::Result<Pruned> {
        let mut pruned = Pruned::default();
        loop {
            let transaction = self.connection.transaction()?;
            let passed: Option<i64> =
                transaction.query_row("SELECT min(seq) FROM sink", [], |row| row.get(0))?;
            let gone = remove(&transaction, passed.unwrap_or(0), ROWS_AT_ONCE)?;
            transaction.commit()?;
            self.bytes = self.bytes.saturating_sub(gone.bytes);
            pruned.passed_rows += gone.rows;
            if gone.rows < from_stored(ROWS_AT_ONCE) {
                break;
            }
        }
        while self.bytes > self.config.bytes_max {
            let transaction = self.connection.transaction()?;
            let count: i64 =
                transaction.query_row("SELECT count(*) FROM (SELECT 1 FROM row LIMIT 64)", [], |row| {
                    row.get(0)
                })?;
            // a sixteenth at a time, so that little more goes than must
            let until = oldest(&transaction, (count / 16).max(1))?;
            skip_forward(&transaction, until)?;
            let gone = remove(&transaction, until, ROWS_AT_ONCE)?;
            transaction.commit()?;
            if gone.rows == 0 {
                break;
            }
            self.bytes = self.bytes.saturating_sub(gone.bytes);
            pruned.oldest_rows += gone.rows;
        }
        self.give_back()?;
        Ok(pruned)
    }

    fn give_back(&self) -> rusqlite::Result<()> {
        let pragma = |name| {
            self.connection
                .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
        };
        let free = pragma("freelist_count")?;
        if free > FREE_PAGES_MAX && free > pragma("page_count")? / 2 {
            self.connection
                .execute_batch(&format!("PRAGMA incremental_vacuum({FREE_PAGES_MAX})"))?;
        }
        Ok(())
    }
}

fn oldest(transaction: &Transaction<'_>, rows: i64) -> rusqlite::Result<i64> {
    transaction.query_row(
        "SELECT coalesce(max(seq), 0) FROM (SELECT seq FROM row ORDER BY seq LIMIT ?1)",
        [rows],
        |row| row.get(0),
    )
}

/// Removes rows up to `until` and takes them off the account of bytes.
fn remove(transaction: &Transaction<'_>, until: i64, rows_max: i64) -> rusqlite::Result<Gone> {
    let (rows, bytes, last_seq) = transaction.query_row(
        "SELECT count(*), coalesce(sum(bytes), 0), coalesce(max(seq), 0)
         FROM (SELECT seq, bytes FROM row WHERE seq <= ?1 ORDER BY seq LIMIT ?2)",
        [until, rows_max],
        |row| {
            Ok((
                row.get::<_, i64>(0)?,
                row.get::<_, i64>(1)?,
                row.get::<_, i64>(2)?,
            ))
        },
    )?;
    let gone = Gone {
        rows: from_stored(rows),
        bytes: from_stored(bytes),
        last_seq,
    };
    if gone.rows > 0 {
        transaction.execute("DELETE FROM row WHERE seq <= ?1", [gone.last_seq])?;
        transaction.execute(
            "UPDATE meta SET bytes = max(0, bytes - ?1)",
            [to_stored(gone.bytes)],
        )?;
    }
    Ok(gone)
}

/// Books the rows up to `until` to every sink that has not read them, and moves it behind them.
fn skip_forward(transaction: &Transaction<'_>, until: i64) -> rusqlite::Result<()> {
    let mut behind = transaction.prepare("SELECT name, seq FROM sink WHERE seq < ?1")?;
    let behind: Vec<(String, i64)> = behind
        .query_map([until], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (name, cursor) in behind {
        let (rows, findings): (i64, i64) = transaction.query_row(
            "SELECT count(*), coalesce(sum(findings), 0) FROM row WHERE seq > ?1 AND seq <= ?2",
            [cursor, until],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        transaction.execute(
            "UPDATE sink SET seq = ?2, skipped_rows = skipped_rows + ?3, skipped_findings = skipped_findings + ?4
             WHERE name = ?1",
            params![name, until, rows, findings],
        )?;
        tracing::error!(
            sink = name,
            rows,
            findings,
            "findings log full: the sink was skipped forward; make the sink reachable or raise the log's bytes_max"
        );
    }
    Ok(())
}
