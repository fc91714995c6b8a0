//! The durable journal: every MQTT message, raw, in batches; one SQLite row a batch.
//!
//! Invariants: a batch is on disk when [`Journal::append`] returns; its number is above all before it; the account
//! stored with it balances. What a reader still needs is deleted only by `keep_bytes_max`, and then counted.
//! Limits: [`JournalConfig`]. One [`Journal`] writes (in the [`Writer`]'s thread); any number of readers.

mod config;
mod encoding;
mod error;
mod inbox;
mod progress;
mod prune;
mod reader;
mod schema;
mod writer;

use std::fs::File;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, params};

use crate::account::{Account, Noted};
use crate::clock;
use crate::incident::{self, Incident};
use crate::quarantine;
use crate::record::Record;

pub use config::JournalConfig;
pub use error::JournalError;
pub use progress::{Alarm, Progress};
pub use prune::Pruned;
pub use reader::{JournalReader, Totals};
pub use writer::{Writer, WriterHandle};

pub(crate) use inbox::{Ack, Item};
pub(crate) use schema::connect;
pub(crate) use writer::Joined;

use encoding::Encoder;

/// The writing end of a journal file.
pub struct Journal {
    connection: Connection,
    path: PathBuf,
    config: JournalConfig,
    encoder: Encoder,
    last_seq: u64,
    last_committed: Option<Timestamp>,
    account: Account,
    set_aside: Option<PathBuf>,
    /// Only one process writes; the operating system lets go of it when that one ends, however it ends.
    _lock: File,
}

/// Which sessions begin with a batch, by the journal's number of the broker; and what was lost with those before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Begun {
    pub(crate) broker: u8,
    /// The broker had forgotten a session of ours; its name.
    pub(crate) forgotten_by: Option<String>,
}

/// A message too long to keep whole: where it stands in its batch, and why it is quarantined.
pub(crate) struct Poison {
    pub(crate) position: usize,
    pub(crate) reason: String,
}

/// Holds the place of a journal without opening it: while the answer lives, nobody writes there.
///
/// # Errors
/// [`JournalError::GiveUp`] when another process writes it, or its folder cannot be written.
pub fn hold(path: &Path) -> Result<File, JournalError> {
    schema::lock(path)
}

impl Journal {
    /// Opens the journal, or begins one. A damaged file is set aside (see [`Journal::set_aside`]).
    ///
    /// # Errors
    /// [`JournalError::GiveUp`] when the file cannot be used; [`JournalError::Retry`] when the disk is full or failing.
    pub fn open(path: impl AsRef<Path>, config: &JournalConfig) -> Result<Self, JournalError> {
        let path = path.as_ref();
        let opened = schema::open(path, clock::wall())?;
        let (last_seq, committed_us, account): (i64, Option<i64>, String) = opened.connection.query_row(
            "SELECT last_seq, committed_us, account FROM state WHERE id = 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )?;
        if let Some(aside) = &opened.set_aside {
            incident::insert(
                &opened.connection,
                &Incident::set_aside(clock::wall(), path, aside),
            )?;
        }
        let encoder = Encoder::new().map_err(|error| JournalError::GiveUp {
            path: path.to_owned(),
            what: format!("zstd does not start: {error}"),
            mend: "check that there is memory",
        })?;
        Ok(Self {
            connection: opened.connection,
            path: path.to_owned(),
            config: config.clone(),
            encoder,
            last_seq: u64::try_from(last_seq).unwrap_or(0),
            last_committed: committed_us.and_then(|us| Timestamp::from_microsecond(us).ok()),
            account: serde_json::from_str(&account).unwrap_or_default(),
            set_aside: opened.set_aside,
            _lock: opened.lock,
        })
    }

    /// Commits one batch, durably; returns its number. Empty `records` are a heartbeat.
    /// `duplicates`: redelivered messages that the journal holds already. Trying again after an error is safe.
    ///
    /// # Errors
    /// [`JournalError::Retry`]: nothing was stored; acknowledge nothing, try the same again later.
    pub fn append(
        &mut self,
        at: Timestamp,
        records: &[Record],
        duplicates: u64,
        noted: &Noted,
    ) -> Result<u64, JournalError> {
        self.commit(at, records, duplicates, noted, &[], &[])
    }

    /// As [`Journal::append`]; `poison` is quarantined too, and the sessions of the brokers in `begun` begin with this
    /// batch.
    pub(crate) fn commit(
        &mut self,
        at: Timestamp,
        records: &[Record],
        duplicates: u64,
        noted: &Noted,
        poison: &[Poison],
        begun: &[Begun],
    ) -> Result<u64, JournalError> {
        let encoded = self
            .encoder
            .encode(records)
            .map_err(|what| JournalError::GiveUp {
                path: self.path.clone(),
                what,
                mend: "lower commit_records_max",
            })?;
        let qos0 = count(records.iter().filter(|record| record.qos == 0).count());
        let mut account = self.account;
        account.add(noted);
        account.journalled += count(records.len());
        account.duplicates += duplicates;
        account.received_qos0 += qos0;
        account.received_qos1 += count(records.len()) - qos0 + duplicates;
        let seq = self.last_seq + 1;
        let transaction = self
            .connection
            .transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        transaction
            .prepare_cached(
                "INSERT OR REPLACE INTO batch (seq, committed_us, records, qos1, records_total, received_qos0_total,
                     received_qos1_total, duplicates_total, raw_bytes, blob)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            )?
            .execute(params![
                integer(seq),
                at.as_microsecond(),
                integer(count(records.len())),
                integer(count(records.len()) - qos0),
                integer(account.journalled),
                integer(account.received_qos0),
                integer(account.received_qos1),
                integer(account.duplicates),
                integer(count(encoded.raw_bytes)),
                encoded.blob,
            ])?;
        for poison in poison {
            let record = &records[poison.position];
            let refused = quarantine::Refused {
                seq,
                index: poison.position,
                record,
                family: None,
                reason: &poison.reason,
                is_cut: true,
            };
            quarantine::insert(&transaction, seq, &refused)?;
        }
        if !poison.is_empty() {
            quarantine::evict(
                &transaction,
                self.config.quarantine_rows_max,
                self.config.quarantine_bytes_max,
            )?;
        }
        for session in begun {
            begin_session(&transaction, (seq, at), session)?;
        }
        store_state(&transaction, seq, Some(at), &account)?;
        transaction.commit()?;
        self.last_seq = seq;
        self.last_committed = Some(at);
        self.account = account;
        Ok(seq)
    }

