//! What each panel must show, beside the truth: the table, panel by panel. A panel without a row here fails.
//!
//! Energy by state is held to the judge's 2 %, with a slack for what no one would miss; shares and counts to what is said in
//! the row.

use anyhow::ensure;
use serde_json::Value;

use super::ask::{Asked, Frame};
use super::look;
use super::truth::{Map, Piece, Truth};

/// A row: this panel of this dashboard, and how it is judged.
pub(super) struct Check {
    pub(super) board: &'static str,
    pub(super) panel: u32,
    how: How,
}

enum How {
    /// Values by keys, within a share and a slack of the truth.
    Values {
        /// Labels or columns that make the key; `@day` and `@hour` are the local ones of the instant.
        keys: &'static [&'static str],
        /// The column; empty: the first behind the instant.
        column: &'static str,
        share: f64,
        slack: f64,
        truth: fn(&Truth, &Asked) -> Map,
    },
    /// What is no list of values.
    Look(fn(&Truth, &Asked, &[Frame]) -> anyhow::Result<()>),
}

const fn values(
    board: &'static str,
    panel: u32,
    keys: &'static [&'static str],
    column: &'static str,
    (share, slack): (f64, f64),
    truth: fn(&Truth, &Asked) -> Map,
) -> Check {
    Check {
        board,
        panel,
        how: How::Values {
            keys,
            column,
            share,
            slack,
            truth,
        },
    }
}

const fn look(
    board: &'static str,
    panel: u32,
    look: fn(&Truth, &Asked, &[Frame]) -> anyhow::Result<()>,
) -> Check {
    Check {
        board,
        panel,
        how: How::Look(look),
    }
}

/// The judge's bar for energy.
const ENERGY: (f64, f64) = (0.02, 0.1);
/// A boundary of a few minutes weighs more in a day or an hour.
const PART: (f64, f64) = (0.03, 0.3);
const HOURS: (f64, f64) = (0.03, 0.3);
const EXACT: (f64, f64) = (0.0, 0.0);

