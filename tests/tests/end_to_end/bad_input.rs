//! Bad input through the whole: each fault says what, where and how to mend it, and nothing else is lost.

use anyhow::Context;
use ingest::journal::JournalConfig;
use ingest::quarantine::Quarantine;
use serde_json::Value;
use simulator::{Message, Scenario, Simulation, Speed};
use tests::idlewatt::{Idlewatt, WITHIN, binary, demo_configuration, influx_sink};
use tests::influxd::Influxd;
use tests::pipeline::{DATABASE, Pipeline, play, points, start_broker, until_subscribed, whole};

/// Half an hour of the week, with `bad` put into its middle.
fn half_an_hour(bad: &[(&str, &str)]) -> anyhow::Result<Vec<Message>> {
    let scenario = Scenario::builtin("week")?;
    let until = scenario.start + jiff::SignedDuration::from_mins(30);
    let mut messages: Vec<Message> = Simulation::new(&scenario)
        .take_while(|message| message.at < until)
        .collect();
    let middle = messages.len() / 2;
    let at = messages[middle].at;
    let bad = bad.iter().map(|(topic, payload)| Message {
        at,
        topic: (*topic).to_owned(),
        payload: payload.as_bytes().to_vec(),
        qos: 1,
        retain: false,
        sample: None,
    });
    messages.splice(middle..middle, bad);
    Ok(messages)
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_messages_are_counted_kept_and_shown_and_change_nothing() -> anyhow::Result<()> {
    let broken = r#"{"src":"shellypro3em-1c90a8a4f994","method":"NotifyStatus","params":{"em:0":"#;
    let bad = [
        ("building/7/mystery", "no meter at all"),
        ("ct1-panel/events/rpc", broken),
        ("tele/ws1/SENSOR", "{\"ENERGY\":"),
        ("plc/angio1/power_kw", "NaN"),
        ("plc/angio1/power_kw", "inf"),
        (
            "gateway/ct2/data",
            r#"{"time":"soon","P_total_kW":"NaN","E_import_kWh":null}"#,
        ),
    ];
    let mut found = Vec::new();
    for bad in [&[][..], &bad[..]] {
        let pipeline = Pipeline::start("").await?;
        let messages = half_an_hour(bad)?;
        let played = play(
            pipeline.broker.port(),
            messages.into_iter(),
            Speed::AsFastAsPossible,
            |_| {},
        )
        .await?;
        let metrics = pipeline.until_delivered(played.published_total(), WITHIN).await?;
        let account = metrics.account();
        assert!(account.is_balanced(), "{account}");
        assert_eq!(whole(account.journalled), played.published_total(), "{account}");
        let journal = pipeline.idlewatt.folder().join("state/journal.sqlite");
        let kept = Quarantine::open(&journal, &JournalConfig::default())?.list(None, 100)?;
        assert_eq!(kept.len() as u64, whole(account.quarantined));
        if !bad.is_empty() {
            let reason = |topic: &str, payload: &str| {
                let of = |aside: &&_| is_of(aside, topic, payload);
                kept.iter().find(of).map(|aside| aside.reason.clone())
            };
            let shelly = reason("ct1-panel/events/rpc", broken).context("the broken JSON is kept")?;
            assert!(shelly.contains("not JSON"), "{shelly}");
            reason("tele/ws1/SENSOR", "{\"ENERGY\":").context("so is this one")?;
            // a topic of no meter is no fault of a meter
            assert_eq!(reason("building/7/mystery", "no meter at all"), None);
            let page = pipeline.idlewatt.get("/pipeline").await?.1;
            assert!(page.contains(&format!("{}", account.quarantined)), "{page}");
        }
        found.push(points(&pipeline.influx, "power").await?);
    }
    assert_eq!(found[0], found[1], "the power curves are the same");
    Ok(())
}

fn is_of(aside: &ingest::quarantine::Quarantined, topic: &str, payload: &str) -> bool {
    aside.topic == topic && aside.payload == payload.as_bytes()
}

#[test]
fn a_wrong_key_says_file_line_and_mend_and_nothing_starts() -> anyhow::Result<()> {
    let text = demo_configuration("mqtt://127.0.0.1:1", "[alerts.overnight_idle]\ngrace_minuts = 5");
    let line = text.lines().count();
    let idlewatt = Idlewatt::prepare(&text)?;
    let serve = |arguments: &[&str]| {
        std::process::Command::new(binary()?)
            .args(arguments)
            .arg("-c")
            .arg(idlewatt.configuration_path())
            .output()
            .context("it runs")
    };
    let output = serve(&["serve"])?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&format!("idlewatt.toml:{line}")), "{said}");
    assert!(
        said.contains("grace_minuts") && said.contains("did you mean 'grace_minutes'?"),
        "{said}"
    );
    assert!(!idlewatt.folder().join("state").exists(), "nothing has begun");
    let output = serve(&["check", "--offline"])?;
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains(&format!("idlewatt.toml:{line}")), "{said}");
    Ok(())
}

