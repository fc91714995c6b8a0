//! The one writer: appends findings together with what the analyzer resumes from.

use std::path::{Path, PathBuf};

use analyzer::Finding;
use jiff::Timestamp;
use rusqlite::{Connection, params};
use tokio::sync::watch;

use super::code::{PackedSnapshot, Packer};
use super::schema::{self, Role};
use super::{LogConfig, LogEnd, LogError, LogReader, Messages, Result, from_stored, read, to_stored};

/// Rows are looked through for removal once in so many appends.
const PRUNE_EVERY: u32 = 128;

/// The log, opened for appending. See the module's documentation.
pub struct FindingsLog {
    pub(super) connection: Connection,
    pub(super) path: PathBuf,
    pub(super) config: LogConfig,
    pub(super) bytes: u64,
    packer: Packer,
    end: watch::Sender<LogEnd>,
    set_aside: Option<PathBuf>,
    appends_since_prune: u32,
}

impl FindingsLog {
    /// Opens the log at `path`, makes it where there is none, and sets a file aside that cannot be used.
    ///
    /// # Errors
    /// `Retry` where another process writes it, `GiveUp` where it cannot be made.
    pub fn open(path: &Path, config: &LogConfig) -> Result<Self> {
        let (connection, set_aside) = schema::open(path, config)?;
        let (end, bytes) = connection
            .query_row("SELECT last_seq, findings, bytes FROM meta", [], |row| {
                let end = LogEnd {
                    seq: from_stored(row.get(0)?),
                    findings: from_stored(row.get(1)?),
                };
                Ok((end, from_stored(row.get(2)?)))
            })
            .map_err(|source| LogError::from_sqlite(path, source))?;
        Ok(Self {
            connection,
            path: path.to_owned(),
            config: config.clone(),
            bytes,
            packer: Packer::new(),
            end: watch::Sender::new(end),
            set_aside,
            appends_since_prune: 0,
        })
    }

    /// The new name of a file that could not be used; the log was started afresh and the journal wants analyzing.
    #[must_use]
    pub fn set_aside(&self) -> Option<&Path> {
        self.set_aside.as_deref()
    }

    /// Lets numbers go on above `seq`, which a reader with a cursor of its own has had: the log's last commits are gone (a
    /// power cut, a torn write-ahead log) and are found again from the journal. False: nothing is gone.
    ///
    /// # Errors
    /// As [`LogError`] says.
    pub fn continue_after(&mut self, seq: u64) -> Result<bool> {
        let before = *self.end.borrow();
        if before.seq >= seq {
            return Ok(false);
        }
        self.connection
            .execute("UPDATE meta SET last_seq = ?1", [to_stored(seq)])
            .map_err(|source| LogError::from_sqlite(&self.path, source))?;
        tracing::warn!(path = %self.path.display(), from = before.seq, to = seq, "the findings log's last commits are gone; they are found again");
        self.end.send_replace(LogEnd { seq, ..before });
        Ok(true)
    }

