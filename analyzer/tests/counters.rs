//! Energy stays right across everything a register can do: plays of a known truth, and what is booked of it.

mod common;

use std::collections::{BTreeMap, BTreeSet};

use analyzer::{Analyzer, Arrival, Config, Energy, FaultKind, Feed, Finding, Interval, Reading};
use common::{config_of, stamp};
use jiff::{SignedDuration, Timestamp};

/// Readings come so often.
const PAUSE_S: i64 = 30;

/// What was booked of a play.
struct Books {
    energy_wh: f64,
    estimated_wh: f64,
    faults: Vec<FaultKind>,
    details: Vec<String>,
}

fn play(config: Config, start: Timestamp, readings: &[(i64, Vec<Reading>)], end_s: i64) -> Books {
    let at = |second: i64| start + SignedDuration::from_secs(second);
    let (mut analyzer, mut said) = (Analyzer::new(config), Vec::new());
    for (second, readings) in readings {
        analyzer.observe(Arrival::live(at(*second)), readings, &mut said);
    }
    analyzer.finish(at(end_s), &mut said);
    books(&said)
}

fn books(said: &[Finding]) -> Books {
    let (mut energy, mut estimated) = (Energy::ZERO, Energy::ZERO);
    let (mut faults, mut details, mut rows) = (Vec::new(), Vec::new(), BTreeMap::new());
    let mut settled = BTreeSet::new();
    for finding in said {
        match finding {
            Finding::Interval(Interval {
                energy: booked,
                estimated: part,
                ..
            }) => {
                assert!(*booked >= Energy::ZERO && *part <= *booked, "{finding:?}");
                energy += *booked;
                estimated += *part;
            }
            Finding::Ledger(row) | Finding::Settled(row) => {
                let key = (row.hour, row.state, row.is_open, row.tariff);
                assert!(!settled.contains(&key), "settled, and said again: {row:?}");
                if matches!(finding, Finding::Settled(_)) {
                    settled.insert(key);
                }
                rows.insert(key, row.energy);
            }
            // a reading every half minute is enough for energy, and too little for scanning
            Finding::Fault(fault) if fault.kind != FaultKind::IntervalTooCoarse => {
                faults.push(fault.kind);
                details.push(fault.detail.clone());
            }
            _ => {}
        }
    }
    assert!(rows.keys().eq(&settled), "at the end every hour is settled");
    assert_eq!(
        energy,
        rows.into_values().sum(),
        "intervals and ledger agree to the micro-watt-hour"
    );
    Books {
        energy_wh: energy.wh(),
        estimated_wh: estimated.wh(),
        faults,
        details,
    }
}

/// A scanner's day in small: idle, bursts of scanning, and an hour off in every six.
fn power_w(second: i64) -> f64 {
    match (second / 3600 % 6, second / PAUSE_S % 10) {
        (5, _) => 300.0,
        (_, 0) => 60_000.0,
        _ => 2_600.0,
    }
}

/// Plays `hours` from the start; `register` says what the meter tells at the reading number n where `true_wh` is drawn.
fn scanner(start: &str, hours: i64, mut register: impl FnMut(i64, f64) -> Option<f64>) -> (Books, f64) {
    let (mut true_wh, mut readings) = (0.0, Vec::new());
    let count = hours * 3600 / PAUSE_S;
    for n in 0..count {
        let second = n * PAUSE_S;
        let reading = Reading {
            power_w: Some(power_w(second)),
            energy_wh: register(n, true_wh),
            ..Reading::of("m", None)
        };
        readings.push((second, vec![reading]));
        true_wh += power_w(second) * PAUSE_S as f64 / 3600.0;
    }
    (
        play(config_of("ct"), stamp(start), &readings, count * PAUSE_S),
        true_wh,
    )
}

