//! What is doubtful: values of the past, repeated values, estimates, one of several meters away, and words said too often.

mod common;

use analyzer::{
    Analyzer, Arrival, Availability, Config, FaultKind, Feed, Finding, Interval, Notice, Reading, State,
};
use common::{config_of, stamp};
use jiff::{SignedDuration, Timestamp};

struct Played {
    analyzer: Analyzer,
    said: Vec<Finding>,
    start: Timestamp,
}

impl Played {
    fn new(config: Config) -> Self {
        Self {
            analyzer: Analyzer::new(config),
            said: Vec::new(),
            start: stamp("2026-01-12T09:00:00Z"),
        }
    }

    /// A scanner fed by the meters `m` and `n`.
    fn of_two() -> Self {
        let mut config = config_of("ct");
        let other = Feed {
            meter: "n".to_owned(),
            ..config.devices[0].feeds[0].clone()
        };
        config.devices[0].feeds.push(other);
        Self::new(config)
    }

    fn at(&self, second: i64) -> Timestamp {
        self.start + SignedDuration::from_secs(second)
    }

    fn hear(&mut self, second: i64, reading: Reading) {
        let arrival = Arrival::live(self.at(second));
        self.analyzer.observe(arrival, &[reading], &mut self.said);
    }

    fn say_offline(&mut self, second: i64, meter: &str) {
        let (at, meter) = (self.at(second), meter.to_owned());
        let word = Availability {
            meter,
            is_online: false,
        };
        self.analyzer.availability(at, &word, &mut self.said);
    }

    fn faults(&self) -> Vec<(FaultKind, &str)> {
        let faults = self.said.iter().filter_map(|finding| match finding {
            Finding::Fault(fault) => Some((fault.kind, fault.meter.as_str())),
            _ => None,
        });
        faults.collect()
    }

    /// Final intervals up to `second`: (from, until, state), and the energy booked, Wh.
    fn end(&mut self, second: i64) -> (Vec<(i64, i64, State)>, f64) {
        self.analyzer.finish(self.at(second), &mut self.said);
        let since = |at: Timestamp| at.duration_since(self.start).as_secs();
        let intervals: Vec<&Interval> = self
            .said
            .iter()
            .filter_map(|finding| match finding {
                Finding::Interval(interval) => Some(interval),
                _ => None,
            })
            .collect();
        let energy_wh = intervals.iter().map(|i| i.energy.wh()).sum();
        let line = |i: &&Interval| (since(i.from), since(i.until), i.state);
        (intervals.iter().map(line).collect(), energy_wh)
    }
}

fn power(meter: &str, power_w: f64) -> Reading {
    Reading {
        power_w: Some(power_w),
        ..Reading::of(meter, None)
    }
}

#[test]
fn values_of_the_past_move_nothing_are_said_once_and_the_register_tells_their_energy() {
    let mut played = Played::new(config_of("ct"));
    let of = |second: i64, power_w: f64| Reading {
        energy_wh: Some(5_000.0 + 2_600.0 * second as f64 / 3600.0),
        ..power("m", power_w)
    };
    for second in (0..60).step_by(5) {
        played.hear(second, of(second, 2_600.0));
    }
    // half an hour of it comes behind the newest value
    played.hear(1_860, of(1_860, 2_600.0));
    for second in (60..1_860).step_by(5) {
        let past = Reading {
            is_historical: true,
            stamp: Some(played.at(second)),
            ..of(second, 60_000.0)
        };
        played.hear(1_861, past);
    }
    for second in (1_865..3_600).step_by(5) {
        played.hear(second, of(second, 2_600.0));
    }
    let (intervals, energy_wh) = played.end(3_600);
    let expected = [
        (FaultKind::Silent, "m"),
        (FaultKind::Heard, "m"),
        (FaultKind::TooLate, "m"),
    ];
    assert_eq!(played.faults(), expected);
    let expected = [
        (0, 175, State::Idle),
        (175, 1_860, State::Unknown),
        (1_860, 3_600, State::Idle),
    ];
    assert_eq!(intervals, expected);
    assert!((energy_wh - 2_600.0).abs() < 0.01, "{energy_wh} Wh");
}

