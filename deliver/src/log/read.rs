//! A reader: rows behind a cursor, and what the log keeps of a sink.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use tokio::sync::watch;

use super::code::{SNAPSHOT_BYTES_MAX, Unpacker, release};
use super::schema::{self, Role};
use super::{
    LogEnd, LogError, LogRow, MemoryChange, Rejected, Rejection, Result, SinkCursor, from_stored, to_stored,
};

/// A refused item or a reason longer than this is cut, at a character.
const REJECTED_BYTES_MAX: usize = 4096;

/// Reads rows and moves sinks' cursors over a connection of its own. Calls block for as long as SQLite takes.
pub struct LogReader {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    end: watch::Receiver<LogEnd>,
    rejected_max: u64,
}

/// The analyzer's newest snapshot in a log that another process may be writing, and the journal record it belongs to.
///
/// # Errors
/// As [`LogError`] says.
pub fn stored_snapshot(path: &Path) -> Result<Option<(u64, Vec<u8>)>> {
    snapshot(&schema::connect(path, Role::Reader)?, path)
}

/// How far a log is, by its file alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The journal's batch after which it ends.
    pub journal_seq: u64,
    /// The newest row it ever had.
    pub last_seq: u64,
    /// The oldest row it still has; none where all were passed.
    pub first_kept: Option<u64>,
}

/// How far a log is that nobody need have opened.
///
/// # Errors
/// As [`LogError`] says.
pub fn standing(path: &Path) -> Result<Standing> {
    let found = schema::connect(path, Role::Reader)?.query_row(
        "SELECT journal_seq, last_seq, (SELECT min(seq) FROM row) FROM meta",
        [],
        |row| {
            Ok(Standing {
                journal_seq: from_stored(row.get(0)?),
                last_seq: from_stored(row.get(1)?),
                first_kept: row.get::<_, Option<i64>>(2)?.map(from_stored),
            })
        },
    );
    found.map_err(|source| LogError::from_sqlite(path, source))
}

pub(super) fn snapshot(connection: &Connection, path: &Path) -> Result<Option<(u64, Vec<u8>)>> {
    let stored: Option<(i64, Vec<u8>)> = connection
        .query_row("SELECT journal_seq, body FROM snapshot", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()
        .map_err(|source| LogError::from_sqlite(path, source))?;
    Ok(
        stored
            .and_then(|(seq, body)| release(&body, SNAPSHOT_BYTES_MAX).map(|body| (from_stored(seq), body))),
    )
}

/// What became of the rows up to `seq`.
pub struct Settlement<'a> {
    /// The last row that is done with.
    pub seq: u64,
    /// The rows that are done with since the last settlement, each with the count of its findings.
    pub rows: &'a [(u64, u64)],
    /// How many findings the server took.
    pub accepted: u64,
    /// What it refused.
    pub rejected: &'a [Rejection],
    /// What changes in what the sink remembers.
    pub memory: &'a [MemoryChange],
}

impl LogReader {
    pub(super) const fn new(
        connection: Connection,
        path: PathBuf,
        end: watch::Receiver<LogEnd>,
        rejected_max: u64,
    ) -> Self {
        Self {
            connection,
            path,
            end,
            rejected_max,
        }
    }

    /// A second reader of the same log.
    ///
    /// # Errors
    /// As [`LogError`] says.
    pub fn another(&self) -> Result<Self> {
        let connection = schema::connect(&self.path, Role::Reader)?;
        Ok(Self::new(
            connection,
            self.path.clone(),
            self.end.clone(),
            self.rejected_max,
        ))
    }

    /// The newest row.
    #[must_use]
    pub fn last_seq(&self) -> u64 {
        self.end.borrow().seq
    }

    /// Tells of new rows.
    #[must_use]
    pub fn end(&self) -> watch::Receiver<LogEnd> {
        self.end.clone()
    }

    pub(super) fn sqlite(&self, source: rusqlite::Error) -> LogError {
        LogError::from_sqlite(&self.path, source)
    }

    /// Rows after `seq`, oldest first: whole ones, up to `findings_max` findings, but at least one row.
    ///
    /// # Errors
    /// As [`LogError`] says. A damaged row is no error, see [`LogRow::is_unreadable`].
    pub fn read_after(&self, seq: u64, findings_max: usize) -> Result<Vec<LogRow>> {
        self.rows_after(seq, findings_max)
            .map_err(|source| self.sqlite(source))
    }

