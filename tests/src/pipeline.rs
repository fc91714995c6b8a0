//! The whole, of real parts: simulated meters → mosquitto → `idlewatt serve` → influxd.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use simulator::{BrokerOptions, Message, PlayOptions, Played, Scenario, Speed};

use crate::account::Metrics;
use crate::idlewatt::{Idlewatt, WITHIN, demo_configuration, influx_sink};
use crate::influxd::Influxd;
use crate::judge::Books;
use crate::mosquitto::Mosquitto;

/// The database that idlewatt writes to unless told otherwise.
pub const DATABASE: &str = "idlewatt";
/// What an absent reader needs, as in deploy/mosquitto.conf; and a log of who has subscribed to what.
const BROKER: &str = "queue_qos0_messages true\nupgrade_outgoing_qos true\nlog_type subscribe";
/// Unacknowledged messages of the player.
const IN_FLIGHT: u16 = 500;
/// How long after its end a scenario is said to be over: every state, interval and hour is final by then.
const AFTERWARDS: SignedDuration = SignedDuration::from_hours(2);

/// Broker, database and idlewatt.
pub struct Pipeline {
    /// The broker.
    pub broker: Mosquitto,
    /// The database server.
    pub influx: Influxd,
    /// The service.
    pub idlewatt: Idlewatt,
}

impl Pipeline {
    /// Starts all three; `further` is added to the configuration. Returns when idlewatt has subscribed.
    ///
    /// # Errors
    /// When one of them does not come up.
    pub async fn start(further: &str) -> anyhow::Result<Self> {
        let (broker, influx) = (start_broker().await?, Influxd::start(false).await?);
        influx.query("", &format!("CREATE DATABASE {DATABASE}")).await?;
        let sections = influx_sink(&influx.url()) + further;
        let idlewatt = Idlewatt::start(&demo_configuration(&broker.url(), &sections)).await?;
        until_subscribed(&broker).await?;
        Ok(Self {
            broker,
            influx,
            idlewatt,
        })
    }

    /// Waits until so many different messages are journalled and all that follows from them is in the database.
    ///
    /// # Errors
    /// When it is not in time.
    pub async fn until_delivered(&self, messages: u64, within: Duration) -> anyhow::Result<Metrics> {
        let is_done = |metrics: &Metrics| {
            let account = metrics.account();
            whole(account.journalled) >= messages && metrics.is_drained()
        };
        self.idlewatt.until("delivered", within, is_done).await
    }
}

/// A broker that keeps what an absent reader would miss.
///
/// # Errors
/// When it does not come up.
pub async fn start_broker() -> anyhow::Result<Mosquitto> {
    Mosquitto::start(BROKER).await
}

/// The same, not running yet.
///
/// # Errors
/// When there is no port or no folder.
pub fn prepare_broker() -> anyhow::Result<Mosquitto> {
    Mosquitto::prepare(BROKER)
}

/// Waits until idlewatt has subscribed: what is published before reaches nobody.
///
/// # Errors
/// When it has not in time.
pub async fn until_subscribed(broker: &Mosquitto) -> anyhow::Result<()> {
    until_subscribed_to(broker, "").await
}

/// Waits until idlewatt has subscribed to a filter that begins so.
///
/// # Errors
/// When it has not in time.
pub async fn until_subscribed_to(broker: &Mosquitto, filter: &str) -> anyhow::Result<()> {
    let told = format!("idlewatt-demo 1 {filter}");
    let subscribed = async {
        while !broker.log().lines().any(|line| line.contains(&told)) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(WITHIN, subscribed).await;
    waited.with_context(|| {
        format!(
            "idlewatt has not subscribed within {WITHIN:?}; the broker's log: {}",
            broker.log()
        )
    })
}

/// Plays messages to the broker at this port, at QoS 1, with the time told.
///
/// # Errors
/// When the broker cannot be reached.
pub async fn play(
    port: u16,
    messages: impl Iterator<Item = Message>,
    speed: Speed,
    progress: impl FnMut(&Played),
) -> anyhow::Result<Played> {
    let mut to = BrokerOptions::new("127.0.0.1", port, "tests-meters");
    to.in_flight = IN_FLIGHT;
    let options = PlayOptions {
        speed,
        clock_topic: Some(idlewatt::demo::CLOCK_TOPIC.to_owned()),
        force_qos_1: true,
        ..PlayOptions::default()
    };
    let played = simulator::play(messages, &to, &options, std::future::pending(), progress).await?;
    anyhow::ensure!(played.outstanding() == 0, "not all is acknowledged: {played:?}");
    Ok(played)
}

/// A message after the end of a scenario, by which time has gone on and everything is final.
#[must_use]
pub fn last_message(scenario: &Scenario) -> Message {
    message_after(scenario.end())
}

/// The topic of the message after the end.
pub const THE_END: &str = "tests/the-end";

/// The same after any instant.
#[must_use]
pub fn message_after(end: Timestamp) -> Message {
    Message {
        at: end + AFTERWARDS,
        topic: THE_END.to_owned(),
        payload: b"nothing that a meter would say".to_vec(),
        qos: 1,
        retain: false,
        sample: None,
    }
}

/// Energy by device and state, and the alerts raised: as InfluxDB says, asked in InfluxQL.
///
/// # Errors
/// When there is no answer.
pub async fn books(influx: &Influxd) -> anyhow::Result<Books> {
    let mut books = Books::default();
    let asked = "SELECT sum(\"energy_wh\") FROM \"energy\" GROUP BY \"device\", \"state\"";
    for series in influx.query(DATABASE, asked).await? {
        let state: analyzer::State = series.tag("state").context("no state")?.parse()?;
        let device = series.tag("device").context("no device")?.to_owned();
        let energy_wh = series
            .rows()
            .first()
            .and_then(|row| row[1].as_f64())
            .context("no sum")?;
        books.energy_wh.insert((device, state.name()), energy_wh);
    }
    let asked = "SELECT \"since_ms\" FROM \"alert\" WHERE \"phase\" = 'raised' AND \"rule\" = 'overnight_idle' GROUP BY \"device\"";
    for series in influx.query(DATABASE, asked).await? {
        let device = series.tag("device").context("no device")?.to_owned();
        for row in series.rows() {
            let since = Timestamp::from_millisecond(row[1].as_i64().context("no since")?)?;
            books.alerts.push((device.clone(), since));
        }
    }
    books.alerts.sort();
    Ok(books)
}

/// The fields of a point.
pub type Fields = BTreeMap<String, Value>;

/// Every point of a measurement: series and instant → its fields.
///
/// # Errors
/// When there is no answer.
pub async fn points(influx: &Influxd, measurement: &str) -> anyhow::Result<BTreeMap<String, Fields>> {
    let mut points = BTreeMap::new();
    let asked = format!("SELECT * FROM \"{measurement}\" GROUP BY *");
    for series in influx.query(DATABASE, &asked).await? {
        let (tags, columns) = (&series.0["tags"], &series.0["columns"]);
        for row in series.rows() {
            let names = columns.as_array().into_iter().flatten();
            let names = names.map(|name| name.as_str().unwrap_or_default().to_owned());
            points.insert(
                format!("{tags} {}", row[0]),
                names.zip(row.clone()).skip(1).collect(),
            );
        }
    }
    Ok(points)
}

/// A count that was read as a float.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts of a test, far below 2⁵³"
)]
#[must_use]
pub fn whole(count: f64) -> u64 {
    count as u64
}
