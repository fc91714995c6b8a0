//! What the history costs: bytes a year and samples a second. Ignored by default; each prints its figure.

use analyzer::{Energy, Finding, Sample, State};
use jiff::SignedDuration;

use super::super::HistoryConfig;
use super::{at, interval, ledger, room, sample};

/// `cargo test --release -p deliver history::tests::measure::a_year -- --ignored --nocapture`
#[test]
#[ignore = "measures: a year of ten devices takes half a minute"]
fn a_year_of_a_hundred_devices_stays_under_two_gigabytes() {
    let mut room = room(&HistoryConfig::default());
    let devices: Vec<analyzer::DeviceId> = (0..10).map(|number| format!("device-{number}").into()).collect();
    let clock = tokio::time::Instant::now();
    let mut written = 0;
    for day in 0..365 {
        let mut findings = Vec::new();
        for device in &devices {
            // the last days are kept by the minute, so only they need a sample a minute
            let step = if day > 325 { 1 } else { 15 };
            for minute in (0..1440_i32).step_by(step) {
                let second = i64::from(day) * 86_400 + i64::from(minute) * 60;
                let power_w = 2600.0 + f64::from(minute * 37 % 4099);
                findings.push(Finding::Sample(Sample {
                    device: device.clone(),
                    at: at(second),
                    power_w,
                    state: State::Idle,
                    is_provisional: false,
                }));
            }
            for hour in 0..24 {
                for state in [State::Idle, State::Scanning, State::Standby] {
                    let Finding::Ledger(mut row) = ledger(i64::from(day) * 24 + hour, state, true, 1234.567)
                    else {
                        continue;
                    };
                    row.device = device.clone();
                    findings.push(Finding::Ledger(row));
                }
            }
            for number in 0..150 {
                let from = i64::from(day) * 86_400 + number * 576;
                let Finding::Interval(mut piece) = interval(from, from + 576, State::Idle) else {
                    continue;
                };
                piece.device = device.clone();
                piece.energy = Energy::from_wh(415.123_456);
                findings.push(Finding::Interval(piece));
            }
        }
        written += findings.len();
        room.history
            .apply(u64::try_from(day).unwrap() + 1, &findings)
            .unwrap();
    }
    let took = clock.elapsed();
    let bytes = std::fs::metadata(&room.path).unwrap().len();
    println!(
        "{written} findings in {took:.1?}; ten devices: {bytes} bytes; a hundred: {:.2} GB",
        bytes as f64 * 10.0 / 1e9
    );
    assert!(bytes * 10 < 2_000_000_000);
}

/// `cargo test --release -p deliver history::tests::measure::samples -- --ignored --nocapture`
#[test]
#[ignore = "measures"]
fn samples_are_taken_fast_enough_for_a_week_at_once() {
    let mut room = room(&HistoryConfig::default());
    let findings: Vec<Finding> = (0..20_000)
        .map(|second| sample(second, 2600.0, State::Idle))
        .collect();
    let clock = tokio::time::Instant::now();
    for batch in 0..50_i64 {
        let moved: Vec<Finding> = findings
            .iter()
            .cloned()
            .map(|finding| match finding {
                Finding::Sample(mut sample) => {
                    sample.at += SignedDuration::from_secs(batch * 20_000);
                    Finding::Sample(sample)
                }
                other => other,
            })
            .collect();
        room.history
            .apply(u64::try_from(batch).unwrap() + 1, &moved)
            .unwrap();
    }
    println!("a million samples in {:.2?}", clock.elapsed());
}