#[test]
fn only_values_of_the_past_do_not_keep_a_meter_from_falling_silent() {
    let mut played = Played::new(config_of("ct"));
    for second in (0..60).step_by(5) {
        played.hear(second, power("m", 2_600.0));
    }
    for second in (60..900).step_by(5) {
        let past = Reading {
            is_historical: true,
            stamp: Some(played.at(second - 3_600)),
            ..power("m", 2_600.0)
        };
        played.hear(second, past);
    }
    assert_eq!(
        played.faults(),
        [(FaultKind::TooLate, "m"), (FaultKind::Silent, "m")]
    );
}

#[test]
fn power_that_is_worked_out_is_said_once_and_not_again_after_a_restart() {
    let mut played = Played::new(config_of("ct"));
    for second in (0..7_200).step_by(60) {
        if second == 3_600 {
            let bytes = played.analyzer.snapshot();
            played.analyzer = Analyzer::new(config_of("ct"));
            played.analyzer.restore(&bytes).expect("its own snapshot");
        }
        let reading = Reading {
            is_estimated: true,
            ..power("m", 2_600.0)
        };
        played.hear(second, reading);
    }
    let (_, energy_wh) = played.end(7_200);
    assert_eq!(played.faults(), [(FaultKind::EstimatedPower, "m")]);
    let estimated_wh: f64 = played
        .said
        .iter()
        .map(|finding| match finding {
            Finding::Interval(interval) => interval.estimated.wh(),
            _ => 0.0,
        })
        .sum();
    assert!((energy_wh - 5_200.0).abs() < 0.01 && (estimated_wh - energy_wh).abs() < 1e-9);
}

#[test]
fn while_one_of_two_meters_is_offline_the_device_is_unknown_and_said_once() {
    let mut played = Played::of_two();
    for second in (0..600).step_by(5) {
        played.hear(second, power("m", 2_000.0));
        if !(100..300).contains(&second) {
            played.hear(second, power("n", 600.0));
        } else if second == 100 {
            played.say_offline(second, "n");
        }
    }
    let (intervals, _) = played.end(600);
    assert_eq!(
        played.faults(),
        [(FaultKind::Offline, "n"), (FaultKind::Heard, "n")]
    );
    let expected = [
        (0, 100, State::Idle),
        (100, 300, State::Unknown),
        (300, 600, State::Idle),
    ];
    assert_eq!(intervals, expected);
}

#[test]
fn one_of_two_meters_that_says_nothing_more_is_not_held_for_ever() {
    let mut played = Played::of_two();
    for second in (0..600).step_by(5) {
        played.hear(second, power("m", 2_000.0));
        if second < 100 {
            played.hear(second, power("n", 600.0));
        }
    }
    let (intervals, _) = played.end(600);
    assert_eq!(played.faults(), [(FaultKind::Silent, "n")]);
    assert_eq!(intervals, [(0, 215, State::Idle), (215, 600, State::Unknown)]);
}

#[test]
fn a_meter_that_says_it_is_online_and_no_value_is_silent_all_the_same() {
    let mut played = Played::new(config_of("ct"));
    for second in (0..60).step_by(5) {
        played.hear(second, power("m", 2_600.0));
    }
    for second in (60..900).step_by(5) {
        let word = Availability {
            meter: "m".to_owned(),
            is_online: true,
        };
        let at = played.at(second);
        played.analyzer.availability(at, &word, &mut played.said);
        played.analyzer.advance(at, &mut played.said);
    }
    assert_eq!(played.faults(), [(FaultKind::Silent, "m")]);
}

