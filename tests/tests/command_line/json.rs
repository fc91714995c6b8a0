//! What `--json` prints, on the real binary beside a real service: the keys that docs/cli.md promises.

use std::process::Command;

use anyhow::Context;
use serde_json::Value;
use simulator::{Scenario, Simulation, Speed};
use tests::idlewatt::{Idlewatt, command, demo_configuration};
use tests::mosquitto::Mosquitto;
use tests::pipeline::{play, start_broker, until_subscribed};

/// The objects that a command prints, one or many.
fn objects(arguments: &[&str], code: i32) -> anyhow::Result<Vec<Value>> {
    let output = command(arguments, "")?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    anyhow::ensure!(
        output.status.code() == Some(code),
        "{arguments:?}: {:?} {said}",
        output.status
    );
    let values = serde_json::Deserializer::from_slice(&output.stdout).into_iter();
    values
        .collect::<Result<_, _>>()
        .with_context(|| format!("{arguments:?}"))
}

fn object(arguments: &[&str], code: i32) -> anyhow::Result<Value> {
    let mut all = objects(arguments, code)?;
    anyhow::ensure!(all.len() == 1, "{arguments:?} prints {} objects", all.len());
    all.pop().context("there is one")
}

fn has(value: &Value, keys: &str) {
    for key in keys.split_whitespace() {
        assert!(value.get(key).is_some(), "{key} is missing in {value:#}");
    }
}

#[test]
fn check_says_file_line_key_what_and_mend() -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("idlewatt.toml");
    let text = include_str!("../../../docs/first.toml").replace("zone", "zoen");
    std::fs::write(&path, &text)?;
    let name = path.display().to_string();
    let said = object(&["check", "-c", &name, "--offline", "--json"], 1)?;
    has(&said, "is_ok faults warnings plan knocks");
    let line = text
        .lines()
        .position(|line| line.contains("zoen"))
        .context("it is there")?
        + 1;
    let fault = &said["faults"][0];
    assert_eq!(
        serde_json::json!([fault["file"], fault["line"], fault["column"], fault["path"]]),
        serde_json::json!([name, line, 1, "site.zoen"]),
        "{fault:#}"
    );
    has(fault, "subject what mend");
    std::fs::write(&path, include_str!("../../../docs/first.toml"))?;
    let said = object(&["check", "-c", &name, "--timeout-s", "1", "--json"], 1)?;
    has(&said["plan"], "site zone brokers mappers devices sinks");
    has(&said["knocks"][0], "who is_ok says mend");
    Ok(())
}

/// A service that has heard the demo's meters, and one message that nobody can read.
async fn served() -> anyhow::Result<(Mosquitto, Idlewatt)> {
    let broker = start_broker().await?;
    let idlewatt = Idlewatt::start(&demo_configuration(&broker.url(), "")).await?;
    until_subscribed(&broker).await?;
    let messages: Vec<_> = Simulation::new(&Scenario::builtin("demo")?).take(5_000).collect();
    play(
        broker.port(),
        messages.into_iter(),
        Speed::AsFastAsPossible,
        |_| {},
    )
    .await?;
    let port = broker.port().to_string();
    let said = Command::new("mosquitto_pub")
        .args([
            "-p",
            &port,
            "-q",
            "1",
            "-t",
            "tele/plug-9/SENSOR",
            "-m",
            "{\"ENERGY\":{\"Power\":",
        ])
        .status()?;
    anyhow::ensure!(said.success(), "mosquitto_pub");
    idlewatt
        .until_json("/api/status", "all is analyzed", |status| {
            status["messages"]["quarantined"] == 1 && status["messages"]["waiting"] == 0
        })
        .await?;
    Ok((broker, idlewatt))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_asked_of_a_service_has_the_keys_that_are_documented() -> anyhow::Result<()> {
    let (broker, idlewatt) = served().await?;
    let file = idlewatt.configuration_path().display().to_string();
    status(&file)?;
    figures(&file)?;
    quarantine(&file)?;
    let url = broker.url();
    let (play, to) = (
        ["simulate", "ct_room", "--days", "1"],
        ["--speed", "max", "--broker", &url, "--json"],
    );
    let played = object(&[&play[..], &to, &["--quiet"]].concat(), 0)?;
    has(
        &played,
        "published_by_qos acknowledged_by_qos refused resent reconnections is_interrupted",
    );
    Ok(())
}

/// A command's words, with the configuration behind them.
fn with<'a>(words: &'a str, file: &'a str) -> Vec<&'a str> {
    words.split(' ').chain(["-c", file]).collect()
}

fn status(file: &str) -> anyhow::Result<()> {
    let status = object(&with("status --json", file), 0)?;
    has(
        &status,
        "ok now site zone version started brokers messages quarantine sinks",
    );
    has(&status, "channels meters incidents problems devices alerts");
    assert_eq!(status["brokers"][0]["is_up"], true);
    has(
        &status["devices"][0],
        "id state since power_w has_open_alert meter_fault",
    );
    assert!(status["started"].is_string(), "{status:#}");
    let told = String::from_utf8(command(&with("status", file), "")?.stdout)?;
    for wanted in [
        "all is well",
        "idlewatt 0.1.0, started ",
        "\nDevices\n",
        "\nBrokers: ",
        "is connected",
        "The account balances.",
    ] {
        assert!(told.contains(wanted), "{wanted}\nis not in\n{told}");
    }
    assert_eq!(objects(&with("alert list --json", file), 0)?, [Value::Null; 0]);
    Ok(())
}

fn figures(file: &str) -> anyhow::Result<()> {
    let kpi = object(&with("kpi --json --from 2020-01-01 --to 2099-01-01", file), 0)?;
    has(&kpi, "baseline exams currency tariff carbon_factor figures rows");
    let summary = object(&with("replay --summary --json --quiet", file), 0)?;
    has(&summary["energy"][0], "device state energy_wh");
    let findings = objects(&with("replay --quiet", file), 0)?;
    assert!(findings.iter().all(|finding| finding["kind"].is_string()));
    let day = "report --json --from 2026-11-16 --to 2026-11-17";
    has(&object(&with(day, file), 0)?, "devices language is_baseline");
    Ok(())
}

fn quarantine(file: &str) -> anyhow::Result<()> {
    let listed = object(&with("quarantine list --json", file), 0)?;
    has(
        &listed,
        "number received broker topic qos retained family reason cut bytes payload",
    );
    let number = listed["number"].as_str().context("a number")?;
    let shown = format!("quarantine show {number} --json");
    assert_eq!(object(&with(&shown, file), 0)?, listed);
    let replay = object(&with("quarantine replay --dry-run --json", file), 0)?;
    let expected = serde_json::json!({ "readable": 0, "unreadable": 1, "cut": 0, "older_than_journal": 0, "since": null, "is_asked": false });
    assert_eq!(replay, expected);
    let gone = object(&with("quarantine drop --json --before 2099-01-01", file), 0)?;
    assert_eq!(gone, serde_json::json!({ "dropped": 1 }));
    Ok(())
}
