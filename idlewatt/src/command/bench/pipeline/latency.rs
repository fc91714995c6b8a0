//! How long a message takes: publish to journalled, to the state topic, to readable in InfluxDB.
//!
//! Open loop: message `n` is due at a fixed instant, whatever became of those before it, and its time is counted from
//! when it was due, so a stall shows in every message it delayed (no coordinated omission). Messages are sent to a beat of
//! one millisecond. The journal is looked at every millisecond, the state topics arrive by themselves, InfluxDB is asked
//! every ten milliseconds for a probe that speaks fifty times a second: a message is readable when a later probe is.
//! A meter that is heard for the first time is a change of state; the others bring their device's topic up to date.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::Context;
use hdrhistogram::Histogram;
use ingest::clock::monotonic;
use ingest::journal::JournalReader;
use rumqttc::{AsyncClient, Event, EventLoop, Incoming, MqttOptions, QoS};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{MissedTickBehavior, interval, sleep, timeout};

use super::figure::{Bar, Figures};
use super::publisher::{Packer, Publisher};
use super::service::{Service, Spec};
use super::stream::{PROBE, meter, tasmota};
use super::world::World;
use super::{Extent, say};

const RATES: [usize; 3] = [1_000, 5_000, 20_000];
/// Meters that speak all the time.
const METERS: usize = 1_000;
/// Meters that come one after the other.
const NEWCOMERS: usize = 500;
/// The probe speaks so often a second.
const PROBES: usize = 50;
const COMMIT_AFTER_MS: u64 = 5;
const WITHIN: Duration = Duration::from_secs(60);
/// p99 to the state topic at 5000 messages a second, ms.
const STATE_BAR: (usize, f64) = (5_000, 25.0);

/// What message `n` is: whose, and its turn among that meter's.
#[derive(Clone, Copy)]
struct Slot {
    device: usize,
    turn: usize,
}

/// The number that stands for the probe among the devices.
const PROBE_DEVICE: usize = METERS + NEWCOMERS;

/// All messages of one run.
struct Plan {
    rate: usize,
    slots: Vec<Slot>,
    /// The messages of each device, in order.
    of_device: Vec<Vec<usize>>,
}

impl Plan {
    fn new(rate: usize, seconds: usize) -> Self {
        let messages = rate * seconds;
        let (probe_every, newcomer_every) = (rate / PROBES, (messages / NEWCOMERS).max(2));
        let mut of_device = vec![Vec::new(); PROBE_DEVICE + 1];
        let (mut newcomers, mut others) = (METERS.., 0..);
        let mut slots = Vec::with_capacity(messages);
        for n in 0..messages {
            let newcomer = (n % newcomer_every == 1)
                .then(|| newcomers.next())
                .flatten()
                .filter(|device| *device < PROBE_DEVICE);
            let device = match newcomer {
                Some(device) => device,
                None if n.is_multiple_of(probe_every) || n + 1 == messages => PROBE_DEVICE,
                None => others.next().unwrap_or(0) % METERS,
            };
            let turn = of_device[device].len();
            of_device[device].push(n);
            slots.push(Slot { device, turn });
        }
        Self {
            rate,
            slots,
            of_device,
        }
    }

    /// When message `n` is due after the beginning.
    fn due(&self, n: usize) -> Duration {
        let (n, rate) = (n as u64, self.rate as u64);
        Duration::from_nanos(n * 1_000_000_000 / rate)
    }
}

/// The power by which a message is known again.
#[expect(clippy::cast_precision_loss, reason = "a few thousand")]
fn power_w(turn: usize) -> f64 {
    2_000.0 + turn as f64 * 0.125
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a few thousand"
)]
fn turn(power_w: f64) -> usize {
    ((power_w - 2_000.0) * 8.0).round().max(0.0) as usize
}

fn name(device: usize) -> String {
    if device == PROBE_DEVICE {
        PROBE.to_owned()
    } else {
        meter(device)
    }
}

/// No time is longer that is told apart.
const TIME_US_MAX: u64 = 120_000_000;
/// Times in microseconds.
type Times = Histogram<u32>;

/// Notes how long messages took.
struct Noted {
    plan: Arc<Plan>,
    begun: Instant,
    times: Times,
}

impl Noted {
    fn new(plan: &Arc<Plan>, begun: Instant) -> anyhow::Result<Self> {
        Ok(Self {
            plan: Arc::clone(plan),
            begun,
            times: Times::new_with_bounds(1, TIME_US_MAX, 3)?,
        })
    }