    /// Names the sinks: only these hold rows back. A new one starts at the oldest row there is; what the log knew of
    /// one that is not named is forgotten. Call it once, before the first append.
    ///
    /// # Errors
    /// As [`LogError`] says.
    pub fn register(&mut self, sinks: &[&str]) -> Result<()> {
        let path = self.path.clone();
        let mut work = || -> rusqlite::Result<()> {
            let transaction = self.connection.transaction()?;
            let known: Vec<String> = transaction
                .prepare("SELECT name FROM sink")?
                .query_map([], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
            for gone in known.iter().filter(|name| !sinks.contains(&name.as_str())) {
                transaction.execute("DELETE FROM sink WHERE name = ?1", [gone])?;
                transaction.execute("DELETE FROM memory WHERE sink = ?1", [gone])?;
            }
            for name in sinks {
                transaction.execute(
                    "INSERT OR IGNORE INTO sink (name, seq, begun, cleared) SELECT ?1,
                     coalesce((SELECT min(seq) - 1 FROM row), meta.last_seq),
                     meta.findings - (SELECT coalesce(sum(row.findings), 0) FROM row), json_extract(rebuild, '$.id') FROM meta",
                    [name],
                )?;
            }
            transaction.commit()
        };
        work().map_err(|source| LogError::from_sqlite(&path, source))
    }

    /// Writes, in one transaction: the findings, that the analyzer has seen the journal up to `journal_seq`, and the
    /// snapshot where there is one. Gives the newest row. No findings make no row.
    ///
    /// # Errors
    /// `Retry`: nothing of it is written, call again with the same; the others as [`LogError`] says.
    pub fn append(
        &mut self,
        journal_seq: u64,
        at: Timestamp,
        findings: &[Finding],
        snapshot: Option<&PackedSnapshot>,
    ) -> Result<u64> {
        self.append_counted(journal_seq, at, findings, snapshot, None)
    }

    /// As [`Self::append`]; `messages` says what became of the journal's messages so far.
    ///
    /// # Errors
    /// As [`Self::append`].
    pub fn append_counted(
        &mut self,
        journal_seq: u64,
        at: Timestamp,
        findings: &[Finding],
        snapshot: Option<&PackedSnapshot>,
        messages: Option<&Messages>,
    ) -> Result<u64> {
        let bodies: Vec<(usize, Vec<u8>)> = findings
            .chunks(self.config.row_findings_max.max(1))
            .map(|chunk| (chunk.len(), self.packer.pack(chunk)))
            .collect();
        let added: u64 = bodies.iter().map(|(_, body)| body.len() as u64).sum();
        let before = *self.end.borrow();
        let after = LogEnd {
            seq: before.seq + bodies.len() as u64,
            findings: before.findings + findings.len() as u64,
        };
        let mut work = || -> rusqlite::Result<()> {
            let transaction = self.connection.transaction()?;
            {
                let mut insert =
                    transaction.prepare_cached("INSERT INTO row VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?;
                for ((count, body), seq) in bodies.iter().zip(before.seq + 1..) {
                    let (seq, journal_seq) = (to_stored(seq), to_stored(journal_seq));
                    insert.execute(params![
                        seq,
                        journal_seq,
                        at.as_microsecond(),
                        to_stored(*count),
                        to_stored(body.len()),
                        body
                    ])?;
                }
                transaction
                    .prepare_cached(
                        "UPDATE meta SET journal_seq = ?1, last_seq = ?2, findings = ?3, bytes = bytes + ?4",
                    )?
                    .execute([journal_seq, after.seq, after.findings, added].map(to_stored))?;
                if let Some(Messages { heard, aside, lost }) = messages {
                    transaction
                        .prepare_cached("UPDATE meta SET messages = ?1, aside = ?2, lost = ?3")?
                        .execute([heard, aside, lost].map(|count| to_stored(*count)))?;
                }
                if let Some(PackedSnapshot(body)) = snapshot {
                    transaction
                        .prepare_cached("INSERT OR REPLACE INTO snapshot VALUES (1, ?1, ?2)")?
                        .execute(params![to_stored(journal_seq), body])?;
                }
            }
            transaction.commit()
        };
        work().map_err(|source| LogError::from_sqlite(&self.path, source))?;
        self.bytes += added;
        if after.seq > before.seq {
            self.end.send_replace(after);
        }
        self.prune_in_time();
        Ok(after.seq)
    }

    /// The rows are safe by now; that old ones could not go is said and tried again.
    fn prune_in_time(&mut self) {
        self.appends_since_prune += 1;
        if self.appends_since_prune < PRUNE_EVERY && self.bytes <= self.config.bytes_max {
            return;
        }
        self.appends_since_prune = 0;
        if let Err(error) = self.prune() {
            tracing::warn!(%error, "old findings could not be removed; tried again later");
        }
    }

    /// The journal record after which the analyzer goes on; 0 before the first.
    ///
    /// # Errors
    /// As [`LogError`] says.
    pub fn journal_cursor(&self) -> Result<u64> {
        self.connection
            .query_row("SELECT journal_seq FROM meta", [], |row| {
                row.get(0).map(from_stored)
            })
            .map_err(|source| LogError::from_sqlite(&self.path, source))
    }

    /// The analyzer's newest snapshot and the journal record it belongs to. A damaged one counts as none.
    ///
    /// # Errors
    /// As [`LogError`] says.
    pub fn snapshot(&self) -> Result<Option<(u64, Vec<u8>)>> {
        read::snapshot(&self.connection, &self.path)
    }

    /// The newest row.
    #[must_use]
    pub fn last_seq(&self) -> u64 {
        self.end.borrow().seq
    }

    /// Tells of new rows.
    #[must_use]
    pub fn end(&self) -> watch::Receiver<LogEnd> {
        self.end.subscribe()
    }

    /// Compressed findings in the file.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// A reader with a connection of its own; it may live in another thread.
    ///
    /// # Errors
    /// As [`LogError`] says.
    pub fn reader(&self) -> Result<LogReader> {
        let connection = schema::connect(&self.path, Role::Reader)?;
        Ok(LogReader::new(
            connection,
            self.path.clone(),
            self.end(),
            self.config.rejected_max,
        ))
    }
}
