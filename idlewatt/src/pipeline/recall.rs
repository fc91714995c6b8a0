//! What the service knows at the moment, read from its files beside it: its newest snapshot and the messages since.
//!
//! Where there is no snapshot that can be used, the whole journal is heard again. Nothing is written.

use anyhow::Context;

use super::{Files, Interpreter, walk};
use crate::config::Config;

/// Decoder and analyzer as they are in the service; `told` hears of each step which batch it is at, and the last there is.
///
/// # Errors
/// There is no journal, or it cannot be read.
pub fn recall(config: &Config, mut told: impl FnMut(u64, u64)) -> anyhow::Result<Interpreter> {
    let mut journal = walk::journal(config)?;
    let mut interpreter = Interpreter::new(config)?;
    let (mut seq, mut findings) = (0, Vec::new());
    let log = Files(&config.state_dir).findings();
    let stored = log.exists().then(|| deliver::log::stored_snapshot(&log));
    if let Some((newest, bytes)) = stored
        .transpose()
        .context("the findings log cannot be read")?
        .flatten()
    {
        match interpreter.restore(&bytes) {
            Ok(()) => {
                seq = newest;
                walk::remind(&mut journal, &mut interpreter, seq)?;
            }
            Err(error) => tracing::warn!(%error, "the journal is read from its beginning"),
        }
    }
    walk(&mut journal, seq, |batches, last| {
        for batch in batches {
            interpreter.batch(batch, &mut findings, |_, _, _| {});
            findings.clear();
        }
        told(batches.last().map_or(seq, |batch| batch.seq), last);
        Ok(())
    })?;
    Ok(interpreter)
}

#[cfg(test)]
mod tests {
    use analyzer::State;
    use deliver::log::{FindingsLog, LogConfig, SnapshotPacker};
    use ingest::account::Noted;
    use ingest::journal::{Journal, JournalConfig};
    use ingest::record::Batch;

    use super::super::interpreter::message;
    use super::*;
    use crate::example;

    /// The batch after which the snapshot is made.
    const SNAPSHOT_AT: u64 = 20;

    /// Half an hour of a CT at rest, a batch a minute. Its reader states only what is bought; by what its topic shows now
    /// and then, the decoder knows it.
    fn batches() -> impl Iterator<Item = Batch> {
        let record = |second: i64| {
            let is_whole = second % 900 == 0;
            let returned = if is_whole { ",\"PO\":0" } else { "" };
            let payload = format!("{{\"P\":{}{returned}}}", 2600 + second % 30);
            example::record(second, "panel-7/power", &payload)
        };
        (0..30).map(move |minute: i64| {
            let records = (0..6).map(|step| record(minute * 60 + step * 10)).collect();
            example::batch(minute.unsigned_abs() + 1, records)
        })
    }

    #[test]
    fn what_the_service_knows_is_its_snapshot_and_the_messages_since() {
        let folder = tempfile::tempdir().expect("a folder");
        let config = example::config(folder.path());
        let files = Files(folder.path());
        let missing = recall(&config, |_, _| {}).err().expect("there is no journal yet");
        assert!(
            missing.to_string().contains("there is no journal at"),
            "{missing}"
        );
        let mut journal = Journal::open(files.journal(), &JournalConfig::default()).expect("it can be made");
        let mut running = Interpreter::new(&config).expect("it has no mappers");
        let mut fresh = Interpreter::new(&config).expect("it has no mappers");
        let lone = example::record(10, "panel-7/power", r#"{"P":2610}"#);
        let unread = fresh.decoder.decode(&message(&lone));
        assert!(
            unread.readings.is_empty(),
            "who begins with it cannot read it: {unread:?}"
        );
        let (mut snapshot, mut findings) = (None, Vec::new());
        for batch in batches() {
            let seq = journal
                .append(batch.committed, &batch.records, 0, &Noted::default())
                .expect("the disk is there");
            assert_eq!(seq, batch.seq);
            running.batch(&batch, &mut findings, |_, _, _| {});
            if seq == SNAPSHOT_AT {
                snapshot = Some((batch.committed, running.snapshot(SnapshotPacker::new()).finish()));
            }
        }
        let known = running.analyzer().learned("ct-1").expect("the device");
        assert_eq!(known.bands.first().map(|band| band.state), Some(State::Idle));
        let replayed = recall(&config, |_, _| {}).expect("from the journal alone");
        assert_eq!(replayed.analyzer().learned("ct-1"), Some(known.clone()));
        let (at, packed) = snapshot.expect("twenty batches were heard");
        let mut log = FindingsLog::open(&files.findings(), &LogConfig::default()).expect("it can be made");
        log.append(SNAPSHOT_AT, at, &[], Some(&packed))
            .expect("the disk is there");
        let resumed = recall(&config, |_, _| {}).expect("from the snapshot on");
        assert_eq!(resumed.analyzer().learned("ct-1"), Some(known));
    }
}
