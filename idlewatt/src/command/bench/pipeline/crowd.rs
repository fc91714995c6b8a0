//! Many meters, each once in ten seconds: what it takes to keep up with them, in memory and processor time.

use std::time::Duration;

use ingest::clock::monotonic;
use tokio::time::{MissedTickBehavior, interval};

use super::figure::{Bar, Figures};
use super::publisher::{Packer, Publisher};
use super::service::{Service, Spec, file_bytes};
use super::stream::{PROBE, Stream, tasmota};
use super::world::{Stopwatch, World, live};
use super::{Extent, say};

/// A meter speaks once in so many seconds.
const EVERY_S: usize = 10;
const WITHIN: Duration = Duration::from_secs(120);
const LAST_W: f64 = 1234.5;
/// The crowd that has bars.
const LARGEST: usize = 100_000;
const CORE_BAR: Bar = Bar::AtMost(60.0);
const MEMORY_BAR: Bar = Bar::AtMost(1536.0);
/// The last message is readable so soon after it was sent, s: then nothing has piled up.
const BEHIND_BAR: Bar = Bar::AtMost(5.0);
const BYTES_BAR: Bar = Bar::AtMost(40.0);

pub(super) async fn run(world: &World, extent: Extent, figures: &mut Figures) -> anyhow::Result<()> {
    for (meters, seconds, section) in [
        (100, extent.of(10, 30), "100 meters at 0.1 messages/s"),
        (10_000, extent.of(10, 30), "10000 meters at 0.1 messages/s"),
        (LARGEST, extent.of(60, 600), "100000 meters at 0.1 messages/s"),
    ] {
        say(&format!("  {meters} meters for {seconds} s"));
        figures.begin(section);
        of(world, meters, seconds, figures).await?;
    }
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "some million messages")]
async fn of(world: &World, meters: usize, seconds: usize, figures: &mut Figures) -> anyhow::Result<()> {
    let spec = Spec {
        name: format!("crowd-{meters}"),
        meters,
        commit_after_ms: 100,
        is_published: false,
    };
    let mut service = Service::prepare(world, &spec).await?;
    let starting = Stopwatch::start();
    let before = service.start().await?;
    figures.add("from the start to the first message", starting.seconds(), "s");
    let used = service.processor_time()?;
    let watch = Stopwatch::start();
    let messages = meters / EVERY_S * seconds;
    publish(world.broker.port, &live(meters), messages, seconds).await?;
    let took_s = watch.seconds();
    let used_s = (service.processor_time()? - used).as_secs_f64();
    let behind = Stopwatch::start();
    service
        .until_journalled(before + messages as u64 + 1, WITHIN)
        .await?;
    world.until_readable(&spec.name, LAST_W, WITHIN).await?;
    let behind_s = behind.seconds();
    let memory_mib = service.running()?.memory_mib_max()?;
    let percent = used_s / took_s * 100.0;
    let bytes = file_bytes(&service.journal()) as f64 / messages as f64;
    figures.add("messages sent, all journalled", messages as f64, "messages");
    if meters == LARGEST {
        figures.judge("of one core", percent, "%", CORE_BAR);
        figures.judge("memory at most", memory_mib, "MiB", MEMORY_BAR);
        figures.judge("last message readable after", behind_s, "s", BEHIND_BAR);
        figures.judge("journal", bytes, "B/message", BYTES_BAR);
    } else {
        figures.add("of one core", percent, "%");
        figures.add("memory at most", memory_mib, "MiB");
        figures.add("last message readable after", behind_s, "s");
    }
    service.end(world).await
}

/// Evenly over the time, in a beat of ten milliseconds; the probe speaks last.
async fn publish(port: u16, stream: &Stream, messages: usize, seconds: usize) -> anyhow::Result<()> {
    let mut publisher = Publisher::connect(port, "bench-crowd").await?;
    let mut packer = Packer::default();
    let mut beat = interval(Duration::from_millis(10));
    beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let begun = monotonic();
    let mut next = 0;
    while next < messages {
        beat.tick().await;
        let passed_ms = usize::try_from(begun.elapsed().as_millis()).unwrap_or(usize::MAX);
        let due = messages.min(messages * passed_ms / (seconds * 1000));
        let chunk = packer.pack((next..due).map(|n| stream.message(n)), true)?;
        publisher.send(&chunk).await?;
        next = due.max(next);
    }
    publisher
        .send(&packer.pack([tasmota(PROBE, LAST_W, 1.0)], true)?)
        .await?;
    publisher.finish().await
}
