//! Messages a second through a real mosquitto, as a ratio to `mosquitto_sub` on the same stream in the same run.
//!
//! *Live*: publisher and subscriber at once; the clock runs from the first publication until the last message has been
//! taken: by `mosquitto_sub`, which then ends; by idlewatt, when its journal holds them all, and when the last one can
//! be read in InfluxDB. *Back-log*: everything waits in the persistent session of a subscriber that is away; the clock
//! runs from the start of its process. Both subscribers have a persistent MQTT 5 session at QoS 1 and a window of 2000.
//! `mosquitto_sub` writes to nowhere; idlewatt decodes, classifies, and keeps journal, findings, history and InfluxDB.
//! The two take turns; the ratio is that of the medians.

use std::time::Duration;

use super::figure::{Bar, Figures, median};
use super::publisher::Chunk;
use super::service::{Service, Spec};
use super::world::{Stopwatch, World, backlog, live, ready};
use super::{Extent, say};

const METERS: usize = 2000;
const WITHIN: Duration = Duration::from_secs(180);
/// The power of the probe's last word.
const LAST_W: f64 = 1234.5;
const RATIO: Bar = Bar::AtLeast(0.9);

/// How long the two took, in turns; and the processor time of each process for a message of idlewatt's turns.
#[derive(Default)]
struct Turns {
    client_s: Vec<f64>,
    journalled_s: Vec<f64>,
    readable_s: Vec<f64>,
    idlewatt_us: Vec<f64>,
    mosquitto_us: Vec<f64>,
    influxd_us: Vec<f64>,
    points: f64,
}

pub(super) async fn run(world: &World, extent: Extent, figures: &mut Figures) -> anyhow::Result<()> {
    let messages = extent.of(60_000, 300_000);
    for (qos, is_acknowledged) in [(1, true), (0, false)] {
        figures.begin(if qos == 1 {
            "throughput, QoS 1, live"
        } else {
            "throughput, QoS 0, live"
        });
        let chunks = ready(&live(METERS), messages, is_acknowledged, LAST_W)?;
        let mut turns = Turns::default();
        for turn in 0..extent.of(1, 3) {
            say(&format!(
                "  turn {} at QoS {qos}: mosquitto_sub, then idlewatt",
                turn + 1
            ));
            client_live(
                world,
                &format!("client-{qos}-{turn}"),
                &chunks,
                messages,
                &mut turns,
            )
            .await?;
            idlewatt_live(
                world,
                &format!("live-{qos}-{turn}"),
                &chunks,
                messages,
                &mut turns,
            )
            .await?;
        }
        turns.tell(messages, figures, (qos == 1).then_some(RATIO));
        if qos == 1 {
            turns.tell_processors(figures);
        }
    }
    figures.begin("throughput, QoS 1, back-log");
    let mut turns = Turns::default();
    for turn in 0..extent.of(1, 3) {
        say(&format!("  turn {} from the session's queue", turn + 1));
        let chunks = ready(&backlog(METERS, messages), messages, true, LAST_W)?;
        client_backlog(
            world,
            &format!("client-queue-{turn}"),
            &chunks,
            messages,
            &mut turns,
        )
        .await?;
        idlewatt_backlog(world, &format!("queue-{turn}"), &chunks, messages, &mut turns).await?;
    }
    turns.tell(messages, figures, Some(RATIO));
    Ok(())
}

async fn client_live(
    world: &World,
    id: &str,
    chunks: &[Chunk],
    messages: usize,
    turns: &mut Turns,
) -> anyhow::Result<()> {
    world.broker.subscribe(id).await?;
    let mut client = world.broker.client_of(id, messages)?;
    let watch = Stopwatch::start();
    world.publish(chunks).await?;
    client.ended(WITHIN).await?;
    turns.client_s.push(watch.seconds());
    world.broker.forget(id).await
}

async fn client_backlog(
    world: &World,
    id: &str,
    chunks: &[Chunk],
    messages: usize,
    turns: &mut Turns,
) -> anyhow::Result<()> {
    world.broker.subscribe(id).await?;
    world.publish(chunks).await?;
    let watch = Stopwatch::start();
    let mut client = world.broker.client_of(id, messages)?;
    client.ended(WITHIN).await?;
    turns.client_s.push(watch.seconds());
    world.broker.forget(id).await
}

