//! Every alert rule, played through the analyzer: readings in, steps out. A restart in the middle changes nothing.

mod common;

use std::sync::Arc;

use analyzer::alert::{AlertPlan, RULES};
use analyzer::calendar::OpeningHours;
use analyzer::{Action, AlertEvent, AlertPhase, Analyzer, Arrival, Config, Finding, Reading, Word};
use common::{config_of, stamp};
use jiff::{SignedDuration, Timestamp};

/// A device of a modality with its published bands, and one rule with its own times.
fn config(modality: &str, rule: &str) -> Config {
    let mut config = config_of(modality);
    let device = &mut config.devices[0];
    let known = RULES.iter().find(|known| known.name == rule).expect("a rule");
    assert!(
        (known.looks_at)(device.modality),
        "{rule} does not look at {modality}"
    );
    device.alerts = AlertPlan {
        phase_share: 0.05,
        ..AlertPlan::default()
    }
    .into();
    *Arc::make_mut(&mut device.alerts)
        .limits_mut(rule)
        .expect("a place") = Some(known.limits);
    device.bands = Some(device.modality.bands());
    config
}

/// What happens at an instant.
#[derive(Clone)]
enum Event {
    /// From now on these phases are drawn; one is the whole.
    Draws(Vec<f64>),
    /// From now on nothing is heard.
    Silence,
    /// The register shows this.
    Counter(f64),
    /// A person speaks.
    Says(Word),
}
use Event::{Counter, Draws, Says, Silence};

fn watts(power_w: f64) -> Event {
    Draws(vec![power_w])
}

struct Play {
    config: Config,
    rule: String,
    restart: bool,
    /// Between two readings, s.
    every_s: i64,
}

fn play(modality: &str, rule: &str) -> Play {
    Play {
        config: config(modality, rule),
        rule: rule.to_owned(),
        restart: false,
        every_s: 30,
    }
}

impl Play {
    fn events(&self, events: &[(&str, Event)], until: &str) -> Vec<AlertEvent> {
        let mut analyzer = Analyzer::new(self.config.clone());
        let mut out = Vec::new();
        let mut events = events.iter().map(|(at, event)| (stamp(at), event)).peekable();
        let (mut now, mut held) = (events.peek().expect("an event").0, Vec::new());
        while now < stamp(until) {
            while let Some((at, event)) = events.next_if(|(at, _)| *at <= now) {
                match event {
                    Draws(phases_w) => held.clone_from(phases_w),
                    Silence => held.clear(),
                    Counter(wh) => {
                        let reading = Reading {
                            energy_wh: Some(*wh),
                            ..Reading::of("m", None)
                        };
                        analyzer.observe(Arrival::live(now), &[reading], &mut out);
                    }
                    Says(word) => {
                        let action = Action {
                            word: word.clone(),
                            rule: self.rule.clone(),
                            device: "d".into(),
                            since: None,
                            by: "Anna".to_owned(),
                        };
                        analyzer.act(at, &action, &mut out);
                    }
                }
            }
            let phase = |index: usize| match held.len() {
                1 => None,
                _ => Some(["l1", "l2", "l3"][index]),
            };
            let readings: Vec<Reading> = held
                .iter()
                .enumerate()
                .map(|(index, power_w)| Reading {
                    power_w: Some(*power_w),
                    ..Reading::of("m", phase(index))
                })
                .collect();
            if !readings.is_empty() {
                analyzer.observe(Arrival::live(now), &readings, &mut out);
            }
            analyzer.advance(now, &mut out);
            if self.restart {
                let bytes = analyzer.snapshot();
                analyzer = Analyzer::new(self.config.clone());
                analyzer.restore(&bytes).expect("its own snapshot");
            }
            now += SignedDuration::from_secs(self.every_s);
        }
        let alerts = out.into_iter().filter_map(|finding| match finding {
            Finding::Alert(alert) => Some(alert),
            _ => None,
        });
        alerts.filter(|alert| alert.rule == self.rule).collect()
    }

