//! Honest values: what a meter does not say is never made up, and what is doubtful is said.

mod common;

use analyzer::{Analyzer, Arrival, Availability, Energy, FaultKind, Finding, Interval, Reading, State};
use common::{config_of, stamp};
use jiff::{SignedDuration, Timestamp};

/// An analyzer of one device, with what it has said so far.
struct Played {
    analyzer: Analyzer,
    said: Vec<Finding>,
    start: Timestamp,
}

impl Played {
    fn new(modality: &str) -> Self {
        let analyzer = Analyzer::new(config_of(modality));
        Self {
            analyzer,
            said: Vec::new(),
            start: stamp("2026-01-12T09:00:00Z"),
        }
    }

    fn at(&self, second: i64) -> Timestamp {
        self.start + SignedDuration::from_secs(second)
    }

    fn hear(&mut self, arrival: Arrival, reading: Reading) {
        self.analyzer.observe(arrival, &[reading], &mut self.said);
    }

    fn power(&mut self, second: i64, power_w: f64) {
        let reading = Reading {
            power_w: Some(power_w),
            ..Reading::of("m", None)
        };
        self.hear(Arrival::live(self.at(second)), reading);
    }

    /// Every `pause_s` from the first second up to the last.
    fn hold(&mut self, seconds: std::ops::Range<i64>, pause_s: usize, power_w: f64) {
        for second in seconds.step_by(pause_s) {
            self.power(second, power_w);
        }
    }

    fn faults(&self) -> Vec<FaultKind> {
        let faults = self.said.iter();
        faults
            .filter_map(|finding| {
                if let Finding::Fault(fault) = finding {
                    Some(fault.kind)
                } else {
                    None
                }
            })
            .collect()
    }

    /// Final intervals up to `second`: (from, until, state, Wh).
    fn end(&mut self, second: i64) -> Vec<(i64, i64, State, f64)> {
        let end = self.at(second);
        self.analyzer.finish(end, &mut self.said);
        let since = |at: Timestamp| at.duration_since(self.start).as_secs();
        let line = |i: &Interval| {
            (
                since(i.from),
                since(i.until),
                i.state,
                (i.energy.wh() * 10.0).round() / 10.0,
            )
        };
        let intervals = self.said.iter();
        intervals
            .filter_map(|finding| {
                if let Finding::Interval(i) = finding {
                    Some(line(i))
                } else {
                    None
                }
            })
            .collect()
    }
}

#[test]
fn silence_is_unknown_never_off_and_its_counted_energy_is_booked_to_it() {
    let mut played = Played::new("ct");
    for (second, energy_wh) in [(0, 0.0), (10, 7.2), (20, 14.4), (30, 21.6), (3630, 2_621.6)] {
        let reading = Reading {
            power_w: Some(2_600.0),
            energy_wh: Some(energy_wh),
            ..Reading::of("m", None)
        };
        played.hear(Arrival::live(played.at(second)), reading);
    }
    let intervals = played.end(3640);
    assert_eq!(played.faults(), [FaultKind::Silent, FaultKind::Heard]);
    assert_eq!(
        intervals.iter().map(|i| i.2).collect::<Vec<_>>(),
        [State::Idle, State::Unknown, State::Idle]
    );
    assert_eq!(
        (intervals[1].0, intervals[1].1),
        (150, 3630),
        "unknown from the end of the learned patience on"
    );
    let booked: f64 = intervals.iter().map(|i| i.3).sum();
    let last_seconds_wh = 2_600.0 * 10.0 / 3_600.0;
    assert!(
        (booked - 2_621.6 - last_seconds_wh).abs() < 0.2,
        "all that was counted is booked: {intervals:?}"
    );
}

#[test]
fn a_stamped_reading_on_its_way_while_the_limit_passes_is_no_silence() {
    let mut played = Played::new("ct");
    for second in 0..60 {
        played.power(second, 2_600.0);
    }
    // measured before the 120 s are over, heard after: another meter's readings have led time on meanwhile
    let now = played.at(59 + 123);
    played.analyzer.advance(now, &mut played.said);
    let stamped = Reading {
        power_w: Some(2_600.0),
        stamp: Some(played.at(59 + 115)),
        ..Reading::of("m", None)
    };
    played.hear(Arrival::live(now), stamped);
    assert_eq!(played.faults(), []);
    assert_eq!(played.end(200).len(), 1, "idle all through");
}

#[test]
fn an_offline_word_makes_the_state_unknown_at_once() {
    let mut played = Played::new("ct");
    played.hold(0..60, 5, 2_600.0);
    let offline = Availability {
        meter: "m".to_owned(),
        is_online: false,
    };
    played
        .analyzer
        .availability(played.at(58), &offline, &mut played.said);
    played.hold(100..200, 5, 2_600.0);
    let expected = [
        (0, 58, State::Idle),
        (58, 100, State::Unknown),
        (100, 200, State::Idle),
    ];
    let said: Vec<_> = played.end(200).iter().map(|i| (i.0, i.1, i.2)).collect();
    assert_eq!(
        (said, played.faults()),
        (expected.to_vec(), vec![FaultKind::Offline, FaultKind::Heard])
    );
}