async fn idlewatt_live(
    world: &World,
    name: &str,
    chunks: &[Chunk],
    messages: usize,
    turns: &mut Turns,
) -> anyhow::Result<()> {
    let mut service = prepared(world, name).await?;
    let before = service.start().await?;
    let used = Used::now(world, &mut service)?;
    let watch = Stopwatch::start();
    world.publish(chunks).await?;
    taken(world, &service, before + messages as u64, &watch, turns).await?;
    used.until_now(world, &mut service, messages, turns)?;
    turns.points = world.database.points(name).await?;
    service.end(world).await
}

async fn idlewatt_backlog(
    world: &World,
    name: &str,
    chunks: &[Chunk],
    messages: usize,
    turns: &mut Turns,
) -> anyhow::Result<()> {
    let mut service = prepared(world, name).await?;
    let before = service.start().await?;
    service.stop().await?;
    world.publish(chunks).await?;
    let watch = Stopwatch::start();
    service.launch()?;
    taken(world, &service, before + messages as u64, &watch, turns).await?;
    turns.points = world.database.points(name).await?;
    service.end(world).await
}

async fn prepared(world: &World, name: &str) -> anyhow::Result<Service> {
    let spec = Spec {
        name: name.to_owned(),
        meters: METERS,
        commit_after_ms: 100,
        is_published: false,
    };
    Service::prepare(world, &spec).await
}

async fn taken(
    world: &World,
    service: &Service,
    messages: u64,
    watch: &Stopwatch,
    turns: &mut Turns,
) -> anyhow::Result<()> {
    service.until_journalled(messages, WITHIN).await?;
    turns.journalled_s.push(watch.seconds());
    world.until_readable(&service.name, LAST_W, WITHIN).await?;
    turns.readable_s.push(watch.seconds());
    Ok(())
}

/// Processor time of the three processes so far.
struct Used {
    idlewatt: Duration,
    mosquitto: Duration,
    influxd: Duration,
}

impl Used {
    fn now(world: &World, service: &mut Service) -> anyhow::Result<Self> {
        Ok(Self {
            idlewatt: service.processor_time()?,
            mosquitto: world.broker.child.processor_time()?,
            influxd: world.database.processor_time()?,
        })
    }

    #[expect(clippy::cast_precision_loss, reason = "less than a million messages")]
    fn until_now(
        &self,
        world: &World,
        service: &mut Service,
        messages: usize,
        turns: &mut Turns,
    ) -> anyhow::Result<()> {
        let now = Self::now(world, service)?;
        let us = |from: Duration, until: Duration| (until - from).as_secs_f64() * 1e6 / messages as f64;
        turns.idlewatt_us.push(us(self.idlewatt, now.idlewatt));
        turns.mosquitto_us.push(us(self.mosquitto, now.mosquitto));
        turns.influxd_us.push(us(self.influxd, now.influxd));
        Ok(())
    }
}

impl Turns {
    #[expect(clippy::cast_precision_loss, reason = "less than a million messages")]
    fn tell(&self, messages: usize, figures: &mut Figures, bar: Option<Bar>) {
        let rate = |seconds: &[f64]| messages as f64 / median(seconds.to_vec());
        let (client, journalled, readable) = (
            rate(&self.client_s),
            rate(&self.journalled_s),
            rate(&self.readable_s),
        );
        figures.add("mosquitto_sub", client, "messages/s");
        figures.add("idlewatt, on its disk", journalled, "messages/s");
        figures.add("idlewatt, readable in InfluxDB", readable, "messages/s");
        let name = "idlewatt, on its disk, to mosquitto_sub";
        match bar {
            Some(bar) => figures.judge(name, journalled / client, "times", bar),
            None => figures.add(name, journalled / client, "times"),
        }
        let name = "idlewatt, readable in InfluxDB, to mosquitto_sub";
        match bar {
            Some(bar) => figures.judge(name, readable / client, "times", bar),
            None => figures.add(name, readable / client, "times"),
        }
        figures.add(
            "points of the curve for 100 messages",
            self.points * 100.0 / messages as f64,
            "points",
        );
    }

    fn tell_processors(&self, figures: &mut Figures) {
        figures.add(
            "processor time of idlewatt",
            median(self.idlewatt_us.clone()),
            "us/message",
        );
        figures.add(
            "processor time of mosquitto",
            median(self.mosquitto_us.clone()),
            "us/message",
        );
        figures.add(
            "processor time of influxd",
            median(self.influxd_us.clone()),
            "us/message",
        );
    }
}
