//! The past written again with another configuration: `idlewatt replay --since T --write` and `idlewatt quarantine replay`.
//! What the database holds afterwards is compared, point by point, with a run that had that configuration from the start.

use anyhow::Context;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use simulator::{Message, Scenario, Simulation, Speed};
use tests::account::Metrics;
use tests::compare::{Comparison, Points};
use tests::idlewatt::{WITHIN, answer};
use tests::pipeline::{Pipeline, message_after, play};

const HOURS: i64 = 9;
/// The gateway's power as one number instead of a field: every message of CT 2 is unreadable.
const POINTER: &str = "pointer = \"/P_total_kW\"\nquantity = \"power\"";
const NO_POINTER: &str = "quantity = \"power\"";
/// Of CT 1: what idles below 6300 W.
const EDGE: &str = "6300";

fn messages() -> anyhow::Result<(Timestamp, Vec<Message>)> {
    let scenario = Scenario::builtin("week")?;
    let until = scenario.start + SignedDuration::from_hours(HOURS);
    let first = Simulation::new(&scenario).take_while(|message| message.at < until);
    Ok((scenario.start, first.chain([message_after(until)]).collect()))
}

/// Rewrites the configuration of a pipeline.
fn change(pipeline: &Pipeline, from: &str, to: &str) -> anyhow::Result<String> {
    let path = pipeline.idlewatt.configuration_path();
    let text = std::fs::read_to_string(&path)?;
    anyhow::ensure!(text.contains(from), "{from} is not in the configuration");
    std::fs::write(&path, text.replace(from, to))?;
    Ok(path.display().to_string())
}

/// A run with a changed configuration from the start.
async fn run(from: &str, to: &str) -> anyhow::Result<(Pipeline, Metrics)> {
    let mut pipeline = Pipeline::start("").await?;
    change(&pipeline, from, to)?;
    pipeline.idlewatt.stop().await?;
    pipeline.idlewatt.restart().await?;
    let is_up = |metrics: &Metrics| metrics.sum("broker_up") == 1.0;
    pipeline.idlewatt.until("connected", WITHIN, is_up).await?;
    let (_, messages) = messages()?;
    let played = play(
        pipeline.broker.port(),
        messages.into_iter(),
        Speed::AsFastAsPossible,
        |_| {},
    )
    .await?;
    let metrics = pipeline.until_delivered(played.published_total(), WITHIN).await?;
    Ok((pipeline, metrics))
}

/// Has the note taken up, kills the service in the middle, and waits until everything is delivered again.
async fn take_up(pipeline: &mut Pipeline, journalled: f64) -> anyhow::Result<Metrics> {
    pipeline.idlewatt.hang_up()?;
    let is_begun = |status: &Value| {
        status["rebuild"]["fraction"].as_f64().is_some() || status["incidents"][0]["kind"] == "rebuilt"
    };
    pipeline
        .idlewatt
        .until_json("/api/status", "that the past is analyzed again", is_begun)
        .await?;
    pipeline.idlewatt.kill()?;
    pipeline.idlewatt.restart().await?;
    let is_through = |metrics: &Metrics| metrics.is_drained() && metrics.sum("rebuild_ratio") == 1.0;
    let metrics = pipeline.idlewatt.until("through", WITHIN, is_through).await?;
    assert_eq!(
        metrics.account().journalled,
        journalled,
        "no message came or went"
    );
    assert!(metrics.account().is_balanced(), "{}", metrics.account());
    assert_eq!(
        (
            metrics.sum("messages_unexplained"),
            metrics.sum("sink_unexplained")
        ),
        (0.0, 0.0),
        "{metrics}"
    );
    Ok(metrics)
}