#[test]
fn a_retained_value_is_a_sample_only_with_a_stamp_of_its_own() {
    let mut played = Played::new("ct");
    let retained = Arrival {
        is_retained: true,
        ..Arrival::live(played.at(0))
    };
    let reading = Reading {
        power_w: Some(60_000.0),
        ..Reading::of("m", None)
    };
    played.hear(retained, reading.clone());
    assert!(played.said.is_empty());
    let old = Reading {
        stamp: Some(played.at(-86_400)),
        ..reading.clone()
    };
    played.hear(retained, old);
    assert!(played.said.is_empty());
    let fresh = Reading {
        stamp: Some(played.at(-3)),
        ..reading
    };
    played.hear(retained, fresh);
    assert!(
        played
            .said
            .iter()
            .any(|finding| matches!(finding, Finding::Sample(_)))
    );
}

#[test]
fn a_wrong_clock_is_said_once_and_the_arrival_counts() {
    let mut played = Played::new("ct");
    for second in (0..60).step_by(5) {
        let at = played.at(second);
        let stamp = Some(at - SignedDuration::from_hours(1));
        played.hear(
            Arrival::live(at),
            Reading {
                power_w: Some(2_600.0),
                stamp,
                ..Reading::of("m", None)
            },
        );
    }
    let intervals = played.end(60);
    assert_eq!(played.faults(), [FaultKind::ClockWrong]);
    assert_eq!((intervals[0].0, intervals[0].1), (0, 60));
}

#[test]
fn a_late_reading_is_said_and_an_impossible_power_is_set_aside() {
    let mut played = Played::new("ct");
    played.hold(0..60, 5, 2_600.0);
    played.power(20, 2_600.0);
    played.power(60, 9.9e9);
    played.power(65, -9.9e9);
    played.hold(70..100, 5, 2_600.0);
    assert_eq!(
        played.end(100).iter().map(|i| i.2).collect::<Vec<_>>(),
        [State::Idle]
    );
    assert_eq!(played.faults(), [FaultKind::TooLate, FaultKind::ImplausiblePower]);
}

#[test]
fn a_reset_counter_is_said_and_the_gap_is_estimated() {
    let mut played = Played::new("ct");
    let counter = |second: i64| {
        if second < 1800 {
            50_000.0 + 2.0 * second as f64
        } else {
            2.0 * (second - 1800) as f64
        }
    };
    for second in (0..3601).step_by(60) {
        let reading = Reading {
            power_w: Some(7_200.0),
            energy_wh: Some(counter(second)),
            ..Reading::of("m", None)
        };
        played.hear(Arrival::live(played.at(second)), reading);
    }
    let intervals = played.end(3600);
    assert_eq!(played.faults(), [FaultKind::CounterReset]);
    assert_eq!(intervals, [(0, 3600, State::Idle, 7_200.0)]);
    let estimated: Energy = played
        .said
        .iter()
        .filter_map(|f| {
            if let Finding::Interval(i) = f {
                Some(i.estimated)
            } else {
                None
            }
        })
        .sum();
    assert_eq!(estimated, Energy::from_wh(120.0), "the minute of the reset");
}

#[test]
fn after_an_outage_a_squeezed_back_log_is_not_taken_for_samples() {
    let mut played = Played::new("ct");
    played.hold(0..100, 5, 2_600.0);
    for n in 0..20 {
        let at = played.at(160) + SignedDuration::from_millis(n);
        let arrival = Arrival {
            is_after_outage: true,
            ..Arrival::live(at)
        };
        let power_w = if n == 10 { 60_000.0 } else { 2_600.0 };
        played.hear(
            arrival,
            Reading {
                power_w: Some(power_w),
                ..Reading::of("m", None)
            },
        );
    }
    played.hold(165..300, 5, 2_600.0);
    assert_eq!(
        played.end(300).iter().map(|i| i.2).collect::<Vec<_>>(),
        [State::Idle]
    );
}

#[test]
fn a_scan_is_said_at_once_and_its_tail_is_corrected_in_place() {
    let mut played = Played::new("ct");
    played.hold(0..10, 1, 2_600.0);
    let change = |played: &Played| {
        let mut changes = played.said.iter().rev();
        changes.find_map(|f| {
            if let Finding::StateChange(c) = f {
                Some((c.to, c.at))
            } else {
                None
            }
        })
    };
    played.power(10, 60_000.0);
    assert_ne!(
        change(&played).map(|c| c.0),
        Some(State::Scanning),
        "it may be a spike"
    );
    played.power(11, 61_000.0);
    assert_eq!(change(&played), Some((State::Scanning, played.at(10))));
    played.hold(15..200, 1, 2_600.0);
    let states_at = |second: i64| -> Vec<(State, bool)> {
        let samples = played
            .said
            .iter()
            .filter_map(|f| if let Finding::Sample(s) = f { Some(s) } else { None });
        samples
            .filter(|s| s.at == played.at(second))
            .map(|s| (s.state, s.is_provisional))
            .collect()
    };
    assert_eq!(states_at(10), [(State::Scanning, true), (State::Scanning, false)]);
    assert_eq!(states_at(20), [(State::Scanning, true), (State::Idle, false)]);
    assert_eq!(states_at(100), [(State::Idle, false)]);
}
