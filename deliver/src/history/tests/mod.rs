//! The history as its readers see it: once is once, newer replaces older, sums are exact.

mod learned;
mod measure;
mod rewrite;

use std::path::PathBuf;

use analyzer::site::TariffPeriod;
use analyzer::{
    AlertEvent, AlertPhase, Energy, Exam, Fault, FaultKind, Finding, Interval, LedgerRow, Sample, Severity,
    State, StateChange,
};
use jiff::{SignedDuration, Timestamp, ToSpan};

use super::{AlertFilter, History, HistoryConfig};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_790_000_000 / 86_400 * 86_400 + second).unwrap()
}

fn sample(second: i64, power_w: f64, state: State) -> Finding {
    Finding::Sample(Sample {
        device: "ct".into(),
        at: at(second),
        power_w,
        state,
        is_provisional: false,
    })
}

fn ledger(hour: i64, state: State, is_open: bool, wh: f64) -> Finding {
    Finding::Ledger(LedgerRow {
        device: "ct".into(),
        hour: at(hour * 3600),
        state,
        is_open,
        tariff: TariffPeriod::Night,
        energy: Energy::from_wh(wh),
        estimated: Energy::from_wh(wh / 10.0),
        duration: SignedDuration::from_mins(30),
        cost: wh * 0.000_16,
        co2e_g: wh * 0.056,
    })
}

fn interval(from: i64, until: i64, state: State) -> Finding {
    Finding::Interval(Interval {
        device: "ct".into(),
        from: at(from),
        until: at(until),
        state,
        energy: Energy::from_wh(1.0),
        estimated: Energy::ZERO,
    })
}

fn change(second: i64, from: State, to: State) -> Finding {
    Finding::StateChange(StateChange {
        device: "ct".into(),
        at: at(second),
        from,
        to,
        power_w: None,
    })
}

fn alert(phase: AlertPhase, minute: i64, wh: f64) -> Finding {
    Finding::Alert(AlertEvent {
        rule: "overnight_idle".to_owned(),
        device: "ct".into(),
        severity: Severity::Warning,
        phase,
        since: at(0),
        at: at(minute * 60),
        energy: Energy::from_wh(wh),
        cost: 1.0,
        co2e_g: 2.0,
        detail: String::new(),
        by: String::new(),
        until: None,
    })
}

struct Room {
    path: PathBuf,
    history: History,
    _folder: tempfile::TempDir,
}

fn room(config: &HistoryConfig) -> Room {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("history.sqlite");
    let history = History::open(&path, config).unwrap();
    Room {
        path,
        history,
        _folder: folder,
    }
}

/// Everything in every table, as text.
fn dump(room: &Room) -> String {
    let connection = rusqlite::Connection::open(&room.path).unwrap();
    let mut text = String::new();
    for table in [
        "device",
        "last_state",
        "state_change",
        "interval",
        "ledger",
        "exam",
        "alert",
        "alert_step",
        "fault",
        "power_minute",
        "power_quarter",
        "learned",
        "learned_band",
    ] {
        let mut statement = connection.prepare(&format!("SELECT * FROM {table}")).unwrap();
        let columns = statement.column_count();
        let mut rows = statement.query([]).unwrap();
        while let Some(row) = rows.next().unwrap() {
            let cells: Vec<String> = (0..columns)
                .map(|column| format!("{:?}", row.get_ref(column).unwrap()))
                .collect();
            text.push_str(&format!("{table} {}\n", cells.join(" ")));
        }
    }
    text
}

fn one_of_each() -> Vec<Finding> {
    let exam = Exam {
        device: "ct".into(),
        number: 7,
        from: at(60),
        until: at(300),
        energy: Energy::from_wh(640.0),
        scanning_energy: Energy::from_wh(300.0),
        scanning: SignedDuration::from_secs(40),
        kind: analyzer::ExamKind::Patient,
    };
    let fault = Fault {
        device: "ct".into(),
        meter: "m".to_owned(),
        at: at(5),
        kind: FaultKind::CounterReset,
        detail: "x".to_owned(),
    };
    vec![
        sample(0, 2600.0, State::Idle),
        sample(1, 2700.0, State::Idle),
        change(0, State::Unknown, State::Idle),
        interval(0, 60, State::Idle),
        ledger(0, State::Idle, false, 1300.0),
        Finding::Exam(exam),
        alert(AlertPhase::Raised, 30, 100.0),
        Finding::Fault(fault),
    ]
}

