//! What the measurements share: the servers, the folder that goes with them, how long things take.

use std::time::Duration;

use ingest::clock::monotonic;
use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use super::broker::Broker;
use super::database::Database;
use super::publisher::{Chunk, Packer, Publisher};
use super::stream::{PROBE, Shape, Stream, tasmota};
use anyhow::Context;

/// Messages packed into one piece.
const CHUNK_MESSAGES: usize = 64;
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// The servers of one run of the bench.
pub(super) struct World {
    pub(super) folder: TempDir,
    pub(super) broker: Broker,
    pub(super) database: Database,
}

impl World {
    pub(super) async fn start() -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let of = |name: &str| {
            let path = folder.path().join(name);
            std::fs::create_dir(&path).map(|()| path)
        };
        let broker = Broker::start(&of("broker")?).await?;
        let database = Database::start(&of("database")?).await?;
        Ok(Self {
            folder,
            broker,
            database,
        })
    }

    pub(super) async fn stop(mut self) -> anyhow::Result<()> {
        self.database.stop().await?;
        self.broker.child.stop().await
    }

    /// Waits until the probe's power of this number can be read in the database.
    pub(super) async fn until_readable(
        &self,
        database: &str,
        probe_w: f64,
        within: Duration,
    ) -> anyhow::Result<()> {
        let waiting = async {
            while self.database.last_w(database, PROBE).await? != Some(probe_w) {
                sleep(LOOK_EVERY).await;
            }
            anyhow::Ok(())
        };
        let waited = timeout(within, waiting).await;
        waited.with_context(|| format!("the last message is not readable in {database} after {within:?}"))?
    }

    /// Sends ready-made chunks as fast as the broker takes them.
    pub(super) async fn publish(&self, chunks: &[Chunk]) -> anyhow::Result<()> {
        let mut publisher = Publisher::connect(self.broker.port, "bench-publisher").await?;
        for chunk in chunks {
            publisher.send(chunk).await?;
        }
        publisher.finish().await
    }
}

/// A stream of so many messages, the last of which is the probe's with `probe_w`, ready to be sent.
pub(super) fn ready(
    stream: &Stream,
    messages: usize,
    is_acknowledged: bool,
    probe_w: f64,
) -> anyhow::Result<Vec<Chunk>> {
    let mut packer = Packer::default();
    let mut chunks = Vec::new();
    for from in (0..messages - 1).step_by(CHUNK_MESSAGES) {
        let numbers = from..(from + CHUNK_MESSAGES).min(messages - 1);
        chunks.push(packer.pack(numbers.map(|n| stream.message(n)), is_acknowledged)?);
    }
    chunks.push(packer.pack([tasmota(PROBE, probe_w, 1.0)], is_acknowledged)?);
    Ok(chunks)
}

/// A stream that is published as it is measured.
pub(super) fn live(meters: usize) -> Stream {
    Stream {
        shape: Shape::Live,
        meters,
        begins: Timestamp::UNIX_EPOCH,
        step: SignedDuration::ZERO,
    }
}

/// A back-log of so many messages that ends now; each meter has spoken once a second.
pub(super) fn backlog(meters: usize, messages: usize) -> Stream {
    let step = SignedDuration::from_micros(1_000_000 / i64::try_from(meters).unwrap_or(i64::MAX));
    Stream {
        shape: Shape::Stamped,
        meters,
        begins: ingest::clock::wall() - step * i32::try_from(messages).unwrap_or(i32::MAX),
        step,
    }
}

/// How long something took.
pub(super) struct Stopwatch(std::time::Instant);

impl Stopwatch {
    pub(super) fn start() -> Self {
        Self(monotonic())
    }

    pub(super) fn seconds(&self) -> f64 {
        self.0.elapsed().as_secs_f64()
    }
}
