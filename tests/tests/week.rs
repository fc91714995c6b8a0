//! A simulated week of the demo hospital against the simulator's truth, in memory: decoders and analyzer alone.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

use analyzer::account::{Account, Sum};
use analyzer::kpi::{ExamSum, KPIS, Terms, Value};
use analyzer::{Analyzer, Arrival, Device, Energy, ExamKind, Finding, State};
use idlewatt::config::Config;
use ingest::decode::{Decoder, Message};
use jiff::{SignedDuration, Timestamp};
use simulator::{Scenario, Simulation, TruthRecord};
use tests::judge::{Books, Verdict};

/// The week as idlewatt saw it, and as it was.
struct Week {
    config: Config,
    findings: Vec<Finding>,
    records: Vec<TruthRecord>,
    from: Timestamp,
    end: Timestamp,
}

static WEEK: LazyLock<Week> = LazyLock::new(|| play("week"));

fn play(scenario: &str) -> Week {
    let text = include_str!("../../idlewatt/demo/demo.toml");
    let config = Config::parse(Path::new("demo.toml"), text)
        .expect("the demo's configuration is sound")
        .config;
    let mut decoder = Decoder::new(&config.decoder).expect("sound mappers");
    let mut analyzer = Analyzer::new(config.analyzer());
    let scenario = Scenario::builtin(scenario).expect("built in");
    let mut simulation = Simulation::new(&scenario);
    let (mut findings, mut kept) = (Vec::new(), Vec::new());
    for message in simulation.by_ref() {
        let (topic, payload) = (&*message.topic, &message.payload[..]);
        let decoded = decoder.decode(&Message {
            topic,
            payload,
            is_retained: message.retain,
            qos: message.qos,
        });
        analyzer.observe(Arrival::live(message.at), &decoded.readings, &mut findings);
        kept.extend(
            findings
                .drain(..)
                .filter(|finding| !matches!(finding, Finding::Sample(_))),
        );
    }
    let end = scenario.end();
    analyzer.advance(end, &mut kept);
    analyzer.finish(end, &mut kept);
    Week {
        records: simulation.finish(),
        findings: kept,
        from: scenario.start(),
        config,
        end,
    }
}

#[test]
fn energy_by_state_is_within_two_per_cent_and_every_alert_is_the_truths() {
    let week = &*WEEK;
    let verdict = Verdict {
        truth: Books::truth(&week.records, &week.config.analyzer(), week.end),
        found: Books::found(&week.findings),
    };
    println!("{verdict}");
    let worst = verdict.worst(0.0);
    assert!(
        worst.as_ref().is_some_and(|(_, error)| *error <= 0.02),
        "{worst:?}"
    );
    assert_eq!(
        verdict.alerts_amiss(SignedDuration::from_mins(5)),
        (vec![], vec![])
    );
}

/// The account of a device as it really was; idle power is even, so an interval is cut at the opening hours by time.
fn true_account(week: &Week, device: &Device) -> Account {
    let mut account = Account::new(device.id.clone(), device.modality, Terms::default());
    let mut exams = ExamSum::default();
    for record in week
        .records
        .iter()
        .filter(|record| record.device() == &*device.id)
    {
        match record {
            TruthRecord::Interval {
                from,
                until,
                state,
                energy_wh,
                ..
            } => {
                let state: State = format!("{state:?}")
                    .to_lowercase()
                    .parse()
                    .expect("the same words");
                let whole = until.duration_since(*from).as_secs_f64();
                let mut at = *from;
                while at < *until {
                    let edge = device.opening.next_change(at).min(*until);
                    let duration = edge.duration_since(at);
                    let sum = Sum {
                        energy: Energy::from_wh(energy_wh * duration.as_secs_f64() / whole),
                        duration,
                        ..Sum::default()
                    };
                    account.book(state, device.opening.is_open(at), false, &sum);
                    at = edge;
                }
            }
            TruthRecord::Exam {
                from,
                until,
                energy_wh,
                ..
            } => {
                exams.count += 1;
                exams.energy += Energy::from_wh(*energy_wh);
                exams.duration += until.duration_since(*from);
            }
            _ => {}
        }
    }
    finished(account, week, exams)
}

fn finished(mut account: Account, week: &Week, exams: ExamSum) -> Account {
    account.calendar = week.end.duration_since(week.from);
    account.exams = account.modality.exam_gap.map(|_| exams);
    account.target = account.own_target();
    account
}

fn found_account(week: &Week, device: &Device) -> Account {
    let zone = &week.config.site.site.zone;
    let mut account = Account::new(device.id.clone(), device.modality, Terms::default());
    let (mut rows, mut exams) = (BTreeMap::new(), ExamSum::default());
    for finding in &week.findings {
        match finding {
            Finding::Ledger(row) if row.device == device.id => {
                rows.insert((row.hour, row.state, row.is_open, row.tariff), row);
            }
            Finding::Exam(exam) if exam.device == device.id && exam.kind == ExamKind::Patient => {
                exams.count += 1;
                exams.energy += exam.energy;
                exams.duration += exam.until.duration_since(exam.from);
            }
            _ => {}
        }
    }
    for row in rows.values() {
        account.book_row(row, zone);
    }
    finished(account, week, exams)
}

fn figure(name: &str, account: &Account) -> Option<f64> {
    let kpi = KPIS.iter().find(|kpi| kpi.name == name).expect("listed");
    match kpi.of([account], std::slice::from_ref(account)) {
        Ok(Value::One(value)) => Some(value),
        _ => None,
    }
}

/// Figure, how far it may be off as a part of the truth, and by how much at least it may be off.
const BOUNDS: [(&str, f64, f64); 9] = [
    ("energy_total", 0.005, 0.0),
    ("idle_share", 0.02, 0.0),
    ("non_productive_share", 0.005, 0.0),
    ("idle_scan_ratio", 0.03, 0.0),
    ("closed_idle_hours", 0.02, 0.25),
    ("closed_idle_energy", 0.02, 0.3),
    ("avoidable_energy", 0.03, 0.3),
    ("exam_count", 0.05, 1.0),
    ("utilisation", 0.08, 0.0),
];

#[test]
fn key_figures_of_scanners_are_the_truths() {
    let week = &*WEEK;
    let mut amiss = Vec::new();
    for config in &week.config.devices {
        let device = &config.device;
        if device.modality.acquisition.is_none() {
            continue;
        }
        let (truth, found) = (true_account(week, device), found_account(week, device));
        for (name, part, least) in BOUNDS {
            let (truth, found) = (figure(name, &truth), figure(name, &found));
            println!("{:<10} {name:<22} truth {truth:?} found {found:?}", device.id);
            let is_sound = match (truth, found) {
                (Some(truth), Some(found)) => (found - truth).abs() <= (truth.abs() * part).max(least),
                (None, None) => true,
                _ => false,
            };
            if !is_sound {
                amiss.push((device.id.to_string(), name, truth, found));
            }
        }
    }
    assert!(amiss.is_empty(), "{amiss:#?}");
}