    fn rows_after(&self, seq: u64, findings_max: usize) -> rusqlite::Result<Vec<LogRow>> {
        let mut select = self.connection.prepare_cached(
            "SELECT seq, journal_seq, at_us, findings, body FROM row WHERE seq > ?1 ORDER BY seq",
        )?;
        take_rows(select.query([to_stored(seq)])?, findings_max)
    }

    /// The newest rows after `seq`, oldest of them first: whole ones, up to `findings_max` findings, but at least one row.
    ///
    /// # Errors
    /// As [`LogError`] says.
    pub fn read_newest(&self, seq: u64, findings_max: usize) -> Result<Vec<LogRow>> {
        let newest = || -> rusqlite::Result<Vec<LogRow>> {
            let mut select = self.connection.prepare_cached(
                "SELECT seq, journal_seq, at_us, findings, body FROM row WHERE seq > ?1 ORDER BY seq DESC",
            )?;
            let mut rows = take_rows(select.query([to_stored(seq)])?, findings_max)?;
            rows.reverse();
            Ok(rows)
        };
        newest().map_err(|source| self.sqlite(source))
    }

    /// What the log knows of a sink; a sink it does not know starts at the oldest row.
    ///
    /// # Errors
    /// As [`LogError`] says.
    pub fn cursor(&self, sink: &str) -> Result<SinkCursor> {
        let read = |row: &Row<'_>| {
            Ok(SinkCursor {
                seq: from_stored(row.get(0)?),
                skipped_rows: from_stored(row.get(1)?),
                skipped_findings: from_stored(row.get(2)?),
                rejected: from_stored(row.get(3)?),
                accepted: from_stored(row.get(4)?),
                passed: from_stored(row.get(5)?),
                waiting: from_stored(row.get(6)?),
                findings: from_stored(row.get(7)?),
            })
        };
        self.connection
            .prepare_cached(
                "SELECT seq, skipped_rows, skipped_findings, rejected, accepted, passed,
                     (SELECT coalesce(sum(row.findings), 0) FROM row WHERE row.seq > sink.seq),
                     max(0, (SELECT findings FROM meta) - begun)
                 FROM sink WHERE name = ?1",
            )
            .and_then(|mut select| select.query_row([sink], read).optional())
            .map(Option::unwrap_or_default)
            .map_err(|source| self.sqlite(source))
    }

    /// Moves a sink's cursor, never back; it has taken so many findings with that.
    ///
    /// # Errors
    /// As [`LogError`] says.
    pub fn set_cursor(&mut self, sink: &str, seq: u64, findings: u64) -> Result<SinkCursor> {
        self.settle(
            sink,
            &Settlement {
                seq,
                rows: &[(seq, findings)],
                accepted: findings,
                rejected: &[],
                memory: &[],
            },
        )
    }

    /// In one transaction: puts refused items aside, counts, moves the cursor (never back).
    ///
    /// # Errors
    /// As [`LogError`] says; nothing of it is done then.
    pub fn settle(&mut self, sink: &str, settlement: &Settlement<'_>) -> Result<SinkCursor> {
        self.settle_rows(sink, settlement)
            .map_err(|source| LogError::from_sqlite(&self.path, source))?;
        self.cursor(sink)
    }

    fn settle_rows(&mut self, sink: &str, settlement: &Settlement<'_>) -> rusqlite::Result<()> {
        let Settlement {
            seq,
            rows,
            accepted,
            rejected,
            memory,
        } = *settlement;
        let transaction = self.connection.transaction()?;
        {
            let booked: Option<i64> = transaction
                .prepare_cached("SELECT seq FROM sink WHERE name = ?1")?
                .query_row([sink], |row| row.get(0))
                .optional()?;
            // what the bound took meanwhile is booked as skipped, though it was delivered after all
            let booked = booked.map_or(0, from_stored);
            let passed: u64 = rows
                .iter()
                .filter(|(row, _)| *row > booked)
                .map(|(_, findings)| findings)
                .sum();
            transaction
                .prepare_cached(
                    "INSERT INTO sink (name, seq, accepted, rejected, passed) VALUES (?1, ?2, ?3, ?4, ?5)
                     ON CONFLICT (name) DO UPDATE SET passed = passed + ?5, seq = max(seq, ?2),
                     accepted = accepted + ?3, rejected = rejected + ?4",
                )?
                .execute(params![
                    sink,
                    to_stored(seq),
                    to_stored(accepted),
                    to_stored(rejected.len()),
                    to_stored(passed)
                ])?;
            for (key, value) in memory {
                let (sql, value): (_, &dyn rusqlite::ToSql) = match value {
                    Some(value) => ("INSERT OR REPLACE INTO memory VALUES (?1, ?2, ?3)", value),
                    None => (
                        "DELETE FROM memory WHERE sink = ?1 AND key = ?2 AND ?3 IS NULL",
                        &rusqlite::types::Null,
                    ),
                };
                transaction
                    .prepare_cached(sql)?
                    .execute(params![sink, key, value])?;
            }
            for Rejection { item, reason } in rejected {
                transaction
                    .prepare_cached("INSERT INTO rejected (sink, seq, item, reason) VALUES (?1, ?2, ?3, ?4)")?
                    .execute(params![sink, to_stored(seq), cut(item), cut(reason)])?;
            }
            if !rejected.is_empty() {
                transaction.execute(
                    "DELETE FROM rejected WHERE number <= (SELECT max(number) FROM rejected) - ?1",
                    [to_stored(self.rejected_max)],
                )?;
            }
        }
        transaction.commit()
    }

    /// All that a sink remembers.
    ///
    /// # Errors
    /// As [`LogError`] says.
    pub fn memory(&self, sink: &str) -> Result<Vec<(String, Vec<u8>)>> {
        let select = || {
            self.connection
                .prepare("SELECT key, value FROM memory WHERE sink = ?1 ORDER BY key")?
                .query_map([sink], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<rusqlite::Result<Vec<_>>>()
        };
        select().map_err(|source| self.sqlite(source))
    }

    /// The newest refused items, newest first.
    ///
    /// # Errors
    /// As [`LogError`] says.
    pub fn rejected(&self, count_max: usize) -> Result<Vec<Rejected>> {
        let read = |row: &Row<'_>| {
            Ok(Rejected {
                number: from_stored(row.get(0)?),
                sink: row.get(1)?,
                seq: from_stored(row.get(2)?),
                rejection: Rejection {
                    item: row.get(3)?,
                    reason: row.get(4)?,
                },
            })
        };
        let select = || {
            self.connection
                .prepare(
                    "SELECT number, sink, seq, item, reason FROM rejected ORDER BY number DESC LIMIT ?1",
                )?
                .query_map([to_stored(count_max)], read)?
                .collect::<rusqlite::Result<Vec<_>>>()
        };
        select().map_err(|source| self.sqlite(source))
    }
}

