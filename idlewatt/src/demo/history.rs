//! The demo's past: what the meters would have sent in a week, written into the journal.

use std::path::Path;

use ingest::account::Noted;
use ingest::journal::{Journal, JournalConfig};
use ingest::record::Record;
use jiff::Timestamp;
use simulator::Simulation;

/// Messages in one commit.
const BATCH_RECORDS: usize = 2000;

/// Writes the simulation's messages up to `now` into the journal; returns how many.
///
/// # Errors
/// When the journal cannot be written.
pub fn write_history(path: &Path, simulation: &mut Simulation, now: Timestamp) -> anyhow::Result<usize> {
    let mut journal = Journal::open(path, &JournalConfig::default())?;
    simulation.set_end(Some(now));
    let (mut records, mut written) = (Vec::with_capacity(BATCH_RECORDS), 0);
    while let Some(message) = simulation.next() {
        records.push(record(&message));
        if records.len() == BATCH_RECORDS {
            written += records.len();
            journal.append(simulation.now(), &records, 0, &Noted::default())?;
            records.clear();
            simulation.drain_truth();
        }
    }
    written += records.len();
    journal.append(now, &records, 0, &Noted::default())?;
    Ok(written)
}

fn record(message: &simulator::Message) -> Record {
    Record {
        received: message.at,
        topic: message.topic.to_string(),
        payload: message.payload.to_vec(),
        qos: message.qos,
        is_retained: false,
        is_after_outage: false,
        packet_id: 0,
        broker: 0,
    }
}
