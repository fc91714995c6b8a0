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

#[cfg(test)]
mod tests {
    use std::path::Path;

    use analyzer::State;
    use deliver::log::{FindingsLog, LogConfig};
    use ingest::account::Noted;
    use ingest::journal::{Journal, JournalConfig};
    use ingest::record::{Batch, Record};
    use jiff::Timestamp;

    use super::*;

    const SITE: &str = r#"
        [site]
        name = "wing"
        zone = "Europe/Paris"
        [site.tariff]
        day_price_per_kwh = 0.2
        night_price_per_kwh = 0.2
        source = "a test"
        year = 2026
        [site.carbon]
        g_per_kwh = 50
        source = "a test"
        year = 2026
        [[broker]]
        name = "main"
        url = "mqtt://localhost:1883"
        [[device]]
        id = "ct-1"
        room = "one"
        modality = "ct"
        meter = "panel-7"
        opening = "always"
    "#;

    /// Half an hour of a CT at rest, every ten seconds.
    fn batches() -> Vec<(Timestamp, Vec<Record>)> {
        let record = |second: i64| Record {
            received: Timestamp::from_second(1_790_000_000 + second).expect("in range"),
            topic: "tele/panel-7/SENSOR".to_owned(),
            payload: format!(r#"{{"ENERGY":{{"Power":{}}}}}"#, 2600 + second % 30).into(),
            qos: 1,
            is_retained: false,
            is_after_outage: false,
            packet_id: 1,
            broker: 0,
        };
        let minute = |minute: i64| {
            let records: Vec<Record> = (0..6).map(|step| record(minute * 60 + step * 10)).collect();
            (records[5].received, records)
        };
        (0..30).map(minute).collect()
    }

    #[test]
    fn what_the_service_knows_is_its_snapshot_and_the_messages_since() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = format!("{SITE}\n[service]\nstate_dir = \"{}\"", folder.path().display());
        let loaded = Config::parse(Path::new("idlewatt.toml"), &file).expect("it has no faults");
        let files = Files(folder.path());
        let missing = recall(&loaded.config).err().expect("there is no journal yet");
        assert!(
            missing.to_string().contains("there is no journal at"),
            "{missing}"
        );
        let mut journal = Journal::open(files.journal(), &JournalConfig::default()).expect("it can be made");
        let mut running = Interpreter::new(&loaded.config).expect("it has no mappers");
        let (mut snapshot, mut findings) = (None, Vec::new());
        for (committed, records) in batches() {
            let seq = journal
                .append(committed, &records, 0, &Noted::default())
                .expect("the disk is there");
            let batch = Batch {
                seq,
                committed,
                records,
            };
            running.batch(&batch, &mut findings, |_, _, _| {});
            if seq == 20 {
                snapshot = Some((seq, committed, running.snapshot()));
            }
        }
        let known = running.analyzer().learned("ct-1").expect("the device");
        assert_eq!(known.bands.first().map(|band| band.state), Some(State::Idle));
        let replayed = recall(&loaded.config).expect("from the journal alone");
        assert_eq!(replayed.analyzer().learned("ct-1"), Some(known.clone()));
        let (seq, at, bytes) = snapshot.expect("twenty batches were heard");
        let mut log = FindingsLog::open(&files.findings(), &LogConfig::default()).expect("it can be made");
        log.append(seq, at, &[], Some(&bytes)).expect("the disk is there");
        let resumed = recall(&loaded.config).expect("from the snapshot on");
        assert_eq!(resumed.analyzer().learned("ct-1"), Some(known));
    }
}