/// The figures of a play, for whoever runs these with `--nocapture`.
#[expect(clippy::print_stdout, reason = "a test's figures")]
fn show(name: &str, error_wh: f64, books: &Books) {
    println!(
        "{name}: {error_wh:+.3} Wh of {:.0} Wh, {:.1} Wh estimated, {:?}",
        books.energy_wh, books.estimated_wh, books.faults
    );
}

/// Plays it and compares what is booked with the truth.
#[track_caller]
fn check(
    name: &str,
    hours: i64,
    register: impl FnMut(i64, f64) -> Option<f64>,
    faults: &[FaultKind],
    bound_wh: f64,
) -> Books {
    let (books, true_wh) = scanner("2026-01-12T06:00:00Z", hours, register);
    let error_wh = books.energy_wh - true_wh;
    show(name, error_wh, &books);
    assert_eq!(books.faults, faults, "{name}: {:?}", books.details);
    assert!(error_wh.abs() <= bound_wh, "{name}: {error_wh} Wh");
    books
}

/// Rounded down to whole steps, as a register tells it.
fn steps(wh: f64, step_wh: f64) -> f64 {
    (wh / step_wh).floor() * step_wh
}

#[test]
fn a_reboot_to_zero_loses_nothing() {
    let reboot = 500;
    for offset_wh in [50_000.0, 12_345_678.9] {
        let mut before_wh = 0.0;
        check(
            "reboot to zero",
            12,
            |n, true_wh| {
                if n == reboot - 1 {
                    // half way to the reading that tells of it
                    before_wh = true_wh + power_w(n * PAUSE_S) * 15.0 / 3600.0;
                }
                Some(steps(
                    if n < reboot {
                        offset_wh + true_wh
                    } else {
                        true_wh - before_wh
                    },
                    0.1,
                ))
            },
            &[FaultKind::CounterReset],
            0.2,
        );
    }
}

#[test]
fn a_crash_that_rolls_back_loses_nothing() {
    let back = |n: i64, true_wh: f64| Some(50_000.0 + true_wh - if n < 500 { 0.0 } else { 700.0 });
    check(
        "roll-back of 700 Wh",
        12,
        back,
        &[FaultKind::CounterRollback],
        0.1,
    );
    let rounding = |n: i64, true_wh: f64| Some(50_000.0 + true_wh - if n < 500 { 0.0 } else { 0.7 });
    check("fall of 0.7 Wh at midnight", 12, rounding, &[], 0.8);
}

#[test]
fn an_old_value_between_two_is_no_roll_back_of_the_energy() {
    let mut last = [0.0; 3];
    let late = |n: i64, true_wh: f64| {
        last.rotate_left(1);
        last[2] = true_wh;
        Some(50_000.0 + if n == 500 { last[0] } else { true_wh })
    };
    check("a late value", 12, late, &[FaultKind::CounterRollback], 0.1);
}

#[test]
fn a_glitch_that_returns_is_bridged_and_one_that_stays_is_estimated() {
    let returns = |n: i64, true_wh: f64| Some(true_wh + if n == 500 { 3_137_000.0 } else { 0.0 });
    let books = check(
        "+3137 kWh that returns",
        12,
        returns,
        &[FaultKind::CounterJump],
        0.1,
    );
    assert!(
        books.estimated_wh < 600.0,
        "no more than what follows the last value"
    );
    let stays = |n: i64, true_wh: f64| Some(true_wh + if n < 500 { 0.0 } else { 3_137_000.0 });
    check("+3137 kWh that stays", 12, stays, &[FaultKind::CounterJump], 0.1);
}

#[test]
fn known_ends_are_counted_through() {
    let ends_wh = [
        ("43 kWh of 2018", 4_294_967_296.0 / 100_000.0),
        ("2^31 Ws", 2_147_483_648.0 / 3_600.0),
        ("2^32 Ws", 4_294_967_296.0 / 3_600.0),
        ("2^31 watt-minutes", 2_147_483_648.0 / 60.0),
        ("2^32 watt-minutes", 4_294_967_296.0 / 60.0),
        ("2^31 Wh", 2_147_483_648.0),
        ("2^32 Wh", 4_294_967_296.0),
        ("99 999.9 kWh", 100_000_000.0),
        ("999 999.99 kWh", 1_000_000_000.0),
    ];
    for (name, end_wh) in ends_wh {
        let wraps = |_, true_wh: f64| Some((end_wh - 20_000.0 + true_wh) % end_wh);
        check(name, 6, wraps, &[FaultKind::CounterWrap], 0.01);
    }
}

