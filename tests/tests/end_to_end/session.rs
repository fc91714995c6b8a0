//! The MQTT session against a real mosquitto: nothing lost, nothing twice, whatever is restarted.

use std::collections::HashSet;
use std::path::Path;

use ingest::clock::monotonic;
use ingest::journal::JournalConfig;
use ingest::record::{Batch, Record};
use ingest::session::{BrokerConfig, Version};
use jiff::Timestamp;
use tests::mosquitto::{Mosquitto, Signal};
use tests::publisher::{Outgoing, publish};
use tests::session::{Service, batches, records};

fn config(broker: &Mosquitto) -> BrokerConfig {
    BrokerConfig {
        url: broker.url(),
        client_id: "idlewatt-tests".to_owned(),
        topics: vec!["meters/#".to_owned()],
        ..BrokerConfig::default()
    }
}

fn quick() -> JournalConfig {
    JournalConfig {
        commit_after_ms: 5,
        ..JournalConfig::default()
    }
}

/// Commits so late that a test can act between arrival and commit.
fn slow() -> JournalConfig {
    JournalConfig {
        commit_after_ms: 10_000,
        commit_records_max: 100_000,
        ..JournalConfig::default()
    }
}

fn messages(from: usize, until: usize) -> Vec<Outgoing> {
    let message = |number: usize| {
        let payload = format!(
            "{{\"n\":{number},\"apower\":{}.5,\"voltage\":230.1}}",
            number % 3000
        );
        Outgoing::new(format!("meters/{}/status", number % 50), payload)
    };
    (from..until).map(message).collect()
}

/// Checks that the journal holds exactly these messages, once each, in order for each topic.
fn assert_holds(folder: &Path, wanted: &[Outgoing]) {
    let records = records(folder).expect("a journal");
    let got: HashSet<(&str, &[u8])> = records
        .iter()
        .map(|record| (record.topic.as_str(), record.payload.as_slice()))
        .collect();
    assert_eq!(got.len(), records.len(), "some message is in the journal twice");
    let want: HashSet<(&str, &[u8])> = wanted
        .iter()
        .map(|message| (message.topic.as_str(), message.payload.as_slice()))
        .collect();
    let missing = want.difference(&got).count();
    assert_eq!(
        (missing, got.len()),
        (0, want.len()),
        "missing messages, and how many there are"
    );
    for topic in want.iter().map(|(topic, _)| *topic).collect::<HashSet<_>>() {
        let order = |payloads: Vec<&[u8]>| {
            payloads
                .iter()
                .map(|payload| payload.to_vec())
                .collect::<Vec<_>>()
        };
        let sent = wanted.iter().filter(|message| message.topic == topic);
        let kept = records.iter().filter(|record| record.topic == topic);
        let sent = order(sent.map(|message| message.payload.as_slice()).collect());
        assert_eq!(
            order(kept.map(|record| record.payload.as_slice()).collect()),
            sent,
            "{topic}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn twenty_thousand_messages_are_accounted_for_exactly() {
    let broker = Mosquitto::start("").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), config(&broker), &JournalConfig::default()).unwrap();
    service.until_connected().await.unwrap();
    let sent = messages(0, 20_000);
    let began = monotonic();
    publish(broker.port(), sent.clone()).await.unwrap();
    let progress = service.until_journalled(20_000).await.unwrap();
    let took = began.elapsed().as_secs_f64();
    println!(
        "20000 messages of QoS 1 through mosquitto into the journal: {:.0}/s",
        20_000.0 / took
    );
    assert_eq!(
        (progress.account.received_qos1, progress.account.duplicates),
        (20_000, 0)
    );
    assert!(progress.account.is_balanced());
    let journal = service.stop().await.unwrap();
    assert_eq!(journal.account(), progress.account);
    assert_holds(folder.path(), &sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waits_in_the_broker_comes_fast() {
    let broker = Mosquitto::start("").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), config(&broker), &quick()).unwrap();
    service.until_connected().await.unwrap();
    service.stop().await.unwrap();
    let sent = messages(0, 50_000);
    publish(broker.port(), sent.clone()).await.unwrap();
    let began = monotonic();
    let service = Service::start(folder.path(), config(&broker), &JournalConfig::default()).unwrap();
    service.until_journalled(50_000).await.unwrap();
    let took = began.elapsed().as_secs_f64();
    println!(
        "50000 messages of QoS 1 waiting in mosquitto, connection included: {:.0}/s",
        50_000.0 / took
    );
    let journal = service.stop().await.unwrap();
    assert_eq!(
        (journal.account().journalled, journal.account().duplicates),
        (50_000, 0)
    );
    let bytes = std::fs::metadata(journal.path()).unwrap().len();
    println!(
        "journal: {:.1} bytes a message",
        f64::from(u32::try_from(bytes).unwrap()) / 50_000.0
    );
    assert_holds(folder.path(), &sent);
}

