//! Two databases from one service: what VictoriaMetrics holds over the v2 path, beside InfluxDB.

use std::collections::BTreeMap;

use anyhow::Context;
use serde_json::Value;
use simulator::{Scenario, Simulation, Speed};
use tests::idlewatt::WITHIN;
use tests::pipeline::{Pipeline, last_message, play, points};
use tests::victoria::Victoria;

/// Most of the scenario's first morning: every device has changed its state.
const MESSAGES: usize = 60_000;

/// Series and instant → energy, Wh.
type Energies = BTreeMap<String, f64>;

fn scenario() -> anyhow::Result<Scenario> {
    Ok(Scenario {
        days: 1,
        ..Scenario::builtin("week")?
    })
}

async fn played() -> anyhow::Result<(Pipeline, Victoria)> {
    let victoria = Victoria::start().await?;
    let sink = format!(
        "[[sink]]\nname = \"victoria\"\nkind = \"victoriametrics\"\nurl = \"{}\"\nwrite_path = \"v2\"\n",
        victoria.url()
    );
    let pipeline = Pipeline::start(&sink).await?;
    let scenario = scenario()?;
    let messages = Simulation::new(&scenario)
        .take(MESSAGES)
        .chain([last_message(&scenario)]);
    let played = play(pipeline.broker.port(), messages, Speed::AsFastAsPossible, |_| {}).await?;
    let metrics = pipeline.until_delivered(played.published_total(), WITHIN).await?;
    assert_eq!(metrics.sum("sink_rejected_total"), 0.0);
    Ok((pipeline, victoria))
}

/// What both hold of a measurement's field `energy_wh`; the one in the words of the other.
async fn energies(
    (pipeline, victoria): &(Pipeline, Victoria),
    measurement: &str,
) -> anyhow::Result<(Energies, Energies)> {
    let (mut influx, mut other) = (Energies::new(), Energies::new());
    for (key, fields) in points(&pipeline.influx, measurement).await? {
        influx.insert(key, fields["energy_wh"].as_f64().context("energy")?);
    }
    let selector = format!("{{__name__=\"{measurement}_energy_wh\"}}");
    for mut series in victoria.export(&selector).await? {
        let tags = series["metric"].as_object_mut().context("labels")?;
        tags.remove("__name__");
        let tags = Value::from(tags.clone());
        let lists = [&series["timestamps"], &series["values"]].map(|list| list.as_array().cloned());
        let [Some(instants), Some(values)] = lists else {
            anyhow::bail!("no points in {series}")
        };
        for (instant, value) in instants.iter().zip(values) {
            other.insert(format!("{tags} {instant}"), value.as_f64().context("a number")?);
        }
    }
    Ok((influx, other))
}

fn assert_same(influx: &Energies, victoria: &Energies) {
    let differs = |(key, energy_wh): &(&String, &f64)| {
        let other = victoria.get(*key);
        other.is_none_or(|other| (*other - **energy_wh).abs() > 1e-6 * energy_wh.abs().max(1.0))
    };
    let differing: Vec<_> = influx.iter().filter(differs).take(10).collect();
    let of_victoria: Vec<_> = differing.iter().map(|(key, _)| victoria.get(*key)).collect();
    assert!(
        differing.is_empty(),
        "InfluxDB {differing:#?}\nVictoriaMetrics {of_victoria:?}"
    );
    assert_eq!(influx.len(), victoria.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn victoriametrics_on_the_v2_path_holds_the_same_intervals() -> anyhow::Result<()> {
    let databases = played().await?;
    let (influx, victoria) = energies(&databases, "interval").await?;
    assert!(influx.len() > 100, "{}", influx.len());
    assert_same(&influx, &victoria);
    Ok(())
}

/// InfluxDB is told the hour so far again and again. VictoriaMetrics does not overwrite (with `-dedup.minScrapeInterval`,
/// 1.79.5 of Debian 12 keeps any one of the writes), so it is told of settled hours alone.
#[tokio::test(flavor = "multi_thread")]
async fn victoriametrics_on_the_v2_path_holds_the_same_ledger_of_settled_hours() -> anyhow::Result<()> {
    let databases = played().await?;
    let (mut influx, victoria) = energies(&databases, "energy").await?;
    // two hours before the meters fall silent everything is settled, whatever their registers are like
    let last_ms = Simulation::new(&scenario()?)
        .take(MESSAGES)
        .map(|message| message.at.as_millisecond())
        .max()
        .context("messages")?;
    let is_old = |key: &str| {
        let instant = key
            .rsplit_once(' ')
            .and_then(|(_, instant)| instant.parse::<i64>().ok());
        instant.is_some_and(|hour_ms| hour_ms < last_ms - 3 * 3_600_000)
    };
    let old = influx.keys().filter(|key| is_old(key)).count();
    assert!(old > 50, "{old} rows of hours that must be settled");
    influx.retain(|key, _| is_old(key) || victoria.contains_key(key));
    assert_same(&influx, &victoria);
    Ok(())
}
