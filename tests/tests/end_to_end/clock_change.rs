//! The nights in which clocks change, through the whole: journal → service → InfluxDB, page, `idlewatt kpi`.
//!
//! A CT idles at 2.6 kW from the evening before to the morning after. Every hour that passes is booked by itself, the
//! one that local time has twice as well; the day has 25 or 23 hours; opening hours and alerts are local.

use std::collections::BTreeMap;

use ingest::account::Noted;
use ingest::journal::{Journal, JournalConfig};
use ingest::record::Record;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tests::idlewatt::{Idlewatt, WITHIN, answer, demo_configuration, influx_sink};
use tests::influxd::Influxd;
use tests::pipeline::{DATABASE, points};

const POWER_KW: f64 = 2.6;
/// Open from half past seven to seven, in Paris.
const CT: &str = r#"
[[device]]
id = "ct-9"
name = "CT 9"
room = "nine"
modality = "ct"
meter = "console-9"
opening = { mon_sun = ["07:30-19:00"] }
bands = [
    { state = "off", from_w = -50, until_w = 600 },
    { state = "standby", from_w = 600, until_w = 1700 },
    { state = "idle", from_w = 1700, until_w = 6300 },
    { state = "scanning", from_w = 6300, until_w = 250000 },
]
"#;

/// A night, in UTC.
struct Night {
    /// The local day after it, and its first and last instant.
    day: &'static str,
    next_day: &'static str,
    from: Timestamp,
    until: Timestamp,
    /// How long it is; and how long it is closed in it.
    hours: i64,
    closed_hours: f64,
    /// When the device is left on, and when the alert is over: local closing and opening time.
    left: Timestamp,
    opens: Timestamp,
}

fn stamp(text: &str) -> Timestamp {
    text.parse().expect("a test's stamp")
}

fn record(received: Timestamp, topic: &str, payload: String) -> Record {
    Record {
        received,
        topic: topic.to_owned(),
        payload: payload.into_bytes(),
        qos: 1,
        is_retained: false,
        is_after_outage: false,
        packet_id: 1,
        broker: 0,
    }
}

/// The night stands in the journal of an idlewatt that has not run yet: a reading every half minute from four hours
/// before midnight to two hours after the next.
fn journalled(idlewatt: &Idlewatt, night: &Night) -> anyhow::Result<()> {
    let state = idlewatt.folder().join("state");
    std::fs::create_dir_all(&state)?;
    let mut journal = Journal::open(state.join("journal.sqlite"), &JournalConfig::default())?;
    let begin = night.from - SignedDuration::from_hours(8);
    let mut at = begin;
    while at < night.until + SignedDuration::from_hours(2) {
        let mut records = Vec::new();
        for _ in 0..1000 {
            let kwh = POWER_KW * at.duration_since(begin).as_secs_f64() / 3600.0;
            records.push(record(at, "plc/console-9/energy_kwh", format!("{kwh:.4}")));
            records.push(record(at, "plc/console-9/power_kw", POWER_KW.to_string()));
            at += SignedDuration::from_secs(30);
        }
        journal.append(at, &records, 0, &Noted::default())?;
    }
    Ok(())
}

/// Wh by hour, of every state and key.
async fn hours(influx: &Influxd) -> anyhow::Result<BTreeMap<Timestamp, f64>> {
    let mut hours = BTreeMap::new();
    for (key, fields) in points(influx, "energy").await? {
        let (_, instant) = key.rsplit_once(' ').unwrap_or_default();
        let hour = Timestamp::from_millisecond(instant.parse()?)?;
        *hours.entry(hour).or_default() += fields["energy_wh"].as_f64().unwrap_or_default();
    }
    Ok(hours)
}

/// A figure of a row, of one state or of all.
fn figure(row: &Value, name: &str, state: &str) -> f64 {
    let values = row["values"].as_array().into_iter().flatten();
    let asked = values.filter(|one| one["name"] == name && (state.is_empty() || one["state"] == state));
    asked.filter_map(|one| one["value"].as_f64()).sum()
}

fn assert_day(night: &Night, row: &Value) {
    let hours = night.hours as f64;
    for (name, state, expected) in [
        ("energy_kwh", "", POWER_KW * hours),
        ("hours", "idle", hours),
        ("closed_idle_hours", "", night.closed_hours),
        ("closed_idle_kwh", "", night.closed_hours * POWER_KW),
    ] {
        let found = figure(row, name, state);
        assert!(
            (found - expected).abs() < 0.02,
            "{}: {name} {found}, not {expected}",
            night.day
        );
    }
}

