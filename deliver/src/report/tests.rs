//! Reports of a made-up history whose figures are known: every form, both languages, clock changes, comparisons, refusals.

use analyzer::calendar::OpeningHours;
use analyzer::kpi::KPIS;
use analyzer::modality::Modality;
use analyzer::report::{Facts, Group, Period, Report};
use analyzer::site::TariffPeriod;
use analyzer::{
    AlertEvent, AlertPhase, Energy, Exam, ExamKind, Fault, FaultKind, Finding, LedgerRow, Severity, State,
};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::history::{History, HistoryConfig, Reader};
use crate::page::{Language, PageDevice, SiteInfo};

const HOSTILE: &str = "=cmd|' /C calc'!A0<script>alert(1)</script>|`x`";

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn paris() -> TimeZone {
    TimeZone::get("Europe/Paris").unwrap()
}

fn month(first: &str) -> Span {
    Span::of_period(Period::Month, first.parse().unwrap(), &paris())
}

fn site() -> SiteInfo {
    SiteInfo {
        name: "Hôpital <Saint-Côme>".to_owned(),
        zone: paris(),
        language: Language::English,
        currency: "EUR".to_owned(),
        tariff: "0.2 EUR/kWh (contract, 2026)".to_owned(),
        carbon: "50 g CO2e/kWh (ADEME, 2023)".to_owned(),
        household_kwh_per_year: 3_650.0,
        household: "a household of the test, 2026".to_owned(),
    }
}

fn subject(id: &str, name: &str, modality: &'static str, target_w: Option<f64>) -> Subject {
    let known = Modality::named(modality).unwrap();
    Subject {
        device: PageDevice {
            id: id.into(),
            name: name.to_owned(),
            room: format!("room of {id}"),
            floor: None,
            modality,
            modality_label: known.label,
            meters: Vec::new(),
            opening: OpeningHours::Always.into(),
            learns: true,
        },
        facts: Facts {
            id: id.into(),
            room: format!("room of {id}"),
            modality: known,
            is_exempt: false,
            target_w,
            boot: None,
            shutdown: None,
            stored_tb: None,
            cools: Vec::new(),
        },
        exempt: None,
        bands: None,
    }
}

/// A CT with a target, an MRI without, a rack.
fn subjects() -> Vec<Subject> {
    vec![
        subject("ct", "CT 1", "ct", Some(500.0)),
        subject("mri", HOSTILE, "mri", None),
        subject("rack", "PACS", "server", None),
    ]
}

fn row(device: &str, hour: Timestamp, state: State, is_open: bool, minutes: i64, power_w: f64) -> Finding {
    let energy = Energy::from_power(power_w, SignedDuration::from_mins(minutes).as_secs_f64());
    Finding::Settled(LedgerRow {
        device: device.into(),
        hour,
        state,
        is_open,
        tariff: TariffPeriod::Day,
        energy,
        estimated: Energy::ZERO,
        duration: SignedDuration::from_mins(minutes),
        cost: energy.kwh() * 0.2,
        co2e_g: energy.kwh() * 50.0,
    })
}