#[test]
fn a_cached_value_told_again_with_its_old_stamp_is_no_new_one() {
    let mut played = Played::new(config_of("ct"));
    for second in (0..3_600).step_by(5) {
        let measured = second.min(60);
        let reading = Reading {
            stamp: Some(played.at(measured)),
            ..power("m", 2_600.0)
        };
        played.hear(second, reading);
    }
    let (intervals, _) = played.end(3_600);
    assert_eq!(
        played.faults(),
        [(FaultKind::Silent, "m")],
        "nor is its clock wrong"
    );
    assert_eq!(intervals, [(0, 180, State::Idle), (180, 3_600, State::Unknown)]);
}

#[test]
fn a_clock_that_stands_still_is_wrong_and_the_values_count_as_long_as_they_change() {
    let mut played = Played::new(config_of("ct"));
    for second in (0..600).step_by(5) {
        let reading = Reading {
            stamp: Some(stamp("2020-01-01T00:00:00Z")),
            ..power("m", 2_600.0 + second as f64)
        };
        played.hear(second, reading);
    }
    let (intervals, _) = played.end(600);
    assert_eq!(played.faults(), [(FaultKind::ClockWrong, "m")]);
    assert_eq!(intervals, [(0, 600, State::Idle)]);
}

#[test]
fn a_notice_said_every_few_seconds_is_told_once_an_hour() {
    let mut played = Played::new(config_of("ct"));
    for second in (0..7_200).step_by(5) {
        let notice = Notice {
            meter: "m".to_owned(),
            kind: FaultKind::MeterError,
            detail: "power_meter_failure".to_owned(),
        };
        let at = played.at(second);
        played.analyzer.notice(at, &notice, &mut played.said);
    }
    assert_eq!(played.faults(), [(FaultKind::MeterError, "m"); 2]);
    let Some(Finding::Fault(last)) = played.said.last() else {
        unreachable!("faults alone were said");
    };
    assert!(last.detail.contains("719 more"), "{}", last.detail);
}

#[test]
fn a_burst_of_late_readings_is_told_once() {
    let mut played = Played::new(config_of("ct"));
    for second in (0..60).step_by(5) {
        played.hear(second, power("m", 2_600.0));
    }
    let arrival = Arrival::live(played.at(60));
    for second in 0..50 {
        let late = Reading {
            stamp: Some(played.at(second)),
            ..power("m", 60_000.0 + second as f64)
        };
        played.analyzer.observe(arrival, &[late], &mut played.said);
    }
    assert_eq!(played.faults(), [(FaultKind::TooLate, "m")]);
}

#[test]
fn a_retained_register_without_a_stamp_is_no_value_and_an_older_one_is_no_roll_back() {
    let mut played = Played::new(config_of("ct"));
    let register = |wh: f64| Reading {
        energy_wh: Some(wh),
        ..power("m", 3_600.0)
    };
    for second in (0..60).step_by(5) {
        played.hear(second, register(5_000.0 + second as f64));
    }
    let retained = Arrival {
        is_retained: true,
        ..Arrival::live(played.at(57))
    };
    played
        .analyzer
        .observe(retained, &[register(10.0)], &mut played.said);
    let older = Reading {
        stamp: Some(played.at(52)),
        ..register(5_010.0)
    };
    played.hear(59, older);
    for second in (60..600).step_by(5) {
        played.hear(second, register(5_000.0 + second as f64));
    }
    let (intervals, energy_wh) = played.end(600);
    assert_eq!(
        (played.faults(), intervals),
        (vec![(FaultKind::TooLate, "m")], vec![(0, 600, State::Idle)])
    );
    assert!((energy_wh - 600.0).abs() < 0.01, "{energy_wh} Wh");
}

#[test]
fn a_zero_has_no_sign() {
    let mut played = Played::new(config_of("ct"));
    played.hear(0, power("m", -0.0));
    let sample = played.said.iter().find_map(|finding| match finding {
        Finding::Sample(sample) => Some(sample.power_w),
        _ => None,
    });
    assert_eq!(sample.map(f64::to_bits), Some(0.0_f64.to_bits()));
}
