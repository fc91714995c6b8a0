//! Backups of a running service: everything wiped and put back is as it was and goes on as if nothing had been; copies made
//! while messages pour in are sound; one that was cut off is not taken for one.

use std::path::{Path, PathBuf};

use anyhow::Context;
use jiff::SignedDuration;
use serde_json::Value;
use simulator::{Message, Scenario, Simulation, Speed};
use tests::account::Metrics;
use tests::compare::{Comparison, Points};
use tests::idlewatt::{Idlewatt, WITHIN, answer, binary, command};
use tests::pipeline::{Pipeline, message_after, play};

/// From midnight: a day with its examinations, and an evening on which a scanner is forgotten.
const BEFORE_HOURS: i64 = 23;
const AFTER_HOURS: i64 = 4;
/// A device whose bands are learned, not configured.
const LEARNER: &str = "xray-1";
/// What the page and its scripts know that comes from the past.
const ASKED: [&str; 4] = [
    "/api/alerts",
    "/api/kpi?from=2026-11-16T00:00:00Z&until=2026-11-17T00:00:00Z",
    "/api/device/ct-1/power?from=2026-11-16T06:00:00Z&to=2026-11-16T18:00:00Z",
    "/api/workstations",
];

/// The first hours of the week, and those after them; whatever happens in one of its nights happens in the first.
fn messages() -> anyhow::Result<(Vec<Message>, Vec<Message>)> {
    let mut scenario = Scenario::builtin("week")?;
    let events = scenario.devices.iter_mut().flat_map(|device| &mut device.events);
    events.for_each(|event| event.nights = vec![0]);
    let hours = SignedDuration::from_hours;
    let (cut, end) = (
        scenario.start + hours(BEFORE_HOURS),
        scenario.start + hours(BEFORE_HOURS + AFTER_HOURS),
    );
    let all = Simulation::new(&scenario).take_while(|message| message.at < end);
    let (before, mut after): (Vec<_>, Vec<_>) = all.partition(|message| message.at < cut);
    after.push(message_after(end));
    Ok((before, after))
}

/// Plays them and waits until everything is in the database; `journalled` of the service so far.
async fn deliver(
    pipeline: &Pipeline,
    messages: Vec<Message>,
    journalled: &mut u64,
) -> anyhow::Result<Metrics> {
    let port = pipeline.broker.port();
    let played = play(port, messages.into_iter(), Speed::AsFastAsPossible, |_| {}).await?;
    *journalled += played.published_total();
    pipeline.until_delivered(*journalled, WITHIN).await
}

/// Everything that is remembered, as people and scripts ask for it.
async fn remembered(idlewatt: &Idlewatt) -> anyhow::Result<Vec<(String, Value)>> {
    let mut all = Vec::new();
    for path in ASKED {
        let (status, body) = idlewatt.get(path).await?;
        anyhow::ensure!(status == 200, "{path}: {status} {body}");
        all.push((path.to_owned(), serde_json::from_str(&body)?));
    }
    let configuration = idlewatt.configuration_path().display().to_string();
    let bands = answer(
        &["calibrate", "--device", LEARNER, "--json", "-c", &configuration],
        "",
    )?;
    all.push(("bands".to_owned(), serde_json::from_str(&bands)?));
    Ok(all)
}

/// Where everybody is.
fn cursors(metrics: &Metrics) -> [f64; 6] {
    let account = metrics.account();
    [
        account.journalled,
        account.stored,
        account.quarantined,
        metrics.sum("findings_total"),
        metrics.sum("sink_cursor{sink=\"influx\""),
        metrics.sum("sink_accepted_total{sink=\"influx\""),
    ]
}

fn back_up(idlewatt: &Idlewatt, shelf: &Path, further: &[&str]) -> anyhow::Result<Value> {
    let (configuration, shelf) = (
        idlewatt.configuration_path().display().to_string(),
        shelf.display().to_string(),
    );
    let arguments = ["backup", "-c", &configuration, "--to", &shelf, "--json"];
    let said = answer(&[&arguments[..], further].concat(), "")?;
    Ok(serde_json::from_str(&said)?)
}