#[test]
fn the_43_kwh_wrap_comes_again_and_again() {
    let end_wh = 4_294_967_296.0 / 100_000.0;
    let wraps = |_, true_wh: f64| Some(steps(true_wh, 0.01) % end_wh);
    check(
        "43 kWh, three times",
        24,
        wraps,
        &[FaultKind::CounterWrap; 3],
        0.02,
    );
}

#[test]
fn a_register_that_saturates_is_said_once_and_estimated() {
    let end_wh = 2_147_483_647.0 / 3_600.0;
    let saturated = |_, true_wh: f64| Some((end_wh - 20_000.0 + true_wh).min(end_wh));
    check("2147483647 Ws", 24, saturated, &[FaultKind::CounterStuck], 0.1);
}

#[test]
fn a_register_that_stood_still_and_catches_up_is_not_counted_twice() {
    let mut told_wh = 0.0;
    let cached = |n: i64, true_wh: f64| {
        if !(300..1200).contains(&n) {
            told_wh = true_wh;
        }
        Some(told_wh)
    };
    check(
        "frozen, then right again",
        24,
        cached,
        &[FaultKind::CounterStuck],
        0.1,
    );
}

#[test]
fn coarse_registers_are_neither_stuck_nor_jump() {
    for step_wh in [100.0, 1_000.0] {
        let coarse = |_, true_wh: f64| Some(7_000_000.0 + steps(true_wh, step_wh));
        check(&format!("{step_wh} Wh steps"), 48, coarse, &[], step_wh);
    }
}

#[test]
fn a_register_kept_as_a_32_bit_float_is_right_within_its_step() {
    for (offset_kwh, step_wh) in [(16_380.0, 1.96), (20_000.0, 1.96), (200_000.0, 15.7)] {
        #[expect(clippy::cast_possible_truncation, reason = "as such meters do")]
        let single = |_, true_wh: f64| Some(f64::from((offset_kwh + true_wh / 1000.0) as f32) * 1000.0);
        check(&format!("{offset_kwh} kWh as f32"), 72, single, &[], step_wh);
    }
}

#[test]
fn a_counter_of_the_day_is_said_once_and_counted_on() {
    let (mut day, mut since_wh) = (0, 0.0);
    // it begins at 06:00 UTC, 07:00 in Paris
    let today = |n: i64, true_wh: f64| {
        let now = (n * PAUSE_S + 7 * 3600) / 86_400;
        if now != day {
            (day, since_wh) = (now, true_wh);
        }
        Some(true_wh - since_wh)
    };
    let books = check(
        "counter of the day",
        24 * 6,
        today,
        &[FaultKind::CounterReset],
        0.1,
    );
    assert!(books.details[0].contains("not said again"), "{:?}", books.details);
    let (mut day, mut since_wh) = (0, 0.0);
    let odd = |n: i64, true_wh: f64| {
        let now = (n * PAUSE_S + 14 * 3600 + 99) / 86_400;
        if now != day {
            (day, since_wh) = (now, true_wh);
        }
        Some(true_wh - since_wh)
    };
    check(
        "restarts at another hour",
        24 * 6,
        odd,
        &[FaultKind::CounterReset; 2],
        0.1,
    );
}