    /// Lets numbers go on above `seq`, which a reader has had: the journal's last commits are gone (a torn write-ahead log),
    /// and a batch with a number of theirs would never be read. False: nothing is gone.
    ///
    /// # Errors
    /// [`JournalError::Retry`] when that could not be stored.
    pub fn continue_after(&mut self, seq: u64) -> Result<bool, JournalError> {
        if self.last_seq >= seq {
            return Ok(false);
        }
        let what = "its last commits were torn off; what was in them and not analyzed yet is lost".to_owned();
        let place = self.path.display().to_string();
        let incident = Incident::new(clock::wall(), "file_set_aside", place, what, 0);
        let transaction = self.connection.transaction()?;
        store_state(&transaction, seq, self.last_committed, &self.account)?;
        incident::insert(&transaction, &incident)?;
        transaction.commit()?;
        tracing::error!(journal = %self.path.display(), from = self.last_seq, to = seq, "the journal's last commits are gone");
        self.last_seq = seq;
        Ok(true)
    }

    /// The number of the last batch; 0 when there was none yet.
    pub fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// The time of the last batch.
    pub fn last_committed(&self) -> Option<Timestamp> {
        self.last_committed
    }

    /// The account at the last batch.
    pub fn account(&self) -> Account {
        self.account
    }

    /// Where the damaged file went that was found instead of a journal.
    pub fn set_aside(&self) -> Option<&Path> {
        self.set_aside.as_deref()
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A reader with a connection of its own, for a thread of its own.
    ///
    /// # Errors
    /// [`JournalError::Retry`] when the file cannot be opened again.
    pub fn reader(&self) -> Result<JournalReader, JournalError> {
        JournalReader::open(&self.path)
    }

    /// Replaces the list of filters that a broker's session is known to have.
    fn store_filters(&mut self, broker: u8, filters: &[String]) -> Result<(), JournalError> {
        let transaction = self.connection.transaction()?;
        transaction.execute("DELETE FROM subscription WHERE broker = ?1", [broker])?;
        for filter in filters {
            transaction.execute(
                "INSERT OR IGNORE INTO subscription (broker, filter) VALUES (?1, ?2)",
                params![broker, filter],
            )?;
        }
        Ok(transaction.commit()?)
    }

    #[cfg(test)]
    pub(crate) fn limit_pages(&self, more: i64) {
        let pages: i64 = self
            .connection
            .query_row("PRAGMA page_count", [], |row| row.get(0))
            .unwrap();
        self.connection
            .pragma_update(None, "max_page_count", pages + more)
            .unwrap();
    }
}

/// A broker's session begins with a batch; where the broker forgot the one before, that is said.
fn begin_session(
    transaction: &rusqlite::Transaction<'_>,
    (seq, at): (u64, Timestamp),
    Begun { broker, forgotten_by }: &Begun,
) -> Result<(), JournalError> {
    transaction.execute(
        "UPDATE broker SET session_from_seq = ?1 WHERE id = ?2",
        params![integer(seq), broker],
    )?;
    if let Some(name) = forgotten_by {
        incident::insert(transaction, &Incident::session_lost(at, name))?;
    }
    Ok(())
}

fn store_state(
    connection: &Connection,
    seq: u64,
    at: Option<Timestamp>,
    account: &Account,
) -> Result<(), JournalError> {
    let text = serde_json::to_string(account).expect("an account is a flat struct of numbers");
    connection
        .prepare_cached("UPDATE state SET last_seq = ?1, committed_us = ?2, account = ?3 WHERE id = 1")?
        .execute(params![integer(seq), at.map(Timestamp::as_microsecond), text])?;
    Ok(())
}

/// SQLite's integers are signed; our counts never come near the end.
pub(crate) fn integer(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(crate) fn count(value: usize) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