#[test]
fn the_same_batch_and_the_same_rows_again_change_nothing() {
    let mut room = room(&HistoryConfig::default());
    room.history.apply(1, &one_of_each()).unwrap();
    let once = dump(&room);
    assert_eq!(once.lines().count(), 10, "{once}");
    room.history
        .apply(1, &[ledger(0, State::Idle, false, 9999.0)])
        .unwrap();
    assert_eq!(dump(&room), once, "a batch at the cursor is already in");
    room.history.apply(2, &one_of_each()).unwrap();
    assert_eq!(dump(&room), once, "the same findings overwrite themselves");
    assert_eq!(room.history.cursor(), 2);
    let again = History::open(&room.path, &HistoryConfig::default()).unwrap();
    assert_eq!(again.cursor(), 2);
    drop(again);
}

#[test]
fn a_batch_in_pieces_gives_the_same_curve_as_a_batch_whole() {
    let samples: Vec<Finding> = (0..600)
        .map(|second| sample(second, f64::from(u16::try_from(second).unwrap()), State::Idle))
        .collect();
    let mut whole = room(&HistoryConfig::default());
    whole.history.apply(1, &samples).unwrap();
    let mut pieces = room(&HistoryConfig::default());
    for (number, piece) in samples.chunks(7).enumerate() {
        pieces
            .history
            .apply(u64::try_from(number).unwrap() + 1, piece)
            .unwrap();
        // as after a restart: nothing is remembered but the file
        pieces.history = History::open(&pieces.path, &HistoryConfig::default()).unwrap();
    }
    assert_eq!(dump(&pieces), dump(&whole));
    let points = whole
        .history
        .reader()
        .unwrap()
        .power("ct", at(0), at(600), SignedDuration::from_mins(5))
        .unwrap();
    assert_eq!(points.len(), 2);
    assert!((points[0].mean_w - 149.5).abs() < 1e-9 && (points[1].max_w - 599.0).abs() < 1e-9);
}

#[test]
fn a_corrected_sample_changes_the_state_and_not_the_mean() {
    let mut room = room(&HistoryConfig::default());
    room.history
        .apply(
            1,
            &[sample(10, 1000.0, State::Idle), sample(20, 3000.0, State::Idle)],
        )
        .unwrap();
    room.history
        .apply(2, &[sample(20, 3000.0, State::Scanning)])
        .unwrap();
    let points = room
        .history
        .reader()
        .unwrap()
        .power("ct", at(0), at(60), SignedDuration::from_mins(1))
        .unwrap();
    assert!((points[0].mean_w - 2000.0).abs() < 1e-9);
    assert!(dump(&room).contains("power_minute Integer(1) Integer("));
}

#[test]
fn ledger_rows_are_replaced_and_sums_are_exact() {
    let mut room = room(&HistoryConfig::default());
    room.history
        .apply(
            1,
            &[
                ledger(0, State::Idle, false, 100.0),
                ledger(1, State::Idle, true, 50.0),
            ],
        )
        .unwrap();
    room.history
        .apply(
            2,
            &[
                ledger(0, State::Idle, false, 120.5),
                ledger(1, State::Scanning, true, 10.0),
            ],
        )
        .unwrap();
    let totals = room
        .history
        .reader()
        .unwrap()
        .totals(Some("ct"), at(0), at(7200))
        .unwrap();
    assert_eq!(totals.idle().energy, Energy::from_wh(170.5));
    assert_eq!(totals.idle_closed().energy, Energy::from_wh(120.5));
    assert_eq!(totals.idle_closed().estimated, Energy::from_wh(12.05));
    assert_eq!(totals.all().duration, SignedDuration::from_mins(90));
    assert!((totals.idle_to_scan_ratio().unwrap() - 17.05).abs() < 1e-9);
    let first_hour = room
        .history
        .reader()
        .unwrap()
        .totals(None, at(0), at(3600))
        .unwrap();
    assert_eq!(
        first_hour.all().energy,
        Energy::from_wh(120.5),
        "the range is half open"
    );
}

#[test]
fn bands_tile_the_known_time_final_and_not() {
    let mut room = room(&HistoryConfig::default());
    room.history
        .apply(
            1,
            &[
                change(0, State::Unknown, State::Off),
                change(600, State::Off, State::Idle),
                interval(0, 600, State::Off),
                change(900, State::Idle, State::Scanning),
                change(1000, State::Scanning, State::Idle),
            ],
        )
        .unwrap();
    let bands = room
        .history
        .reader()
        .unwrap()
        .bands("ct", at(300), at(1200))
        .unwrap();
    let told: Vec<(i64, i64, State)> = bands
        .iter()
        .map(|band| {
            (
                band.from.as_second() - at(0).as_second(),
                band.until.as_second() - at(0).as_second(),
                band.state,
            )
        })
        .collect();
    let expected = [
        (300, 600, State::Off),
        (600, 900, State::Idle),
        (900, 1000, State::Scanning),
        (1000, 1200, State::Idle),
    ];
    assert_eq!(told, expected);
}