/// Three phases with a register each; the first has a fault.
#[test]
fn a_fault_of_one_phase_leaves_the_others_counted() {
    let shares = [("l1", 0.5), ("l2", 0.3), ("l3", 0.2)];
    let (mut true_wh, mut readings) = (0.0, Vec::new());
    for n in 0..1_000_i64 {
        let second = n * PAUSE_S;
        let phase = |&(channel, share): &(&str, f64)| {
            let fault_wh = if channel == "l1" && n >= 500 {
                40_000.0
            } else {
                0.0
            };
            Reading {
                power_w: Some(power_w(second) * share),
                energy_wh: Some((100_000.0 + true_wh * share - fault_wh).max(0.0)),
                ..Reading::of("m", Some(channel))
            }
        };
        readings.push((second, shares.iter().map(phase).collect()));
        true_wh += power_w(second) * PAUSE_S as f64 / 3600.0;
    }
    let books = play(
        config_of("ct"),
        stamp("2026-01-12T06:00:00Z"),
        &readings,
        1_000 * PAUSE_S,
    );
    let error_wh = books.energy_wh - true_wh;
    show("one phase of three", error_wh, &books);
    assert_eq!(books.faults, [FaultKind::CounterRollback]);
    assert!(error_wh.abs() < 0.1, "{error_wh} Wh");
    let gap_wh = power_w(499 * PAUSE_S) * 0.5 * PAUSE_S as f64 / 3600.0;
    let tail_wh = power_w(999 * PAUSE_S) * PAUSE_S as f64 / 3600.0;
    assert!(
        books.estimated_wh <= gap_wh + tail_wh + 0.01,
        "only the gap of that phase, and the end"
    );
}

#[test]
fn a_total_that_appears_later_does_not_count_twice() {
    for is_total_first in [false, true] {
        let (mut true_wh, mut readings) = (0.0, Vec::new());
        for n in 0..1_000_i64 {
            let of = |channel, share: f64, register_wh: f64| Reading {
                power_w: Some(power_w(n * PAUSE_S) * share),
                energy_wh: Some(register_wh + true_wh * share),
                ..Reading::of("m", Some(channel))
            };
            let mut said = vec![of("l1", 0.5, 1_000.0), of("l2", 0.5, 2_000.0)];
            if n >= 500 {
                said.insert(if is_total_first { 0 } else { 2 }, of("total", 1.0, 777_000.0));
            }
            readings.push((n * PAUSE_S, said));
            true_wh += power_w(n * PAUSE_S) * PAUSE_S as f64 / 3600.0;
        }
        let books = play(
            config_of("ct"),
            stamp("2026-01-12T06:00:00Z"),
            &readings,
            1_000 * PAUSE_S,
        );
        let error_wh = books.energy_wh - true_wh;
        show("total from the middle on", error_wh, &books);
        assert!(
            error_wh.abs() < 0.1 && books.faults.is_empty(),
            "{error_wh} Wh, {:?}",
            books.details
        );
    }
}

#[test]
fn a_feed_without_a_register_is_estimated_beside_one_that_has_one() {
    let mut config = config_of("ct");
    let other = Feed {
        meter: "n".to_owned(),
        channels: vec![],
        sign: 1.0,
    };
    config.devices[0].feeds.push(other);
    let (mut true_wh, mut readings) = (0.0, Vec::new());
    for n in 0..500_i64 {
        let counting = Reading {
            power_w: Some(power_w(n * PAUSE_S)),
            energy_wh: Some(true_wh),
            ..Reading::of("m", None)
        };
        let plain = Reading {
            power_w: Some(1_000.0),
            ..Reading::of("n", None)
        };
        readings.push((n * PAUSE_S, vec![counting, plain]));
        true_wh += power_w(n * PAUSE_S) * PAUSE_S as f64 / 3600.0;
    }
    let both_wh = true_wh + 1_000.0 * 500.0 * PAUSE_S as f64 / 3600.0;
    let books = play(config, stamp("2026-01-12T06:00:00Z"), &readings, 500 * PAUSE_S);
    let error_wh = books.energy_wh - both_wh;
    show("one feed of two without register", error_wh, &books);
    assert!(error_wh.abs() < 1.0, "{error_wh} Wh");
}
