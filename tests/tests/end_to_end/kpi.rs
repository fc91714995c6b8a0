//! `idlewatt kpi` as people run it: five days of the demo hospital around a change of week and month, against the
//! simulator's truth.
//!
//! The messages stand in a journal. From it alone (`--journal`), and from the history that the service makes of it, the
//! figures are the same; both are judged by rows of the truth, cut at half hours.

use std::collections::BTreeMap;

use analyzer::site::TariffPeriod;
use analyzer::{Config as Hospital, Device};
use anyhow::Context;
use idlewatt::config::Config;
use ingest::account::Noted;
use ingest::journal::{Journal, JournalConfig};
use ingest::record::Record;
use jiff::Timestamp;
use serde_json::Value;
use simulator::{Message, Scenario, Simulation, State, TruthRecord};
use tests::idlewatt::{Idlewatt, WITHIN, answer, command, demo_configuration};
use tests::pipeline::last_message;

const FROM: &str = "2026-10-29";
const TO: &str = "2026-11-03";
/// A CT, an MRI, two workstations of which one is left on for two nights, and a rack.
const PLAYED: [&str; 5] = ["ct-2", "mri-2", "ws-1", "ws-2", "rack-1"];
/// Messages that are committed at once.
const BATCH: usize = 2_000;
/// How far a figure may be from the truth, as a share of it.
const ERROR_MAX: f64 = 0.03;

pub(crate) fn scenario() -> anyhow::Result<Scenario> {
    let week = Scenario::builtin("week")?;
    let mut devices = week.devices;
    devices.retain(|device| PLAYED.contains(&device.id.as_str()));
    let start = week
        .zone
        .to_timestamp(jiff::civil::date(2026, 10, 29).at(0, 0, 0, 0))?;
    Ok(Scenario {
        start,
        days: 5,
        devices,
        ..week
    })
}

/// Plays the scenario into a journal in the state folder of an idlewatt that has not run yet; the truth.
pub(crate) fn journalled(idlewatt: &Idlewatt, scenario: &Scenario) -> anyhow::Result<Vec<TruthRecord>> {
    let state = idlewatt.folder().join("state");
    std::fs::create_dir_all(&state)?;
    let mut journal = Journal::open(state.join("journal.sqlite"), &JournalConfig::default())?;
    let mut simulation = Simulation::new(scenario);
    let mut records = Vec::new();
    let record = |message: Message| Record {
        received: message.at,
        topic: message.topic,
        payload: message.payload,
        qos: 1,
        is_retained: message.retain,
        is_after_outage: false,
        packet_id: 1,
        broker: 0,
    };
    let end = scenario.end();
    let during = simulation.by_ref().take_while(|message| message.at < end);
    for message in during.chain([last_message(scenario)]) {
        let is_last = message.at >= end;
        records.push(record(message));
        if is_last || records.len() == BATCH {
            let at = records.last().context("just put in")?.received;
            journal.append(at, &records, 0, &Noted::default())?;
            records.clear();
        }
    }
    Ok(simulation.finish())
}

/// Energy and time of a device in a state, in a local hour, in or out of its opening hours.
#[derive(Clone, Copy, Debug, Default)]
struct Cell {
    wh: f64,
    hours: f64,
}

