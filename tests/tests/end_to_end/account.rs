//! The account: every message and every finding is explained at every moment, through kills; what is wrong and what was lost
//! is said by `idlewatt status`, on the page and in the metrics.

use std::time::Duration;

use anyhow::Context;
use serde_json::Value;
use simulator::{Message, Scenario, Simulation, Speed};
use tests::idlewatt::{Idlewatt, WITHIN, command, demo_configuration};
use tests::mosquitto::{Mosquitto, Signal};
use tests::pipeline::{Pipeline, play, until_subscribed};

fn messages(count: usize) -> anyhow::Result<Vec<Message>> {
    Ok(Simulation::new(&Scenario::builtin("week")?).take(count).collect())
}

/// `idlewatt status` of a service: whether it says that all is well, and what else.
fn status(idlewatt: &Idlewatt, further: &[&str]) -> anyhow::Result<(bool, String)> {
    let configuration = idlewatt.configuration_path().display().to_string();
    let arguments = [&["status", "-c", &configuration], further].concat();
    let output = command(&arguments, "")?;
    let said = [output.stdout, output.stderr].concat();
    Ok((output.status.success(), String::from_utf8(said)?))
}

fn unexplained(status: &Value) -> anyhow::Result<u64> {
    let messages = status["messages"]["unexplained"].as_u64().context("no account")?;
    let sinks = status["sinks"].as_array().context("no sinks")?;
    let sinks: Option<u64> = sinks.iter().map(|sink| sink["unexplained"].as_u64()).sum();
    Ok(messages + sinks.context("a sink without account")?)
}

/// Plays in parts and kills idlewatt after each; how often the account was looked at meanwhile.
async fn play_through_kills(pipeline: &mut Pipeline) -> anyhow::Result<u32> {
    let mut looks = 0;
    for part in messages(30_000)?.chunks(10_000) {
        let port = pipeline.broker.port();
        let part = part.to_vec();
        let playing =
            tokio::spawn(async move { play(port, part.into_iter(), Speed::AsFastAsPossible, |_| {}).await });
        while !playing.is_finished() {
            let status = pipeline.idlewatt.json("/api/status").await?;
            assert_eq!(unexplained(&status)?, 0, "{status:#}");
            looks += 1;
        }
        playing.await??;
        pipeline.idlewatt.kill()?;
        pipeline.idlewatt.restart().await?;
    }
    Ok(looks)
}

/// The service and one of its sinks are away: `idlewatt status` says so, and how to mend it.
async fn assert_faults_are_told(pipeline: &mut Pipeline) -> anyhow::Result<()> {
    pipeline.influx.kill()?;
    play(
        pipeline.broker.port(),
        messages(31_000)?.into_iter().skip(30_000),
        Speed::AsFastAsPossible,
        |_| {},
    )
    .await?;
    pipeline
        .idlewatt
        .until_health("influx is away", |health| health["ok"] == false)
        .await?;
    let (is_well, said) = status(&pipeline.idlewatt, &[])?;
    assert!(
        !is_well && said.contains("Wrong now") && said.contains("bring the server back"),
        "{said}"
    );
    pipeline.idlewatt.kill()?;
    let (is_well, said) = status(&pipeline.idlewatt, &[])?;
    assert!(
        !is_well && said.contains("does not answer at") && said.contains("idlewatt serve"),
        "{said}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn every_message_and_finding_is_explained_at_every_moment_through_kills() -> anyhow::Result<()> {
    let mut pipeline = Pipeline::start("").await?;
    let looks = play_through_kills(&mut pipeline).await?;
    let metrics = pipeline.until_delivered(30_000, WITHIN).await?;
    let account = metrics.account();
    println!("{account}; looked at {looks} times");
    assert!(account.is_balanced(), "{account}");
    assert_eq!(
        (
            metrics.sum("messages_unexplained"),
            metrics.sum("sink_unexplained")
        ),
        (0.0, 0.0)
    );
    let told = pipeline.idlewatt.json("/api/status").await?;
    assert_eq!(
        (unexplained(&told)?, &told["ok"]),
        (0, &Value::Bool(true)),
        "{told:#}"
    );
    let sink = |name: &str| {
        told["sinks"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|sink| sink["name"] == name)
            .cloned()
    };
    let (history, influx) = (
        sink("history").context("the history")?,
        sink("influx").context("influx")?,
    );
    assert_eq!(history["written"], history["findings"], "{history:#}");
    assert_eq!(influx["written"], influx["findings"], "{influx:#}");

    let (is_well, said) = status(&pipeline.idlewatt, &[])?;
    assert!(
        is_well && said.contains("The account balances.") && said.contains("influx"),
        "{said}"
    );
    let url = pipeline.idlewatt.url();
    let (is_well, said) = status(&pipeline.idlewatt, &["--json", "--url", &url])?;
    let json: Value = serde_json::from_str(&said).context(said)?;
    assert!(
        is_well
            && json["messages"]["received"]
                .as_u64()
                .is_some_and(|count| count >= 30_000),
        "{json:#}"
    );

    assert_faults_are_told(&mut pipeline).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_the_broker_forgot_is_an_incident_that_people_see() -> anyhow::Result<()> {
    let mut broker = Mosquitto::start("log_type subscribe").await?;
    let mut idlewatt = Idlewatt::start(&demo_configuration(&broker.url(), "")).await?;
    until_subscribed(&broker).await?;
    let is_calm = idlewatt.json("/api/status").await?["incidents"]
        .as_array()
        .is_some_and(Vec::is_empty);
    assert!(is_calm, "a first session is none that was lost");
    broker.stop(Signal::Kill)?;
    broker.restart().await?;
    let is_told = |status: &Value| status["incidents"][0]["kind"] == "session_lost";
    let told = idlewatt
        .until_json("/api/status", "that the session is lost", is_told)
        .await?;
    assert_eq!(told["incidents"][0]["where"], "broker demo");
    assert_eq!(told["messages"]["sessions_lost"], 1);
    let (_, page) = idlewatt.get("/pipeline").await?;
    assert!(page.contains("the broker had forgotten our session"), "{page}");
    idlewatt.kill()?;
    idlewatt.restart().await?;
    let told = idlewatt.json("/api/status").await?;
    assert!(is_told(&told), "it is kept: {told:#}");
    let (_, said) = status(&idlewatt, &[])?;
    assert!(
        said.contains("Lost, or nearly") && said.contains("persistence true"),
        "{said}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_retention_takes_from_a_sink_that_stays_behind_is_counted_and_said() -> anyhow::Result<()> {
    let mut pipeline = Pipeline::start("[findings]\nkeep_bytes_max = 1048576").await?;
    pipeline.influx.kill()?;
    play(
        pipeline.broker.port(),
        messages(150_000)?.into_iter(),
        Speed::AsFastAsPossible,
        |_| {},
    )
    .await?;
    let is_skipped = |metrics: &tests::account::Metrics| metrics.sum("sink_skipped_total") > 0.0;
    let metrics = pipeline
        .idlewatt
        .until("skipped", Duration::from_secs(120), is_skipped)
        .await?;
    assert_eq!(metrics.sum("sink_unexplained"), 0.0, "{metrics}");
    let (is_well, said) = status(&pipeline.idlewatt, &[])?;
    assert!(
        !is_well && said.contains("went before they were delivered"),
        "{said}"
    );
    let (_, page) = pipeline.idlewatt.get("/pipeline").await?;
    assert!(page.contains("Skipped"), "{page}");
    Ok(())
}
