//! Messages that could not be read, each with its reason; in the journal's file.
//!
//! Putting one twice changes nothing (the key is batch and position), so a replay may put all of them again. When the
//! past is analyzed again with another configuration, what can be read then goes ([`Quarantine::settle`]).
//! Limits: rows and bytes of [`JournalConfig`]; the oldest give way, and are counted.

use std::ops::RangeInclusive;
use std::path::Path;

use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::journal::{JournalConfig, JournalError, connect, count, integer};
use crate::record::Record;

/// A connection of its own to the quarantine.
pub struct Quarantine {
    connection: Connection,
    rows_max: u64,
    bytes_max: u64,
}

/// One message in quarantine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Quarantined {
    /// Its batch in the journal.
    pub seq: u64,
    /// Its position in the batch.
    pub index: u64,
    /// When we received it.
    pub received: Timestamp,
    /// The topic it was published to.
    pub topic: String,
    /// Its bytes; cut, when the reason says so.
    pub payload: Vec<u8>,
    /// The quality of service of the delivery.
    pub qos: u8,
    /// Whether it was a retained message.
    pub is_retained: bool,
    /// The meter family that claimed it, if one did.
    pub family: Option<String>,
    /// Why it is here.
    pub reason: String,
    /// The broker's name; empty where the journal does not know it.
    pub broker: String,
    /// Too long: what is kept is its beginning.
    pub is_cut: bool,
}

/// How much is in quarantine, and how much has been thrown out of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QuarantineCount {
    /// Messages in quarantine.
    pub rows: u64,
    /// Bytes of their topics and payloads.
    pub bytes: u64,
    /// Messages that gave way to newer ones.
    pub evicted: u64,
    /// Messages that a person threw away.
    pub dropped: u64,
}

/// Messages that are in quarantine for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReasonCount {
    /// Why.
    pub reason: String,
    /// How many.
    pub messages: u64,
    /// When the newest was received.
    pub last: Timestamp,
    /// The topic of the newest.
    pub topic: String,
}

/// A message for the quarantine.
#[derive(Clone, Copy)]
pub struct Refused<'a> {
    /// Its batch.
    pub seq: u64,
    /// Its position in the batch.
    pub index: usize,
    /// The message.
    pub record: &'a Record,
    /// The meter family that claimed it, if one did.
    pub family: Option<&'a str>,
    /// Why it is refused.
    pub reason: &'a str,
    /// Too long to be kept whole: no decoder will ever read it.
    pub is_cut: bool,
}

impl Quarantine {
    /// Opens the quarantine of a journal that exists.
    ///
    /// # Errors
    /// [`JournalError::Retry`] when it cannot be opened.
    pub fn open(journal: impl AsRef<Path>, config: &JournalConfig) -> Result<Self, JournalError> {
        Ok(Self {
            connection: connect(journal.as_ref())?,
            rows_max: config.quarantine_rows_max,
            bytes_max: config.quarantine_bytes_max,
        })
    }