/// Every local hour of a span: from 8 to 18 a quarter of scanning, else the CT idles at 2 kW (all nights of `on`, else in
/// standby), the MRI idles at 10 kW, the rack draws 1 kW.
fn live(span: Span, is_on: impl Fn(Date) -> bool) -> Vec<Finding> {
    let (mut findings, mut hour) = (Vec::new(), span.from);
    while hour < span.until {
        let local = paris().to_datetime(hour);
        let is_open = (8..18).contains(&local.hour());
        if is_open {
            findings.push(row("ct", hour, State::Scanning, true, 15, 8_000.0));
            findings.push(row("ct", hour, State::Idle, true, 45, 2_000.0));
            findings.push(Finding::Exam(Exam {
                device: "ct".into(),
                number: u64::try_from(hour.as_second() / 3600).unwrap(),
                from: hour,
                until: hour + SignedDuration::from_mins(15),
                energy: Energy::from_wh(2_000.0),
                scanning_energy: Energy::from_wh(2_000.0),
                scanning: SignedDuration::from_mins(15),
                kind: ExamKind::Patient,
            }));
        } else {
            let evening = if local.hour() < 12 {
                local.date().yesterday().unwrap()
            } else {
                local.date()
            };
            let (state, power_w) = if is_on(evening) {
                (State::Idle, 2_000.0)
            } else {
                (State::Standby, 900.0)
            };
            findings.push(row("ct", hour, state, false, 60, power_w));
        }
        findings.push(row("mri", hour, State::Idle, is_open, 60, 10_000.0));
        findings.push(row("rack", hour, State::Idle, true, 60, 1_000.0));
        hour += SignedDuration::from_hours(1);
    }
    findings
}

struct Past {
    _folder: tempfile::TempDir,
    reader: Reader,
}

/// September with the CT left on every night, October (with the end of summer time) every third.
fn past() -> Past {
    let folder = tempfile::tempdir().unwrap();
    let mut history =
        History::open(&folder.path().join("history.sqlite"), &HistoryConfig::default()).unwrap();
    let mut findings = live(month("2026-09-01"), |_| true);
    findings.extend(live(month("2026-10-01"), |evening| evening.day() % 3 == 0));
    let alert = |rule: &str, since: &str, phase| {
        Finding::Alert(AlertEvent {
            rule: rule.to_owned(),
            device: "ct".into(),
            severity: Severity::Warning,
            phase,
            since: at(since),
            at: at(since) + SignedDuration::from_hours(8),
            energy: Energy::from_wh(16_000.0),
            cost: 3.2,
            co2e_g: 800.0,
            detail: String::new(),
            by: String::new(),
            until: None,
        })
    };
    findings.push(alert(
        "overnight_idle",
        "2026-10-06T18:00:00Z",
        AlertPhase::Cleared,
    ));
    findings.push(alert(
        "overnight_idle",
        "2026-10-08T18:00:00Z",
        AlertPhase::Raised,
    ));
    findings.push(Finding::Fault(Fault {
        device: "mri".into(),
        meter: "m".to_owned(),
        at: at("2026-10-03T00:00:00Z"),
        kind: FaultKind::Silent,
        detail: "quiet".to_owned(),
    }));
    history.apply(1, &findings).unwrap();
    let reader = history.reader().unwrap();
    Past {
        _folder: folder,
        reader,
    }
}

fn question(span: Span) -> Question {
    Question {
        span,
        baseline: None,
        now: at("2026-11-02T08:00:00Z"),
        language: Language::English,
    }
}

fn read(past: &Past, question: &Question) -> Result<Statement, ReportError> {
    Statement::read(&past.reader, site(), subjects(), question)
}

fn october(past: &Past) -> Statement {
    read(past, &question(month("2026-10-01"))).unwrap()
}

fn json(statement: &Statement) -> serde_json::Value {
    let text = (Format::named("json").unwrap().write)(statement);
    serde_json::from_str(&text).unwrap()
}

