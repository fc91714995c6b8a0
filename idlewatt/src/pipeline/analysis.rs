//! Journal in, findings log out: decodes and analyzes every batch once.
//!
//! Findings, cursor and now and then a snapshot are one transaction of the log. After `kill -9` the analyzer takes up
//! its snapshot, hears again what came after it, and what was already said is not said twice.
//!
//! Limits: one read is at most [`BATCHES_MAX`] batches; a snapshot is made after [`SNAPSHOT_RECORDS`] messages or
//! [`SNAPSHOT_BATCHES`] batches, and with many devices, whose snapshot is large, after so many times as their number is
//! above [`SNAPSHOT_DEVICES`]; a restart hears no more than that again. Invariants: a batch is behind the cursor exactly
//! when its findings are in the log; what became of every message up to it is counted in the same commit.
//!
//! While the past is said again ([`deliver::rebuild`]) the same work is done from the beginning of the journal: what is
//! older than asked for is found and not said, and the quarantine is settled anew.

use std::sync::Arc;

use analyzer::Finding;
use deliver::log::{FindingsLog, LogError, Messages, SnapshotPacker};
use deliver::rebuild::Rebuild;
use ingest::decode::{Decoded, ReasonKind};
use ingest::incident::{Incident, Incidents};
use ingest::journal::{JournalError, JournalReader};
use ingest::quarantine::{self, Quarantine};
use ingest::record::{Batch, Record};
use jiff::Timestamp;
use tokio::sync::watch;

use super::figures::Figures;
use super::interpreter::Interpreter;
use super::stage::Stage;
use super::tally;
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

/// What the analysis keeps beside the findings, in the journal's file.
pub(super) struct Aside {
    pub(super) quarantine: Quarantine,
    pub(super) incidents: Incidents,
}

/// The stage between journal and findings log.
pub(super) struct Analysis {
    journal: JournalReader,
    aside: Aside,
    interpreter: Interpreter,
    log: FindingsLog,
    figures: Arc<Figures>,
    /// The past that is said again; none when that is through.
    rebuild: Option<Rebuild>,
    /// What became of the messages up to `cursor`.
    messages: Messages,
    /// Damaged batches that people have been told of.
    damaged: u64,
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
    /// First and last batch.
    batches: Option<(u64, u64)>,
    /// What people are to be told of them.
    incident: Option<Incident>,
    at: Timestamp,
}

/// A message for the quarantine.
struct Refused {
    seq: u64,
    index: usize,
    record: Record,
    family: Option<&'static str>,
    reason: String,
    is_cut: bool,
}

