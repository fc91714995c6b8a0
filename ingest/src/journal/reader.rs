//! Reading the journal, from any thread, while it is being written.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row};

use super::error::{JournalError, is_torn};
use super::{encoding, integer, schema};
use crate::record::{Batch, Record};

/// A read returns early when it has this many bytes of records.
const READ_BYTES_MAX: usize = 16 << 20;

/// A connection of its own to a journal file.
pub struct JournalReader {
    connection: Connection,
    path: PathBuf,
    damaged: u64,
    /// The last batch that was said to be damaged; reading it again counts nothing.
    damaged_until: u64,
    total_read: u64,
}

/// The account's main figures at one batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Records up to and with this batch.
    pub journalled: u64,
    /// Messages at QoS 0.
    pub received_qos0: u64,
    /// Messages at QoS 1, duplicates included.
    pub received_qos1: u64,
    /// Redelivered messages that were not stored again.
    pub duplicates: u64,
}

impl JournalReader {
    /// Opens a journal that exists.
    ///
    /// # Errors
    /// [`JournalError::Retry`] when it cannot be opened.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, JournalError> {
        let connection = schema::connect(path.as_ref())?;
        connection.pragma_update(None, "query_only", true)?;
        Ok(Self {
            connection,
            path: path.as_ref().to_owned(),
            damaged: 0,
            damaged_until: 0,
            total_read: 0,
        })
    }

    /// The batches after `seq`, at most `batches_max`, in order; fewer when they are large. Empty: there are none yet.
    /// A damaged batch is left out, said, and counted ([`JournalReader::damaged`]); so is one on a page of the file that
    /// cannot be read any more.
    ///
    /// # Errors
    /// [`JournalError::Retry`] when the file cannot be read just now.
    pub fn read_after(&mut self, seq: u64, batches_max: usize) -> Result<Vec<Batch>, JournalError> {
        let mut after = seq;
        loop {
            let (batches, last) = match self.scan(after, batches_max) {
                Err(JournalError::Retry { source }) if is_torn(&source) => self.one_by_one(after, batches_max)?,
                other => other?,
            };
            match last {
                // nothing but damaged ones: look behind them
                Some(last) if batches.is_empty() => after = last,
                _ => return Ok(batches),
            }
        }
    }

    /// Batches after `seq`, and the last that was looked at.
    fn scan(&mut self, seq: u64, batches_max: usize) -> Result<(Vec<Batch>, Option<u64>), JournalError> {
        let (mut batches, mut last, mut bytes, mut damaged) = (Vec::new(), None, 0, Vec::new());
        let mut decoder = encoding::Decoder::new();
        let mut statement = self.connection.prepare_cached(
            "SELECT seq, committed_us, raw_bytes, blob, records_total FROM batch
             WHERE seq > ?1 ORDER BY seq LIMIT ?2",
        )?;
        let limit = i64::try_from(batches_max.max(1)).unwrap_or(i64::MAX);
        let mut rows = statement.query([integer(seq), limit])?;
        while let Some(row) = rows.next()? {
            let raw_bytes = usize::try_from(row.get::<_, i64>(2)?).unwrap_or(usize::MAX);
            last = u64::try_from(row.get::<_, i64>(0)?).ok();
            match batch_of(row, raw_bytes, &mut decoder) {
                Ok(batch) => {
                    batches.push(batch);
                    self.total_read = u64::try_from(row.get::<_, i64>(4)?).unwrap_or(0);
                }
                Err(JournalError::Damaged { seq, reason }) => damaged.push((seq, reason)),
                Err(error) => return Err(error),
            }
            bytes += raw_bytes;
            if bytes >= READ_BYTES_MAX && !batches.is_empty() {
                break;
            }
        }
        drop(rows);
        drop(statement);
        for (seq, reason) in damaged {
            self.leave_out(seq, &reason);
        }
        Ok((batches, last))
    }

    /// The same where a page of the file is gone: every number is asked for alone.
    fn one_by_one(&mut self, seq: u64, batches_max: usize) -> Result<(Vec<Batch>, Option<u64>), JournalError> {
        let (mut batches, mut looked_at) = (Vec::new(), None);
        for seq in seq + 1..=self.last_seq()? {
            looked_at = Some(seq);
            match self.single(seq) {
                Ok(batch) => batches.extend(batch),
                Err(JournalError::Damaged { seq, reason }) => self.leave_out(seq, &reason),
                Err(JournalError::Retry { source }) if is_torn(&source) => self.leave_out(seq, &source.to_string()),
                Err(error) => return Err(error),
            }
            if batches.len() >= batches_max {
                break;
            }
        }
        Ok((batches, looked_at))
    }

    fn single(&mut self, seq: u64) -> Result<Option<Batch>, JournalError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT seq, committed_us, raw_bytes, blob, records_total FROM batch WHERE seq = ?1")?;
        let mut rows = statement.query([integer(seq)])?;
        let Some(row) = rows.next()? else {
            return Ok(None);
        };
        let raw_bytes = usize::try_from(row.get::<_, i64>(2)?).unwrap_or(usize::MAX);
        let batch = batch_of(row, raw_bytes, &mut encoding::Decoder::new())?;
        self.total_read = u64::try_from(row.get::<_, i64>(4)?).unwrap_or(0);
        Ok(Some(batch))
    }

    fn leave_out(&mut self, seq: u64, reason: &str) {
        if seq > self.damaged_until {
            tracing::error!(seq, reason, journal = %self.path.display(), "a batch is damaged: left out");
            self.damaged += 1;
            self.damaged_until = seq;
        }
    }

    /// How many records the journal has had up to and with the last batch that was read, whatever became of them.
    #[must_use]
    pub fn total_read(&self) -> u64 {
        self.total_read
    }

    /// How many records the journal has had before its oldest batch; all of them when it holds none.
    ///
    /// # Errors
    /// [`JournalError::Retry`] when the file cannot be read just now.
    pub fn total_before_first(&self) -> Result<u64, JournalError> {
        self.number("SELECT coalesce((SELECT records_total - records FROM batch ORDER BY seq LIMIT 1), 0)")
    }

    /// The number of the last batch.
    ///
    /// # Errors
    /// [`JournalError::Retry`] when the file cannot be read just now.
    pub fn last_seq(&self) -> Result<u64, JournalError> {
        self.number("SELECT last_seq FROM state WHERE id = 1")
    }

    /// The number of the oldest batch that is still there; none when the journal is empty.
    ///
    /// # Errors
    /// [`JournalError::Retry`] when the file cannot be read just now.
    pub fn first_seq(&self) -> Result<Option<u64>, JournalError> {
        let first: Option<i64> = self
            .connection
            .query_row("SELECT min(seq) FROM batch", [], |row| row.get(0))?;
        Ok(first.and_then(|first| u64::try_from(first).ok()))
    }

    /// When the oldest batch that is still there was committed; none when the journal is empty.
    ///
    /// # Errors
    /// [`JournalError::Retry`] when the file cannot be read just now.
    pub fn first_committed(&self) -> Result<Option<Timestamp>, JournalError> {
        let first: Option<i64> = self
            .connection
            .query_row("SELECT committed_us FROM batch ORDER BY seq LIMIT 1", [], |row| row.get(0))
            .optional()?;
        Ok(first.and_then(|us| Timestamp::from_microsecond(us).ok()))
    }

    /// The last batch before `since`: reading after it gives everything from `since` on. 0: from the beginning.
    ///
    /// # Errors
    /// [`JournalError::Retry`] when the file cannot be read just now.
    pub fn seq_before(&self, since: Timestamp) -> Result<u64, JournalError> {
        let seq: Option<i64> = self.connection.query_row(
            "SELECT max(seq) FROM batch WHERE committed_us < ?1",
            [since.as_microsecond()],
            |row| row.get(0),
        )?;
        Ok(seq.and_then(|seq| u64::try_from(seq).ok()).unwrap_or(0))
    }

    /// The account's main figures at the last batch up to `seq`; zeros before the first.
    ///
    /// # Errors
    /// [`JournalError::Retry`] when the file cannot be read just now.
    pub fn totals_at(&self, seq: u64) -> Result<Totals, JournalError> {
        let unsigned = |value: i64| u64::try_from(value).unwrap_or(0);
        let totals = self
            .connection
            .prepare_cached(
                "SELECT records_total, received_qos0_total, received_qos1_total, duplicates_total
                 FROM batch WHERE seq <= ?1 ORDER BY seq DESC LIMIT 1",
            )?
            .query_row([integer(seq)], |row| {
                Ok(Totals {
                    journalled: unsigned(row.get(0)?),
                    received_qos0: unsigned(row.get(1)?),
                    received_qos1: unsigned(row.get(2)?),
                    duplicates: unsigned(row.get(3)?),
                })
            })
            .optional()?;
        Ok(totals.unwrap_or_default())
    }

    /// How many damaged batches this reader has left out.
    pub fn damaged(&self) -> u64 {
        self.damaged
    }

    /// The last `records_max` records of QoS 1 of one broker's session, oldest first.
    pub(crate) fn qos1_tail<T>(
        &self,
        broker: u8,
        records_max: usize,
        of: impl Fn(&Record) -> T,
    ) -> Result<Vec<T>, JournalError> {
        let (mut tail, mut decoder) = (VecDeque::new(), encoding::Decoder::new());
        let mut statement = self.connection.prepare(
            "SELECT seq, committed_us, raw_bytes, blob FROM batch
             WHERE qos1 > 0 AND seq >= (SELECT session_from_seq FROM broker WHERE id = ?2) ORDER BY seq DESC LIMIT ?1",
        )?;
        // one batch has at least one such record; a busy second broker may hide some, which costs a duplicate
        let mut rows =
            statement.query([i64::try_from(records_max).unwrap_or(i64::MAX), i64::from(broker)])?;
        while let Some(row) = rows.next()? {
            let raw_bytes = usize::try_from(row.get::<_, i64>(2)?).unwrap_or(usize::MAX);
            let Ok(batch) = batch_of(row, raw_bytes, &mut decoder) else {
                continue;
            };
            for record in batch.records.into_iter().rev() {
                if record.qos > 0 && record.broker == broker {
                    tail.push_front(of(&record));
                    if tail.len() >= records_max {
                        return Ok(tail.into());
                    }
                }
            }
        }
        Ok(tail.into())
    }

    fn number(&self, query: &str) -> Result<u64, JournalError> {
        let number: i64 = self
            .connection
            .prepare_cached(query)?
            .query_row([], |row| row.get(0))?;
        Ok(u64::try_from(number).unwrap_or(0))
    }
}

fn batch_of(row: &Row<'_>, raw_bytes: usize, decoder: &mut encoding::Decoder) -> Result<Batch, JournalError> {
    let seq = u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0);
    let damaged = |reason| JournalError::Damaged { seq, reason };
    let committed = Timestamp::from_microsecond(row.get(1)?).map_err(|error| damaged(error.to_string()))?;
    let blob = row
        .get_ref(3)?
        .as_blob()
        .map_err(|error| damaged(error.to_string()))?;
    let records = decoder.decode(blob, raw_bytes).map_err(damaged)?;
    Ok(Batch {
        seq,
        committed,
        records,
    })
}