/// mosquitto 2.0.11 sends its whole back-log at once when the first window is acknowledged, and so uses packet
/// identifiers again that are still under way.
#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_ignores_our_window_loses_nothing() {
    let broker = Mosquitto::start("").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), config(&broker), &quick()).unwrap();
    service.until_connected().await.unwrap();
    service.stop().await.unwrap();
    let sent = messages(0, 40_000);
    publish(broker.port(), sent.clone()).await.unwrap();
    let late = JournalConfig {
        commit_after_ms: 100,
        ..slow()
    };
    let service = Service::start(folder.path(), config(&broker), &late).unwrap();
    let progress = service.until_journalled(40_000).await.unwrap();
    assert_eq!(progress.account.duplicates, 0);
    service.stop().await.unwrap();
    assert_holds(folder.path(), &sent);
    // each commit took all that waited
    let most = batches(folder.path())
        .unwrap()
        .iter()
        .map(|batch| batch.records.len())
        .max();
    assert!(
        most <= Some(2_000 + 256),
        "{most:?} unacknowledged messages at once"
    );
    let service = Service::start(folder.path(), config(&broker), &quick()).unwrap();
    service.until_connected().await.unwrap();
    publish(broker.port(), vec![Outgoing::new("meters/last", "last")])
        .await
        .unwrap();
    let progress = service.until_journalled(40_001).await.unwrap();
    assert_eq!(progress.account.duplicates, 0, "everything was acknowledged");
    service.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_session_survives_our_restart_and_marks_the_backlog() {
    let broker = Mosquitto::start("").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), config(&broker), &quick()).unwrap();
    assert!(!service.until_connected().await.unwrap().is_session_present);
    let sent = messages(0, 600);
    publish(broker.port(), sent[..300].to_vec()).await.unwrap();
    service.until_journalled(300).await.unwrap();
    service.stop().await.unwrap();
    publish(broker.port(), sent[300..].to_vec()).await.unwrap();
    let service = Service::start(folder.path(), config(&broker), &quick()).unwrap();
    service.until_journalled(600).await.unwrap();
    assert!(service.until_connected().await.unwrap().is_session_present);
    let account = service.stop().await.unwrap().account();
    assert_eq!((account.duplicates, account.sessions_lost), (0, 0));
    assert_holds(folder.path(), &sent);
    let late: Vec<bool> = records(folder.path())
        .unwrap()
        .iter()
        .map(|record| record.is_after_outage)
        .collect();
    assert!(late[..300].iter().all(|late| !late) && late[300..].iter().all(|late| *late));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_session_survives_the_brokers_restart() {
    let mut broker = Mosquitto::start("").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), config(&broker), &quick()).unwrap();
    service.until_connected().await.unwrap();
    let sent = messages(0, 600);
    publish(broker.port(), sent[..300].to_vec()).await.unwrap();
    broker.stop(Signal::Term).unwrap();
    let status = service.until(|now| now.fault.is_some()).await.unwrap();
    assert!(status.fault.unwrap().what.contains("no connection"));
    broker.restart().await.unwrap();
    service
        .until(|now| now.fault.is_none() && now.is_session_present)
        .await
        .unwrap();
    publish(broker.port(), sent[300..].to_vec()).await.unwrap();
    service.until_journalled(600).await.unwrap();
    let account = service.stop().await.unwrap().account();
    assert!(account.is_balanced() && account.reconnects >= 1 && account.sessions_lost == 0);
    assert_holds(folder.path(), &sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_forgot_us_is_counted_and_subscribed_to_again() {
    let mut broker = Mosquitto::start("").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), config(&broker), &quick()).unwrap();
    service.until_connected().await.unwrap();
    broker.stop(Signal::Kill).unwrap();
    service.until(|now| now.fault.is_some()).await.unwrap();
    broker.restart().await.unwrap();
    let status = service
        .until(|now| now.fault.is_none() && now.epoch > 0)
        .await
        .unwrap();
    assert!(!status.is_session_present);
    service
        .until_journal(|now| now.account.sessions_lost == 1)
        .await
        .unwrap();
    let sent = messages(0, 10);
    publish(broker.port(), sent.clone()).await.unwrap();
    service.until_journalled(10).await.unwrap();
    service.stop().await.unwrap();
    assert_holds(folder.path(), &sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn it_starts_without_a_broker_and_finds_it_later() {
    let mut broker = Mosquitto::prepare("").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), config(&broker), &quick()).unwrap();
    let fault = service
        .until(|now| now.fault.is_some())
        .await
        .unwrap()
        .fault
        .unwrap();
    assert_eq!(fault.place, broker.url());
    broker.restart().await.unwrap();
    service.until_connected().await.unwrap();
    publish(broker.port(), messages(0, 5)).await.unwrap();
    service.until_journalled(5).await.unwrap();
    service.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_before_the_commit_everything_comes_again() {
    let broker = Mosquitto::start("").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), config(&broker), &slow()).unwrap();
    service.until_connected().await.unwrap();
    let sent = messages(0, 50);
    publish(broker.port(), sent.clone()).await.unwrap();
    service.until(|now| now.in_flight == 50).await.unwrap();
    service.crash().await;
    assert_eq!(records(folder.path()).unwrap(), []);
    let service = Service::start(folder.path(), config(&broker), &quick()).unwrap();
    service.until_journalled(50).await.unwrap();
    let account = service.stop().await.unwrap().account();
    assert_eq!((account.received_qos1, account.duplicates), (50, 0));
    assert_holds(folder.path(), &sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_between_commit_and_acknowledgement_nothing_counts_twice() {
    let broker = Mosquitto::start("").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), config(&broker), &slow()).unwrap();
    service.until_connected().await.unwrap();
    // equal payloads on one topic: only the packet identifier tells a repetition from a new message
    let sent: Vec<Outgoing> = (0..50)
        .map(|_| Outgoing::new("meters/plug/power", "230.0"))
        .collect();
    publish(broker.port(), sent.clone()).await.unwrap();
    service.until(|now| now.in_flight == 50).await.unwrap();
    service.crash_after_commit().await;
    assert_eq!(records(folder.path()).unwrap().len(), 50);
    publish(broker.port(), sent[..7].to_vec()).await.unwrap();
    let service = Service::start(folder.path(), config(&broker), &quick()).unwrap();
    let progress = service
        .until_journal(|now| now.account.received() >= 107)
        .await
        .unwrap();
    assert_eq!(
        (progress.account.journalled, progress.account.duplicates),
        (57, 50)
    );
    assert!(service.stop().await.unwrap().account().is_balanced());
    let service = Service::start(folder.path(), config(&broker), &quick()).unwrap();
    service.until_connected().await.unwrap();
    publish(broker.port(), messages(0, 1)).await.unwrap();
    let progress = service.until_journalled(58).await.unwrap();
    assert_eq!(
        progress.account.duplicates, 50,
        "they were acknowledged the second time"
    );
    service.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn mqtt_3_1_1_loses_nothing_either() {
    let mut broker = Mosquitto::start("max_inflight_messages 20").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let config = BrokerConfig {
        version: Version::V311,
        ..config(&broker)
    };
    let service = Service::start(folder.path(), config.clone(), &quick()).unwrap();
    service.until_connected().await.unwrap();
    let sent = messages(0, 2_100);
    publish(broker.port(), sent[..1_000].to_vec()).await.unwrap();
    service.until_journalled(1_000).await.unwrap();
    service.stop().await.unwrap();
    publish(broker.port(), sent[1_000..2_000].to_vec()).await.unwrap();
    let service = Service::start(folder.path(), config, &quick()).unwrap();
    service.until_journalled(2_000).await.unwrap();
    broker.restart().await.unwrap();
    service
        .until(|now| now.epoch >= 1 && now.fault.is_none())
        .await
        .unwrap();
    publish(broker.port(), sent[2_000..].to_vec()).await.unwrap();
    service.until_journalled(2_100).await.unwrap();
    let account = service.stop().await.unwrap().account();
    assert!(account.is_balanced() && account.sessions_lost == 0, "{account:?}");
    assert_holds(folder.path(), &sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_filters_are_subscribed_and_unsubscribed_in_a_kept_session() {
    for version in [Version::V5, Version::V311] {
        let broker = Mosquitto::start("").await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let with = |topics: &[&str]| BrokerConfig {
            topics: topics.iter().map(|topic| (*topic).to_owned()).collect(),
            version,
            ..config(&broker)
        };
        let service = Service::start(folder.path(), with(&["a/#", "b/#"]), &quick()).unwrap();
        service.until_connected().await.unwrap();
        service.until_journal(|now| now.last_seq >= 1).await.unwrap();
        service.stop().await.unwrap();
        let service = Service::start(folder.path(), with(&["b/#", "c/#"]), &quick()).unwrap();
        let wanted = |filters: &[String]| filters == ["b/#", "c/#"];
        assert!(
            service
                .until(|now| wanted(&now.subscribed))
                .await
                .unwrap()
                .is_session_present
        );
        let sent: Vec<Outgoing> = ["a/1", "b/1", "c/1"]
            .map(|topic| Outgoing::new(topic, "1"))
            .into();
        publish(broker.port(), sent).await.unwrap();
        service.until_journalled(2).await.unwrap();
        service.stop().await.unwrap();
        let topics: Vec<String> = records(folder.path())
            .unwrap()
            .into_iter()
            .map(|record| record.topic)
            .collect();
        assert_eq!(topics, ["b/1", "c/1"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn retained_messages_are_marked_and_come_once() {
    let broker = Mosquitto::start("").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    publish(broker.port(), vec![Outgoing::new("meters/a", "old").retained()])
        .await
        .unwrap();
    let service = Service::start(folder.path(), config(&broker), &quick()).unwrap();
    service.until_journalled(1).await.unwrap();
    publish(broker.port(), vec![Outgoing::new("meters/a", "new").retained()])
        .await
        .unwrap();
    service.until_journalled(2).await.unwrap();
    service.stop().await.unwrap();
    let service = Service::start(folder.path(), config(&broker), &quick()).unwrap();
    service.until_connected().await.unwrap();
    publish(broker.port(), vec![Outgoing::new("meters/a", "newer").qos0()])
        .await
        .unwrap();
    service.until_journalled(3).await.unwrap();
    service.stop().await.unwrap();
    let seen: Vec<(Vec<u8>, bool, u8)> = records(folder.path())
        .unwrap()
        .into_iter()
        .map(|record| (record.payload, record.is_retained, record.qos))
        .collect();
    assert_eq!(
        seen,
        [
            (b"old".to_vec(), true, 1),
            (b"new".to_vec(), false, 1),
            (b"newer".to_vec(), false, 0)
        ]
    );
}

/// The instant of the first told time.
const DAY: i64 = 1_900_000_000_000;

/// Plays 1000 simulated seconds, with a restart in the middle; gives what the journal holds.
async fn play(broker: &Mosquitto, client_id: &str) -> anyhow::Result<Vec<Record>> {
    let folder = tempfile::tempdir()?;
    let config = BrokerConfig {
        clock_topic: Some("sim/clock".to_owned()),
        client_id: client_id.to_owned(),
        ..config(broker)
    };
    for half in 0..2 {
        let service = Service::start(folder.path(), config.clone(), &quick())?;
        service.until_connected().await?;
        let mut sent = Vec::new();
        for second in half * 500..(half + 1) * 500 {
            sent.push(Outgoing::new("sim/clock", (DAY + second * 1000).to_string()));
            sent.push(Outgoing::new("meters/a", second.to_string()));
        }
        publish(broker.port(), sent).await?;
        let until = u64::try_from((half + 1) * 500)?;
        service.until_journalled(until).await?;
        let journal = service.stop().await?;
        assert_eq!(
            (journal.account().clock_ticks, journal.account().duplicates),
            (until, 0)
        );
        let told = DAY + ((half + 1) * 500 - 1) * 1000;
        assert_eq!(
            journal.last_committed().map(Timestamp::as_millisecond),
            Some(told)
        );
    }
    let batches = batches(folder.path())?;
    assert!(
        batches
            .windows(2)
            .all(|pair| pair[0].committed <= pair[1].committed)
    );
    let is_before = |batch: &Batch| {
        batch
            .records
            .iter()
            .all(|record| record.received <= batch.committed)
    };
    assert!(batches.iter().all(is_before));
    Ok(batches.into_iter().flat_map(|batch| batch.records).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn played_back_traffic_has_the_time_it_is_told() {
    let broker = Mosquitto::start("").await.unwrap();
    let (first, second) = (
        play(&broker, "first").await.unwrap(),
        play(&broker, "second").await.unwrap(),
    );
    assert_eq!(first.len(), 1_000);
    let seen = |records: &[Record]| -> Vec<_> {
        let seen = |record: &Record| (record.received, record.payload.clone(), record.is_after_outage);
        records.iter().map(seen).collect()
    };
    assert_eq!(seen(&first), seen(&second), "the same traffic at another speed");
    for (second, record) in first.iter().enumerate() {
        let told = DAY + i64::try_from(second).unwrap() * 1000;
        assert_eq!(record.received.as_millisecond(), told);
        assert_eq!(record.payload, second.to_string().as_bytes());
        assert!(!record.is_after_outage);
    }
}
