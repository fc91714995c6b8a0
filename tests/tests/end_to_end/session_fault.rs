//! What a broker can do wrong to the session: each is said with what, where and mend, and nothing else is lost.

use std::time::Duration;

use ingest::journal::JournalConfig;
use ingest::quarantine::Quarantine;
use ingest::session::{BrokerConfig, Secret, Version};
use tests::mosquitto::Mosquitto;
use tests::publisher::{Outgoing, connect, publish};
use tests::session::{Service, records};

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

#[tokio::test(flavor = "multi_thread")]
async fn an_oversized_message_stops_nothing() {
    for version in [Version::V5, Version::V311] {
        let broker = Mosquitto::start("").await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let config = BrokerConfig {
            version,
            ..config(&broker)
        };
        let service = Service::start(folder.path(), config, &quick()).unwrap();
        service.until_connected().await.unwrap();
        let sent = vec![
            Outgoing::new("meters/a", "1"),
            Outgoing::new("meters/poison", vec![b'x'; 300 << 10]),
            Outgoing::new("meters/a", "2"),
            Outgoing::new("meters/monster", vec![b'y'; 2 << 20]),
            Outgoing::new("meters/a", "3"),
        ];
        publish(broker.port(), sent).await.unwrap();
        let has_last = || {
            let records = records(folder.path()).unwrap();
            records.iter().any(|record| record.payload == b"3")
        };
        let progress = service.until_journal(|_| has_last()).await.unwrap();
        // MQTT 5 tells the broker what is too long: it drops the monster. 3.1.1 cannot: it is taken, cut.
        let poison = if version == Version::V5 { 1 } else { 2 };
        assert_eq!(
            (progress.account.poison, progress.account.journalled),
            (poison, 3 + poison),
            "{version:?}"
        );
        service.stop().await.unwrap();
        let quarantine = Quarantine::open(folder.path().join("journal.sqlite"), &quick()).unwrap();
        let listed = quarantine.list(None, 10).unwrap();
        assert_eq!(
            (listed[0].topic.as_str(), listed[0].payload.len()),
            ("meters/poison", 256 << 10)
        );
        assert!(
            listed[0].reason.starts_with("307200 bytes"),
            "{}",
            listed[0].reason
        );
        assert_eq!(quarantine.count().unwrap().rows, poison);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_says_so_and_the_right_one_connects() {
    let mut broker = Mosquitto::prepare("allow_anonymous false\npassword_file {folder}/users").unwrap();
    let users = broker.folder().join("users");
    let made = std::process::Command::new("mosquitto_passwd")
        .args(["-b", "-c"])
        .arg(&users)
        .args(["meterman", "right"])
        .status()
        .expect("mosquitto_passwd: apt-get install mosquitto");
    assert!(made.success());
    broker.restart().await.unwrap();
    for version in [Version::V5, Version::V311] {
        let folder = tempfile::tempdir().unwrap();
        let with = |password: &str| BrokerConfig {
            username: "meterman".to_owned(),
            password: Some(Secret::new(password)),
            version,
            ..config(&broker)
        };
        let service = Service::start(folder.path(), with("wrong"), &quick()).unwrap();
        let fault = service
            .until(|now| now.fault.is_some())
            .await
            .unwrap()
            .fault
            .unwrap();
        assert!(fault.what.contains("refuses us"), "{fault:?}");
        assert!(
            fault.mend.contains("password") && fault.place == broker.url(),
            "{fault:?}"
        );
        service.stop().await.unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, "right\n").unwrap();
        let right = BrokerConfig {
            password: None,
            password_file: Some(file),
            ..with("")
        };
        let service = Service::start(folder.path(), right, &quick()).unwrap();
        service.until_connected().await.unwrap();
        service.stop().await.unwrap();
    }
}

/// A role for everyone: may read `meters/allowed/#`, publish anything, and subscribe to nothing else.
const DYNAMIC_SECURITY: &str = r#"{
    "defaultACLAccess": {
        "publishClientSend": true, "publishClientReceive": true, "subscribe": false, "unsubscribe": true
    },
    "clients": [],
    "groups": [{ "groupname": "everyone", "roles": [{ "rolename": "reader" }] }],
    "roles": [{
        "rolename": "reader",
        "acls": [{ "acltype": "subscribePattern", "topic": "meters/allowed/#", "priority": 0, "allow": true }]
    }],
    "anonymousGroup": "everyone"
}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_subscription_says_so_and_the_others_work() {
    let plugin = "/usr/lib/x86_64-linux-gnu/mosquitto_dynamic_security.so";
    let extra = format!("plugin {plugin}\nplugin_opt_config_file {{folder}}/security.json");
    let mut broker = Mosquitto::prepare(&extra).unwrap();
    std::fs::write(broker.folder().join("security.json"), DYNAMIC_SECURITY).unwrap();
    broker.restart().await.unwrap();
    for version in [Version::V5, Version::V311] {
        let folder = tempfile::tempdir().unwrap();
        let config = BrokerConfig {
            topics: vec!["meters/allowed/#".to_owned(), "meters/secret/#".to_owned()],
            client_id: format!("idlewatt-{version:?}"),
            version,
            ..config(&broker)
        };
        let service = Service::start(folder.path(), config, &quick()).unwrap();
        let status = service.until(|now| !now.refused.is_empty()).await.unwrap();
        assert_eq!(status.subscribed, ["meters/allowed/#"]);
        assert_eq!(status.refused[0].place, "meters/secret/#");
        assert!(status.refused[0].mend.contains("permission"));
        let sent = ["meters/secret/a", "meters/allowed/a"].map(|topic| Outgoing::new(topic, "1"));
        publish(broker.port(), sent.into()).await.unwrap();
        let progress = service.until_journalled(1).await.unwrap();
        assert_eq!(progress.account.subscriptions_refused, 1);
        service.stop().await.unwrap();
        assert_eq!(records(folder.path()).unwrap()[0].topic, "meters/allowed/a");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn another_client_with_our_id_is_an_alarm() {
    let broker = Mosquitto::start("").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), config(&broker), &quick()).unwrap();
    service.until_connected().await.unwrap();
    // like a second idlewatt: it comes back whenever we take the connection from it
    let (_client, mut other) = connect(broker.port(), "idlewatt-tests");
    let other = tokio::spawn(async move {
        loop {
            if other.poll().await.is_err() {
                tokio::time::sleep(Duration::from_millis(300)).await;
            }
        }
    });
    let status = service.until(|now| now.is_taken_over).await.unwrap();
    let fault = status.fault.unwrap();
    assert!(
        fault.what.contains("idlewatt-tests") && fault.mend.contains("client_id"),
        "{fault:?}"
    );
    other.abort();
    service.stop().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn while_the_journal_cannot_be_written_the_broker_keeps_everything() {
    let broker = Mosquitto::start("").await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let service = Service::start(folder.path(), config(&broker), &quick()).unwrap();
    service.until_connected().await.unwrap();
    service.until_journal(|now| now.last_seq > 0).await.unwrap();
    let lock = tests::session::hold_journal(folder.path()).unwrap();
    let sent: Vec<Outgoing> = (0..5_000)
        .map(|number| Outgoing::new("meters/a", number.to_string()))
        .collect();
    publish(broker.port(), sent).await.unwrap();
    let alarm = service
        .until_journal(|now| now.alarm.is_some())
        .await
        .unwrap()
        .alarm
        .unwrap();
    assert!(alarm.mend.contains("by itself"), "{alarm:?}");
    let full = u64::from(config(&broker).receive_maximum);
    let status = service.until(|now| now.in_flight as u64 == full).await.unwrap();
    assert!(status.fault.is_none(), "the connection stays: {status:?}");
    drop(lock);
    let progress = service.until_journalled(5_000).await.unwrap();
    assert_eq!((progress.account.duplicates, progress.alarm), (0, None));
    assert!(progress.account.commits_failed > 0 && progress.account.is_balanced());
    service.stop().await.unwrap();
}
