//! Through the journal: what `serve`, `replay`, `kpi --journal` and `calibrate --device` share of reading it.
//!
//! Limits: at most [`BATCHES_MAX`] batches are in memory at once.

use anyhow::Context;
use ingest::journal::{JournalError, JournalReader};
use ingest::record::Batch;
use jiff::SignedDuration;

use super::Files;
use super::interpreter::{Interpreter, message};
use crate::config::Config;

/// Batches read at once.
pub(super) const BATCHES_MAX: usize = 64;
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
