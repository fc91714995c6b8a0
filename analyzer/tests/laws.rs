//! Laws that hold for every stream of readings. A failing case prints its seed.

mod common;

use analyzer::modality::MODALITIES;
use analyzer::{Analyzer, Arrival, Energy, Finding, Interval, Reading};
use common::config_of;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

/// 2026-03-28 in Paris: the night in which the clocks go forward.
const START_S: i64 = 1_774_688_400;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(START_S + second).expect("in range")
}

/// A sample: pause before it, power, whether the counter is stated, whether the counter is reset first.
type Step = (i64, f64, bool, bool);

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let pause = prop_oneof![6 => 1..20i64, 2 => 20..600i64, 1 => 600..40_000i64];
    let power = prop_oneof![
        0.0..3_000.0,
        1_000.0..20_000.0,
        20_000.0..90_000.0,
        Just(2_600.0),
        Just(117.0)
    ];
    prop::collection::vec((pause, power, any::<bool>(), prop::bool::weighted(0.02)), 1..200)
}

/// The readings of the steps, with a counter that counts what was held, and the end of the stream.
fn readings(steps: &[Step]) -> (Vec<(Timestamp, Reading)>, Timestamp) {
    let (mut second, mut counter_wh, mut held_w) = (0, 1_000.0, 0.0);
    let mut readings = Vec::new();
    for &(pause_s, power_w, states_counter, is_reset) in steps {
        second += pause_s;
        counter_wh += held_w * f64::from(u32::try_from(pause_s).expect("small")) / 3600.0;
        held_w = power_w;
        if is_reset {
            counter_wh = 0.0;
        }
        let energy_wh = states_counter.then_some(counter_wh);
        readings.push((
            at(second),
            Reading {
                power_w: Some(power_w),
                energy_wh,
                ..Reading::of("m", None)
            },
        ));
    }
    (readings, at(second + 60))
}

fn play(analyzer: &mut Analyzer, readings: &[(Timestamp, Reading)]) -> Vec<Finding> {
    let mut out = Vec::new();
    for (at, reading) in readings {
        analyzer.observe(Arrival::live(*at), std::slice::from_ref(reading), &mut out);
        analyzer.advance(*at, &mut out);
    }
    out
}

fn intervals(findings: &[Finding]) -> Vec<&Interval> {
    findings
        .iter()
        .filter_map(|finding| {
            if let Finding::Interval(interval) = finding {
                Some(interval)
            } else {
                None
            }
        })
        .collect()
}

/// The sum of the rows said last for each key.
fn ledger_total(findings: &[Finding]) -> (Energy, SignedDuration) {
    let mut rows = std::collections::BTreeMap::new();
    for finding in findings {
        if let Finding::Ledger(row) = finding {
            rows.insert(
                (row.hour, row.state, row.is_open, row.tariff),
                (row.energy, row.duration),
            );
        }
    }
    (
        rows.values().map(|row| row.0).sum(),
        rows.values().map(|row| row.1).sum(),
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn intervals_tile_time_and_energies_add_up(modality in 0..MODALITIES.len(), steps in steps()) {
        let (readings, end) = readings(&steps);
        let mut analyzer = Analyzer::new(config_of(MODALITIES[modality].name));
        let mut findings = play(&mut analyzer, &readings);
        analyzer.finish(end, &mut findings);
        let intervals = intervals(&findings);
        prop_assert_eq!(intervals.first().map(|i| i.from), readings.first().map(|r| r.0));
        prop_assert_eq!(intervals.last().map(|i| i.until), Some(end));
        for (one, next) in intervals.iter().zip(&intervals[1..]) {
            prop_assert_eq!(one.until, next.from);
            prop_assert!(one.state != next.state, "neighbours differ");
        }
        prop_assert!(intervals.iter().all(|i| i.from < i.until && i.energy >= Energy::ZERO));
        let booked: Energy = intervals.iter().map(|i| i.energy).sum();
        let time: SignedDuration = intervals.iter().map(|i| i.until.duration_since(i.from)).sum();
        prop_assert_eq!((booked, time), ledger_total(&findings));
    }

    #[test]
    fn a_snapshot_and_the_rest_are_the_whole(modality in 0..MODALITIES.len(), steps in steps(), cut in 0..200usize) {
        let (readings, _) = readings(&steps);
        let (before, after) = readings.split_at(cut.min(readings.len()));
        let mut whole = Analyzer::new(config_of(MODALITIES[modality].name));
        let expected = play(&mut whole, &readings);
        let mut first = Analyzer::new(config_of(MODALITIES[modality].name));
        let mut said = play(&mut first, before);
        let mut second = Analyzer::new(config_of(MODALITIES[modality].name));
        second.restore(&first.snapshot()).expect("its own snapshot");
        said.extend(play(&mut second, after));
        prop_assert_eq!(said, expected);
        prop_assert_eq!(second.snapshot(), whole.snapshot());
    }

    #[test]
    fn what_was_final_stays_final(modality in 0..MODALITIES.len(), steps in steps(), cut in 0..200usize) {
        let (readings, _) = readings(&steps);
        let mut analyzer = Analyzer::new(config_of(MODALITIES[modality].name));
        let part = play(&mut analyzer, &readings[..cut.min(readings.len())]);
        let mut analyzer = Analyzer::new(config_of(MODALITIES[modality].name));
        let whole = play(&mut analyzer, &readings);
        let (part, whole) = (intervals(&part), intervals(&whole));
        prop_assert!(whole.starts_with(&part));
    }

    #[test]
    fn damaged_snapshots_are_refused_or_read_but_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Analyzer::new(config_of("ct")).restore(&bytes);
    }
}