type Key = (String, Timestamp, &'static str, bool);

struct Truth {
    hospital: Hospital,
    cells: BTreeMap<Key, Cell>,
    exams: BTreeMap<String, u32>,
}

impl Truth {
    fn of(records: &[TruthRecord], hospital: Hospital) -> anyhow::Result<Self> {
        let (mut cells, mut exams) = (BTreeMap::<Key, Cell>::new(), BTreeMap::new());
        for record in records {
            match record {
                TruthRecord::Exam { device, .. } => *exams.entry(device.clone()).or_default() += 1,
                TruthRecord::Interval {
                    device,
                    from,
                    until,
                    state,
                    energy_wh,
                } => {
                    let known = hospital.devices.iter().find(|known| *known.id == **device);
                    let opening = &known.context("configured")?.opening;
                    let whole_s = until.duration_since(*from).as_secs_f64();
                    let mut at = *from;
                    while at < *until {
                        // opening hours begin and end on half hours
                        let half = at.as_second().div_euclid(1800) * 1800;
                        let next = Timestamp::from_second(half + 1800)?.min(*until);
                        let hour = Timestamp::from_second(half.div_euclid(3600) * 3600)?;
                        let seconds = next.duration_since(at).as_secs_f64();
                        let key = (device.clone(), hour, word(*state), opening.is_open(at));
                        let cell = cells.entry(key).or_default();
                        cell.hours += seconds / 3600.0;
                        cell.wh += energy_wh * seconds / whole_s;
                        at = next;
                    }
                }
                _ => {}
            }
        }
        Ok(Self {
            hospital,
            cells,
            exams,
        })
    }

    fn device(&self, id: &str) -> &Device {
        let mut devices = self.hospital.devices.iter();
        devices.find(|device| *device.id == *id).expect("configured")
    }

    /// Whether a device and an instant are of a row that was printed.
    fn is_of(&self, row: &Value, by: &str, device: &str, at: Timestamp) -> bool {
        let instant = |key: &str| row[key].as_str().and_then(|text| text.parse::<Timestamp>().ok());
        let group = match by {
            "device" => device,
            "room" => &*self.device(device).room,
            "modality" => self.device(device).modality.name,
            _ => "site",
        };
        row["group"] == group
            && instant("from").is_some_and(|from| from <= at)
            && instant("until").is_some_and(|until| at < until)
    }

    /// The cells of a row that was printed.
    fn cells_of<'a>(&'a self, row: &'a Value, by: &'a str) -> Vec<(&'a Key, &'a Cell)> {
        let is_of = |(key, _): &(&Key, &Cell)| self.is_of(row, by, &key.0, key.1);
        self.cells.iter().filter(is_of).collect()
    }

    /// Money of a cell, by the tariff of its hour.
    fn cost(&self, (key, cell): (&Key, &Cell)) -> f64 {
        let tariff = &self.hospital.site.tariff;
        let local = key.1.to_zoned_datetime(self.hospital.site.zone.clone()).time();
        let is_night = local >= tariff.night_from || local < tariff.night_until;
        let period = if is_night {
            TariffPeriod::Night
        } else {
            TariffPeriod::Day
        };
        cell.wh / 1000.0 * tariff.price_per_kwh(period)
    }
}

const fn word(state: State) -> &'static str {
    match state {
        State::Off => "off",
        State::Standby => "standby",
        State::Idle => "idle",
        State::Scanning => "scanning",
    }
}

/// What is printed: figure and state to its value.
fn values(row: &Value) -> BTreeMap<(String, String), f64> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let all = row["values"].as_array().into_iter().flatten();
    let known =
        all.filter_map(|one| Some(((text(&one["name"]), text(&one["state"])), one["value"].as_f64()?)));
    known.collect()
}

fn asked(idlewatt: &Idlewatt, further: &[&str]) -> anyhow::Result<String> {
    let file = idlewatt.configuration_path().display().to_string();
    answer(
        &[&["kpi", "-c", &file, "--from", FROM, "--to", TO], further].concat(),
        "",
    )
}

fn rows(idlewatt: &Idlewatt, further: &[&str]) -> anyhow::Result<Vec<Value>> {
    let said: Value = serde_json::from_str(&asked(idlewatt, &[&["--json"], further].concat())?)?;
    Ok(said["rows"].as_array().context("rows")?.clone())
}

fn sum<'a>(
    cells: impl IntoIterator<Item = &'a (&'a Key, &'a Cell)>,
    is_asked: impl Fn(&Key) -> bool,
) -> Cell {
    let mut sum = Cell::default();
    for (_, cell) in cells.into_iter().filter(|(key, _)| is_asked(key)) {
        sum.wh += cell.wh;
        sum.hours += cell.hours;
    }
    sum
}

/// The spread of the mean powers of cells, each with the weight of its time, W.
fn spread_w(cells: &[(&Key, &Cell)], state: &str) -> f64 {
    let of: Vec<&Cell> = cells
        .iter()
        .filter(|(key, _)| key.2 == state)
        .map(|(_, cell)| *cell)
        .collect();
    let hours: f64 = of.iter().map(|cell| cell.hours).sum();
    let mean_w = of.iter().map(|cell| cell.wh).sum::<f64>() / hours;
    let square = |cell: &&Cell| cell.hours * (cell.wh / cell.hours - mean_w).powi(2);
    (of.iter().map(square).sum::<f64>() / hours).sqrt()
}

