//! Findings log in, local history and live view out. It is the first sink, and the one that is always there.

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

    fn step(&mut self) -> Result<bool, RecordingError> {
        let rows = self.log.read_after(self.history.cursor(), FINDINGS_MAX)?;
        for row in &rows {
            self.history.apply(row.seq, &row.findings)?;
            self.live.consume(&row.findings);
        }
        if let Some(last) = rows.last() {
            self.log.set_cursor(HISTORY_SINK, last.seq)?;
            self.told.send_replace(last.seq);
        }
        Ok(!rows.is_empty())
    }
}