/// Rows up to `findings_max` findings, but at least one.
fn take_rows(mut stored: rusqlite::Rows<'_>, findings_max: usize) -> rusqlite::Result<Vec<LogRow>> {
    let (mut rows, mut findings, mut unpacker) = (Vec::new(), 0, Unpacker::new());
    while let Some(row) = stored.next()? {
        let count = usize::try_from(row.get::<_, i64>(3)?).unwrap_or(0);
        if !rows.is_empty() && findings + count > findings_max {
            break;
        }
        findings += count;
        rows.push(read_row(row, &mut unpacker)?);
    }
    Ok(rows)
}

fn read_row(row: &Row<'_>, unpacker: &mut Unpacker) -> rusqlite::Result<LogRow> {
    let seq = from_stored(row.get(0)?);
    let findings = unpacker.unpack(row.get_ref(4)?.as_blob()?);
    if findings.is_none() {
        tracing::error!(
            seq,
            "a row of the findings log is damaged; its findings are passed over"
        );
    }
    Ok(LogRow {
        seq,
        journal_seq: from_stored(row.get(1)?),
        at: Timestamp::from_microsecond(row.get(2)?).unwrap_or(Timestamp::UNIX_EPOCH),
        is_unreadable: findings.is_none(),
        count: from_stored(row.get(3)?),
        findings: findings.unwrap_or_default(),
    })
}

fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(REJECTED_BYTES_MAX)]
}
