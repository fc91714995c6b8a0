//! Through the journal: what `serve`, `replay`, `kpi --journal` and `calibrate --device` share of reading it.
//!
//! Limits: at most [`BATCHES_MAX`] batches are in memory at once; where they are read and decoded beside the analysis, as
//! many as [`AHEAD_MAX`] reads more.

use std::sync::mpsc::{SyncSender, sync_channel};

use analyzer::Finding;
use anyhow::Context;
use ingest::decode::{Decoded, Decoder};
use ingest::journal::{JournalError, JournalReader};
use ingest::record::Batch;
use jiff::SignedDuration;

use super::Files;
use super::interpreter::{Interpreter, message};
use crate::config::Config;

/// Batches read at once.
pub(super) const BATCHES_MAX: usize = 64;
/// Batches read at once where they are decoded ahead.
const AHEAD_BATCHES: usize = 16;
/// So many reads are ready for the analysis at most.
const AHEAD_MAX: usize = 3;
/// How much of the journal before a snapshot decoders hear again, for what they remember of partial updates.
const DECODER_MEMORY: SignedDuration = SignedDuration::from_mins(10);

/// The journal in the state folder, beside the service if that runs.
///
/// # Errors
/// There is none, or it cannot be read.
pub fn journal(config: &Config) -> anyhow::Result<JournalReader> {
    let path = Files(&config.state_dir).journal();
    anyhow::ensure!(
        path.exists(),
        "there is no journal at {}; the service writes it: idlewatt serve",
        path.display()
    );
    JournalReader::open(&path).context("the journal cannot be read")
}

/// Gives every batch after `seq` to `hear`, a few at once, and the number of the last that there is.
///
/// # Errors
/// The journal cannot be read, or `hear` says why it cannot go on.
pub fn walk(
    journal: &mut JournalReader,
    mut seq: u64,
    mut hear: impl FnMut(&[Batch], u64) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let last = journal.last_seq()?;
    while seq < last {
        let batches = journal.read_after(seq, BATCHES_MAX)?;
        let Some(newest) = batches.last() else { break };
        seq = newest.seq;
        hear(&batches, last)?;
    }
    Ok(())
}

/// Analyzes every batch after `seq`: `seen` is shown what was made of each record, `hear` gets the findings of some batches
/// at once, with the number of the newest of them and of the last that there is. One thread reads and decodes, this one
/// analyzes; the findings are the same as without the other.
///
/// # Errors
/// The journal cannot be read, or `hear` says why it cannot go on.
pub fn analyze(
    journal: &mut JournalReader,
    seq: u64,
    interpreter: &mut Interpreter,
    mut seen: impl FnMut(&Decoded),
    mut hear: impl FnMut(&mut Vec<Finding>, u64, u64) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let last = journal.last_seq()?;
    let Interpreter { decoder, mind } = interpreter;
    let (ready, coming) = sync_channel(AHEAD_MAX);
    std::thread::scope(|scope| {
        let reading = scope.spawn(|| read_ahead(journal, decoder, (seq, last), ready));
        let mut findings = Vec::new();
        for batches in coming {
            for (batch, decoded) in &batches {
                mind.batch(batch, decoded, &mut findings, &mut seen);
            }
            let newest = batches.last().map_or(seq, |(batch, _)| batch.seq);
            hear(&mut findings, newest, last)?;
        }
        let read = reading
            .join()
            .map_err(|_| anyhow::anyhow!("the thread that reads the journal has panicked"))?;
        Ok(read?)
    })
}

type Understood = Vec<(Batch, Vec<Decoded>)>;

/// Reads and decodes until the last batch, or until nobody listens any more.
fn read_ahead(
    journal: &mut JournalReader,
    decoder: &mut Decoder,
    (mut seq, last): (u64, u64),
    ready: SyncSender<Understood>,
) -> Result<(), JournalError> {
    while seq < last {
        let batches = journal.read_after(seq, AHEAD_BATCHES)?;
        let Some(newest) = batches.last() else { break };
        seq = newest.seq;
        let understood = batches.into_iter().map(|batch| {
            let decoded = batch
                .records
                .iter()
                .map(|record| decoder.decode(&message(record)));
            let decoded = decoded.collect();
            (batch, decoded)
        });
        if ready.send(understood.collect()).is_err() {
            break;
        }
    }
    Ok(())
}

/// Lets the decoder hear again what came shortly before a snapshot was made, of which `cursor` is the last batch.
///
/// # Errors
/// The journal cannot be read.
pub(super) fn remind(
    journal: &mut JournalReader,
    interpreter: &mut Interpreter,
    cursor: u64,
) -> Result<(), JournalError> {
    let Some(last) = journal.read_after(cursor.saturating_sub(1), 1)?.pop() else {
        return Ok(());
    };
    let mut seq = journal.seq_before(last.committed - DECODER_MEMORY)?;
    while seq < cursor {
        let batches = journal.read_after(seq, BATCHES_MAX)?;
        let Some(newest) = batches.last() else {
            return Ok(());
        };
        seq = newest.seq;
        let said = batches.iter().filter(|batch| batch.seq <= cursor);
        for record in said.flat_map(|batch| &batch.records) {
            interpreter.decoder.decode(&message(record));
        }
    }
    Ok(())
}
