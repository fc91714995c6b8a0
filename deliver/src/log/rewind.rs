//! Saying the past again: the analyzer's cursor goes back to the beginning of the journal, what follows in the log is for
//! every sink to put in place of what it has ([`Rebuild`]).
//!
//! Invariants: asked for twice by one name it is done once; a sink that has not cleared for an earlier rebuild clears
//! from the earlier of the two instants on.

use std::path::Path;

use rusqlite::{Connection, params};

use super::{
    FindingsLog, LogError, LogReader, Messages, Rejection, Result, Settlement, SinkCursor, from_stored,
};
use crate::rebuild::Rebuild;

fn stored(connection: &Connection, path: &Path) -> Result<Option<Rebuild>> {
    let text: Option<String> = connection
        .query_row("SELECT rebuild FROM meta", [], |row| row.get(0))
        .map_err(|source| LogError::from_sqlite(path, source))?;
    Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
}

impl FindingsLog {
    /// Takes up a rebuild, in one durable transaction; `until` is the last batch of the journal so far. Call it after
    /// [`FindingsLog::register`], before the first append. False: it was taken up before.
    ///
    /// # Errors
    /// As [`LogError`] says; nothing of it is done then.
    pub fn rewind(&mut self, rebuild: &Rebuild, until: u64) -> Result<bool> {
        let before = self.rebuild()?;
        if before.as_ref().is_some_and(|before| before.id == rebuild.id) {
            return Ok(false);
        }
        let row = self.last_seq();
        let mut rebuild = Rebuild {
            row,
            until,
            ..rebuild.clone()
        };
        let sqlite = |source| LogError::from_sqlite(&self.path, source);
        if let Some(before) = before {
            let unclear: i64 = self
                .connection
                .query_row(
                    "SELECT count(*) FROM sink WHERE cleared IS NOT ?1",
                    [&before.id],
                    |row| row.get(0),
                )
                .map_err(sqlite)?;
            if (unclear > 0 || self.journal_cursor()? < before.until) && before.since < rebuild.since {
                rebuild = Rebuild {
                    id: rebuild.id,
                    row,
                    until,
                    ..before
                };
            }
        }
        let text = serde_json::to_string(&rebuild).expect("plain data with text keys");
        let work = || -> rusqlite::Result<()> {
            // whoever asked is told that it is taken up: that much must outlive a power cut
            self.connection.pragma_update(None, "synchronous", "FULL")?;
            let transaction = self.connection.unchecked_transaction()?;
            transaction.execute(
                "UPDATE meta SET journal_seq = 0, messages = NULL, aside = 0, lost = 0, rebuild = ?1",
                [text],
            )?;
            transaction.execute("DELETE FROM snapshot", [])?;
            transaction.commit()?;
            self.connection.pragma_update(None, "synchronous", "NORMAL")
        };
        work().map_err(|source| LogError::from_sqlite(&self.path, source))?;
        Ok(true)
    }

    /// The last rebuild that was taken up.
    ///
    /// # Errors
    /// As [`LogError`] says.
    pub fn rebuild(&self) -> Result<Option<Rebuild>> {
        stored(&self.connection, &self.path)
    }

    /// What became of the journal's messages; none where that has not been counted yet.
    ///
    /// # Errors
    /// As [`LogError`] says.
    pub fn messages(&self) -> Result<Option<Messages>> {
        messages(&self.connection, &self.path)
    }
}

fn messages(connection: &Connection, path: &Path) -> Result<Option<Messages>> {
    let read = |row: &rusqlite::Row<'_>| {
        let heard: Option<i64> = row.get(0)?;
        let (aside, lost) = (from_stored(row.get(1)?), from_stored(row.get(2)?));
        Ok(heard.map(|heard| Messages {
            heard: from_stored(heard),
            aside,
            lost,
        }))
    };
    connection
        .query_row("SELECT messages, aside, lost FROM meta", [], read)
        .map_err(|source| LogError::from_sqlite(path, source))
}

impl LogReader {
    /// What became of the journal's messages, as it was committed last.
    ///
    /// # Errors
    /// As [`LogError`] says.
    pub fn messages(&self) -> Result<Messages> {
        Ok(messages(&self.connection, &self.path)?.unwrap_or_default())
    }

    /// The rebuild that a sink has still to clear for.
    ///
    /// # Errors
    /// As [`LogError`] says.
    pub fn unclear(&self, sink: &str) -> Result<Option<Rebuild>> {
        let Some(rebuild) = stored(&self.connection, &self.path)? else {
            return Ok(None);
        };
        let is_cleared: bool = self
            .connection
            .query_row(
                "SELECT EXISTS (SELECT 1 FROM sink WHERE name = ?1 AND cleared = ?2)",
                [sink, &rebuild.id],
                |row| row.get(0),
            )
            .map_err(|source| self.sqlite(source))?;
        Ok((!is_cleared).then_some(rebuild))
    }

    /// The last rebuild that was taken up.
    ///
    /// # Errors
    /// As [`LogError`] says.
    pub fn rebuild(&self) -> Result<Option<Rebuild>> {
        stored(&self.connection, &self.path)
    }

    /// A sink has cleared for a rebuild: what it was skipped for is no gap any more. `left`: what its server kept.
    ///
    /// # Errors
    /// As [`LogError`] says.
    pub fn set_cleared(
        &mut self,
        sink: &str,
        rebuild: &Rebuild,
        left: Option<&Rejection>,
    ) -> Result<SinkCursor> {
        if let Some(left) = left {
            let settlement = Settlement {
                seq: 0,
                rows: &[],
                accepted: 0,
                rejected: std::slice::from_ref(left),
                memory: &[],
            };
            self.settle(sink, &settlement)?;
        }
        self.connection
            .execute(
                "UPDATE sink SET cleared = ?2, begun = begun + skipped_findings, skipped_findings = 0, skipped_rows = 0
                 WHERE name = ?1",
                params![sink, rebuild.id],
            )
            .map_err(|source| LogError::from_sqlite(&self.path, source))?;
        self.cursor(sink)
    }
}