#[test]
fn a_month_with_a_clock_change_is_whole_and_its_headline_is_the_ledgers() {
    let past = past();
    let statement = october(&past);
    let figures = &statement.figures;
    // 31 nights of 14 hours, one of them an hour longer
    let closed_hours = 31.0 * 14.0 + 1.0;
    let mri_kwh = closed_hours * 10.0;
    let ct_kwh = figures.waste.device("ct").unwrap().closed.energy.kwh();
    assert!((figures.idling.closed.energy.kwh() - ct_kwh - mri_kwh).abs() < 1e-6);
    let known = figures::known_share(&figures.site);
    assert!((known - 1.0).abs() < 1e-9, "{known}");
    assert_eq!(figures.nights, 32, "with the one in which the month begins");
    let json = json(&statement);
    let waste = &json["waste"];
    assert!((waste["closed_idle"]["kwh"].as_f64().unwrap() - ct_kwh - mri_kwh).abs() < 1e-6);
    let households = waste["closed_idle"]["households"].as_f64().unwrap();
    let days = 31.0 + 1.0 / 24.0;
    assert!(
        (households - (ct_kwh + mri_kwh) / (10.0 * days)).abs() < 1e-6,
        "10 kWh a day each"
    );
    let sunday_two = waste["heat"]
        .as_array()
        .unwrap()
        .iter()
        .find(|cell| cell["weekday"] == 7 && cell["hour"] == 2);
    assert_eq!(
        sunday_two.unwrap()["hours"],
        5,
        "four Sundays, one of them with two such hours"
    );
}

#[test]
fn every_figure_is_that_of_the_key_figures() {
    let past = past();
    let (statement, span) = (october(&past), month("2026-10-01"));
    let question = analyzer::report::Question {
        from: span.from,
        until: span.until,
        zone: paris(),
        period: None,
        group: Group::Device,
    };
    let facts = subjects().into_iter().map(|subject| subject.facts);
    let mut report = Report::new(question, facts.collect());
    past.reader.fill(&mut report).unwrap();
    let json = json(&statement);
    for (row, device) in report.finish().iter().zip(json["devices"].as_array().unwrap()) {
        assert_eq!(device["id"], row.group.as_str());
        let said = device["now"]["values"].as_array().unwrap();
        let values = KPIS.iter().flat_map(|kpi| kpi.values(&row.totals));
        let answers: Vec<Option<f64>> = values.map(|(_, answer)| answer.ok()).collect();
        let said: Vec<Option<f64>> = said.iter().map(|value| value["value"].as_f64()).collect();
        assert_eq!(said, answers, "{}", row.group);
    }
}

#[test]
fn resting_all_night_saves_what_is_avoidable_and_twelve_hours_no_more() {
    let past = past();
    let statement = october(&past);
    let figures = &statement.figures;
    let ct = figures.device("ct").unwrap();
    let avoidable = figures::value(ct, "avoidable_kwh").unwrap();
    let saved = |hours: f64| figures.all_resting(hours).unwrap().energy.kwh();
    assert!((saved(24.0) - avoidable).abs() < 1e-6);
    assert!(saved(12.0) < avoidable && saved(12.0) > avoidable * 12.0 / 15.0 - 1e-6);
    let names: Vec<&str> = figures
        .without_target()
        .iter()
        .map(|row| row.group.as_str())
        .collect();
    assert_eq!(
        names,
        ["mri"],
        "never seen at rest; a rack has nothing to rest from"
    );
}

#[test]
fn the_worst_come_first_with_what_to_do_and_a_month_is_compared_with_the_one_before() {
    let past = past();
    let statement = october(&past);
    let json = json(&statement);
    let worst: Vec<(&str, &str)> = json["worst"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["device"].as_str().unwrap(), one["advice"].as_str().unwrap()))
        .collect();
    assert_eq!(worst, [("mri", "find_a_rest"), ("ct", "remind")]);
    assert_eq!(json["compared_with"]["from"], "2026-08-31T22:00:00Z");
    let ct = &json["devices"][0];
    assert_eq!(
        (&ct["alerts"][0]["count"], &ct["alerts"][0]["open"]),
        (&2.into(), &1.into())
    );
    assert_eq!(json["devices"][1]["faults"][0]["kind"], "silent");
    let baseline = Question {
        baseline: Some(Span {
            from: at("2026-09-06T22:00:00Z"),
            until: at("2026-09-13T22:00:00Z"),
        }),
        ..question(month("2026-10-01"))
    };
    let compared = read(&past, &baseline).unwrap();
    assert!(compared.is_baseline && compared.before.is_some());
}

