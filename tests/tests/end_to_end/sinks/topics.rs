//! The MQTT topics, read back from a real mosquitto.

use std::collections::BTreeMap;
use std::process::Command;
use std::time::Duration;

use analyzer::{Finding, State, StateChange};
use deliver::secret::Secret;
use deliver::sink::{MqttPublishConfig, MqttVersion, Pace, SinkState};
use serde_json::Value;
use tests::mosquitto::{Mosquitto, Signal};

use super::{Source, hospital, instant, one_of_each, samples};

fn config(broker: &Mosquitto) -> MqttPublishConfig {
    let defaults = MqttPublishConfig::default();
    let pace = Pace {
        held_retry_after: Duration::from_millis(200),
        retry_after_min: Duration::from_millis(50),
        retry_after_max: Duration::from_millis(300),
        ..defaults.pace
    };
    MqttPublishConfig {
        port: broker.port(),
        prefix: "hospital/idlewatt".to_owned(),
        pace,
        ..defaults
    }
}

/// What the broker keeps below our prefix.
async fn retained(broker: &Mosquitto, login: &[&str]) -> anyhow::Result<BTreeMap<String, String>> {
    broker.retained("hospital/#", login).await
}

fn json(topics: &BTreeMap<String, String>, topic: &str) -> Value {
    let text = topics
        .get(topic)
        .unwrap_or_else(|| panic!("{topic} is not in {topics:?}"));
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{topic}: {error}: {text}"))
}

fn change(device: &str, to: State, at_ms: i64) -> Finding {
    let (device, at) = (device.into(), instant(at_ms));
    Finding::StateChange(StateChange {
        device,
        at,
        from: State::Unknown,
        to,
        power_w: None,
    })
}

#[tokio::test]
async fn topics_show_state_energy_and_alerts_and_say_goodbye() -> anyhow::Result<()> {
    for version in [MqttVersion::V5, MqttVersion::V311] {
        shows_and_says_goodbye(version).await?;
    }
    Ok(())
}

async fn shows_and_says_goodbye(version: MqttVersion) -> anyhow::Result<()> {
    let broker = Mosquitto::start("").await?;
    let config = |broker: &Mosquitto| MqttPublishConfig {
        version,
        ..config(broker)
    };
    let mut source = Source::new(&["mqtt"])?;
    source.append(&[change("ct1", State::Idle, -60_000)])?;
    source.append(&samples(0..20_001))?;
    source.append(&one_of_each(1.0))?;
    let mut running = source.run(config(&broker).sink("mqtt", &hospital())?)?;
    let status = running.through().await;
    assert_eq!(
        (status.accepted, status.rejected, status.retries <= 5),
        (20_009, 0, true),
        "{status:?}"
    );
    let topics = retained(&broker, &[]).await?;
    assert_eq!(topics["hospital/idlewatt/status"], "online");
    let state = json(&topics, "hospital/idlewatt/ct1/state");
    let expected = serde_json::json!({
        "state": "idle", "since": "2026-11-23T09:59:00Z", "power_w": 20_000.5, "at": "2026-11-23T12:46:40Z"
    });
    assert_eq!(state, expected);
    let energy = json(&topics, "hospital/idlewatt/mri%0A1/energy");
    assert_eq!(
        (&energy["day"], &energy["idle_closed_kwh"]),
        (&"2026-11-23".into(), &0.1.into())
    );
    let alert = json(&topics, "hospital/idlewatt/alert/overnight_idle/mri%0A1");
    assert_eq!(
        (&alert["phase"], &alert["currency"]),
        (&"raised".into(), &"EUR".into())
    );
    running.stop().await?;
    assert_eq!(
        retained(&broker, &[]).await?["hospital/idlewatt/status"],
        "offline"
    );
    Ok(())
}

#[tokio::test]
async fn a_broker_that_forgot_everything_is_told_again() -> anyhow::Result<()> {
    for version in [MqttVersion::V5, MqttVersion::V311] {
        is_told_again(version).await?;
    }
    Ok(())
}

async fn is_told_again(version: MqttVersion) -> anyhow::Result<()> {
    let mut broker = Mosquitto::start("").await?;
    let config = |broker: &Mosquitto| MqttPublishConfig {
        version,
        ..config(broker)
    };
    let mut source = Source::new(&["mqtt"])?;
    source.append(&[change("ct1", State::Scanning, 0)])?;
    let mut running = source.run(config(&broker).sink("mqtt", &hospital())?)?;
    running.through().await;
    broker.stop(Signal::Kill)?;
    source.append(&one_of_each(1.0))?;
    running
        .until("noticed", |status| status.state == SinkState::Retrying)
        .await;
    broker.restart().await?;
    running.through().await;
    let topics = retained(&broker, &[]).await?;
    assert_eq!(json(&topics, "hospital/idlewatt/ct1/state")["state"], "scanning");
    assert_eq!(topics["hospital/idlewatt/status"], "online");
    running.stop().await
}