    fn note(&mut self, n: usize, at: Instant) {
        let took = at.saturating_duration_since(self.begun + self.plan.due(n));
        self.times
            .saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }
}

pub(super) async fn run(world: &World, extent: Extent, figures: &mut Figures) -> anyhow::Result<()> {
    for rate in RATES {
        say(&format!("  {rate} messages a second"));
        figures.begin(match rate {
            1_000 => "latency at 1000 messages/s",
            5_000 => "latency at 5000 messages/s",
            _ => "latency at 20000 messages/s",
        });
        at_rate(world, rate, extent.of(4, 15), figures).await?;
    }
    Ok(())
}

async fn at_rate(world: &World, rate: usize, seconds: usize, figures: &mut Figures) -> anyhow::Result<()> {
    let spec = Spec {
        name: format!("latency-{rate}"),
        meters: METERS + NEWCOMERS,
        commit_after_ms: COMMIT_AFTER_MS,
        is_published: true,
    };
    let mut service = Service::prepare(world, &spec).await?;
    let before = service.start().await?;
    let plan = Arc::new(Plan::new(rate, seconds));
    let watcher = watcher(world, &spec.name).await?;
    let begun = monotonic() + Duration::from_millis(200);
    let journalled = spawn_journal(&service, Noted::new(&plan, begun)?, before)?;
    let (stop, stopped) = oneshot::channel();
    let states = tokio::spawn(watch_states(watcher, plan.clone(), begun, stopped));
    let publishing = tokio::spawn(publish(world.broker.port, plan.clone(), begun));
    let readable = watch_database(world, &spec.name, Noted::new(&plan, begun)?).await?;
    publishing.await??;
    let journalled = timeout(WITHIN, journalled)
        .await
        .context("not all is journalled")???;
    sleep(Duration::from_millis(500)).await;
    drop(stop);
    let (states, changes) = states.await??;
    tell("on its disk", &journalled.times, None, figures);
    let bar = (rate == STATE_BAR.0).then_some(STATE_BAR.1);
    tell("on the state topic", &states.times, bar, figures);
    tell("change of state on its topic", &changes.times, bar, figures);
    tell("readable in InfluxDB", &readable.times, None, figures);
    service.end(world).await
}

#[expect(clippy::cast_precision_loss, reason = "microseconds of some seconds")]
fn tell(what: &str, times: &Times, p99_ms_max: Option<f64>, figures: &mut Figures) {
    let ms = |us: u64| us as f64 / 1000.0;
    for (label, quantile) in [("p50", 0.5), ("p90", 0.9), ("p99", 0.99), ("p99.9", 0.999)] {
        let value = ms(times.value_at_quantile(quantile));
        match p99_ms_max.filter(|_| label == "p99") {
            Some(most) => figures.judge(format!("{what}, {label}"), value, "ms", Bar::AtMost(most)),
            None => figures.add(format!("{what}, {label}"), value, "ms"),
        }
    }
    figures.add(format!("{what}, max of {}", times.len()), ms(times.max()), "ms");
}

/// Sends what is due, each millisecond.
async fn publish(port: u16, plan: Arc<Plan>, begun: Instant) -> anyhow::Result<()> {
    let mut publisher = Publisher::connect(port, "bench-beat").await?;
    let mut packer = Packer::default();
    let mut beat = interval(Duration::from_millis(1));
    beat.set_missed_tick_behavior(MissedTickBehavior::Skip);
    let mut next = 0;
    while next < plan.slots.len() {
        beat.tick().await;
        let Some(passed) = monotonic().checked_duration_since(begun) else {
            continue;
        };
        let first = next;
        while next < plan.slots.len() && plan.due(next) <= passed {
            next += 1;
        }
        let messages = plan.slots[first..next]
            .iter()
            .map(|slot| tasmota(&name(slot.device), power_w(slot.turn), 400.0));
        let chunk = packer.pack(messages, true)?;
        publisher.send(&chunk).await?;
    }
    publisher.finish().await
}

/// Looks into the journal: its records come in the order of publication.
fn spawn_journal(
    service: &Service,
    mut noted: Noted,
    mut before: u64,
) -> anyhow::Result<JoinHandle<anyhow::Result<Noted>>> {
    let mut journal = JournalReader::open(service.journal())?;
    let mut seq = journal.last_seq()?;
    before = before.saturating_sub(journal.totals_at(seq)?.journalled);
    anyhow::ensure!(before == 0, "messages still come that were sent before");
    Ok(tokio::spawn(async move {
        let (mut n, messages) = (0, noted.plan.slots.len());
        while n < messages {
            let batches = journal.read_after(seq, 64)?;
            let now = monotonic();
            for batch in batches {
                seq = batch.seq;
                for _ in &batch.records {
                    noted.note(n, now);
                    n += 1;
                }
            }
            sleep(Duration::from_millis(1)).await;
        }
        Ok(noted)
    }))
}

