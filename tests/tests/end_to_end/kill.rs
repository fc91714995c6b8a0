//! `kill -9` in the middle: nothing is lost and nothing is counted twice.
//!
//! Two days of the demo hospital are played twice: once in calm, once while idlewatt and the database are killed again
//! and again and the broker is restarted. What InfluxDB holds afterwards is compared point by point.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::time::Duration;

use serde_json::Value;
use simulator::{BUILT_IN, Message, Scenario, Simulation, Speed};
use tests::account::Account;
use tests::idlewatt::Idlewatt;
use tests::influxd::Influxd;
use tests::pipeline::{Fields, Pipeline, last_message, play, points, until_subscribed, whole};
use tests::session::records;

const WITHIN: Duration = Duration::from_secs(600);
const MEASUREMENTS: [&str; 7] = [
    "energy",
    "interval",
    "state",
    "exam",
    "alert",
    "meter_fault",
    "power",
];
/// Some ten thousand messages a second: a broker that has tens of thousands waiting for us is another test.
const PACE: Speed = Speed::Times(6_000.0);
/// Played first, with three kills.
const FIRST: usize = 80_000;
/// Played while idlewatt is away and the broker is restarted.
const QUEUED: usize = 20_000;

/// Rounding of pieces to micro-watt-hours, added up over a night; Wh, and what follows from it in money and grams.
const ROUNDING: f64 = 1e-4;
const ROUNDED: [&str; 5] = ["energy_wh", "estimated_wh", "scanning_wh", "cost", "co2e_g"];

type Points = BTreeMap<&'static str, BTreeMap<String, Fields>>;

/// Two days of the week, with the scanner that is forgotten on the first night.
fn scenario() -> anyhow::Result<Scenario> {
    let (_, text) = BUILT_IN
        .iter()
        .find(|(name, _)| *name == "week")
        .expect("built in");
    let text = text.replace("nights = [6]", "nights = [0]");
    Ok(Scenario {
        days: 2,
        ..Scenario::from_toml(&text)?
    })
}

async fn all_points(influx: &Influxd) -> anyhow::Result<Points> {
    let mut all = Points::new();
    for measurement in MEASUREMENTS {
        all.insert(measurement, points(influx, measurement).await?);
    }
    Ok(all)
}

/// What the calm run left: the points, and how many messages there were.
async fn calm(scenario: &Scenario) -> anyhow::Result<(Points, Account)> {
    let mut pipeline = Pipeline::start("").await?;
    let messages = Simulation::new(scenario).chain([last_message(scenario)]);
    let played = play(pipeline.broker.port(), messages, Speed::AsFastAsPossible, |_| {}).await?;
    let metrics = pipeline.until_delivered(played.published_total(), WITHIN).await?;
    assert!(pipeline.idlewatt.stop().await?.success());
    Ok((all_points(&pipeline.influx).await?, metrics.account()))
}

/// Kills idlewatt as soon as it has so many messages in the journal, and starts it again. Of `in_all` messages some
/// are not journalled then: the kill falls into the middle.
async fn kill_at(idlewatt: &mut Idlewatt, journalled: u64, in_all: u64) -> anyhow::Result<()> {
    until_journalled(idlewatt, journalled).await?;
    let at_kill = whole(idlewatt.metrics().await?.account().journalled);
    anyhow::ensure!(
        at_kill < in_all,
        "all {in_all} messages came before the kill: play more slowly"
    );
    idlewatt.kill()?;
    idlewatt.restart().await
}

async fn until_journalled(idlewatt: &Idlewatt, messages: u64) -> anyhow::Result<()> {
    let is_there = |metrics: &tests::account::Metrics| whole(metrics.account().journalled) >= messages;
    idlewatt.until("so far", WITHIN, is_there).await?;
    Ok(())
}

/// The same scenario, with everything killed now and then.
async fn stormy(scenario: &Scenario) -> anyhow::Result<(Points, Account)> {
    let Pipeline {
        mut broker,
        mut influx,
        mut idlewatt,
    } = Pipeline::start("").await?;
    let mut messages = Simulation::new(scenario).chain([last_message(scenario)]);

    let part: Vec<Message> = messages.by_ref().take(FIRST).collect();
    let killing = async {
        kill_at(&mut idlewatt, 5_000, FIRST as u64).await?;
        kill_at(&mut idlewatt, 20_000, FIRST as u64).await?;
        until_journalled(&idlewatt, 30_000).await?;
        influx.kill()?;
        kill_at(&mut idlewatt, 45_000, FIRST as u64).await?;
        until_journalled(&idlewatt, 60_000).await?;
        influx.restart().await
    };
    let (played, killed) = tokio::join!(play(broker.port(), part.into_iter(), PACE, |_| {}), killing);
    killed?;
    let mut published = played?.published_total();

    // the broker keeps for us what comes while we are away, also over its own restart
    idlewatt.kill()?;
    let part: Vec<Message> = messages.by_ref().take(QUEUED).collect();
    published += play(broker.port(), part.into_iter(), PACE, |_| {})
        .await?
        .published_total();
    broker.restart().await?;
    idlewatt.restart().await?;
    until_journalled(&idlewatt, published).await?;
    until_subscribed(&broker).await?;

    let rest: Vec<Message> = messages.collect();
    let in_all = published + rest.len() as u64;
    let killing = async {
        kill_at(&mut idlewatt, published + 30_000, in_all).await?;
        influx.kill()?;
        influx.restart().await?;
        kill_at(&mut idlewatt, published + 31_000, in_all).await?;
        kill_at(&mut idlewatt, published + 70_000, in_all).await
    };
    let (played, killed) = tokio::join!(play(broker.port(), rest.into_iter(), PACE, |_| {}), killing);
    killed?;
    published += played?.published_total();

    let mut pipeline = Pipeline {
        broker,
        influx,
        idlewatt,
    };
    let metrics = pipeline.until_delivered(published, WITHIN).await?;
    assert!(pipeline.idlewatt.stop().await?.success());
    Ok((all_points(&pipeline.influx).await?, metrics.account()))
}

