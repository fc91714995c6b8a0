//! `idlewatt discover` at a real broker: it finds exactly the meters that are there, and says why where it cannot.

use std::collections::BTreeSet;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use anyhow::Context;
use serde_json::Value;
use simulator::{Message, Scenario, Simulation};
use tests::idlewatt::{WITHIN, binary, command, demo_configuration, terminate};
use tests::mosquitto::{Mosquitto, free_port};
use tests::publisher::{Outgoing, publish};

/// The first hours of the scenario: each of its meters has spoken.
const MESSAGES: usize = 20_000;
/// The topic of the message after them.
const LAST: &str = "end/of/play";

/// Everything that a scenario's meters say first, as they say it.
fn messages() -> anyhow::Result<Vec<Outgoing>> {
    let outgoing = |message: Message| Outgoing {
        topic: message.topic.to_string(),
        payload: message.payload,
        qos: 1,
        is_retained: message.retain,
    };
    Ok(Simulation::new(&Scenario::builtin("demo")?)
        .take(MESSAGES)
        .map(outgoing)
        .collect())
}

fn start(arguments: &[&str]) -> anyhow::Result<Child> {
    Command::new(binary()?)
        .arg("discover")
        .args(arguments)
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("idlewatt does not start")
}

/// Waits until somebody has subscribed to everything.
async fn until_subscribed(broker: &Mosquitto) -> anyhow::Result<()> {
    let subscribed = async {
        while !broker
            .log()
            .lines()
            .any(|line| line.contains("idlewatt-") && line.ends_with("1 #"))
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let waited = tokio::time::timeout(WITHIN, subscribed).await;
    waited.with_context(|| format!("nobody has subscribed: {}", broker.log()))
}

/// Waits until the last message has been delivered and acknowledged.
async fn until_acknowledged(broker: &Mosquitto) -> anyhow::Result<()> {
    let is_acknowledged = || {
        let log = broker.log();
        let sent = log
            .lines()
            .find(|line| line.contains("Sending PUBLISH to idlewatt-") && line.contains(LAST));
        // Sending PUBLISH to idlewatt-… (d0, q1, r0, m17, 'end/of/play', ... (4 bytes))
        let number = sent.and_then(|line| line.split(", m").nth(1)?.split(',').next());
        number.is_some_and(|number| {
            let ack = format!("(Mid: {number}, ");
            log.lines()
                .any(|line| line.contains("Received PUBACK from idlewatt-") && line.contains(&ack))
        })
    };
    let acknowledged = async {
        while !is_acknowledged() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let waited = tokio::time::timeout(WITHIN, acknowledged).await;
    waited.context("the last message was not acknowledged")
}

/// Discovers while the scenario is published; Ctrl-C when all of it has been delivered.
async fn discovered(broker: &Mosquitto, arguments: &[&str]) -> anyhow::Result<Output> {
    let child = start(arguments)?;
    until_subscribed(broker).await?;
    publish(broker.port(), messages()?).await?;
    publish(broker.port(), vec![Outgoing::new(LAST, "over")]).await?;
    until_acknowledged(broker).await?;
    terminate(&child)?;
    Ok(tokio::task::spawn_blocking(move || child.wait_with_output()).await??)
}

fn names(report: &Value) -> BTreeSet<String> {
    let meters = report["meters"].as_array().into_iter().flatten();
    meters
        .filter_map(|meter| meter["meter"].as_str())
        .map(str::to_owned)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn it_finds_exactly_the_meters_of_the_hospital() -> anyhow::Result<()> {
    let broker = Mosquitto::start("log_type all").await?;
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("idlewatt.toml");
    std::fs::write(&path, demo_configuration(&broker.url(), ""))?;
    let file = path.to_str().context("a path")?;
    let output = discovered(&broker, &["-c", file, "--json", "--seconds", "600"]).await?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{said}");
    let report: Value = serde_json::from_slice(&output.stdout)?;

    let config = idlewatt::config::Config::load(&path)?.config;
    let feeds = config.devices.iter().flat_map(|device| &device.device.feeds);
    let configured: BTreeSet<String> = feeds.map(|feed| feed.meter.clone()).collect();
    assert_eq!(names(&report), configured, "{report:#}");
    assert_eq!(report["duplicates"], serde_json::json!([]), "{report:#}");
    assert_eq!(
        report["stanzas"],
        serde_json::json!([]),
        "every meter feeds a device: {report:#}"
    );
    assert!(said.contains("listening, "), "{said}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_it_proposes_passes_the_check_and_makes_the_rest_readable() -> anyhow::Result<()> {
    let broker = Mosquitto::start("log_type all").await?;
    let url = broker.url();
    let output = discovered(&broker, &["--broker", &url, "--json"]).await?;
    let report: Value = serde_json::from_slice(&output.stdout)?;
    let mappers = report["unread"].as_array().into_iter().flatten();
    let mappers = mappers.filter(|unread| unread["has_mapper"] == true).count();
    assert_eq!(
        mappers, 2,
        "the gateway's JSON and the controller's numbers: {report:#}"
    );

    let stanzas = report["stanzas"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str);
    let stanzas = stanzas
        .collect::<Vec<_>>()
        .join("\n")
        .replace("#modality = \"\"", "modality = \"ct\"");
    let demo = idlewatt::demo::CONFIG;
    let site = demo.split("[[broker]]").next().context("the demo's site")?;
    let text = format!("{site}[[broker]]\nname = \"b\"\nurl = \"{url}\"\n{stanzas}");
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("proposed.toml");
    std::fs::write(&path, &text)?;
    let file = path.to_str().context("a path")?;
    let checked = command(&["check", "--offline", "-c", file], "")?;
    assert!(
        checked.status.success(),
        "{}\n{text}",
        String::from_utf8_lossy(&checked.stdout)
    );

    let recording: String = messages()?
        .iter()
        .map(|message| {
            let payload = String::from_utf8_lossy(&message.payload);
            format!(
                "{}\n",
                serde_json::json!({ "topic": message.topic, "payload": payload })
            )
        })
        .collect();
    let again = command(&["discover", "--from", "-", "--json", "-c", file], &recording)?;
    let again: Value = serde_json::from_slice(&again.stdout)?;
    let demo = idlewatt::config::Config::parse(std::path::Path::new("demo.toml"), demo)?.config;
    let feeds = demo.devices.iter().flat_map(|device| &device.device.feeds);
    assert_eq!(
        names(&again),
        feeds.map(|feed| feed.meter.clone()).collect(),
        "{again:#}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_refuses_or_is_away_is_named_with_the_mend() -> anyhow::Result<()> {
    let mut broker = Mosquitto::prepare("allow_anonymous false\npassword_file {folder}/passwords")?;
    let passwords = broker.folder().join("passwords");
    let made = Command::new("mosquitto_passwd")
        .args(["-b", "-c"])
        .arg(&passwords)
        .args(["meters", "right-secret"])
        .status()?;
    anyhow::ensure!(made.success(), "mosquitto_passwd");
    broker.restart().await?;
    let secret = broker.folder().join("secret");
    let (url, file) = (broker.url(), secret.display().to_string());
    let entry = ["--user", "meters", "--password-file", &file, "--seconds", "2"];

    std::fs::write(&secret, "wrong-secret\n")?;
    let said = refused(
        &url,
        &entry,
        &["the broker refuses us", "check username, password"],
    )?;
    assert!(!said.contains("wrong-secret"), "{said}");

    std::fs::write(&secret, "right-secret\n")?;
    for version in [&[][..], &["--mqtt-3"]] {
        let arguments = [&["discover", "--broker", &url][..], &entry, version].concat();
        let output = command(&arguments, "")?;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success(), "{output:?}");
        assert!(said.contains("No meter was recognised."), "{said}");
    }

    let nobody = format!("mqtt://127.0.0.1:{}", free_port()?);
    refused(
        &nobody,
        &["--seconds", "1"],
        &["nothing was heard", "check that the broker runs"],
    )?;
    Ok(())
}

/// Discovers where nothing can be heard: it fails, and says these words and the broker's address.
fn refused(url: &str, arguments: &[&str], words: &[&str]) -> anyhow::Result<String> {
    let output = command(&[&["discover", "--broker", url][..], arguments].concat(), "")?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    for word in words.iter().chain([&url]) {
        assert!(said.contains(word), "{word}: {said}");
    }
    Ok(said)
}