/// A client that hears the state topics; it hears them as long as its handle lives.
async fn watcher(world: &World, prefix: &str) -> anyhow::Result<(AsyncClient, EventLoop)> {
    let mut options = MqttOptions::new("bench-watcher", ("127.0.0.1", world.broker.port));
    let mut network = options.network_options();
    network.set_tcp_nodelay(true);
    options
        .set_network_options(network)
        .set_clean_start(true)
        .set_receive_maximum(Some(10_000));
    let (client, mut events) = AsyncClient::builder(options).capacity(16).build();
    client.try_subscribe(format!("{prefix}/+/state"), QoS::AtMostOnce)?;
    let subscribed = async {
        while !matches!(events.poll().await?, Event::Incoming(Incoming::SubAck(_))) {}
        anyhow::Ok(())
    };
    timeout(WITHIN, subscribed).await.context("not subscribed")??;
    Ok((client, events))
}

/// What the state topics show: every message up to the one that is shown of a device has come; its first is a change.
async fn watch_states(
    (_handle, mut events): (AsyncClient, EventLoop),
    plan: Arc<Plan>,
    begun: Instant,
    mut stopped: oneshot::Receiver<()>,
) -> anyhow::Result<(Noted, Noted)> {
    let (mut all, mut changes) = (Noted::new(&plan, begun)?, Noted::new(&plan, begun)?);
    let numbers: HashMap<String, usize> = (0..=PROBE_DEVICE).map(|device| (name(device), device)).collect();
    let mut shown = vec![0; PROBE_DEVICE + 1];
    loop {
        let event = tokio::select! {
            event = events.poll() => event?,
            _ = &mut stopped => return Ok((all, changes)),
        };
        let Event::Incoming(Incoming::Publish(publish)) = event else {
            continue;
        };
        let now = monotonic();
        let topic = String::from_utf8_lossy(&publish.topic);
        let device = topic.split('/').nth(1).and_then(|device| numbers.get(device));
        let said: Value = serde_json::from_slice(&publish.payload)?;
        let (Some(&device), Some(power)) = (device, said["power_w"].as_f64()) else {
            continue;
        };
        if power < 2_000.0 {
            continue;
        }
        for turn in shown[device]..=turn(power) {
            let Some(&n) = plan.of_device[device].get(turn) else {
                break;
            };
            all.note(n, now);
            if turn == 0 && device != PROBE_DEVICE {
                changes.note(n, now);
            }
        }
        shown[device] = shown[device].max(turn(power) + 1);
    }
}

/// Asks the database for the probe until its last word is there.
async fn watch_database(world: &World, database: &str, mut noted: Noted) -> anyhow::Result<Noted> {
    let plan = Arc::clone(&noted.plan);
    let probes = &plan.of_device[PROBE_DEVICE];
    let mut next = 0;
    let watching = async {
        loop {
            let shown_w = world.database.last_w(database, PROBE).await?;
            let now = monotonic();
            if let Some(shown_w) = shown_w.filter(|shown_w| *shown_w >= 2_000.0)
                && let Some(&last) = probes.get(turn(shown_w))
            {
                for n in next..=last {
                    noted.note(n, now);
                }
                next = next.max(last + 1);
            }
            if next >= plan.slots.len() {
                return anyhow::Ok(());
            }
            sleep(Duration::from_millis(10)).await;
        }
    };
    let patience = plan.due(plan.slots.len()) + WITHIN;
    timeout(patience, watching)
        .await
        .context("not all is readable in InfluxDB")??;
    Ok(noted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_has_its_place_and_the_probe_speaks_last() {
        let plan = Plan::new(1_000, 4);
        assert_eq!(plan.slots.len(), 4_000);
        assert_eq!(plan.slots.last().unwrap().device, PROBE_DEVICE);
        for (device, messages) in plan.of_device.iter().enumerate() {
            for (turn, &n) in messages.iter().enumerate() {
                assert_eq!((plan.slots[n].device, plan.slots[n].turn), (device, turn));
            }
        }
        let newcomers = &plan.of_device[METERS..PROBE_DEVICE];
        assert!(newcomers.iter().all(|messages| messages.len() == 1));
        assert_eq!(plan.due(1_500), Duration::from_millis(1_500));
        assert_eq!(turn(power_w(1_234)), 1_234);
    }
}
