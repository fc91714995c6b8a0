//! Journal in, findings log out: decodes and analyzes every batch once.
//!
//! Findings, cursor and now and then a snapshot are one transaction of the log. After `kill -9` the analyzer takes up
//! its snapshot, hears again what came after it, and what was already said is not said twice.
//!
//! Limits: one read is at most [`BATCHES_MAX`] batches; a snapshot is made after [`SNAPSHOT_RECORDS`] messages or
//! [`SNAPSHOT_BATCHES`] batches, and with many devices, whose snapshot is large, after so many times as their number is
//! above [`SNAPSHOT_DEVICES`]; a restart hears no more than that again. Invariant: a batch is behind the cursor exactly
//! when its findings are in the log.

use std::sync::Arc;

use analyzer::Finding;
use deliver::log::{FindingsLog, LogError};
use ingest::decode::ReasonKind;
use ingest::journal::{JournalError, JournalReader};
use ingest::quarantine::Quarantine;
use ingest::record::{Batch, Record};
use jiff::Timestamp;
use tokio::sync::watch;

use super::figures::Figures;
use super::interpreter::Interpreter;
use super::stage::Stage;
use super::walk::{self, BATCHES_MAX};

/// Messages between two snapshots.
const SNAPSHOT_RECORDS: usize = 50_000;
/// Batches between two snapshots.
const SNAPSHOT_BATCHES: usize = 256;
/// More devices than this have their snapshots more rarely: each costs a thousandth of what is heard meanwhile.
const SNAPSHOT_DEVICES: usize = 2_500;

/// Why the analysis cannot go on just now.
#[derive(Debug, thiserror::Error)]
pub(super) enum AnalysisError {
    /// The journal cannot be read, or the quarantine not be written.
    #[error("the journal: {0}")]
    Journal(#[from] JournalError),
    /// The findings log cannot be written.
    #[error("the findings log: {0}")]
    Log(#[from] LogError),
}

/// The stage between journal and findings log.
pub(super) struct Analysis {
    journal: JournalReader,
    quarantine: Quarantine,
    interpreter: Interpreter,
    log: FindingsLog,
    figures: Arc<Figures>,
    /// The last batch analyzed.
    cursor: u64,
    /// The last batch whose findings are in the log: up to there nothing is said again.
    said: u64,
    told: watch::Sender<u64>,
    /// Findings that wait for the log.
    waiting: Option<Waiting>,
    records_since_snapshot: usize,
    batches_since_snapshot: usize,
    /// How many times rarer than usual snapshots are.
    rarity: usize,
}

#[derive(Default)]
struct Waiting {
    findings: Vec<Finding>,
    refused: Vec<Refused>,
    at: Timestamp,
}

/// A message for the quarantine.
struct Refused {
    seq: u64,
    index: usize,
    record: Record,
    family: Option<&'static str>,
    reason: String,
}

impl Analysis {
    /// Takes up where the log says the analyzer was.
    ///
    /// # Errors
    /// When journal or log cannot be read.
    pub(super) fn resume(
        journal: JournalReader,
        quarantine: Quarantine,
        interpreter: Interpreter,
        log: FindingsLog,
        figures: Arc<Figures>,
    ) -> Result<Self, AnalysisError> {
        let said = log.journal_cursor()?;
        let rarity = interpreter.analyzer().devices().div_ceil(SNAPSHOT_DEVICES).max(1);
        let mut analysis = Self {
            journal,
            quarantine,
            interpreter,
            log,
            figures,
            cursor: 0,
            said,
            told: watch::Sender::new(said),
            waiting: None,
            records_since_snapshot: 0,
            batches_since_snapshot: 0,
            rarity,
        };
        if let Some((seq, bytes)) = analysis.log.snapshot()? {
            match analysis.interpreter.restore(&bytes) {
                Ok(()) => analysis.cursor = seq,
                Err(error) => {
                    tracing::warn!(%error, "the analyzer begins with the oldest batch of the journal");
                }
            }
        }
        walk::remind(&mut analysis.journal, &mut analysis.interpreter, analysis.cursor)?;
        Ok(analysis)
    }

    /// Tells the last batch whose findings are in the log.
    #[must_use]
    pub(super) fn cursor(&self) -> watch::Receiver<u64> {
        self.told.subscribe()
    }

    /// Puts what waits into the log; until that succeeds it waits on.
    fn say(&mut self, with_snapshot: bool) -> Result<(), AnalysisError> {
        let Some(Waiting {
            findings,
            refused,
            at,
        }) = &self.waiting
        else {
            return Ok(());
        };
        for batch in refused.chunk_by(|one, next| one.seq == next.seq) {
            let messages: Vec<_> = batch
                .iter()
                .map(|it| (it.index, &it.record, it.family, it.reason.as_str()))
                .collect();
            self.quarantine.put_all(batch[0].seq, &messages)?;
        }
        if self.cursor >= self.said {
            let is_due = self.records_since_snapshot >= SNAPSHOT_RECORDS * self.rarity
                || self.batches_since_snapshot >= SNAPSHOT_BATCHES * self.rarity;
            let snapshot = (with_snapshot || is_due).then(|| self.interpreter.snapshot());
            self.log.append(self.cursor, *at, findings, snapshot.as_deref())?;
            self.figures.said(findings);
            if snapshot.is_some() {
                (self.records_since_snapshot, self.batches_since_snapshot) = (0, 0);
            }
            self.said = self.cursor;
            self.told.send_replace(self.said);
        }
        self.waiting = None;
        Ok(())
    }

    fn analyze(&mut self, batch: &Batch, waiting: &mut Waiting) {
        let is_said = batch.seq <= self.said;
        let Waiting {
            findings, refused, ..
        } = waiting;
        self.interpreter.batch(batch, findings, |index, record, decoded| {
            if !is_said {
                self.figures.decoded(record, decoded);
            }
            if let Some(reason) = decoded
                .reason
                .as_ref()
                .filter(|reason| reason.kind == ReasonKind::Malformed)
            {
                let (seq, record, reason) = (batch.seq, record.clone(), reason.text.clone().into_owned());
                refused.push(Refused {
                    seq,
                    index,
                    record,
                    family: decoded.family,
                    reason,
                });
            }
        });
    }
}

impl Stage for Analysis {
    type Error = AnalysisError;
    const NAME: &'static str = "analysis";

    fn step(&mut self) -> Result<bool, AnalysisError> {
        self.say(false)?;
        let batches = self.journal.read_after(self.cursor, BATCHES_MAX)?;
        let Some(last) = batches.last() else {
            return Ok(false);
        };
        let mut waiting = Waiting {
            at: last.committed,
            ..Waiting::default()
        };
        for batch in &batches {
            self.analyze(batch, &mut waiting);
            if batch.seq <= self.said {
                waiting.findings.clear();
            }
            self.records_since_snapshot += batch.records.len();
        }
        self.figures.forgot(self.interpreter.decoder.forgotten());
        self.cursor = last.seq;
        self.batches_since_snapshot += batches.len();
        self.waiting = Some(waiting);
        self.say(false)?;
        Ok(true)
    }

    fn stop(&mut self) -> Result<(), AnalysisError> {
        let last = self.journal.read_after(self.cursor.saturating_sub(1), 1)?.pop();
        if let Some(last) = last.filter(|_| self.batches_since_snapshot > 0) {
            self.waiting = Some(Waiting {
                at: last.committed,
                ..Waiting::default()
            });
        }
        self.say(true)
    }
}