/// The alert of the night: left on at closing, over at opening, both by the clock on the wall.
async fn assert_alert(influx: &Influxd, night: &Night) -> anyhow::Result<()> {
    let alerts = points(influx, "alert").await?;
    let steps: Vec<(i64, i64, &str)> = alerts
        .iter()
        .filter(|(key, _)| key.contains("overnight_idle"))
        .filter_map(|(key, fields)| {
            let phase = ["raised", "cleared"]
                .into_iter()
                .find(|phase| key.contains(phase))?;
            let (_, at) = key.rsplit_once(' ')?;
            Some((fields["since_ms"].as_i64()?, at.parse().ok()?, phase))
        })
        .collect();
    let left = night.left.as_millisecond();
    assert!(
        steps
            .iter()
            .any(|(since, _, phase)| *since == left && *phase == "raised"),
        "{steps:?}"
    );
    let opens = night.opens.as_millisecond();
    assert!(
        steps.contains(&(left, opens, "cleared")),
        "{steps:?}, not {opens}"
    );
    Ok(())
}

/// The page's figures and curve of the day.
async fn assert_page(idlewatt: &Idlewatt, night: &Night) -> anyhow::Result<()> {
    let (from, until) = (night.from, night.until);
    let asked = format!("/api/kpi?from={from}&until={until}&by=device&period=day");
    // the history behind the page takes in what was found at its own pace
    let has_all =
        |said: &Value| figure(&said["rows"][0], "energy_kwh", "") > POWER_KW * (night.hours as f64 - 0.01);
    let said = idlewatt.until_json(&asked, "the whole day", has_all).await?;
    let rows = said["rows"].as_array().cloned().unwrap_or_default();
    let [row] = &rows[..] else {
        panic!("one day of one device: {said}")
    };
    assert_eq!(row["period"], night.day);
    assert_day(night, row);
    let asked = format!("/api/device/ct-9/power?from={from}&until={until}");
    let curve = idlewatt.json(&asked).await?;
    let curve = curve["points"].as_array().cloned().unwrap_or_default();
    let instants: Vec<&str> = curve.iter().filter_map(|point| point["at"].as_str()).collect();
    assert!(
        instants.len() > 100 && instants.is_sorted_by(|one, other| one < other),
        "{instants:?}"
    );
    assert!(curve.iter().all(|point| {
        point["mean_w"]
            .as_f64()
            .is_some_and(|w| (w - 2_600.0).abs() < 1.0)
    }));
    Ok(())
}

async fn check(night: Night) -> anyhow::Result<()> {
    let influx = Influxd::start(false).await?;
    influx.query("", &format!("CREATE DATABASE {DATABASE}")).await?;
    let demo = demo_configuration("mqtt://127.0.0.1:1", "");
    let site = demo.split("[[device]]").next().unwrap_or_default();
    let mut idlewatt = Idlewatt::prepare(&format!("{site}{CT}{}", influx_sink(&influx.url())))?;
    journalled(&idlewatt, &night)?;
    idlewatt.restart().await?;
    idlewatt
        .until("analyzed", WITHIN, |metrics| metrics.is_drained())
        .await?;

    // each hour of the day by itself, also the second of two of one name
    let booked = hours(&influx).await?;
    let of_day: Vec<(Timestamp, f64)> = booked
        .range(night.from..night.until)
        .map(|(hour, wh)| (*hour, *wh))
        .collect();
    assert_eq!(of_day.len() as i64, night.hours, "{of_day:?}");
    for (place, (hour, wh)) in (0..).zip(&of_day) {
        assert_eq!(*hour, night.from + SignedDuration::from_hours(place));
        assert!((wh - POWER_KW * 1000.0).abs() < 30.0, "{hour}: {wh} Wh");
    }

    assert_alert(&influx, &night).await?;
    assert_page(&idlewatt, &night).await?;
    assert!(idlewatt.stop().await?.success());
    let file = idlewatt.configuration_path().display().to_string();
    let range = ["--from", night.day, "--to", night.next_day];
    let arguments = [
        &["kpi", "-c", &file, "--by", "device", "--period", "day", "--json"][..],
        &range,
    ]
    .concat();
    let said: Value = serde_json::from_str(&answer(&arguments, "")?)?;
    assert_day(&night, &said["rows"][0]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_day_of_25_hours() -> anyhow::Result<()> {
    check(Night {
        day: "2026-10-25",
        next_day: "2026-10-26",
        from: stamp("2026-10-24T22:00:00Z"),
        until: stamp("2026-10-25T23:00:00Z"),
        hours: 25,
        closed_hours: 13.5,
        left: stamp("2026-10-24T17:00:00Z"),
        opens: stamp("2026-10-25T06:30:00Z"),
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_day_of_23_hours() -> anyhow::Result<()> {
    check(Night {
        day: "2026-03-29",
        next_day: "2026-03-30",
        from: stamp("2026-03-28T23:00:00Z"),
        until: stamp("2026-03-29T22:00:00Z"),
        hours: 23,
        closed_hours: 11.5,
        left: stamp("2026-03-28T18:00:00Z"),
        opens: stamp("2026-03-29T05:30:00Z"),
    })
    .await
}