/// Whether two runs say the same of a point, but for what depends on batches.
fn is_same(measurement: &str, calm: Option<&Fields>, stormy: Option<&Fields>) -> bool {
    let (Some(calm), Some(stormy)) = (calm, stormy) else {
        return false;
    };
    calm.len() == stormy.len()
        && calm.iter().all(|(name, value)| {
            let other = stormy.get(name).unwrap_or(&Value::Null);
            match (measurement, name.as_str(), value.as_f64(), other.as_f64()) {
                (_, name, Some(a), Some(b)) if ROUNDED.contains(&name) => (a - b).abs() <= ROUNDING,
                ("state", "power_w", a, b) if a.is_none() || b.is_none() => true,
                _ => value == other,
            }
        })
}

/// How many points there are, and in which two runs differ; at most ten of each measurement.
fn differences(calm: &Points, stormy: &Points) -> (String, Vec<String>) {
    let (mut counts, mut lines) = (String::new(), Vec::new());
    for measurement in MEASUREMENTS {
        let (calm, stormy) = (&calm[measurement], &stormy[measurement]);
        let keys: BTreeSet<&String> = calm.keys().chain(stormy.keys()).collect();
        let is_other = |key: &&&String| !is_same(measurement, calm.get(**key), stormy.get(**key));
        counts += &format!(
            "{measurement}: {} points, {} differ\n",
            calm.len(),
            keys.iter().filter(is_other).count()
        );
        lines.extend(keys.iter().filter(is_other).take(10).map(|key| {
            let (calm, stormy) = (calm.get(*key), stormy.get(*key));
            format!("{measurement} {key}\n   calm {calm:?}\n stormy {stormy:?}")
        }));
    }
    (counts, lines)
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_the_middle_nothing_is_lost_and_nothing_counted_twice() -> anyhow::Result<()> {
    let scenario = scenario()?;
    let (calm_points, calm_account) = calm(&scenario).await?;
    let (stormy_points, account) = stormy(&scenario).await?;
    println!("calm:   {calm_account}\nstormy: {account}");
    for (name, account) in [("calm", &calm_account), ("stormy", &account)] {
        assert!(account.is_balanced(), "{name}: {account}");
    }
    assert_eq!(
        account.journalled, calm_account.journalled,
        "each message once in the journal"
    );
    let (counts, differing) = differences(&calm_points, &stormy_points);
    println!("{counts}");
    assert!(differing.is_empty(), "{}", differing.join("\n"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_brokers_restart_in_the_middle_of_a_play_loses_nothing() -> anyhow::Result<()> {
    let Pipeline {
        mut broker,
        influx: _influx,
        idlewatt,
    } = Pipeline::start("").await?;
    let port = broker.port();
    let messages: Vec<Message> = Simulation::new(&scenario()?).take(60_000).collect();
    let restarting = async {
        for journalled in [10_000, 30_000] {
            until_journalled(&idlewatt, journalled).await?;
            broker.restart().await?;
        }
        anyhow::Ok(())
    };
    let (played, restarted) = tokio::join!(play(port, messages.iter().cloned(), PACE, |_| {}), restarting);
    restarted?;
    let played = played?;
    assert_eq!(played.reconnections, 2, "{played:?}");
    until_journalled(&idlewatt, played.published_total()).await?;
    let metrics = idlewatt
        .until("delivered", WITHIN, |metrics| metrics.is_drained())
        .await?;
    let account = metrics.account();
    println!("{account}\n{played:?}");
    assert!(account.is_balanced(), "{account}");
    assert_eq!(metrics.sum("broker_sessions_lost_total"), 0.0);
    let records = records(&idlewatt.folder().join("state"))?;
    let kept: HashSet<_> = records
        .iter()
        .map(|record| (record.topic.as_str(), record.payload.as_slice()))
        .collect();
    let is_lost = |message: &&Message| !kept.contains(&(message.topic.as_str(), message.payload.as_slice()));
    assert_eq!(messages.iter().find(is_lost), None);
    // what the player had no acknowledgement of it has published anew: for the broker that is another message
    let twice = whole(account.journalled) - played.published_total();
    assert!(twice <= played.resent, "{twice} twice: {account}, {played:?}");
    Ok(())
}
