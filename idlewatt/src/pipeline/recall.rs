//! What the service knows at the moment, read from its files beside it: its newest snapshot and the messages since.
//!
//! Where there is no snapshot that can be used, the whole journal is heard again. Nothing is written.

use anyhow::Context;
use ingest::journal::JournalReader;

use super::{Files, Interpreter};
use crate::config::Config;

/// Batches read at once.
const BATCHES_MAX: usize = 64;

/// Decoder and analyzer as they are in the service.
///
/// # Errors
/// There is no journal, or it cannot be read.
pub fn recall(config: &Config) -> anyhow::Result<Interpreter> {
    let files = Files(&config.state_dir);
    let path = files.journal();
    anyhow::ensure!(
        path.exists(),
        "there is no journal at {}; the service writes it: idlewatt serve",
        path.display()
    );
    let mut interpreter = Interpreter::new(config)?;
    let mut seq = 0;
    let stored = files
        .findings()
        .exists()
        .then(|| deliver::log::stored_snapshot(&files.findings()));
    if let Some((newest, bytes)) = stored
        .transpose()
        .context("the findings log cannot be read")?
        .flatten()
    {
        match interpreter.restore(&bytes) {
            Ok(()) => seq = newest,
            Err(error) => tracing::warn!(%error, "the journal is read from its beginning"),
        }
    }
    let mut journal = JournalReader::open(&path).context("the journal cannot be read")?;
    let (last, mut findings) = (journal.last_seq()?, Vec::new());
    while seq < last {
        let batches = journal.read_after(seq, BATCHES_MAX)?;
        let Some(newest) = batches.last() else { break };
        seq = newest.seq;
        for batch in &batches {
            interpreter.batch(batch, &mut findings, |_, _, _| {});
            findings.clear();
        }
    }
    Ok(interpreter)
}