/// The figures of a row as the truth has them, with what may be missing of each beside [`ERROR_MAX`].
fn expected(truth: &Truth, row: &Value, by: &str) -> Vec<(&'static str, &'static str, f64, f64)> {
    let cells = truth.cells_of(row, by);
    let role = |id: &str, name: &str| format!("{:?}", truth.device(id).modality.role) == name;
    let mut all = Vec::new();
    if cells.is_empty() {
        return all;
    }
    for state in ["off", "standby", "idle", "scanning"] {
        let of = sum(&cells, |key| key.2 == state);
        all.push(("energy_kwh", state, of.wh / 1000.0, 0.3));
        all.push(("hours", state, of.hours, 0.3));
        if of.hours > 1.0 {
            all.push(("mean_power_w", state, of.wh / of.hours, 10.0));
            all.push((
                "mean_power_sd_w",
                state,
                spread_w(&cells, state),
                0.1 * of.wh / of.hours,
            ));
        }
    }
    let whole = sum(&cells, |_| true);
    all.push(("cost", "", cells.iter().map(|cell| truth.cost(*cell)).sum(), 0.02));
    all.push((
        "co2e_kg",
        "",
        whole.wh / 1000.0 * truth.hospital.site.carbon.g_per_kwh / 1000.0,
        0.01,
    ));
    let scanners = sum(&cells, |key| role(&key.0, "Scanner"));
    let of_scanners = |state: &'static str| sum(&cells, |key| role(&key.0, "Scanner") && key.2 == state).wh;
    if scanners.wh > 0.0 {
        let (idle_wh, scanning_wh) = (of_scanners("idle"), of_scanners("scanning"));
        all.push(("idle_share", "", idle_wh / scanners.wh, 0.01));
        all.push(("non_productive_share", "", 1.0 - scanning_wh / scanners.wh, 0.01));
        if scanning_wh > 1000.0 {
            all.push(("idle_scan_ratio", "", idle_wh / scanning_wh, 0.1));
        }
    }
    let is_waste = |id: &str| truth.device(id).modality.idle_is_waste;
    let closed = sum(&cells, |key| is_waste(&key.0) && !key.3);
    if closed.hours > 0.0 {
        let idle = sum(&cells, |key| is_waste(&key.0) && !key.3 && key.2 == "idle");
        // boundaries of a minute or two a day weigh more where little idles: as tests/tests/week.rs
        let kwh = idle.wh / 1000.0;
        all.push(("closed_idle_hours", "", idle.hours, (idle.hours * 0.06).max(0.5)));
        all.push(("closed_idle_kwh", "", kwh, (kwh * 0.06).max(0.5)));
    }
    all
}

/// Holds what was printed against the truth; how many figures were compared, and what is amiss.
fn judge(truth: &Truth, rows: &[Value], by: &str) -> (usize, Vec<String>) {
    let (mut compared, mut amiss) = (0, Vec::new());
    for row in rows {
        let found = values(row);
        for (name, state, wanted, slack) in expected(truth, row, by) {
            let value = found.get(&(name.to_owned(), state.to_owned()));
            let allowed = (wanted.abs() * ERROR_MAX).max(slack);
            if value.is_none_or(|value| (value - wanted).abs() > allowed) {
                let place = format!("{} {} by {by}", row["group"], row["period"]);
                amiss.push(format!("{place}: {name} {state}: {value:?}, not {wanted:.3}"));
            }
            compared += 1;
        }
    }
    (compared, amiss)
}

/// The sum of a figure over all rows.
fn total(rows: &[Value], name: &str) -> f64 {
    let of_row = |row: &Value| {
        values(row)
            .iter()
            .filter(|((of, _), _)| of == name)
            .map(|(_, value)| value)
            .sum::<f64>()
    };
    rows.iter().map(of_row).sum()
}

/// Everything that is printed as text is what is printed as JSON, a share as a percentage.
fn text_is_json(text: &str, rows: &[Value]) {
    let blocks: Vec<&str> = text
        .split("\n\n")
        .filter(|block| block.contains("device(s)"))
        .collect();
    assert_eq!(blocks.len(), rows.len());
    for (block, row) in blocks.iter().zip(rows) {
        let (found, mut shown) = (values(row), 0);
        for line in block.lines().skip(1).filter(|line| !line.contains("guessed")) {
            let words: Vec<&str> = line.split_whitespace().collect();
            let has_state = ["off", "standby", "idle", "scanning", "unknown"].contains(&words[1]);
            let state = if has_state { words[1] } else { "" };
            let value: f64 = words[1 + usize::from(has_state)]
                .parse()
                .unwrap_or_else(|_| panic!("{line}"));
            let scale = if words[0].ends_with("_share") { 100.0 } else { 1.0 };
            let wanted = found[&(words[0].to_owned(), state.to_owned())] * scale;
            assert!((value - wanted).abs() < 0.0006, "{line}: {wanted}");
            shown += 1;
        }
        assert_eq!(shown, found.len(), "{block}");
    }
}

/// Two ways to the same figures: money and carbon are kept in millionths.
fn are_same(one: &[Value], other: &[Value]) {
    assert_eq!(one.len(), other.len());
    for (one, other) in one.iter().zip(other) {
        let (one, other) = (values(one), values(other));
        assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
        for (key, value) in &one {
            let slack = 1e-4 * value.abs().max(1.0);
            assert!(
                (value - other[key]).abs() <= slack,
                "{key:?}: {value} and {}",
                other[key]
            );
        }
    }
}