#[test]
fn every_form_is_written_in_both_languages_and_names_stay_text() {
    let past = past();
    for language in Language::ALL {
        let asked = Question {
            language,
            ..question(month("2026-10-01"))
        };
        let statement = read(&past, &asked).unwrap();
        for format in &FORMATS {
            let text = (format.write)(&statement);
            assert!(text.len() > 1_000, "{}", format.name);
            let is_markup = matches!(format.name, "html" | "md");
            assert!(
                !(is_markup && text.contains("<script>")),
                "{}: a name became a script",
                format.name
            );
        }
        let html = (Format::named("html").unwrap().write)(&statement);
        assert!(html.contains(&format!("<html lang=\"{}\">", language.tag())));
        for outside in ["http://", "https://", "src=", "@import", "url("] {
            assert!(!html.contains(outside), "{outside}: a report is one file");
        }
        let month = if language == Language::English {
            "October\u{a0}2026"
        } else {
            "octobre\u{a0}2026"
        };
        assert!(html.contains(month));
        let csv = (Format::named("csv").unwrap().write)(&statement);
        assert!(
            csv.contains("'=cmd|") && !csv.contains(",=cmd") && !csv.contains("\"=cmd"),
            "no formula"
        );
        let mut reader = csv::Reader::from_reader(csv.trim_start_matches('\u{feff}').as_bytes());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        let closed = rows
            .iter()
            .find(|row| &row[2] == "device" && &row[3] == "ct" && &row[7] == "closed_idle_kwh")
            .unwrap();
        let ct = statement.figures.device("ct").unwrap();
        let kwh: f64 = closed[11].parse().unwrap();
        assert!((kwh - figures::value(ct, "closed_idle_kwh").unwrap()).abs() < 1e-5);
        assert!(closed[12].parse::<f64>().unwrap() > kwh, "September was worse");
    }
}

#[test]
fn what_is_not_known_is_said() {
    let past = past();
    let asked = Question {
        now: at("2026-10-10T10:00:00Z"),
        ..question(month("2026-10-01"))
    };
    let statement = read(&past, &asked).unwrap();
    let kinds: Vec<&str> = statement.unknowns.iter().map(unknown::Unknown::kind).collect();
    assert_eq!(kinds, ["period_not_over", "no_target"]);
    let september = read(&past, &question(month("2026-09-01"))).unwrap();
    let kinds: Vec<&str> = september.unknowns.iter().map(unknown::Unknown::kind).collect();
    assert_eq!(kinds, ["no_target", "nothing_to_compare_with"]);
    let both = Span {
        from: at("2026-08-15T22:00:00Z"),
        until: month("2026-09-01").until,
    };
    let early = read(&past, &question(both)).unwrap();
    let kinds: Vec<&str> = early.unknowns.iter().map(unknown::Unknown::kind).collect();
    assert_eq!(
        kinds,
        [
            "before_history",
            "unknown_hours",
            "no_target",
            "nothing_to_compare_with"
        ]
    );
}

#[test]
fn what_cannot_be_reported_is_refused_in_words() {
    let past = past();
    let refused = |from: &str, until: &str| {
        let span = Span {
            from: at(from),
            until: at(until),
        };
        read(&past, &question(span)).unwrap_err().to_string()
    };
    let future = refused("2026-12-01T00:00:00Z", "2027-01-01T00:00:00Z");
    assert!(future.contains("nothing can be said of it yet"), "{future}");
    let reversed = refused("2026-10-02T00:00:00Z", "2026-10-01T00:00:00Z");
    assert!(reversed.contains("before it begins"), "{reversed}");
    let empty = refused("2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
    assert!(
        empty.contains("the history holds 2026-08-31T22:00:00Z"),
        "{empty}"
    );
    let long = refused("2020-01-01T00:00:00Z", "2026-02-01T00:00:00Z");
    assert!(long.contains("shorter"), "{long}");
}
