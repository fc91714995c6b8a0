//! Retention: by age once every reader has had a batch, by size in any case, and then the skip is counted.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{OptionalExtension, params};

use super::error::JournalError;
use super::{Journal, count, integer, store_state};
use crate::incident::{self, Incident};

/// One call deletes at most this many batches, so that commits do not wait for it.
const BATCHES_AT_ONCE: i64 = 500;

/// What one call of [`Journal::prune`] did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Batches deleted.
    pub batches: u64,
    /// Of these, batches that a reader still needed.
    pub batches_skipped: u64,
    /// Records in those.
    pub records_skipped: u64,
    /// Whether there may be more to delete at once.
    pub has_more: bool,
}

impl Journal {
    /// Deletes old batches, a bounded number of them. `oldest_cursor`: every reader has had the batches up to it.
    /// Age is measured against the last committed batch, so it follows told time in playback.
    ///
    /// # Errors
    /// [`JournalError::Retry`]: nothing was deleted.
    pub fn prune(&mut self, oldest_cursor: u64) -> Result<Pruned, JournalError> {
        let by_age = self.by_age(oldest_cursor)?;
        let by_size = self.by_size()?;
        // the last batch stays: it carries the totals
        let until = by_age.max(by_size).min(self.last_seq.saturating_sub(1));
        if until == 0 {
            return Ok(Pruned::default());
        }
        let mut account = self.account;
        let now = self.last_committed.unwrap_or_else(crate::clock::wall);
        let transaction = self.connection.transaction()?;
        let (found, skipped, records): (i64, i64, i64) = transaction.query_row(
            "SELECT count(*), coalesce(sum(seq > ?2), 0), coalesce(sum(iif(seq > ?2, records, 0)), 0)
             FROM (SELECT seq, records FROM batch WHERE seq <= ?1 ORDER BY seq LIMIT ?3)",
            params![integer(until), integer(oldest_cursor), BATCHES_AT_ONCE],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        if found == 0 {
            return Ok(Pruned::default());
        }
        transaction.execute(
            "DELETE FROM batch WHERE seq IN (SELECT seq FROM batch WHERE seq <= ?1 ORDER BY seq LIMIT ?2)",
            params![integer(until), BATCHES_AT_ONCE],
        )?;
        let unsigned = |value: i64| u64::try_from(value).unwrap_or(0);
        account.batches_skipped += unsigned(skipped);
        account.records_skipped += unsigned(records);
        if skipped > 0 {
            let skip = Incident::journal_skipped(now, &self.path, unsigned(records), self.config.keep_bytes_max);
            incident::insert(&transaction, &skip)?;
        }
        store_state(&transaction, self.last_seq, self.last_committed, &account)?;
        transaction.commit()?;
        self.account = account;
        self.give_back_pages()?;
        if skipped > 0 {
            tracing::error!(
                batches = skipped,
                records,
                keep_bytes_max = self.config.keep_bytes_max,
                "the journal is at its size limit: batches were deleted that a reader still needed"
            );
        }
        Ok(Pruned {
            batches: unsigned(found),
            batches_skipped: unsigned(skipped),
            records_skipped: unsigned(records),
            has_more: found == BATCHES_AT_ONCE,
        })
    }

    /// Gives free pages back to the file system, a bounded number of them: one a step of the statement.
    fn give_back_pages(&self) -> Result<(), JournalError> {
        let mut statement = self
            .connection
            .prepare_cached("PRAGMA incremental_vacuum(2000)")?;
        let mut steps = statement.query([])?;
        while steps.next()?.is_some() {}
        Ok(())
    }

    /// The last batch that is too old and that every reader has had.
    fn by_age(&self, oldest_cursor: u64) -> Result<u64, JournalError> {
        let Some(now) = self.last_committed else {
            return Ok(0);
        };
        let keep = SignedDuration::from_hours(24 * i64::from(self.config.keep_days));
        let Ok(before) = now.checked_sub(keep) else {
            return Ok(0);
        };
        // batches are in order of time but for clock steps; looking from the old end keeps this cheap
        let until: Option<i64> = self
            .connection
            .query_row(
                "SELECT max(seq) FROM (SELECT seq, committed_us FROM batch ORDER BY seq LIMIT ?2) WHERE committed_us < ?1",
                params![before.as_microsecond(), BATCHES_AT_ONCE],
                |row| row.get(0),
            )?;
        let until = until.and_then(|until| u64::try_from(until).ok()).unwrap_or(0);
        Ok(until.min(oldest_cursor))
    }

    /// The last batch that has to go for the file to come under its limit.
    fn by_size(&self) -> Result<u64, JournalError> {
        let pragma = |name: &str| -> Result<u64, rusqlite::Error> {
            let value: i64 = self
                .connection
                .query_row(&format!("PRAGMA {name}"), [], |row| row.get(0))?;
            Ok(u64::try_from(value).unwrap_or(0))
        };
        let used = (pragma("page_count")?.saturating_sub(pragma("freelist_count")?)) * pragma("page_size")?;
        let Some(mut over) = used
            .checked_sub(self.config.keep_bytes_max)
            .filter(|over| *over > 0)
        else {
            return Ok(0);
        };
        let mut statement = self
            .connection
            .prepare_cached("SELECT seq, length(blob) FROM batch ORDER BY seq LIMIT ?1")?;
        let mut rows = statement.query([BATCHES_AT_ONCE])?;
        let mut until = 0;
        while let Some(row) = rows.next()? {
            until = u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0);
            let bytes = u64::try_from(row.get::<_, i64>(1)?).unwrap_or(0) + count(ROW_OVERHEAD_BYTES);
            over = over.saturating_sub(bytes);
            if over == 0 {
                break;
            }
        }
        Ok(until)
    }

    /// Gives the time of a batch that still exists; for tests of retention and for `status`.
    ///
    /// # Errors
    /// [`JournalError::Retry`] when the file cannot be read just now.
    pub fn oldest(&self) -> Result<Option<(u64, Timestamp)>, JournalError> {
        let oldest: Option<(i64, i64)> = self
            .connection
            .query_row(
                "SELECT seq, committed_us FROM batch ORDER BY seq LIMIT 1",
                [],
                |row| Ok((row.get(0)?, row.get(1)?)),
            )
            .optional()?;
        Ok(oldest
            .and_then(|(seq, us)| Some((u64::try_from(seq).ok()?, Timestamp::from_microsecond(us).ok()?))))
    }
}

/// A row's numbers and its place in the tree, roughly.
const ROW_OVERHEAD_BYTES: usize = 60;