    fn steps(&self, events: &[(&str, Event)], until: &str) -> Vec<String> {
        let minute = |at: Timestamp| at.strftime("%d %H:%M").to_string();
        let line = |alert: &AlertEvent| {
            let (phase, since, at) = (alert.phase.name(), minute(alert.since), minute(alert.at));
            format!("{phase} since {since} at {at}")
        };
        self.events(events, until).iter().map(line).collect()
    }

    /// The steps, with and without a restart after every reading.
    fn check(self, events: &[(&str, Event)], until: &str, expected: &[&str]) {
        assert_eq!(self.steps(events, until), expected);
        let restarted = Self {
            restart: true,
            ..self
        };
        assert_eq!(restarted.steps(events, until), expected, "restarted");
    }
}

const EVENING: &str = "2026-01-10T17:00:00Z";

#[test]
fn a_machine_that_wakes_itself_is_told_with_the_instant() {
    let night = [
        (EVENING, watts(100.0)),
        ("2026-01-11T02:00:00Z", watts(2_600.0)),
        ("2026-01-11T03:00:00Z", watts(100.0)),
    ];
    let expected = [
        "raised since 11 02:00 at 11 02:15",
        "cleared since 11 02:00 at 11 03:00",
    ];
    play("ct", "self_wake").check(&night, "2026-01-11T06:00:00Z", &expected);
}

#[test]
fn a_person_who_scans_a_self_test_and_what_was_left_on_are_no_self_wake() {
    let scanned = [
        (EVENING, watts(100.0)),
        ("2026-01-11T02:00:00Z", watts(2_600.0)),
        ("2026-01-11T02:10:00Z", watts(40_000.0)),
        ("2026-01-11T02:12:00Z", watts(2_600.0)),
    ];
    let mut quick = play("ct", "self_wake");
    quick.every_s = 5;
    quick.check(&scanned, "2026-01-11T06:00:00Z", &[]);
    let test = [
        (EVENING, watts(100.0)),
        ("2026-01-11T02:00:00Z", watts(2_600.0)),
        ("2026-01-11T02:10:00Z", watts(100.0)),
    ];
    play("ct", "self_wake").check(&test, "2026-01-11T06:00:00Z", &[]);
    play("ct", "self_wake").check(&[(EVENING, watts(2_600.0))], "2026-01-11T06:00:00Z", &[]);
}

#[test]
fn a_flapping_machine_makes_one_alert_of_self_waking() {
    let night = [
        (EVENING, watts(100.0)),
        ("2026-01-11T01:00:00Z", watts(2_600.0)),
        ("2026-01-11T01:20:00Z", watts(100.0)),
        ("2026-01-11T01:40:00Z", watts(2_600.0)),
        ("2026-01-11T02:00:00Z", watts(100.0)),
        ("2026-01-11T02:20:00Z", watts(2_600.0)),
        ("2026-01-11T02:45:00Z", watts(100.0)),
    ];
    let expected = [
        "raised since 11 01:00 at 11 01:15",
        "cleared since 11 01:00 at 11 02:45",
    ];
    play("ct", "self_wake").check(&night, "2026-01-11T06:00:00Z", &expected);
}

#[test]
fn a_short_scan_does_not_clear_what_idles_on_and_a_long_one_does() {
    let scan = |until: &'static str| {
        [
            (EVENING, watts(2_600.0)),
            ("2026-01-10T20:00:05Z", watts(40_000.0)),
            (until, watts(2_600.0)),
            ("2026-01-10T21:50:05Z", watts(100.0)),
        ]
    };
    let mut quick = play("ct", "overnight_idle");
    quick.every_s = 5;
    let expected = [
        "raised since 10 18:00 at 10 18:30",
        "reminded since 10 18:00 at 10 20:30",
        "cleared since 10 18:00 at 10 21:50",
    ];
    quick.check(&scan("2026-01-10T20:00:15Z"), "2026-01-10T22:30:00Z", &expected);
    let mut quick = play("ct", "overnight_idle");
    quick.every_s = 5;
    let expected = [
        "raised since 10 18:00 at 10 18:30",
        "cleared since 10 18:00 at 10 20:00",
        "reminded since 10 18:00 at 10 20:38",
        "cleared since 10 18:00 at 10 21:50",
    ];
    quick.check(&scan("2026-01-10T20:08:05Z"), "2026-01-10T22:30:00Z", &expected);
}