#[test]
fn an_alert_follows_its_newest_step_and_a_replay_does_not_open_it() {
    let mut room = room(&HistoryConfig::default());
    let steps = [
        alert(AlertPhase::Raised, 30, 1.0),
        alert(AlertPhase::Reminded, 90, 2.0),
        alert(AlertPhase::Cleared, 120, 3.0),
    ];
    room.history.apply(1, &steps[..2]).unwrap();
    let open = AlertFilter {
        is_open_only: true,
        ..AlertFilter::default()
    };
    assert_eq!(room.history.reader().unwrap().alerts(&open).unwrap().len(), 1);
    room.history.apply(2, &steps[2..]).unwrap();
    room.history.apply(3, &steps[..1]).unwrap();
    let reader = room.history.reader().unwrap();
    assert_eq!(reader.alerts(&open).unwrap().len(), 0);
    let alerts = reader.alerts(&AlertFilter::default()).unwrap();
    assert_eq!(alerts[0].cleared_at, Some(at(7200)));
    assert_eq!(alerts[0].raised_at, at(1800));
    assert_eq!(alerts[0].energy, Energy::from_wh(3.0));
    assert_eq!(
        reader.alert_steps("ct", "overnight_idle", at(0)).unwrap().len(),
        3
    );
}

#[test]
fn old_minutes_become_quarters_and_the_oldest_days_go() {
    let config = HistoryConfig {
        minute_rows_kept_days: 1,
        kept_days: 3,
        faults_max: 10,
    };
    let mut room = room(&config);
    let day =
        |number: i64, minute: i64, power_w: f64| sample(number * 86_400 + minute * 60, power_w, State::Idle);
    room.history
        .apply(
            1,
            &[
                day(0, 1, 100.0),
                day(0, 2, 300.0),
                day(0, 20, 50.0),
                ledger(0, State::Idle, true, 1.0),
            ],
        )
        .unwrap();
    room.history.apply(2, &[day(2, 0, 10.0)]).unwrap();
    let reader = room.history.reader().unwrap();
    let points = reader
        .power("ct", at(0), at(86_400), SignedDuration::from_mins(1))
        .unwrap();
    let told: Vec<(f64, f64, f64)> = points
        .iter()
        .map(|point| (point.mean_w, point.min_w, point.max_w))
        .collect();
    assert_eq!(told, [(200.0, 100.0, 300.0), (50.0, 50.0, 50.0)]);
    room.history.apply(3, &[day(4, 0, 10.0)]).unwrap();
    assert!(
        reader
            .power("ct", at(0), at(86_400), SignedDuration::from_mins(1))
            .unwrap()
            .is_empty()
    );
    assert!(reader.sums(None, at(0), at(0) + 24.hours()).unwrap().is_empty());
}

#[test]
fn the_newest_faults_are_kept_up_to_the_limit() {
    let config = HistoryConfig {
        faults_max: 3,
        ..HistoryConfig::default()
    };
    let mut room = room(&config);
    let faults: Vec<Finding> = (0..10)
        .map(|second| {
            Finding::Fault(Fault {
                device: "ct".into(),
                meter: "m".to_owned(),
                at: at(second),
                kind: FaultKind::CounterJump,
                detail: String::new(),
            })
        })
        .collect();
    room.history.apply(1, &faults).unwrap();
    let kept = room.history.reader().unwrap().faults(Some("ct"), 100).unwrap();
    assert_eq!(
        kept.iter().map(|fault| fault.at).collect::<Vec<_>>(),
        [at(9), at(8), at(7)]
    );
}

#[test]
fn what_was_never_seen_is_nothing_and_no_error() {
    let room = room(&HistoryConfig::default());
    let reader = room.history.reader().unwrap();
    assert!(
        reader
            .power("nobody", at(0), at(60), SignedDuration::from_mins(1))
            .unwrap()
            .is_empty()
    );
    assert!(reader.bands("nobody", at(0), at(60)).unwrap().is_empty());
    assert_eq!(reader.exam_sums("nobody", at(0), at(60)).unwrap().count, 0);
    assert!(reader.last_states().unwrap().is_empty());
}
