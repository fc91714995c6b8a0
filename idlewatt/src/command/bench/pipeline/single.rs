//! Without a broker: decode → analyze → encode on one core, and the replay of a journal by `idlewatt replay`.

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use deliver::line::{Hours, LineEncoder, Strings};
use ingest::account::Noted;
use ingest::journal::{Journal, JournalConfig};
use ingest::record::{Batch, Record};
use jiff::{SignedDuration, Timestamp};

use super::child::Child;
use super::figure::{Bar, Figures, median};
use super::service::{Service, Spec, file_bytes};
use super::stream::{Message, Stream};
use super::world::{Stopwatch, World, live};
use super::{Extent, say};
use crate::config::Config;
use crate::pipeline::Interpreter;

const METERS: usize = 2_000;
const BATCH: usize = 1_000;
const ROUNDS: usize = 3;
const CORE_BAR: Bar = Bar::AtLeast(150_000.0);
const REPLAY_BAR: Bar = Bar::AtLeast(500_000.0);
const BYTES_BAR: Bar = Bar::AtMost(40.0);
const REPLAY_WITHIN: Duration = Duration::from_secs(120);

pub(super) async fn run(world: &World, extent: Extent, figures: &mut Figures) -> anyhow::Result<()> {
    let spec = Spec {
        name: "replay".to_owned(),
        meters: METERS,
        commit_after_ms: 100,
        is_published: false,
    };
    let service = Service::prepare(world, &spec).await?;
    let config = Config::load(&service.configuration)?.config;
    figures.begin("one core, no broker");
    let batches = batches(&live(METERS), extent.of(50, 200));
    let mut rates = Vec::new();
    for _ in 0..ROUNDS {
        rates.push(decode_analyze_encode(&config, &batches)?);
    }
    let best = rates.into_iter().fold(0.0, f64::max);
    figures.judge("decode, analyze, encode", best, "messages/s", CORE_BAR);

    figures.begin("replay");
    let rounds = extent.of(1, 5);
    let path = service.journal();
    let messages = write_journal(&path, &batches, rounds)?;
    say(&format!("  a journal of {messages} messages"));
    let (rates, bytes) = replay(&service, &path, messages).await?;
    figures.judge("idlewatt replay", median(rates), "messages/s", REPLAY_BAR);
    figures.judge("journal, batches of 1000", bytes, "B/message", BYTES_BAR);
    Ok(())
}

/// The messages of all meters, each once a second.
fn batches(stream: &Stream, count: usize) -> Vec<Batch> {
    let step = SignedDuration::from_micros(1_000_000 / i64::try_from(stream.meters).unwrap_or(i64::MAX));
    let begins = Timestamp::constant(1_794_787_200, 0);
    let at = |n: usize| begins + step * i32::try_from(n).unwrap_or(i32::MAX);
    let record = |n: usize| {
        let Message { topic, payload } = stream.message(n);
        Record {
            received: at(n),
            topic,
            payload: payload.into_bytes(),
            qos: 1,
            is_retained: false,
            is_after_outage: false,
            packet_id: u16::try_from(n % 65_535).unwrap_or(0) + 1,
            broker: 0,
        }
    };
    let batch = |seq: usize| Batch {
        seq: seq as u64 + 1,
        committed: at((seq + 1) * BATCH),
        records: (seq * BATCH..(seq + 1) * BATCH).map(record).collect(),
    };
    (0..count).map(batch).collect()
}

#[expect(clippy::cast_precision_loss, reason = "less than a million messages")]
fn decode_analyze_encode(config: &Config, batches: &[Batch]) -> anyhow::Result<f64> {
    let mut interpreter = Interpreter::new(config)?;
    let encoder = LineEncoder::new(&config.device_tags(), Strings::Kept, Hours::SoFar);
    let (mut findings, mut lines) = (Vec::new(), String::new());
    let watch = Stopwatch::start();
    for batch in batches {
        interpreter.batch(black_box(batch), &mut findings, |_, _, _| {});
        for finding in findings.drain(..) {
            encoder.encode(&finding, &mut lines);
        }
        black_box(&lines);
        lines.clear();
    }
    Ok((batches.len() * BATCH) as f64 / watch.seconds())
}

/// The batches, again and again, each time as if they came right after.
fn write_journal(path: &Path, batches: &[Batch], rounds: usize) -> anyhow::Result<usize> {
    let mut journal = Journal::open(path, &JournalConfig::default())?;
    let length = batches
        .last()
        .zip(batches.first())
        .map_or(SignedDuration::ZERO, |(last, first)| {
            last.committed.duration_since(first.records[0].received)
        });
    let mut later = SignedDuration::ZERO;
    for _ in 0..rounds {
        for batch in batches {
            let mut records = batch.records.clone();
            for record in &mut records {
                record.received += later;
            }
            journal.append(batch.committed + later, &records, 0, &Noted::default())?;
        }
        later += length;
    }
    Ok(rounds * batches.len() * BATCH)
}

/// Messages a second of each round, and bytes of the file for a message.
#[expect(clippy::cast_precision_loss, reason = "some million messages")]
async fn replay(service: &Service, journal: &Path, messages: usize) -> anyhow::Result<(Vec<f64>, f64)> {
    let (program, configuration) = (
        std::env::current_exe()?,
        service.configuration.display().to_string(),
    );
    let arguments = ["replay", "-c", configuration.as_str(), "--summary"];
    let log = journal.with_extension("replay.log");
    let mut rates = Vec::new();
    for _ in 0..ROUNDS {
        let watch = Stopwatch::start();
        let mut child = Child::start_silent(&program, "idlewatt", &arguments, &log)?;
        child.ended(REPLAY_WITHIN).await?;
        rates.push(messages as f64 / watch.seconds());
    }
    Ok((rates, file_bytes(journal) as f64 / messages as f64))
}