fn folder(made: &Value) -> anyhow::Result<PathBuf> {
    Ok(made["folder"].as_str().context("a folder")?.into())
}

fn put_back(idlewatt: &Idlewatt, backup: &Path) -> anyhow::Result<String> {
    let (configuration, backup) = (
        idlewatt.configuration_path().display().to_string(),
        backup.display().to_string(),
    );
    answer(&["restore", "-c", &configuration, &backup], "")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_wiped_is_as_it_was_and_goes_on() -> anyhow::Result<()> {
    let (before, after) = messages()?;
    let calm = Pipeline::start("").await?;
    let mut count = 0;
    deliver(&calm, before.clone(), &mut count).await?;
    deliver(&calm, after.clone(), &mut count).await?;

    let mut pipeline = Pipeline::start("").await?;
    let mut count = 0;
    let metrics = deliver(&pipeline, before, &mut count).await?;
    let (known, at) = (remembered(&pipeline.idlewatt).await?, cursors(&metrics));
    let alerts = known[0].1.as_array().context("alerts")?;
    assert!(!alerts.is_empty(), "a scanner was forgotten: {known:?}");
    let shelf = tempfile::tempdir()?;
    let made = back_up(&pipeline.idlewatt, shelf.path(), &[])?;
    assert_eq!(made["backup"]["site"], "Demo hospital");

    let refused = command(
        &[
            "restore",
            "-c",
            &pipeline.idlewatt.configuration_path().display().to_string(),
            &folder(&made)?.display().to_string(),
        ],
        "",
    )?;
    assert_eq!(refused.status.code(), Some(1));
    let says = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(says.contains("stop it first"), "{says}");

    pipeline.idlewatt.stop().await?;
    std::fs::remove_dir_all(pipeline.idlewatt.state_folder())?;
    let said = put_back(&pipeline.idlewatt, &folder(&made)?)?;
    assert!(
        said.contains("restored into") && !said.contains("moved aside:"),
        "{said}"
    );
    pipeline.idlewatt.restart().await?;
    pipeline.idlewatt.until_connected("demo").await?;
    let drained = |metrics: &Metrics| metrics.is_drained();
    let metrics = pipeline.idlewatt.until("as it was", WITHIN, drained).await?;
    assert_eq!(cursors(&metrics), at, "{metrics}");
    assert_eq!(remembered(&pipeline.idlewatt).await?, known);

    let metrics = deliver(&pipeline, after, &mut count).await?;
    assert!(metrics.account().is_balanced(), "{}", metrics.account());
    assert_eq!(
        metrics.sum("messages_unexplained") + metrics.sum("sink_unexplained"),
        0.0
    );
    let (found, due) = (
        Points::read(&pipeline.influx).await?,
        Points::read(&calm.influx).await?,
    );
    let Comparison { counts, differing } = found.compare(&due);
    assert!(differing.is_empty(), "{counts}{}", differing.join("\n"));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn copies_made_while_messages_pour_in_are_sound() -> anyhow::Result<()> {
    let (messages, _) = messages()?;
    let pipeline = Pipeline::start("").await?;
    let (port, count) = (pipeline.broker.port(), messages.len());
    let meters =
        tokio::spawn(async move { play(port, messages.into_iter(), Speed::AsFastAsPossible, |_| {}).await });
    let under_way = |metrics: &Metrics| metrics.account().stored > 1000.0;
    pipeline.idlewatt.until("under way", WITHIN, under_way).await?;
    let shelf = tempfile::tempdir()?;
    let mut made = Vec::new();
    for _ in 0..3 {
        let metrics = pipeline.idlewatt.metrics().await?.account().journalled;
        let more = |now: &Metrics| {
            now.account().journalled > metrics + 2000.0 || now.account().journalled >= count as f64
        };
        pipeline.idlewatt.until("more", WITHIN, more).await?;
        made.push(back_up(&pipeline.idlewatt, shelf.path(), &["--keep", "2"])?);
    }
    meters.await??;
    assert_eq!(std::fs::read_dir(shelf.path())?.count(), 2);
    assert_eq!(made[2]["deleted"].as_array().map(Vec::len), Some(1));
    for made in &made[1..] {
        let backup = &made["backup"];
        let number = |key: &str| backup[key].as_u64().unwrap_or_default();
        assert!(number("analyzed_seq") <= number("journal_seq"), "{backup}");
        assert!(number("history_seq") <= number("findings_seq"), "{backup}");
        restored_elsewhere(&pipeline, &folder(made)?).await?;
    }
    Ok(())
}

/// A second service takes the copy up, without a broker, and every account of it balances.
async fn restored_elsewhere(pipeline: &Pipeline, backup: &Path) -> anyhow::Result<()> {
    let said = answer(&["restore", "--check", &backup.display().to_string()], "")?;
    assert!(said.starts_with("sound: Demo hospital as of "), "{said}");
    let unreachable = tests::idlewatt::demo_configuration(
        "mqtt://127.0.0.1:1",
        &tests::idlewatt::influx_sink(&pipeline.influx.url()),
    );
    let mut other = Idlewatt::prepare(&unreachable)?;
    put_back(&other, backup)?;
    other.restart().await?;
    let drained = |metrics: &Metrics| metrics.is_drained();
    let metrics = other.until("drained", WITHIN, drained).await?;
    let account = metrics.account();
    assert!(account.is_balanced() && account.journalled > 1000.0, "{account}");
    assert_eq!(
        metrics.sum("messages_unexplained") + metrics.sum("sink_unexplained"),
        0.0,
        "{metrics}"
    );
    assert_eq!(
        metrics.sum("sink_skipped_total") + metrics.sum("messages_lost_total"),
        0.0,
        "{metrics}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_was_cut_off_is_no_backup() -> anyhow::Result<()> {
    let pipeline = Pipeline::start("").await?;
    let (messages, _) = messages()?;
    deliver(&pipeline, messages, &mut 0).await?;
    let shelf = tempfile::tempdir()?;
    let unfinished = cut_off(&pipeline.idlewatt, shelf.path()).await?;
    let refused = command(&["restore", "--check", &unfinished.display().to_string()], "")?;
    assert_eq!(refused.status.code(), Some(1));
    let says = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(says.contains("not finished"), "{says}");
    // the next one is not hindered, nor is the service
    let made = back_up(&pipeline.idlewatt, shelf.path(), &[])?;
    assert_eq!(made["left_over"][0].as_str(), unfinished.to_str());
    assert!(pipeline.idlewatt.metrics().await?.account().is_balanced());
    Ok(())
}

/// Kills a backup in the midst of its work; what it leaves.
async fn cut_off(idlewatt: &Idlewatt, shelf: &Path) -> anyhow::Result<PathBuf> {
    for _ in 0..20 {
        let mut child = std::process::Command::new(binary()?)
            .args([
                "backup",
                "-c",
                &idlewatt.configuration_path().display().to_string(),
                "--to",
            ])
            .arg(shelf)
            .spawn()?;
        while child.try_wait()?.is_none() && left(shelf)?.is_none() {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        child.kill()?;
        child.wait()?;
        if let Some(folder) = left(shelf)? {
            return Ok(folder);
        }
    }
    anyhow::bail!("each of twenty was done before it could be killed")
}

/// What was begun and not finished.
fn left(shelf: &Path) -> anyhow::Result<Option<PathBuf>> {
    let folders = std::fs::read_dir(shelf)?.filter_map(|entry| Some(entry.ok()?.path()));
    let mut folders = folders.filter(|path| path.extension().is_some_and(|ending| ending == "unfinished"));
    Ok(folders.next())
}
