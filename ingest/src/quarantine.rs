//! Messages that could not be read, each with its reason; in the journal's file.
//!
//! Putting one twice changes nothing (the key is batch and position), so a replay may put all of them again.
//! Limits: rows and bytes of [`JournalConfig`]; the oldest give way, and are counted.

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

    /// Puts a message into quarantine; false when it was there already (its first reason stays).
    ///
    /// # Errors
    /// [`JournalError::Retry`] when it was not stored.
    pub fn put(
        &mut self,
        seq: u64,
        index: usize,
        record: &Record,
        family: Option<&str>,
        reason: &str,
    ) -> Result<bool, JournalError> {
        Ok(self.put_all(seq, &[(index, record, family, reason)])? == 1)
    }

    /// Puts several messages of one batch into quarantine with one commit: (position, message, family, reason).
    /// Returns how many were new.
    ///
    /// # Errors
    /// [`JournalError::Retry`] when none was stored.
    pub fn put_all(
        &mut self,
        seq: u64,
        messages: &[(usize, &Record, Option<&str>, &str)],
    ) -> Result<usize, JournalError> {
        let (rows_max, bytes_max) = (self.rows_max, self.bytes_max);
        let transaction = self
            .connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let mut stored = 0;
        for (index, record, family, reason) in messages {
            if insert(&transaction, seq, *index, record, *family, reason)? {
                stored += 1;
            }
        }
        evict(&transaction, rows_max, bytes_max)?;
        transaction.commit()?;
        Ok(stored)
    }

    /// The messages after a key, oldest first, at most `rows_max`.
    ///
    /// # Errors
    /// [`JournalError::Retry`] when the file cannot be read just now.
    pub fn list(&self, after: Option<(u64, u64)>, rows_max: usize) -> Result<Vec<Quarantined>, JournalError> {
        let (seq, index) = after.map_or((-1, -1), |(seq, index)| (integer(seq), integer(index)));
        let mut statement = self.connection.prepare_cached(
            "SELECT seq, position, received_us, topic, payload, qos, is_retained, family, reason FROM quarantine
             WHERE (seq, position) > (?1, ?2) ORDER BY seq, position LIMIT ?3",
        )?;
        let unsigned = |value: i64| u64::try_from(value).unwrap_or(0);
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
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Takes a message out, because it could be read after all.
    ///
    /// # Errors
    /// [`JournalError::Retry`] when it is still there.
    pub fn remove(&mut self, seq: u64, index: u64) -> Result<bool, JournalError> {
        let transaction = self.connection.transaction()?;
        let gone = delete(
            &transaction,
            "seq = ?1 AND position = ?2",
            params![integer(seq), integer(index)],
        )?;
        transaction.commit()?;
        Ok(gone > 0)
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
    let unsigned = |value: i64| u64::try_from(value).unwrap_or(0);
    connection.query_row(
        "SELECT stored, stored_bytes, evicted FROM quarantine_tally WHERE id = 1",
        [],
        |row| {
            Ok(QuarantineCount {
                rows: unsigned(row.get(0)?),
                bytes: unsigned(row.get(1)?),
                evicted: unsigned(row.get(2)?),
            })
        },
    )
}

/// Stores one message, inside the caller's transaction; false when it is there already.
pub(crate) fn insert(
    transaction: &Connection,
    seq: u64,
    index: usize,
    record: &Record,
    family: Option<&str>,
    reason: &str,
) -> Result<bool, rusqlite::Error> {
    let stored = transaction
        .prepare_cached(
            "INSERT OR IGNORE INTO quarantine
                 (seq, position, received_us, topic, payload, qos, is_retained, broker, family, reason)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?
        .execute(params![
            integer(seq),
            integer(count(index)),
            record.received.as_microsecond(),
            record.topic,
            record.payload,
            record.qos,
            record.is_retained,
            record.broker,
            family,
            reason,
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