impl Analysis {
    /// Takes up where the log says the analyzer was.
    ///
    /// # Errors
    /// When journal or log cannot be read.
    pub(super) fn resume(
        journal: JournalReader,
        aside: Aside,
        interpreter: Interpreter,
        log: FindingsLog,
        figures: Arc<Figures>,
    ) -> Result<Self, AnalysisError> {
        let said = log.journal_cursor()?;
        let rarity = interpreter.analyzer().devices().div_ceil(SNAPSHOT_DEVICES).max(1);
        let mut analysis = Self {
            rebuild: log.rebuild()?.filter(|rebuild| said < rebuild.until),
            messages: Messages::default(),
            damaged: 0,
            journal,
            aside,
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
        analysis.begin_account()?;
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

    /// A log that has not counted yet begins to.
    fn begin_account(&mut self) -> Result<(), AnalysisError> {
        let total = self.journal.account()?.journalled;
        self.messages = match self.log.messages()? {
            Some(messages) if messages.heard + messages.lost <= total => {
                self.messages = messages;
                return Ok(());
            }
            // the journal was begun anew, or its last commits are gone: it counts less than was heard
            Some(messages) => Messages {
                heard: total,
                aside: messages.aside.min(total),
                lost: 0,
            },
            None => tally::begin(&self.journal, &self.aside.quarantine, self.said)?,
        };
        let at = Timestamp::UNIX_EPOCH;
        self.log
            .append_counted(self.said, at, &[], None, Some(&self.messages))?;
        Ok(())
    }

    /// Tells the last batch whose findings are in the log.
    #[must_use]
    pub(super) fn cursor(&self) -> watch::Receiver<u64> {
        self.told.subscribe()
    }

    /// Puts what waits into the log; until that succeeds it waits on.
    fn say(&mut self, with_snapshot: bool) -> Result<(), AnalysisError> {
        let Some(waiting) = &self.waiting else {
            return Ok(());
        };
        let refused: Vec<_> = waiting.refused.iter().map(Refused::for_quarantine).collect();
        match (waiting.batches, &self.rebuild) {
            (Some((first, last)), Some(_)) => self.aside.quarantine.settle(first..=last, &refused)?,
            _ if refused.is_empty() => {}
            _ => {
                self.aside.quarantine.put_all(&refused)?;
            }
        }
        if self.cursor >= self.said {
            let is_due = self.records_since_snapshot >= SNAPSHOT_RECORDS * self.rarity
                || self.batches_since_snapshot >= SNAPSHOT_BATCHES * self.rarity;
            let snapshot =
                (with_snapshot || is_due).then(|| self.interpreter.snapshot(SnapshotPacker::new()).finish());
            let (findings, messages) = (&waiting.findings, Some(&self.messages));
            self.log
                .append_counted(self.cursor, waiting.at, findings, snapshot.as_ref(), messages)?;
            self.figures.said(findings);
            if snapshot.is_some() {
                (self.records_since_snapshot, self.batches_since_snapshot) = (0, 0);
            }
            self.said = self.cursor;
            self.told.send_replace(self.said);
        }
        let incident = self.waiting.take().and_then(|waiting| waiting.incident);
        for incident in incident.into_iter().chain(self.end_rebuild()) {
            self.tell(&incident);
        }
        Ok(())
    }

    /// The findings are safe by now; that an incident could not be kept stops nothing.
    fn tell(&mut self, incident: &Incident) {
        tracing::warn!(
            kind = incident.kind,
            what = incident.what,
            lost = incident.lost,
            "an incident"
        );
        if let Err(error) = self.aside.incidents.put(incident) {
            tracing::warn!(%error, "an incident is not in the list that people see");
        }
    }

    /// Whether the past is said again by now, and what is to be told of it.
    fn end_rebuild(&mut self) -> Option<Incident> {
        let cursor = self.cursor;
        let rebuild = self.rebuild.take_if(|rebuild| cursor >= rebuild.until)?;
        let what = format!(
            "everything since {} was analyzed again with today's configuration",
            rebuild.since
        );
        let place = "the analysis".to_owned();
        Some(Incident::new(ingest::clock::wall(), "rebuilt", place, what, 0))
    }

    /// Counts what was read: what the journal has had and nobody can read is lost. What people are to be told of it.
    fn count(&mut self, batches: &[Batch], refused: &[Refused]) -> Option<Incident> {
        let new = || batches.iter().filter(|batch| batch.seq > self.said);
        let last = new().next_back()?;
        let heard = new().map(|batch| count(batch.records.len())).sum();
        let aside = count(refused.iter().filter(|it| it.seq > self.said).count());
        let lost = tally::add(&mut self.messages, heard, aside, self.journal.total_read());
        let damaged = self.journal.damaged().saturating_sub(self.damaged);
        self.damaged += damaged;
        let what = format!("{damaged} damaged batches of the journal were left out");
        let place = "the journal".to_owned();
        (damaged > 0).then(|| Incident::new(last.committed, "batch_damaged", place, what, lost))
    }

    /// Of what a batch brought, behind `before`, keeps what is new, or is of the past that is said again.
    fn keep(&self, batch: &Batch, findings: &mut Vec<Finding>, before: usize) {
        if batch.seq <= self.said {
            findings.truncate(before);
        } else if let Some(rebuild) = self.rebuild.as_ref().filter(|rebuild| batch.seq <= rebuild.until) {
            let told = findings.split_off(before);
            findings.extend(told.into_iter().filter(|finding| rebuild.says(finding)));
        }
    }

    fn analyze(&mut self, batch: &Batch, cut: &[(u64, u64)], waiting: &mut Waiting) {
        let is_said = batch.seq <= self.said;
        let Waiting {
            findings, refused, ..
        } = waiting;
        self.interpreter.batch(batch, findings, |index, record, decoded| {
            if !is_said {
                self.figures.decoded(record, decoded);
            }
            let is_cut = cut.contains(&(batch.seq, count(index)));
            refused.extend(Refused::of(batch.seq, index, record, decoded, is_cut));
        });
    }
}

impl Refused {
    /// What is malformed, and what was cut when it was received.
    fn of(seq: u64, index: usize, record: &Record, decoded: &Decoded, is_cut: bool) -> Option<Self> {
        let reason = decoded.reason.as_ref();
        let is_malformed = reason.is_some_and(|reason| reason.kind == ReasonKind::Malformed);
        (is_malformed || is_cut).then(|| Self {
            seq,
            index,
            record: record.clone(),
            family: decoded.family,
            reason: reason.map_or_else(String::new, |reason| reason.text.clone().into_owned()),
            is_cut,
        })
    }

    fn for_quarantine(&self) -> quarantine::Refused<'_> {
        quarantine::Refused {
            seq: self.seq,
            index: self.index,
            record: &self.record,
            family: self.family,
            reason: &self.reason,
            is_cut: self.is_cut,
        }
    }
}

fn count(many: usize) -> u64 {
    u64::try_from(many).unwrap_or(u64::MAX)
}

impl Stage for Analysis {
    type Error = AnalysisError;
    const NAME: &'static str = "analysis";

    fn step(&mut self) -> Result<bool, AnalysisError> {
        self.say(false)?;
        let batches = self.journal.read_after(self.cursor, BATCHES_MAX)?;
        let (Some(first), Some(last)) = (batches.first(), batches.last()) else {
            return Ok(false);
        };
        let cut = self.aside.quarantine.cut(first.seq..=last.seq)?;
        let mut waiting = Waiting {
            at: last.committed,
            batches: Some((first.seq, last.seq)),
            ..Waiting::default()
        };
        for batch in &batches {
            let before = waiting.findings.len();
            self.analyze(batch, &cut, &mut waiting);
            self.keep(batch, &mut waiting.findings, before);
            self.records_since_snapshot += batch.records.len();
        }
        waiting.incident = self.count(&batches, &waiting.refused);
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
