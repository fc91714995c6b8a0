//! A panel's targets asked as Grafana asks them: macros and variables put in as it documents them, expressions worked out,
//! everything else left to the database.
//!
//! Limits: of Grafana's macros and formats those that our files use; a `$` that is left is a fault. The interval is chosen as
//! Grafana does it: the range over the panel's width, rounded up, and no less than the panel's minimum.

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use serde_json::Value;
use tests::influxd::Influxd;

use super::expression;
use super::model::{Dashboard, InfluxTarget, Panel, Target};

/// Points across a panel.
const WIDTH: i64 = 1000;
/// What Grafana rounds an interval to, in seconds.
const ROUND_S: [i64; 16] = [
    1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200,
];

/// Labels of a series, by name.
pub(super) type Labels = BTreeMap<String, String>;

/// The time that is looked at, and what is chosen.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) from: Timestamp,
    pub(super) to: Timestamp,
    pub(super) interval: SignedDuration,
    /// What is chosen in each variable; none: All.
    pub(super) chosen: BTreeMap<&'static str, Vec<String>>,
    pub(super) zone: String,
}

impl Asked {
    /// What a panel asks for at `now` when its dashboard has just been opened.
    pub(super) fn of(dashboard: &Dashboard, panel: &Panel, now: Timestamp) -> anyhow::Result<Self> {
        let zone = TimeZone::get(&dashboard.timezone)?;
        let from = panel.time_from.as_ref().unwrap_or(&dashboard.time.from);
        let from = instant(from, now, &zone).with_context(|| panel.title.clone())?;
        let least = panel.interval.as_deref().unwrap_or("10s");
        let exact_s = now.duration_since(from).as_secs() / WIDTH;
        let rounded_s = ROUND_S
            .into_iter()
            .find(|step| *step >= exact_s)
            .unwrap_or(exact_s);
        Ok(Self {
            from,
            to: now,
            interval: SignedDuration::from_secs(rounded_s).max(span(least)?),
            chosen: BTreeMap::new(),
            zone: dashboard.timezone.clone(),
        })
    }

    pub(super) fn choose(mut self, variable: &'static str, values: &[&str]) -> Self {
        self.chosen
            .insert(variable, values.iter().map(|value| (*value).to_owned()).collect());
        self
    }

    pub(super) fn device(&self) -> Option<&str> {
        self.chosen.get("device")?.first().map(String::as_str)
    }

    /// The query as the database gets it.
    pub(super) fn put_in(&self, query: &str) -> anyhow::Result<String> {
        let ms = self.interval.as_millis();
        let range = format!(
            "time >= {}ms and time <= {}ms",
            self.from.as_millisecond(),
            self.to.as_millisecond()
        );
        let mut text = query
            .replace("$timeFilter", &range)
            .replace("$__interval_ms", &ms.to_string())
            .replace("$__interval", &format!("{ms}ms"))
            .replace("${zone:raw}", &self.zone);
        for variable in ["site", "room", "device"] {
            let value = self
                .chosen
                .get(variable)
                .map_or_else(|| ".*".to_owned(), |values| regex(values));
            text = text.replace(&format!("${{{variable}:regex}}"), &value);
        }
        let curve = self
            .chosen
            .get("curve")
            .map_or("power", |values| values[0].as_str());
        text = text.replace("${curve:raw}", curve);
        ensure!(
            !text.contains("${") && !text.contains("$__"),
            "not put in: {text}"
        );
        Ok(text)
    }
}

/// Values as Grafana's format `regex` writes them.
fn regex(values: &[String]) -> String {
    let escaped: Vec<String> = values.iter().map(|value| escaped(value)).collect();
    match escaped.as_slice() {
        [one] => one.clone(),
        several => format!("({})", several.join("|")),
    }
}

fn escaped(value: &str) -> String {
    value.chars().fold(String::new(), |mut text, letter| {
        if "\\^$*+?.()|[]{}/".contains(letter) {
            text.push('\\');
        }
        text.push(letter);
        text
    })
}

/// `90d`, `now-24h`, `now/d`, `now-6d/d`: the beginning of a range that ends now.
fn instant(text: &str, now: Timestamp, zone: &TimeZone) -> anyhow::Result<Timestamp> {
    let (back, is_day) = text.strip_suffix("/d").map_or((text, false), |back| (back, true));
    let back = back.strip_prefix("now").unwrap_or(back).trim_start_matches('-');
    if !is_day {
        return Ok(now - span(back)?);
    }
    let days: i64 = if back.is_empty() {
        0
    } else {
        back.strip_suffix('d').context("days")?.parse()?
    };
    let day = now
        .to_zoned_datetime(zone.clone())
        .date()
        .checked_sub(days.days())?;
    Ok(zone.to_timestamp(day.to_datetime(jiff::civil::Time::midnight()))?)
}