fn assert_same(what: &str, one: &Points, other: &Points) {
    let Comparison { counts, differing } = one.compare(other);
    assert!(differing.is_empty(), "{what}:\n{counts}{}", differing.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn quarantined_messages_are_replayed_to_their_own_time_once() -> anyhow::Result<()> {
    let (fresh, calm) = run(POINTER, POINTER).await?;
    let (mut mended, broken) = run(POINTER, NO_POINTER).await?;
    let aside = broken.account().quarantined;
    assert!(
        aside > 100.0 && calm.account().quarantined == 0.0,
        "{}",
        broken.account()
    );
    let configuration = mended.idlewatt.configuration_path().display().to_string();
    let listed = answer(
        &[
            "quarantine",
            "list",
            "--json",
            "--topic",
            "gateway/",
            "-c",
            &configuration,
        ],
        "",
    )?;
    assert_eq!(listed.lines().count().to_string(), aside.to_string());
    let first: Value = serde_json::from_str(listed.lines().next().context("the first")?)?;
    assert!(
        first["reason"]
            .as_str()
            .is_some_and(|reason| reason.contains("is no number")),
        "{first}"
    );
    let number = first["number"].as_str().context("a number")?;
    let shown = answer(&["quarantine", "show", number, "-c", &configuration], "")?;
    assert!(
        shown.contains("gateway/") && shown.contains("P_total_kW"),
        "{shown}"
    );
    let said = answer(&["quarantine", "replay", "-c", &configuration], "")?;
    assert!(
        said.contains("0 messages can be read now") && said.contains("nothing to replay"),
        "{said}"
    );

    change(
        &mended,
        &format!("[[mapper.field]]\n{NO_POINTER}\nunit = \"kW\""),
        &format!("[[mapper.field]]\n{POINTER}\nunit = \"kW\""),
    )?;
    let said = answer(&["quarantine", "replay", "-c", &configuration], "")?;
    assert!(
        said.contains(&format!("{aside} messages can be read now, 0 still cannot")),
        "{said}"
    );
    let metrics = take_up(&mut mended, broken.account().journalled).await?;
    let account = metrics.account();
    assert_eq!(
        (account.quarantined, account.stored),
        (0.0, calm.account().stored),
        "{account}"
    );
    assert_eq!(metrics.sum("quarantine_held"), 0.0);
    assert_same(
        "mended",
        &Points::read(&fresh.influx).await?,
        &Points::read(&mended.influx).await?,
    );
    let told = mended.idlewatt.json("/api/status").await?;
    assert_eq!(told["incidents"][0]["kind"], "rebuilt", "{told:#}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn other_bands_are_applied_to_the_past_and_nothing_old_is_left() -> anyhow::Result<()> {
    let (old, _) = run(EDGE, EDGE).await?;
    let (fresh, _) = run(EDGE, "5000").await?;
    let (old_points, fresh_points) = (
        Points::read(&old.influx).await?,
        Points::read(&fresh.influx).await?,
    );
    assert!(
        !old_points.compare(&fresh_points).differing.is_empty(),
        "the bands make a difference"
    );
    let (mut changed, metrics) = run(EDGE, EDGE).await?;
    let configuration = change(&changed, EDGE, "5000")?;
    let (start, _) = messages()?;
    let journalled = metrics.account().journalled;

    // from the middle of a local hour on: from its beginning on everything is as if it had been so from the start
    let since = start + SignedDuration::from_mins(7 * 60 + 40);
    let said = answer(
        &[
            "replay",
            "-c",
            &configuration,
            "--since",
            &since.to_string(),
            "--write",
        ],
        "",
    )?;
    assert!(
        said.contains("influx (influxdb1): points from there on are deleted"),
        "{said}"
    );
    take_up(&mut changed, journalled).await?;
    let hour_ms = (start + SignedDuration::from_hours(7)).as_millisecond();
    let (before, after) = Points::read(&changed.influx).await?.split(hour_ms);
    let (old_before, _) = old_points.split(hour_ms);
    let (_, fresh_after) = Points::read(&fresh.influx).await?.split(hour_ms);
    assert!(fresh_after.count("interval") > 10 && fresh_after.count("exam") > 0);
    assert_same("from the hour on", &fresh_after, &after);
    assert_same(
        "before it",
        &old_before.instants_alone(),
        &before.instants_alone(),
    );

    // from the beginning on: all of it
    answer(
        &[
            "replay",
            "-c",
            &configuration,
            "--since",
            &start.to_string(),
            "--write",
        ],
        "",
    )?;
    take_up(&mut changed, journalled).await?;
    assert_same("all", &fresh_points, &Points::read(&changed.influx).await?);
    Ok(())
}