#[test]
fn what_nobody_heard_for_long_does_not_count_as_idling() {
    let gap = |until: &'static str| {
        [
            (EVENING, watts(100.0)),
            ("2026-01-10T20:00:00Z", watts(2_600.0)),
            ("2026-01-10T20:20:00Z", Silence),
            (until, watts(2_600.0)),
            ("2026-01-10T21:35:00Z", watts(100.0)),
        ]
    };
    let expected = [
        "raised since 10 21:00 at 10 21:30",
        "cleared since 10 21:00 at 10 21:35",
    ];
    play("ct", "overnight_idle").check(&gap("2026-01-10T21:00:00Z"), "2026-01-10T23:00:00Z", &expected);
    let expected = [
        "raised since 10 20:00 at 10 20:30",
        "cleared since 10 20:00 at 10 21:35",
    ];
    play("ct", "overnight_idle").check(&gap("2026-01-10T20:23:00Z"), "2026-01-10T23:00:00Z", &expected);
}

#[test]
fn a_lost_cooling_is_critical_within_minutes_and_silence_is_none() {
    let lost = [
        (EVENING, watts(8_000.0)),
        ("2026-01-10T20:00:00Z", watts(3.0)),
        ("2026-01-10T20:40:00Z", watts(8_000.0)),
    ];
    let expected = [
        "raised since 10 20:00 at 10 20:02",
        "reminded since 10 20:00 at 10 20:32",
        "cleared since 10 20:00 at 10 20:40",
    ];
    play("mri", "cryo_base_lost").check(&lost, "2026-01-10T22:00:00Z", &expected);
    let silent = [(EVENING, watts(8_000.0)), ("2026-01-10T20:00:00Z", Silence)];
    play("mri", "cryo_base_lost").check(&silent, "2026-01-11T06:00:00Z", &[]);
    let glimpses = [
        (EVENING, watts(8_000.0)),
        ("2026-01-10T20:00:00Z", watts(3.0)),
        ("2026-01-10T20:01:00Z", Silence),
        ("2026-01-10T21:00:00Z", watts(3.0)),
        ("2026-01-10T21:01:00Z", watts(8_000.0)),
    ];
    play("mri", "cryo_base_lost").check(&glimpses, "2026-01-10T22:00:00Z", &[]);
}

#[test]
fn a_cooling_base_that_a_person_says_counts_and_a_reversed_clamp_does_not() {
    let mut said = play("mri", "cryo_base_lost");
    Arc::make_mut(&mut said.config.devices[0].alerts).cryo_base_w = Some(12_000.0);
    said.check(
        &[(EVENING, watts(7_000.0))],
        "2026-01-10T17:05:00Z",
        &["raised since 10 17:00 at 10 17:02"],
    );
    play("mri", "cryo_base_lost").check(&[(EVENING, watts(-7_000.0))], "2026-01-10T18:00:00Z", &[]);
}

#[test]
fn a_silent_meter_is_one_alert_and_cleared_when_it_is_heard() {
    let night = [
        (EVENING, watts(100.0)),
        ("2026-01-10T18:00:30Z", Silence),
        ("2026-01-10T19:00:00Z", watts(100.0)),
        ("2026-01-10T19:05:00Z", Silence),
        ("2026-01-10T19:12:00Z", watts(100.0)),
    ];
    // silent from two minutes after the last reading at 18:00 on
    let expected = [
        "raised since 10 18:02 at 10 18:17",
        "cleared since 10 18:02 at 10 19:12",
    ];
    play("ct", "meter_silent").check(&night, "2026-01-10T22:00:00Z", &expected);
}