#[tokio::test]
async fn after_a_restart_the_topics_go_on_and_those_of_gone_devices_are_cleared() -> anyhow::Result<()> {
    let broker = Mosquitto::start("").await?;
    let mut source = Source::new(&["mqtt"])?;
    source.append(&[change("ct1", State::Idle, 0)])?;
    source.append(&one_of_each(1.0))?;
    let mut running = source.run(config(&broker).sink("mqtt", &hospital())?)?;
    running.through().await;
    running.stop().await?;
    source.append(&samples(0..1))?;
    let mut running = source.run(config(&broker).sink("mqtt", &hospital()[..1])?)?;
    running.through().await;
    let topics = retained(&broker, &[]).await?;
    assert_eq!(
        json(&topics, "hospital/idlewatt/ct1/state")["since"],
        "2026-11-23T10:00:00Z"
    );
    assert_eq!(topics.len(), 2, "the state of ct1 and our own: {topics:?}");
    running.stop().await
}

#[tokio::test]
async fn a_wrong_password_holds_until_it_is_right() -> anyhow::Result<()> {
    for version in [MqttVersion::V5, MqttVersion::V311] {
        waits_for_the_password(version).await?;
    }
    Ok(())
}

async fn waits_for_the_password(version: MqttVersion) -> anyhow::Result<()> {
    let mut broker = Mosquitto::prepare("allow_anonymous false\npassword_file {folder}/passwords")?;
    let file = broker.folder().join("passwords").display().to_string();
    let set = |password: &str| {
        Command::new("/usr/bin/mosquitto_passwd")
            .args(["-b", "-c", &file, "idle", password])
            .status()
    };
    set("lion")?;
    let mut source = Source::new(&["mqtt"])?;
    source.append(&samples(0..2))?;
    let login = MqttPublishConfig {
        user: "idle".to_owned(),
        password: Secret::new("tiger"),
        version,
        ..config(&broker)
    };
    let mut running = source.run(login.sink("mqtt", &hospital())?)?;
    running
        .until("retrying", |status| status.state == SinkState::Retrying)
        .await;
    broker.restart().await?;
    let status = running
        .until("held", |status| status.state == SinkState::Held)
        .await;
    let problem = status.problem.expect("a held sink says what to mend");
    assert!(problem.mend.contains("user and password"), "{problem:?}");
    set("tiger")?;
    broker.restart().await?;
    running.through().await;
    let topics = retained(&broker, &["-u", "idle", "-P", "tiger"]).await?;
    assert_eq!(json(&topics, "hospital/idlewatt/ct1/state")["power_w"], 0.5);
    running.stop().await
}

#[tokio::test]
async fn an_access_list_that_shuts_us_out_holds_until_it_lets_us_in() -> anyhow::Result<()> {
    let mut broker = Mosquitto::prepare("acl_file {folder}/access")?;
    let file = broker.folder().join("access");
    std::fs::write(
        &file,
        "topic read hospital/#\ntopic write hospital/idlewatt/status\n",
    )?;
    broker.restart().await?;
    let mut source = Source::new(&["mqtt"])?;
    source.append(&samples(0..2))?;
    let mut running = source.run(config(&broker).sink("mqtt", &hospital())?)?;
    let status = running
        .until("held", |status| status.state == SinkState::Held)
        .await;
    let problem = status.problem.expect("a held sink says what to mend");
    assert!(
        problem.mend.contains("topic write hospital/idlewatt/#"),
        "{problem:?}"
    );
    std::fs::write(&file, "topic readwrite hospital/#\n")?;
    broker.restart().await?;
    assert_eq!(running.through().await.accepted, 2);
    assert_eq!(
        json(&retained(&broker, &[]).await?, "hospital/idlewatt/ct1/state")["power_w"],
        0.5
    );
    running.stop().await
}

#[tokio::test]
async fn what_the_broker_limits_is_said_and_published_once_it_allows_it() -> anyhow::Result<()> {
    for (limit, said, mend) in [(
        "max_packet_size 100",
        "takes no packet longer than 100 bytes",
        "max_packet_size",
    )] {
        let mut broker = Mosquitto::prepare("include_dir {folder}/limits")?;
        let limits = broker.folder().join("limits");
        std::fs::create_dir(&limits)?;
        std::fs::write(limits.join("one.conf"), format!("{limit}\n"))?;
        broker.restart().await?;
        let mut source = Source::new(&["mqtt"])?;
        source.append(&samples(0..2))?;
        let mut running = source.run(config(&broker).sink("mqtt", &hospital())?)?;
        let status = running
            .until(limit, |status| status.state == SinkState::Held)
            .await;
        let problem = status.problem.expect("a held sink says what to mend");
        assert!(
            problem.what.contains(said) && problem.mend.contains(mend),
            "{limit}: {problem:?}"
        );
        std::fs::write(limits.join("one.conf"), "")?;
        broker.restart().await?;
        let status = running.through().await;
        assert_eq!((status.accepted, status.rejected), (2, 0), "{limit}");
        assert_eq!(
            json(&retained(&broker, &[]).await?, "hospital/idlewatt/ct1/state")["power_w"],
            0.5
        );
        running.stop().await?;
    }
    Ok(())
}
