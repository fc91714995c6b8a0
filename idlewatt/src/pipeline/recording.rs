//! Findings log in, local history and live view out. It is the first sink, and the one that is always there.
//!
//! What comes within [`Recording::REST`] is written together: a device's points of a minute are one row of the history,
//! so that writing many at once costs little more than writing one.

use std::time::Duration;

use analyzer::Finding;
use deliver::history::{History, HistoryError};
use deliver::live::Live;
use deliver::log::{LogError, LogReader};
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
    told: watch::Sender<u64>,
}

/// The name under which the findings log holds rows back for the history.
pub(super) const HISTORY_SINK: &str = "history";

impl Recording {
    /// Goes on from the history's own cursor.
    #[must_use]
    pub(super) fn new(log: LogReader, history: History, live: Live) -> Self {
        let told = watch::Sender::new(history.cursor());
        Self {
            log,
            history,
            live,
            told,
        }
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
        let rows = self.log.read_after(self.history.cursor(), FINDINGS_MAX)?;
        let Some(last) = rows.last().map(|row| row.seq) else {
            return Ok(false);
        };
        let findings: Vec<Finding> = rows.into_iter().flat_map(|row| row.findings).collect();
        self.history.apply(last, &findings)?;
        self.live.consume(&findings);
        self.log.set_cursor(HISTORY_SINK, last)?;
        self.told.send_replace(last);
        Ok(self.log.last_seq() > last && findings.len() * 2 > FINDINGS_MAX)
    }
}