#[test]
fn a_counter_that_fails_again_and_again_is_told_once_a_day() {
    let day = [
        (EVENING, watts(2_600.0)),
        ("2026-01-10T17:00:30Z", Counter(50_000.0)),
        ("2026-01-10T18:00:00Z", Counter(52_600.0)),
        ("2026-01-10T19:00:00Z", Counter(0.0)),
        ("2026-01-10T20:00:00Z", Counter(2_600.0)),
        ("2026-01-10T21:00:00Z", Counter(0.0)),
        ("2026-01-10T22:00:00Z", Counter(2_600.0)),
    ];
    let expected = [
        "raised since 10 19:00 at 10 19:00",
        "cleared since 10 19:00 at 10 21:00",
    ];
    play("ct", "counter_fault").check(&day, "2026-01-12T00:00:00Z", &expected);
}

#[test]
fn a_phase_that_is_reversed_or_missing_is_named() {
    let day = [
        (EVENING, Draws(vec![900.0, 900.0, 900.0])),
        ("2026-01-10T18:00:00Z", Draws(vec![900.0, -900.0, 900.0])),
        ("2026-01-10T19:00:00Z", Draws(vec![900.0, 900.0, 900.0])),
    ];
    let expected = [
        "raised since 10 18:00 at 10 18:10",
        "cleared since 10 18:00 at 10 19:00",
    ];
    let said = play("ct", "phase_reversed_or_missing").events(&day, "2026-01-10T20:00:00Z");
    assert_eq!(said[0].detail, "l2 of m is reversed");
    play("ct", "phase_reversed_or_missing").check(&day, "2026-01-10T20:00:00Z", &expected);
    let flicker = [
        (EVENING, Draws(vec![900.0, 900.0, 900.0])),
        ("2026-01-10T18:00:00Z", Draws(vec![900.0, 3.0, 900.0])),
        ("2026-01-10T18:05:00Z", Draws(vec![900.0, 900.0, 900.0])),
    ];
    play("ct", "phase_reversed_or_missing").check(&flicker, "2026-01-10T20:00:00Z", &[]);
    let off = [(EVENING, Draws(vec![150.0, 150.0, 0.0]))];
    play("ct", "phase_reversed_or_missing").check(&off, "2026-01-10T20:00:00Z", &[]);
}

/// A CT that opens on weekdays alone.
fn weekdays(rule: &str) -> Play {
    let mut play = play("ct", rule);
    let OpeningHours::Weekly(plan) = Arc::make_mut(&mut play.config.devices[0].opening) else {
        panic!("a plan");
    };
    plan.close_on("2026-01-10".parse().expect("date"));
    plan.close_on("2026-01-11".parse().expect("date"));
    play
}

#[test]
fn a_weekend_left_on_is_told_after_a_day_and_cleared_at_opening_with_its_cost() {
    let weekend = [
        ("2026-01-09T17:00:00Z", watts(2_600.0)),
        ("2026-01-10T10:00:00Z", watts(100.0)),
        ("2026-01-10T10:30:00Z", watts(2_600.0)),
    ];
    let expected = [
        "raised since 09 18:00 at 10 18:00",
        "reminded since 09 18:00 at 11 06:00",
        "reminded since 09 18:00 at 11 18:00",
        "reminded since 09 18:00 at 12 06:00",
        "cleared since 09 18:00 at 12 06:30",
    ];
    let said = weekdays("left_on_all_weekend").events(&weekend, "2026-01-12T08:00:00Z");
    let kwh = said.last().expect("cleared").energy.kwh();
    assert!((kwh - 2.6 * 60.0).abs() < 0.5, "{kwh}");
    weekdays("left_on_all_weekend").check(&weekend, "2026-01-12T08:00:00Z", &expected);
}

