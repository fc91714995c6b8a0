//! `deploy/influxdb` on a real InfluxDB 1.x: the rights of its users, the five-minute means beside the readings that they are
//! made of, and what the nightly deletion leaves. What is for 2.x is looked at by bash alone: no InfluxDB 2 can be had here.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use ingest::clock::wall;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tests::influxd::Influxd;
use tests::pipeline::DATABASE;

use super::grafana::deployed;

const WITHIN: Duration = Duration::from_secs(60);
/// Time and tags of a mean: its watts and its state.
type Means = BTreeMap<String, (f64, i64)>;

/// The statements of a file, without its comments.
fn statements(file: &str) -> anyhow::Result<Vec<String>> {
    let text = deployed(&format!("influxdb/{file}"))?
        .replace("${IDLEWATT_WRITE_PASSWORD}", "writing")
        .replace("${IDLEWATT_READ_PASSWORD}", "reading");
    let lines = text.lines().filter(|line| !line.starts_with("--"));
    let text = lines.collect::<Vec<_>>().join("\n");
    let statements = text
        .split(';')
        .map(str::trim)
        .filter(|statement| !statement.is_empty());
    Ok(statements.map(str::to_owned).collect())
}

/// Readings of two devices, every 30 s up to `until`.
fn readings(from: Timestamp, until: Timestamp) -> String {
    let mut lines = String::new();
    let (mut at, mut count) = (from, 0_u32);
    while at < until {
        for (device, room) in [("ct-a", "R\\ 1"), ("ct-b", "R\\ 2")] {
            let power_w = 900 + count * 7 % 1500;
            let (state, code) = if power_w < 1500 {
                ("standby", 1)
            } else {
                ("idle", 2)
            };
            lines += &format!(
                "power,device={device},modality=ct,room={room},site=S power_w={power_w},state=\"{state}\",state_code={code}i,provisional=false {}\n",
                at.as_millisecond()
            );
            count += 1;
        }
        at += SignedDuration::from_secs(30);
    }
    lines
}

async fn write(influx: &Influxd, lines: &str) -> anyhow::Result<()> {
    let (status, said) = influx.write(DATABASE, lines).await?;
    ensure!(status == 204, "{status} {said}");
    Ok(())
}

async fn means(influx: &Influxd, query: &str) -> anyhow::Result<Means> {
    let mut means = Means::new();
    for series in influx.query(DATABASE, query).await? {
        for row in series.rows() {
            let values = (row[1].as_f64(), row[2].as_i64());
            if let (Some(power_w), Some(state)) = values {
                means.insert(format!("{} {}", row[0], series.0["tags"]), (power_w, state));
            }
        }
    }
    Ok(means)
}

