//! Findings log in, local history and live view out. It is the first sink, and the one that is always there.
//!
//! What comes within [`Recording::REST`] is written together: a device's points of a minute are one row of the history,
//! so that writing many at once costs little more than writing one.
//!
//! When the past is said again, what the history has of it goes before the first row of it comes, and the live view is
//! read anew.

use std::time::Duration;

use analyzer::Finding;
use deliver::history::{History, HistoryError};
use deliver::live::Live;
use deliver::log::{LogError, LogReader, LogRow, Settlement};
use deliver::rebuild::Rebuild;
use ingest::clock::Clock;
use tokio::sync::watch;

use super::stage::Stage;

/// Findings read at once.
const FINDINGS_MAX: usize = 20_000;

/// Why the recording cannot go on just now.
#[derive(Debug, thiserror::Error)]
pub(super) enum RecordingError {
    /// The findings log cannot be read.
    #[error("the findings log: {0}")]
    Log(#[from] LogError),
    /// The history cannot be written.
    #[error("the history: {0}")]
    History(#[from] HistoryError),
}

/// The stage that keeps the local history and the page.
pub(super) struct Recording {
    log: LogReader,
    history: History,
    live: Live,
    clock: Clock,
    /// The past that is said again, as long as the history has not forgotten it.
    unclear: Option<Rebuild>,
    told: watch::Sender<u64>,
}

/// The name under which the findings log holds rows back for the history.
pub(super) const HISTORY_SINK: &str = "history";

impl Recording {
    /// Goes on from the history's own cursor.
    ///
    /// # Errors
    /// The log cannot be read.
    pub(super) fn new(log: LogReader, history: History, live: Live, clock: Clock) -> Result<Self, LogError> {
        let told = watch::Sender::new(history.cursor());
        let unclear = log.unclear(HISTORY_SINK)?;
        Ok(Self {
            log,
            history,
            live,
            clock,
            unclear,
            told,
        })
    }

    /// Forgets the past that is said again, once everything said before is in.
    fn clear(&mut self) -> Result<(), RecordingError> {
        let cursor = self.history.cursor();
        let Some(rebuild) = self.unclear.clone().filter(|rebuild| cursor >= rebuild.row) else {
            return Ok(());
        };
        self.history.forget_since(&rebuild)?;
        self.live.forget();
        self.live.rebuild(&self.history.reader()?, self.clock.now())?;
        self.log.set_cleared(HISTORY_SINK, &rebuild, None)?;
        self.unclear = None;
        Ok(())
    }

    /// The last row that the log has booked, and the rows that the history or the log's account lacks.
    fn rows(&self) -> Result<(u64, Vec<LogRow>), LogError> {
        let booked = self.log.cursor(HISTORY_SINK)?.seq;
        let mut rows = self.log.read_after(booked.min(self.history.cursor()), FINDINGS_MAX)?;
        if let Some(border) = self.unclear.as_ref().map(|rebuild| rebuild.row) {
            rows.retain(|row| row.seq <= border);
        }
        Ok((booked, rows))
    }

    /// Books rows, by number and count of findings, to the history, in the log's account.
    fn book(&mut self, booked: u64, last: u64, counts: &[(u64, u64)]) -> Result<(), LogError> {
        let counts = &counts[counts.partition_point(|(seq, _)| *seq <= booked)..];
        let settlement = Settlement {
            seq: last,
            rows: counts,
            accepted: counts.iter().map(|(_, findings)| findings).sum(),
            rejected: &[],
            memory: &[],
        };
        self.log.settle(HISTORY_SINK, &settlement)?;
        self.told.send_replace(last);
        Ok(())
    }

    /// Tells the last row that is in the history.
    pub(super) fn cursor(&self) -> watch::Receiver<u64> {
        self.told.subscribe()
    }
}

impl Stage for Recording {
    type Error = RecordingError;
    const NAME: &'static str = "history";
    const REST: Duration = Duration::from_millis(100);

    fn step(&mut self) -> Result<bool, RecordingError> {
        self.clear()?;
        let (booked, rows) = self.rows()?;
        let Some(last) = rows.last().map(|row| row.seq) else {
            return Ok(false);
        };
        let counts: Vec<(u64, u64)> = rows.iter().map(|row| (row.seq, row.count)).collect();
        let cursor = self.history.cursor();
        let new = rows.into_iter().filter(|row| row.seq > cursor);
        let findings: Vec<Finding> = new.flat_map(|row| row.findings).collect();
        if last > cursor {
            self.history.apply(last, &findings)?;
            self.live.consume(&findings);
        }
        self.book(booked, last, &counts)?;
        Ok(self.log.last_seq() > last && findings.len() * 2 > FINDINGS_MAX)
    }
}