#[test]
fn a_night_or_a_weekend_with_a_long_pause_is_not_left_on_all_weekend() {
    play("ct", "left_on_all_weekend").check(
        &[("2026-01-09T17:00:00Z", watts(2_600.0))],
        "2026-01-12T08:00:00Z",
        &[],
    );
    let paused = [
        ("2026-01-09T17:00:00Z", watts(2_600.0)),
        ("2026-01-10T16:00:00Z", watts(100.0)),
        ("2026-01-11T10:00:00Z", watts(2_600.0)),
    ];
    weekdays("left_on_all_weekend").check(&paused, "2026-01-12T08:00:00Z", &[]);
}

#[test]
fn a_workstation_is_told_once_a_night_also_when_the_clocks_change() {
    let night = [("2026-03-28T12:00:00Z", watts(150.0))];
    let expected = [
        "raised since 28 18:00 at 28 19:00",
        "cleared since 28 18:00 at 29 05:30",
    ];
    play("workstation", "workstation_on_overnight").check(&night, "2026-03-29T06:00:00Z", &expected);
}

#[test]
fn an_acknowledged_alert_is_not_reminded_and_stays_open_until_it_is_over() {
    let night = [
        ("2026-01-10T12:00:00Z", watts(2_600.0)),
        ("2026-01-10T19:00:00Z", Says(Word::Acknowledge)),
    ];
    let expected = [
        "raised since 10 18:00 at 10 18:30",
        "acknowledged since 10 18:00 at 10 19:00",
        "cleared since 10 18:00 at 11 06:30",
    ];
    let said = play("ct", "overnight_idle").events(&night, "2026-01-11T08:00:00Z");
    assert_eq!(said[1].by, "Anna");
    play("ct", "overnight_idle").check(&night, "2026-01-11T08:00:00Z", &expected);
}

#[test]
fn a_snoozed_alert_is_reminded_at_the_instant_if_it_is_still_so() {
    let until = stamp("2026-01-11T05:00:00Z");
    let night = [
        ("2026-01-10T12:00:00Z", watts(2_600.0)),
        ("2026-01-10T19:00:00Z", Says(Word::Snooze { until })),
    ];
    let expected = [
        "raised since 10 18:00 at 10 18:30",
        "snoozed since 10 18:00 at 10 19:00",
        "reminded since 10 18:00 at 11 05:00",
        "cleared since 10 18:00 at 11 06:30",
    ];
    play("ct", "overnight_idle").check(&night, "2026-01-11T08:00:00Z", &expected);
    let before = [
        ("2026-01-10T12:00:00Z", watts(2_600.0)),
        ("2026-01-10T18:10:00Z", Says(Word::Acknowledge)),
    ];
    let said = play("ct", "overnight_idle").steps(&before, "2026-01-11T08:00:00Z");
    assert_eq!(
        said[1], "reminded since 10 18:00 at 10 20:30",
        "there was nothing to acknowledge"
    );
}

#[test]
fn a_note_is_kept_and_changes_nothing() {
    let text = "the chiller is being mended".to_owned();
    let night = [
        ("2026-01-10T12:00:00Z", watts(2_600.0)),
        ("2026-01-10T19:00:00Z", Says(Word::Note { text: text.clone() })),
    ];
    let said = play("ct", "overnight_idle").events(&night, "2026-01-10T21:00:00Z");
    assert_eq!(
        (said[1].phase, &said[1].detail, &*said[1].by),
        (AlertPhase::Noted, &text, "Anna")
    );
    assert_eq!(
        (said[2].phase, said[2].detail != text),
        (AlertPhase::Reminded, true),
        "reminded as ever"
    );
}

#[test]
fn nothing_is_said_of_a_night_of_exemption() {
    let mut exempt = play("ct", "overnight_idle");
    let days = ["2026-01-10".parse().expect("date")];
    Arc::make_mut(&mut exempt.config.devices[0].alerts).exempt_days = days.into();
    let left_on = [("2026-01-10T12:00:00Z", watts(2_600.0))];
    exempt.check(
        &left_on,
        "2026-01-11T23:00:00Z",
        &[
            "raised since 11 18:00 at 11 18:30",
            "reminded since 11 18:00 at 11 20:30",
            "reminded since 11 18:00 at 11 22:30",
        ],
    );
}