/// Waits until the continuous query has run.
async fn until_made(influx: &Influxd) -> anyhow::Result<Means> {
    let query = "SELECT \"power_w\", \"state_code\" FROM \"power_5m\" GROUP BY *";
    let made = async {
        loop {
            let made = means(influx, query).await?;
            if !made.is_empty() {
                return anyhow::Ok(made);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(WITHIN, made)
        .await
        .context("no means are made")?
}

/// idlewatt writes and does not read, Grafana reads and does not write, neither makes databases.
async fn rights_are_the_least(influx: &mut Influxd, line: &str) -> anyhow::Result<()> {
    influx.log_in("idlewatt", "writing");
    let read = influx.query(DATABASE, "SELECT * FROM \"power\" LIMIT 1").await;
    ensure!(read.is_err(), "idlewatt only writes");
    influx.log_in("idlewatt_reader", "reading");
    ensure!(influx.write(DATABASE, line).await?.0 == 403, "Grafana only reads");
    ensure!(influx.query("", "CREATE DATABASE other").await.is_err());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_means_are_those_of_the_readings_and_stay_when_these_are_deleted() -> anyhow::Result<()> {
    let mut influx = Influxd::start(true).await?;
    influx.create_admin("admin", "administering").await?;
    for statement in statements("1.influxql")? {
        influx.query("", &statement).await?;
    }
    let now = wall();
    let old = now - SignedDuration::from_hours(24 * 120);
    influx.log_in("idlewatt", "writing");
    write(&influx, &readings(now - SignedDuration::from_hours(1), now)).await?;
    write(&influx, &readings(old, old + SignedDuration::from_mins(10))).await?;
    let hour = format!(
        "energy,device=ct-a,modality=ct,open=false,room=R\\ 1,site=S,state=idle,tariff=day energy_wh=5,estimated_wh=0,duration_s=60,cost=1,co2e_g=1 {}\n",
        old.as_millisecond()
    );
    write(&influx, &hour).await?;
    rights_are_the_least(&mut influx, &hour).await?;

    influx.run_continuous_queries();
    influx.restart().await?;
    let made = until_made(&influx).await?;
    let five_minutes = SignedDuration::from_mins(5);
    let until_ms = now.as_millisecond() / five_minutes.as_secs() / 1000 * five_minutes.as_secs() * 1000;
    let query = format!(
        "SELECT mean(\"power_w\"), last(\"state_code\") FROM \"power\" WHERE time >= {}ms AND time < {until_ms}ms GROUP BY time(5m), * fill(none)",
        until_ms - 3_600_000
    );
    let real = means(&influx, &query).await?;
    ensure!(real.len() > 20, "{real:?}");
    for (key, (power_w, state)) in &real {
        let (mean_w, mean_state) = made
            .get(key)
            .with_context(|| format!("{key} is not among {made:?}"))?;
        ensure!(
            (mean_w - power_w).abs() < 1e-6 && mean_state == state,
            "{key}: {mean_w} {mean_state}, not {power_w} {state}"
        );
    }

    influx.log_in("idlewatt", "writing");
    for statement in statements("1-nightly.influxql")? {
        influx.query(DATABASE, &statement).await?;
    }
    influx.log_in("idlewatt_reader", "reading");
    let count = async |measurement: &str, field: &str| {
        let query = format!("SELECT count(\"{field}\") FROM \"{measurement}\"");
        influx.number(DATABASE, &query).await
    };
    assert_eq!(
        count("power", "power_w").await?,
        240.0,
        "two devices of the last hour"
    );
    assert_eq!(count("energy", "energy_wh").await?, 1.0, "hours stay");
    ensure!(count("power_5m", "power_w").await? >= 22.0, "means stay");
    Ok(())
}

/// The curve of a dashboard may be read from the means: they have the fields that it asks for.
#[test]
fn the_means_have_the_fields_that_the_dashboard_asks_for() -> anyhow::Result<()> {
    let device: Value = serde_json::from_str(&deployed("grafana/dashboards/device.json")?)?;
    let asked = device["panels"]
        .as_array()
        .context("panels")?
        .iter()
        .flat_map(|panel| {
            let targets = panel["targets"].as_array().cloned().unwrap_or_default();
            targets
                .into_iter()
                .filter_map(|target| target["query"].as_str().map(str::to_owned))
        });
    let asked: Vec<String> = asked.filter(|query| query.contains("${curve:raw}")).collect();
    ensure!(asked.len() == 3, "{asked:?}");
    let made = deployed("influxdb/1.influxql")? + &deployed("influxdb/power_5m.flux")?;
    for query in asked {
        let field = query.split(['"']).nth(1).context("a field")?;
        ensure!(
            made.contains(&format!("AS \"{field}\"")) && made.contains(&format!("_field == \"{field}\"")),
            "{field}"
        );
    }
    Ok(())
}

#[test]
fn the_scripts_for_influxdb_2_can_be_read_by_bash() -> anyhow::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/influxdb");
    for script in ["2.sh", "2-nightly.sh"] {
        let output = Command::new("bash").arg("-n").arg(folder.join(script)).output()?;
        ensure!(
            output.status.success(),
            "{script}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(())
}
