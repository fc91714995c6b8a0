//! Several meters of one device, whose readings come in any order.

mod common;

use analyzer::{Analyzer, Arrival, Config, FaultKind, Feed, Finding, Reading};
use common::{config_of, stamp};
use jiff::{SignedDuration, Timestamp};

/// A CT fed by the meters `a` and `b`, of these channels.
fn config(channels: &[&str]) -> Config {
    let mut config = config_of("ct");
    let feed = |meter: &str| Feed {
        meter: meter.to_owned(),
        channels: channels.iter().map(|&channel| channel.to_owned()).collect(),
        sign: 1.0,
    };
    config.devices[0].feeds = vec![feed("a"), feed("b")];
    config
}

fn at(second: i64) -> Timestamp {
    stamp("2026-01-12T09:00:00Z") + SignedDuration::from_secs(second)
}

/// A reading stamped at `second`, heard at `now`.
fn hear(
    analyzer: &mut Analyzer,
    (meter, channel): (&str, Option<&str>),
    power_w: f64,
    (second, now): (i64, i64),
) -> Vec<Finding> {
    let mut out = Vec::new();
    let reading = Reading {
        power_w: Some(power_w),
        energy_wh: Some(power_w * second as f64 / 3600.0),
        stamp: Some(at(second)),
        ..Reading::of(meter, channel)
    };
    analyzer.observe(Arrival::live(at(now)), &[reading], &mut out);
    out
}

fn points(findings: &[Finding]) -> Vec<(Timestamp, f64)> {
    let point = |finding: &Finding| match finding {
        Finding::Sample(sample) => Some((sample.at, sample.power_w)),
        _ => None,
    };
    findings.iter().filter_map(point).collect()
}

#[test]
fn what_is_in_order_is_said_at_once_and_what_is_not_puts_right_what_was_said() {
    let mut analyzer = Analyzer::new(config(&[]));
    let mut said = |meter, power_w, times| points(&hear(&mut analyzer, (meter, None), power_w, times));
    assert_eq!(said("a", 1_000.0, (0, 0)), [], "of the other nothing is known");
    assert_eq!(said("b", 500.0, (0, 0)), [(at(0), 1_500.0)]);
    assert_eq!(said("a", 1_100.0, (1, 1)), [(at(1), 1_600.0)]);
    assert_eq!(
        said("b", 600.0, (1, 1)),
        [(at(1), 1_700.0)],
        "of the same instant"
    );
    assert_eq!(said("a", 1_300.0, (3, 3)), [(at(3), 1_900.0)]);
    assert_eq!(
        said("b", 700.0, (2, 4)),
        [(at(2), 1_800.0), (at(3), 2_000.0)],
        "the power of the other held since then"
    );
}

#[test]
fn at_the_bound_a_reading_is_used_and_beyond_it_is_counted_and_said() {
    let mut analyzer = Analyzer::new(config(&[]));
    for second in 0..60 {
        for meter in ["a", "b"] {
            hear(&mut analyzer, (meter, None), 1_000.0, (second, second));
        }
    }
    let faults = |findings: &[Finding]| -> Vec<FaultKind> {
        let kind = |finding: &Finding| match finding {
            Finding::Fault(fault) => Some(fault.kind),
            _ => None,
        };
        findings.iter().filter_map(kind).collect()
    };
    hear(&mut analyzer, ("a", None), 1_000.0, (60, 60));
    let at_the_bound = hear(&mut analyzer, ("b", None), 1_400.0, (50, 60));
    assert_eq!(faults(&at_the_bound), []);
    assert!(points(&at_the_bound).contains(&(at(50), 2_400.0)));
    let beyond = hear(&mut analyzer, ("b", None), 1_400.0, (47, 60));
    assert_eq!(faults(&beyond), [FaultKind::TooLate]);
    assert_eq!(points(&beyond), []);
}

#[test]
fn what_waits_survives_a_restart_though_nothing_comes_after_it() {
    let mut analyzer = Analyzer::new(config(&[]));
    for (meter, second) in [("a", 0), ("b", 0), ("a", 5), ("b", 5)] {
        hear(&mut analyzer, (meter, None), 1_000.0, (second, second));
    }
    let mut restarted = Analyzer::new(config(&[]));
    restarted.restore(&analyzer.snapshot()).expect("its own snapshot");
    let finals = |analyzer: &mut Analyzer| -> Vec<Finding> {
        let mut out = Vec::new();
        analyzer.finish(at(6), &mut out);
        out.retain(|finding| matches!(finding, Finding::Interval(_)) || finding.ledger_row().is_some());
        out
    };
    let expected = finals(&mut analyzer);
    assert!(!expected.is_empty());
    assert_eq!(finals(&mut restarted), expected);
}

#[test]
fn the_whole_state_of_a_device_is_small_also_while_readings_wait() {
    let mut analyzer = Analyzer::new(config(&["l1", "l2", "l3"]));
    for second in 0..4_000 {
        for meter in ["a", "b"] {
            for phase in ["l1", "l2", "l3"] {
                let power_w = 900.0 + f64::from(u8::try_from(second % 7).expect("small"));
                hear(&mut analyzer, (meter, Some(phase)), power_w, (second, second + 3));
            }
        }
    }
    let bytes = analyzer.snapshot().len();
    assert!(bytes <= 8 * 1024, "{bytes} bytes");
}
