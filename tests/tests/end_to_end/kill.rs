//! `kill -9` in the middle: nothing is lost and nothing is counted twice.
//!
//! Two days of the demo hospital are played twice: once in calm, once while idlewatt and the database are killed again
//! and again and the broker is restarted. What InfluxDB holds afterwards is compared point by point.
//!
//! Every kill falls into the middle of the play, however slow the machine: some messages are journalled before it, and
//! the player, which is handed its messages bit by bit, publishes more while idlewatt is dead.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

use anyhow::Context;
use simulator::{BUILT_IN, Message, Played, Scenario, Simulation, Speed};
use tests::account::Account;
use tests::compare::{Comparison, Points};
use tests::idlewatt::Idlewatt;
use tests::pipeline::{Pipeline, last_message, play, until_subscribed, whole};
use tests::session::records;

const WITHIN: Duration = Duration::from_secs(600);
/// Some ten thousand messages a second: a broker that has tens of thousands waiting for us is another test.
const PACE: Speed = Speed::Times(6_000.0);
/// Published while idlewatt is dead, after each kill; twice what the player may have unacknowledged, so the broker has
/// had some of it.
const MEANWHILE: usize = 1_000;
/// Played while idlewatt is away and the broker is restarted.
const QUEUED: usize = 20_000;

/// More than both days have.
const HANDED_MAX: usize = 400_000;

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

/// What the calm run left: the points, and how many messages there were.
async fn calm(scenario: &Scenario) -> anyhow::Result<(Points, Account)> {
    let mut pipeline = Pipeline::start("").await?;
    let messages = Simulation::new(scenario).chain([last_message(scenario)]);
    let played = play(pipeline.broker.port(), messages, Speed::AsFastAsPossible, |_| {}).await?;
    let metrics = pipeline.until_delivered(played.published_total(), WITHIN).await?;
    assert!(pipeline.idlewatt.stop().await?.success());
    Ok((Points::read(&pipeline.influx).await?, metrics.account()))
}

/// A player that plays what it is handed, and is not through before it is told so.
struct Player {
    messages: SyncSender<Message>,
    taken: Arc<AtomicUsize>,
    playing: tokio::task::JoinHandle<anyhow::Result<Played>>,
}

impl Player {
    fn start(port: u16) -> Self {
        let (messages, handed) = sync_channel(HANDED_MAX);
        let taken = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&taken);
        let next = move || {
            let waiting = || tokio::task::block_in_place(|| handed.recv());
            let message = handed.try_recv().or_else(|_| waiting()).ok()?;
            counted.fetch_add(1, Ordering::Relaxed);
            Some(message)
        };
        let playing = tokio::spawn(async move { play(port, std::iter::from_fn(next), PACE, |_| {}).await });
        Self {
            messages,
            taken,
            playing,
        }
    }

    fn hand(&self, messages: impl Iterator<Item = Message>) -> anyhow::Result<()> {
        for message in messages {
            self.messages.send(message).context("the player has ended")?;
        }
        Ok(())
    }

    /// Kills idlewatt once it has so many messages in the journal, lets the player publish more, and starts it again.
    async fn kill_at(
        &self,
        idlewatt: &mut Idlewatt,
        journalled: u64,
        further: &mut impl Iterator<Item = Message>,
    ) -> anyhow::Result<()> {
        until_journalled(idlewatt, journalled).await?;
        idlewatt.kill()?;
        let before = self.taken.load(Ordering::Relaxed);
        self.hand(further.take(MEANWHILE))?;
        let meanwhile = async {
            while self.taken.load(Ordering::Relaxed) < before + MEANWHILE {
                anyhow::ensure!(!self.playing.is_finished(), "the play has ended before the kill");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            Ok(())
        };
        let waited = tokio::time::timeout(WITHIN, meanwhile).await;
        waited.context("the player does not go on while idlewatt is dead")??;
        idlewatt.restart().await
    }

    /// Lets it play to the end of what it was handed; how many messages it has published.
    async fn end(self) -> anyhow::Result<u64> {
        drop(self.messages);
        Ok(self.playing.await??.published_total())
    }
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

    let player = Player::start(broker.port());
    player.hand(messages.by_ref().take(80_000))?;
    for journalled in [5_000, 20_000] {
        player.kill_at(&mut idlewatt, journalled, &mut messages).await?;
    }
    until_journalled(&idlewatt, 30_000).await?;
    influx.kill()?;
    player.kill_at(&mut idlewatt, 45_000, &mut messages).await?;
    until_journalled(&idlewatt, 60_000).await?;
    influx.restart().await?;
    let mut published = player.end().await?;

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

    let player = Player::start(broker.port());
    player.hand(messages.by_ref().take(100_000))?;
    player
        .kill_at(&mut idlewatt, published + 30_000, &mut messages)
        .await?;
    influx.kill()?;
    influx.restart().await?;
    for journalled in [31_000, 70_000] {
        player
            .kill_at(&mut idlewatt, published + journalled, &mut messages)
            .await?;
    }
    player.hand(messages)?;
    published += player.end().await?;

    let mut pipeline = Pipeline {
        broker,
        influx,
        idlewatt,
    };
    let metrics = pipeline.until_delivered(published, WITHIN).await?;
    assert!(pipeline.idlewatt.stop().await?.success());
    Ok((Points::read(&pipeline.influx).await?, metrics.account()))
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
    let Comparison { counts, differing } = calm_points.compare(&stormy_points);
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