fn span(text: &str) -> anyhow::Result<SignedDuration> {
    let (number, unit) = text.split_at(text.len().saturating_sub(1));
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => bail!("{text:?} is no span of time that Grafana knows"),
    };
    Ok(SignedDuration::from_secs(number.parse::<i64>()? * seconds))
}

/// A series of an answer.
#[derive(Clone, Debug)]
pub(super) struct Frame {
    pub(super) labels: Labels,
    /// The instant first.
    pub(super) columns: Vec<String>,
    pub(super) rows: Vec<Vec<Value>>,
}

impl Frame {
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column == name)
    }

    pub(super) fn instant(row: &[Value]) -> Timestamp {
        Timestamp::from_millisecond(row[0].as_i64().unwrap_or_default()).unwrap_or_default()
    }

    /// The last value that is none, as an expression of the kind `reduce` takes it.
    fn last(&self) -> Option<f64> {
        self.rows.iter().rev().find_map(|row| row[1].as_f64())
    }
}

/// What the database says to one query.
pub(super) async fn ask(influx: &Influxd, database: &str, query: &str) -> anyhow::Result<Vec<Frame>> {
    let series = influx.query(database, query).await?;
    Ok(series
        .iter()
        .map(|series| {
            let tags = series.0["tags"].as_object().into_iter().flatten();
            let columns = series.0["columns"].as_array().into_iter().flatten();
            Frame {
                labels: tags
                    .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
                    .filter(|(_, value)| !value.is_empty())
                    .collect(),
                columns: columns
                    .filter_map(|name| name.as_str().map(str::to_owned))
                    .collect(),
                rows: series.rows(),
            }
        })
        .collect())
}

/// What a panel shows: the frames of its targets that are not hidden.
pub(super) async fn show(
    influx: &Influxd,
    database: &str,
    panel: &Panel,
    asked: &Asked,
) -> anyhow::Result<Vec<Frame>> {
    let (mut series, mut numbers, mut shown) = (BTreeMap::new(), expression::Numbers::new(), Vec::new());
    for target in &panel.targets {
        match target {
            Target::Influx(InfluxTarget {
                ref_id, query, hide, ..
            }) => {
                let frames = ask(influx, database, &asked.put_in(query)?).await?;
                shown.extend(frames.iter().filter(|_| !hide).cloned());
                series.insert(ref_id.clone(), frames);
            }
            Target::Expression(target) => {
                let found = expression::work_out(target, &numbers, |of| reduced(series.get(of)))?;
                let frames = found.iter().map(|(labels, value)| Frame {
                    labels: labels.clone(),
                    columns: vec!["time".to_owned(), "value".to_owned()],
                    rows: vec![vec![0.into(), (*value).into()]],
                });
                shown.extend(frames.filter(|_| !target.hide));
                numbers.insert(target.ref_id.clone(), found);
            }
            Target::Prometheus(_) => bail!("{} is not asked of InfluxDB", panel.title),
        }
    }
    Ok(shown)
}

/// The last value of each series.
pub(super) fn reduced(series: Option<&Vec<Frame>>) -> BTreeMap<Labels, f64> {
    let frames = series.into_iter().flatten();
    frames
        .filter_map(|frame| Some((frame.labels.clone(), frame.last()?)))
        .collect()
}

#[test]
fn what_is_chosen_is_put_in_as_grafana_writes_it() -> anyhow::Result<()> {
    let now: Timestamp = "2026-11-23T05:30:00Z".parse()?;
    let zone = TimeZone::get("Europe/Paris")?;
    let begins = |text: &str| instant(text, now, &zone).map(|at| at.to_string());
    assert_eq!(begins("now/d")?, "2026-11-22T23:00:00Z");
    assert_eq!(begins("now-6d/d")?, "2026-11-16T23:00:00Z");
    assert_eq!(begins("now-24h")?, "2026-11-22T05:30:00Z");
    assert_eq!(begins("15m")?, "2026-11-23T05:15:00Z");
    let asked = Asked {
        from: now,
        to: now,
        interval: SignedDuration::from_secs(300),
        chosen: BTreeMap::new(),
        zone: "Europe/Paris".to_owned(),
    };
    let query = r#""room" =~ /^${room:regex}$/ GROUP BY time($__interval) tz('${zone:raw}')"#;
    let all = r#""room" =~ /^.*$/ GROUP BY time(300000ms) tz('Europe/Paris')"#;
    assert_eq!(asked.put_in(query)?, all);
    let one = asked
        .clone()
        .choose("room", &["A/B (1.5 T)"])
        .put_in("/^${room:regex}$/")?;
    assert_eq!(one, r"/^A\/B \(1\.5 T\)$/");
    let two = asked.choose("room", &["a", "b"]).put_in("/^${room:regex}$/")?;
    assert_eq!(two, "/^(a|b)$/");
    Ok(())
}