pub(super) const CHECKS: &[Check] = &[
    values("fleet", 1, &[], "", (0.02, 50.0), power_now),
    values("fleet", 2, &[], "", ENERGY, |t, a| t.sum(a, |_| true, whole, kwh)),
    values("fleet", 3, &[], "", ENERGY, |t, a| {
        t.sum(a, Piece::is_closed_idle, whole, kwh)
    }),
    values("fleet", 4, &[], "", ENERGY, |t, a| {
        t.sum(a, Piece::is_closed_idle, whole, cost)
    }),
    values("fleet", 5, &[], "", EXACT, |t, _| whole_of(t.open_alerts().len())),
    look("fleet", 6, look::now),
    look("fleet", 7, look::states),
    values("fleet", 8, &["device", "@hour"], "", (0.03, 100.0), |t, a| {
        t.sum(a, |_| true, |p| device_hour(t, p), |p| p.energy_wh)
    }),
    values("fleet", 9, &["device", "state"], "energy", ENERGY, |t, a| {
        t.sum(a, |_| true, device_state, kwh)
    }),
    values("fleet", 10, &["device"], "", ENERGY, |t, a| {
        t.sum(a, Piece::is_closed_idle, device, kwh)
    }),
    values(
        "fleet",
        11,
        &["device", "rule"],
        "since",
        (0.0, 300_000.0),
        open_since,
    ),
    look("fleet", 11, look::open_alerts),
    values("device", 1, &[], "", EXACT, state_now),
    values("device", 2, &[], "", (0.02, 5.0), power_now),
    values("device", 3, &[], "", ENERGY, |t, a| {
        t.sum(a, |_| true, whole, kwh)
    }),
    values("device", 4, &[], "", (0.06, 0.5), |t, a| {
        t.sum(a, Piece::is_closed_idle, whole, kwh)
    }),
    values("device", 5, &[], "", (0.06, 0.2), |t, a| {
        t.sum(a, Piece::is_closed_idle, whole, cost)
    }),
    values("device", 6, &[], "", (0.05, 1.0), |t, a| {
        whole_of(t.exams(a).count())
    }),
    look("device", 7, look::curve),
    look("device", 8, look::states),
    values("device", 9, &["state", "@day"], "", PART, |t, a| {
        t.sum(a, |_| true, |p| state_day(t, p), kwh)
    }),
    values("device", 10, &["state", "@day"], "", HOURS, |t, a| {
        t.sum(a, |_| true, |p| state_day(t, p), hours)
    }),
    values("device", 11, &["@day"], "", (0.1, 1.0), |t, a| {
        look::exams_by_day(t, a, |_| 1.0)
    }),
    values("device", 12, &["@day"], "", (0.12, 0.02), energy_of_an_exam),
    look("device", 13, look::exams),
    look("device", 14, look::alert_steps),
    look("device", 15, look::levels),
    look("device", 16, look::faults),
    values("waste", 1, &[], "", (0.02, 0.5), |t, a| {
        t.sum(a, Piece::is_closed_idle, whole, kwh)
    }),
    values("waste", 2, &[], "", (0.02, 0.5), |t, a| {
        t.sum(a, Piece::is_closed_idle, whole, hours)
    }),
    values("waste", 3, &[], "", (0.02, 0.2), |t, a| {
        t.sum(a, Piece::is_closed_idle, whole, cost)
    }),
    values("waste", 4, &[], "", (0.02, 0.1), |t, a| {
        t.sum(a, Piece::is_closed_idle, whole, kg)
    }),
    values("waste", 5, &[], "", (0.02, 0.0), idle_share),
    values("waste", 6, &["device"], "energy", (0.06, 0.5), |t, a| {
        t.sum(a, Piece::is_closed_idle, device, kwh)
    }),
    values("waste", 6, &["device"], "hours", (0.06, 0.5), |t, a| {
        t.sum(a, Piece::is_closed_idle, device, hours)
    }),
    values("waste", 6, &["device"], "cost", (0.06, 0.2), |t, a| {
        t.sum(a, Piece::is_closed_idle, device, cost)
    }),
    values("waste", 6, &["device"], "CO2e", (0.06, 0.1), |t, a| {
        t.sum(a, Piece::is_closed_idle, device, kg)
    }),
    values("waste", 7, &["device", "@day"], "", PART, |t, a| {
        t.sum(a, Piece::is_closed_idle, |p| device_day(t, p), kwh)
    }),
    values("waste", 8, &["device", "@day"], "", PART, |t, a| {
        t.sum(a, Piece::is_closed_idle, |p| device_day(t, p), cost)
    }),
    values("waste", 9, &["device", "@hour"], "", PART, |t, a| {
        t.sum(a, Piece::is_closed_idle, |p| device_hour(t, p), kwh)
    }),
    values("waste", 10, &["device"], "", (0.04, 0.0), idle_to_scanning),
    values("waste", 11, &["device"], "", (0.06, 0.6), |t, a| {
        look::avoidable(t, a, Piece::is_closed_idle)
    }),
    values("workstations", 1, &[], "", EXACT, |t, _| {
        whole_of(t.stations_now().filter(|state| *state != "off").count())
    }),
    values("workstations", 2, &[], "", EXACT, |t, _| {
        whole_of(t.stations_now().count())
    }),
    values("workstations", 3, &[], "", ENERGY, |t, a| {
        t.sum(a, Piece::is_closed_on, whole, kwh)
    }),
    values("workstations", 4, &[], "", ENERGY, |t, a| {
        t.sum(a, Piece::is_closed_on, whole, cost)
    }),
    look("workstations", 5, look::stations_now),
    look("workstations", 6, look::states),
    values("workstations", 7, &["device"], "", HOURS, |t, a| {
        t.sum(a, Piece::is_closed_on, device, hours)
    }),
    values("workstations", 8, &["device"], "", (0.06, 0.1), |t, a| {
        look::avoidable(t, a, Piece::is_closed_on)
    }),
    values("workstations", 9, &["device", "@day"], "", PART, |t, a| {
        t.sum(a, Piece::is_closed_on, |p| device_day(t, p), kwh)
    }),
    values("pipeline", 1, &[], "", EXACT, |t, _| {
        whole_of(t.devices().count())
    }),
    values("pipeline", 2, &[], "", EXACT, |t, _| {
        whole_of(t.devices().count())
    }),
    values("pipeline", 3, &[], "", (0.0, 0.02), |_, _| whole_of(1)),
    values("pipeline", 4, &[], "", (0.0, 0.001), |_, _| whole_of(1)),
    look("pipeline", 5, look::ages),
    look("pipeline", 6, look::readings),
    look("pipeline", 7, look::silences),
    values("pipeline", 8, &["device"], "", (0.0, 0.05), |t, _| {
        t.devices().map(|id| (id.to_owned(), 0.0)).collect()
    }),
    look("pipeline", 9, look::faults),
];

impl Check {
    pub(super) fn judge(&self, truth: &Truth, asked: &Asked, frames: &[Frame]) -> anyhow::Result<()> {
        match self.how {
            How::Look(look) => look(truth, asked, frames),
            How::Values {
                keys,
                column,
                share,
                slack,
                truth: real,
            } => near(
                &found(truth, frames, keys, column)?,
                &real(truth, asked),
                share,
                slack,
            ),
        }
    }
}