fn problem_of(health: &Value, place: &str) -> Option<Value> {
    let problems = health["problems"].as_array()?;
    let of = |problem: &&Value| problem["where"].as_str().is_some_and(|at| at.contains(place));
    problems.iter().find(of).cloned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sink_that_is_away_and_one_that_refuses_us_say_so_and_the_third_has_everything()
-> anyhow::Result<()> {
    let broker = start_broker().await?;
    let (good, mut strict) = (Influxd::start(false).await?, Influxd::start(true).await?);
    good.query("", &format!("CREATE DATABASE {DATABASE}")).await?;
    strict.create_admin("root", "right").await?;
    strict.query("", &format!("CREATE DATABASE {DATABASE}")).await?;
    let secret = tempfile::NamedTempFile::new()?;
    std::fs::write(secret.path(), "wrong")?;
    let further = format!(
        "{}\n[[sink]]\nname = \"strict\"\nkind = \"influxdb1\"\nurl = \"{}\"\nusername = \"root\"\npassword_file = \"{}\"\n\
         [[sink]]\nname = \"away\"\nkind = \"influxdb1\"\nurl = \"http://127.0.0.1:1\"\n",
        influx_sink(&good.url()),
        strict.url(),
        secret.path().display()
    );
    let mut idlewatt = Idlewatt::start(&demo_configuration(&broker.url(), &further)).await?;
    until_subscribed(&broker).await?;
    let messages = half_an_hour(&[])?;
    let played = play(
        broker.port(),
        messages.into_iter(),
        Speed::AsFastAsPossible,
        |_| {},
    )
    .await?;
    let is_done = |metrics: &tests::account::Metrics| {
        let account = metrics.account();
        let behind = metrics.sum("sink_behind_rows{sink=\"influx\",kind=\"influxdb1\"}");
        whole(account.journalled) == played.published_total() && account.in_journal == 0.0 && behind == 0.0
    };
    idlewatt.until("with the good sink", WITHIN, is_done).await?;
    let power = points(&good, "power").await?;
    assert!(power.len() > 100);

    let health = idlewatt
        .until_health("what is wrong with both", |health| {
            ["sink strict", "sink away"]
                .iter()
                .all(|place| problem_of(health, place).is_some())
        })
        .await?;
    assert!(problem_of(&health, "sink influx").is_none(), "{health:#}");
    let refused = problem_of(&health, "sink strict").context("said")?;
    assert!(refused["what"].to_string().contains("401"), "{refused:#}");
    assert!(refused["mend"].to_string().contains("password"), "{refused:#}");
    let away = problem_of(&health, "sink away").context("said")?;
    assert!(
        away["what"].to_string().contains("http://127.0.0.1:1"),
        "{away:#}"
    );
    assert!(!away["mend"].as_str().unwrap_or_default().is_empty(), "{away:#}");
    assert!(!idlewatt.log().contains("wrong\""), "no secret in the log");

    // mended, the other has everything as well
    std::fs::write(secret.path(), "right")?;
    assert_eq!(idlewatt.stop().await?.code(), Some(0), "{}", idlewatt.log());
    idlewatt.restart().await?;
    let strict_behind = "sink_behind_rows{sink=\"strict\",kind=\"influxdb1\"}";
    idlewatt
        .until("with the strict sink", WITHIN, |metrics| {
            metrics.sum(strict_behind) == 0.0
                && metrics.sum("sink_cursor{sink=\"strict\",kind=\"influxdb1\"}") > 0.0
        })
        .await?;
    assert_eq!(points(&strict, "power").await?, power);
    Ok(())
}