    /// Puts messages into quarantine with one commit; what is there already keeps its first reason. How many were new.
    ///
    /// # Errors
    /// [`JournalError::Retry`] when none was stored.
    pub fn put_all(&mut self, refused: &[Refused<'_>]) -> Result<usize, JournalError> {
        self.change(refused, |_| Ok(()))
    }

    /// When the past is analyzed again: what is in quarantine of these batches is what is refused today, with today's
    /// reasons; the rest could be read and goes. Messages that were cut stay whatever is said.
    ///
    /// # Errors
    /// [`JournalError::Retry`] when nothing was changed.
    pub fn settle(
        &mut self,
        batches: RangeInclusive<u64>,
        refused: &[Refused<'_>],
    ) -> Result<(), JournalError> {
        let (first, last) = (integer(*batches.start()), integer(*batches.end()));
        let mut still: Vec<(u64, u64)> = refused.iter().map(|it| (it.seq, count(it.index))).collect();
        still.sort_unstable();
        let clear = |transaction: &Connection| {
            let mut select = transaction.prepare_cached(
                "SELECT seq, position FROM quarantine WHERE seq BETWEEN ?1 AND ?2 AND is_cut = 0",
            )?;
            let held: Vec<(i64, i64)> = select
                .query_map([first, last], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<Result<_, _>>()?;
            let readable =
                |key: &&(i64, i64)| still.binary_search(&(unsigned(key.0), unsigned(key.1))).is_err();
            for (seq, position) in held.iter().filter(readable) {
                delete(transaction, "seq = ?1 AND position = ?2", params![seq, position])?;
            }
            for it in refused.iter().filter(|it| !it.is_cut) {
                transaction
                    .prepare_cached(
                        "UPDATE quarantine SET reason = ?3, family = ?4 WHERE seq = ?1 AND position = ?2",
                    )?
                    .execute(params![
                        integer(it.seq),
                        integer(count(it.index)),
                        it.reason,
                        it.family
                    ])?;
            }
            Ok(())
        };
        self.change(refused, clear).map(drop)
    }

    fn change(
        &mut self,
        refused: &[Refused<'_>],
        first: impl FnOnce(&Connection) -> Result<(), rusqlite::Error>,
    ) -> Result<usize, JournalError> {
        let (rows_max, bytes_max) = (self.rows_max, self.bytes_max);
        let transaction = self
            .connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        first(&transaction)?;
        let mut stored = 0;
        for it in refused {
            stored += usize::from(insert(&transaction, it.seq, it)?);
        }
        evict(&transaction, rows_max, bytes_max)?;
        transaction.commit()?;
        Ok(stored)
    }

    /// Batch and position of the messages among these batches that were cut when they were received.
    ///
    /// # Errors
    /// [`JournalError::Retry`] when the file cannot be read just now.
    pub fn cut(&self, batches: RangeInclusive<u64>) -> Result<Vec<(u64, u64)>, JournalError> {
        let mut select = self.connection.prepare_cached(
            "SELECT seq, position FROM quarantine WHERE seq BETWEEN ?1 AND ?2 AND is_cut = 1",
        )?;
        let keys = select.query_map([integer(*batches.start()), integer(*batches.end())], |row| {
            Ok((unsigned(row.get(0)?), unsigned(row.get(1)?)))
        })?;
        Ok(keys.collect::<Result<_, _>>()?)
    }

    /// The messages after a key, oldest first, at most `rows_max`.
    ///
    /// # Errors
    /// [`JournalError::Retry`] when the file cannot be read just now.
    pub fn list(&self, after: Option<(u64, u64)>, rows_max: usize) -> Result<Vec<Quarantined>, JournalError> {
        let (seq, index) = after.map_or((-1, -1), |(seq, index)| (integer(seq), integer(index)));
        let mut statement = self.connection.prepare_cached(
            "SELECT seq, position, received_us, topic, payload, qos, is_retained, family, reason, is_cut,
                 coalesce((SELECT name FROM broker WHERE broker.id = quarantine.broker), '')
             FROM quarantine WHERE (seq, position) > (?1, ?2) ORDER BY seq, position LIMIT ?3",
        )?;
        let rows = statement.query_map(params![seq, index, integer(count(rows_max))], |row| {
            Ok(Quarantined {
                seq: unsigned(row.get(0)?),
                index: unsigned(row.get(1)?),
                received: Timestamp::from_microsecond(row.get(2)?).unwrap_or(Timestamp::UNIX_EPOCH),
                topic: row.get(3)?,
                payload: row.get(4)?,
                qos: row.get(5)?,
                is_retained: row.get(6)?,
                family: row.get(7)?,
                reason: row.get(8)?,
                is_cut: row.get(9)?,
                broker: row.get(10)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The reasons of the newest `rows_max` messages, the most frequent first, at most `reasons_max`.
    ///
    /// # Errors
    /// [`JournalError::Retry`] when the file cannot be read just now.
    pub fn reasons(&self, rows_max: usize, reasons_max: usize) -> Result<Vec<ReasonCount>, JournalError> {
        // SQLite: bare columns beside one max() are those of its row
        let mut statement = self.connection.prepare_cached(
            "SELECT reason, count(*), max(received_us), topic FROM
                 (SELECT reason, received_us, topic FROM quarantine ORDER BY seq DESC, position DESC LIMIT ?1)
             GROUP BY reason ORDER BY count(*) DESC, reason LIMIT ?2",
        )?;
        let limits = params![integer(count(rows_max)), integer(count(reasons_max))];
        let rows = statement.query_map(limits, |row| {
            Ok(ReasonCount {
                reason: row.get(0)?,
                messages: unsigned(row.get(1)?),
                last: Timestamp::from_microsecond(row.get(2)?).unwrap_or(Timestamp::UNIX_EPOCH),
                topic: row.get(3)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How many messages of batches before `seq` are in quarantine.
    ///
    /// # Errors
    /// [`JournalError::Retry`] when the file cannot be read just now.
    pub fn rows_before(&self, seq: u64) -> Result<u64, JournalError> {
        let rows = self.connection.query_row(
            "SELECT count(*) FROM quarantine WHERE seq < ?1",
            [integer(seq)],
            |row| row.get(0),
        )?;
        Ok(unsigned(rows))
    }

    /// Throws away what was received before an instant; it stays counted. How many messages that were.
    ///
    /// # Errors
    /// [`JournalError::Retry`] when they are still there.
    pub fn drop_before(&mut self, before: Timestamp) -> Result<u64, JournalError> {
        let transaction = self
            .connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let gone = delete(&transaction, "received_us < ?1", params![before.as_microsecond()])?;
        transaction.execute("UPDATE quarantine_tally SET dropped = dropped + ?1", [gone])?;
        transaction.commit()?;
        Ok(unsigned(gone))
    }

    /// How much there is.
    ///
    /// # Errors
    /// [`JournalError::Retry`] when the file cannot be read just now.
    pub fn count(&self) -> Result<QuarantineCount, JournalError> {
        Ok(tally(&self.connection)?)
    }
}

fn tally(connection: &Connection) -> Result<QuarantineCount, rusqlite::Error> {
    connection.query_row(
        "SELECT stored, stored_bytes, evicted, dropped FROM quarantine_tally WHERE id = 1",
        [],
        |row| {
            Ok(QuarantineCount {
                rows: unsigned(row.get(0)?),
                bytes: unsigned(row.get(1)?),
                evicted: unsigned(row.get(2)?),
                dropped: unsigned(row.get(3)?),
            })
        },
    )
}

/// Stores one message as one of batch `seq`, inside the caller's transaction; false when it is there already.
pub(crate) fn insert(
    transaction: &Connection,
    seq: u64,
    refused: &Refused<'_>,
) -> Result<bool, rusqlite::Error> {
    let record = refused.record;
    let stored = transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO quarantine
                 (seq, position, received_us, topic, payload, qos, is_retained, broker, family, reason, is_cut)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            integer(seq),
            integer(count(refused.index)),
            record.received.as_microsecond(),
            record.topic,
            record.payload,
            record.qos,
            record.is_retained,
            record.broker,
            refused.family,
            refused.reason,
            refused.is_cut,
        ])?;
    if stored > 0 {
        let bytes = integer(count(record.topic.len() + record.payload.len()));
        transaction
            .prepare_cached(
                "UPDATE quarantine_tally SET stored = stored + 1, stored_bytes = stored_bytes + ?1",
            )?
            .execute([bytes])?;
    }
    Ok(stored > 0)
}

/// Throws out the oldest until the limits hold.
pub(crate) fn evict(transaction: &Connection, rows_max: u64, bytes_max: u64) -> Result<(), rusqlite::Error> {
    loop {
        let tally = tally(transaction)?;
        if tally.rows == 0 || (tally.rows <= rows_max && tally.bytes <= bytes_max) {
            return Ok(());
        }
        let rows = integer(tally.rows.saturating_sub(rows_max).max(1));
        let oldest =
            "(seq, position) IN (SELECT seq, position FROM quarantine ORDER BY seq, position LIMIT ?1)";
        let gone = delete(transaction, oldest, params![rows])?;
        transaction.execute("UPDATE quarantine_tally SET evicted = evicted + ?1", [gone])?;
        if gone == 0 {
            return Ok(());
        }
    }
}

fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

fn delete(
    transaction: &Connection,
    which: &str,
    values: &[&dyn rusqlite::ToSql],
) -> Result<i64, rusqlite::Error> {
    let (rows, bytes): (i64, i64) = transaction.query_row(
        &format!(
            "SELECT count(*), coalesce(sum(length(CAST(topic AS BLOB)) + length(payload)), 0)
             FROM quarantine WHERE {which}"
        ),
        values,
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    transaction.execute(&format!("DELETE FROM quarantine WHERE {which}"), values)?;
    transaction.execute(
        "UPDATE quarantine_tally SET stored = stored - ?1, stored_bytes = stored_bytes - ?2",
        [rows, bytes],
    )?;
    Ok(rows)
}