/// The values of an answer by their keys.
fn found(truth: &Truth, frames: &[Frame], keys: &[&str], column: &str) -> anyhow::Result<Map> {
    let mut values = Map::new();
    for frame in frames {
        let index = if column.is_empty() {
            Some(1)
        } else {
            frame.column(column)
        };
        let Some(index) = index else {
            anyhow::bail!("no column {column} in {:?}", frame.columns)
        };
        for row in &frame.rows {
            let key: Vec<String> = keys.iter().map(|key| part(truth, frame, row, key)).collect();
            let Some(value) = row[index].as_f64() else {
                continue;
            };
            let was = values.insert(key.join(" "), value);
            ensure!(was.is_none(), "two values for {key:?}");
        }
    }
    Ok(values)
}

fn part(truth: &Truth, frame: &Frame, row: &[Value], key: &str) -> String {
    match key {
        "@day" => truth.day(Frame::instant(row)),
        "@hour" => truth.hour(Frame::instant(row)),
        label => frame.labels.get(label).cloned().unwrap_or_default(),
    }
}

/// What is missing on one side is nought there.
fn near(found: &Map, truth: &Map, share: f64, slack: f64) -> anyhow::Result<()> {
    let keys: std::collections::BTreeSet<&String> = found.keys().chain(truth.keys()).collect();
    let of = |map: &Map, key: &String| map.get(key).copied().unwrap_or_default();
    let is_off = |key: &&&String| {
        let (found, truth) = (of(found, key), of(truth, key));
        (found - truth).abs() > truth.abs() * share + slack
    };
    let off = keys.iter().filter(is_off);
    let off: Vec<String> = off
        .map(|key| format!("{key:?}: {} instead of {}", of(found, key), of(truth, key)))
        .collect();
    ensure!(
        off.is_empty(),
        "{} of {}: {}",
        off.len(),
        keys.len(),
        off.join("; ")
    );
    Ok(())
}

fn whole(_: &Piece) -> String {
    String::new()
}

fn device(piece: &Piece) -> String {
    piece.device.clone()
}

fn device_state(piece: &Piece) -> String {
    format!("{} {}", piece.device, piece.state)
}

fn device_day(truth: &Truth, piece: &Piece) -> String {
    format!("{} {}", piece.device, truth.day(piece.hour))
}

fn device_hour(truth: &Truth, piece: &Piece) -> String {
    format!("{} {}", piece.device, truth.hour(piece.hour))
}

fn state_day(truth: &Truth, piece: &Piece) -> String {
    format!("{} {}", piece.state, truth.day(piece.hour))
}

fn kwh(piece: &Piece) -> f64 {
    piece.energy_wh / 1000.0
}

fn cost(piece: &Piece) -> f64 {
    piece.cost
}

fn kg(piece: &Piece) -> f64 {
    piece.co2e_g / 1000.0
}

fn hours(piece: &Piece) -> f64 {
    piece.seconds() / 3600.0
}

fn whole_of(count: usize) -> Map {
    Map::from([(String::new(), f64::from(u32::try_from(count).unwrap_or(u32::MAX)))])
}

fn power_now(truth: &Truth, asked: &Asked) -> Map {
    let meant = truth
        .devices()
        .filter(|id| asked.device().is_none_or(|device| device == *id));
    let sum = meant
        .filter_map(|id| truth.at(id, truth.now))
        .map(|(_, power_w)| power_w)
        .sum();
    Map::from([(String::new(), sum)])
}

fn state_now(truth: &Truth, asked: &Asked) -> Map {
    let now = asked.device().and_then(|id| truth.at(id, truth.now));
    now.map(|(state, _)| (String::new(), f64::from(look::code(state))))
        .into_iter()
        .collect()
}

fn open_since(truth: &Truth, _: &Asked) -> Map {
    let open = truth.open_alerts().into_iter();
    #[expect(clippy::cast_precision_loss, reason = "milliseconds of this century")]
    open.map(|(device, since)| (format!("{device} overnight_idle"), since.as_millisecond() as f64))
        .collect()
}

fn ratio(above: &Map, below: &Map) -> Map {
    let both = above
        .iter()
        .filter_map(|(key, value)| Some((key.clone(), value / below.get(key)?)));
    both.collect()
}

fn idle_share(truth: &Truth, asked: &Asked) -> Map {
    let idle = truth.sum(asked, |p| p.is_scanner() && p.state == "idle", whole, kwh);
    ratio(&idle, &truth.sum(asked, Piece::is_scanner, whole, kwh))
}

fn idle_to_scanning(truth: &Truth, asked: &Asked) -> Map {
    let of = |state: &'static str| {
        truth.sum(
            asked,
            move |p| p.modality == "ct" && p.state == state,
            device,
            kwh,
        )
    };
    ratio(&of("idle"), &of("scanning"))
}

fn energy_of_an_exam(truth: &Truth, asked: &Asked) -> Map {
    let energy = look::exams_by_day(truth, asked, |energy_wh| energy_wh / 1000.0);
    ratio(&energy, &look::exams_by_day(truth, asked, |_| 1.0))
}