/// Every group and period is judged, and all of them add up to the same; how many figures were compared.
fn every_group_and_period(idlewatt: &Idlewatt, truth: &Truth) -> anyhow::Result<usize> {
    let (mut compared, mut amiss) = (0, Vec::new());
    let mut totals = Vec::new();
    for by in ["device", "room", "modality", "site"] {
        for period in [None, Some("day"), Some("week"), Some("month")] {
            let period = period.map_or(vec![], |period| vec!["--period", period]);
            let rows = rows(idlewatt, &[&["--by", by][..], &period].concat())?;
            let (more, wrong) = judge(truth, &rows, by);
            compared += more;
            amiss.extend(wrong);
            totals.push((
                total(&rows, "energy_kwh"),
                total(&rows, "hours"),
                total(&rows, "cost"),
            ));
        }
    }
    assert!(compared > 1000, "{compared}");
    assert!(amiss.is_empty(), "{amiss:#?}");
    for pair in totals.windows(2) {
        let (one, other) = (pair[0], pair[1]);
        for (one, other) in [(one.0, other.0), (one.1, other.1), (one.2, other.2)] {
            assert!(
                (one - other).abs() < 1e-6 * one,
                "groups and periods add up: {totals:?}"
            );
        }
    }
    Ok(compared)
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_are_those_of_the_truth_by_every_group_and_period_from_journal_and_history()
-> anyhow::Result<()> {
    let mut idlewatt = Idlewatt::prepare(&demo_configuration("mqtt://127.0.0.1:1", ""))?;
    let hospital = Config::load(&idlewatt.configuration_path())?.config.analyzer();
    let scenario = scenario()?;
    let truth = Truth::of(&journalled(&idlewatt, &scenario)?, hospital)?;
    let days = ["--by", "device", "--period", "day"];
    let from_journal = rows(&idlewatt, &[&["--journal"][..], &days].concat())?;
    let (_, amiss) = judge(&truth, &from_journal, "device");
    assert!(amiss.is_empty(), "{amiss:#?}");

    let file = idlewatt.configuration_path().display().to_string();
    let refused = command(&["kpi", "-c", &file], "")?;
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(1), "{said}");
    assert!(
        said.contains("there is no history at") && said.contains("--journal does without it"),
        "{said}"
    );

    idlewatt.restart().await?;
    idlewatt
        .until("analyzed", WITHIN, |metrics| metrics.is_drained())
        .await?;
    assert!(idlewatt.stop().await?.success());
    are_same(&from_journal, &rows(&idlewatt, &days)?);

    let compared = every_group_and_period(&idlewatt, &truth)?;
    println!("{compared} figures are those of the truth");
    let whole = rows(&idlewatt, &["--by", "device"])?;
    for (id, exams) in &truth.exams {
        let row = whole.iter().find(|row| row["group"] == **id).context("a row")?;
        let found = values(row)[&("exams".to_owned(), String::new())];
        let wanted = f64::from(*exams);
        assert!(
            (found - wanted).abs() <= (wanted * 0.05).max(1.0),
            "{id}: {found} examinations, not {wanted}"
        );
    }
    text_is_json(&asked(&idlewatt, &["--by", "device"])?, &whole);
    let explained = asked(&idlewatt, &["--by", "modality", "--explain"])?;
    for words in [
        "published 45 %\n",
        "published 14 to 30\n",
        "Walters et al., Clin Radiol 2024: 45 % of energy)",
        "target of ws-2: ",
    ] {
        assert!(explained.contains(words), "{words}: {explained}");
    }
    Ok(())
}

#[test]
fn what_is_not_known_is_said() -> anyhow::Result<()> {
    let idlewatt = Idlewatt::prepare(&demo_configuration("mqtt://127.0.0.1:1", ""))?;
    let file = idlewatt.configuration_path().display().to_string();
    for (arguments, code, words) in [
        (
            &["--by", "floor"][..],
            2,
            "possible values: device, room, modality, site",
        ),
        (&["--period", "year"], 2, "possible values: day, week, month"),
        (&["--from", "yesterday"], 2, "is no day and no instant"),
        (
            &["--from", "2026-11-02", "--to", "2026-11-01"],
            2,
            "--from must lie before --to",
        ),
        (&["--journal"], 1, "there is no journal at"),
    ] {
        let output = command(&[&["kpi", "-c", &file], arguments].concat(), "")?;
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{said}");
        assert!(said.contains(words), "{words}: {said}");
    }
    Ok(())
}
