//! The rule "overnight idle", played as a night would be.

mod common;

use analyzer::{AlertPhase, Analyzer, Arrival, Finding, Reading};
use common::{config_of, stamp};
use jiff::{SignedDuration, Timestamp};

/// Plays (instant, watts), held minute by minute until `until`; the alert's steps as "phase at".
fn steps(levels: &[(&str, f64)], until: &str) -> Vec<String> {
    let mut analyzer = Analyzer::new(config_of("ct"));
    let mut out = Vec::new();
    let mut levels = levels
        .iter()
        .map(|(at, power_w)| (stamp(at), *power_w))
        .peekable();
    let (mut now, mut held) = levels.next().expect("a level");
    while now < stamp(until) {
        while let Some((_, power_w)) = levels.next_if(|(at, _)| *at <= now) {
            held = power_w;
        }
        let reading = Reading {
            power_w: Some(held),
            ..Reading::of("m", None)
        };
        analyzer.observe(Arrival::live(now), &[reading], &mut out);
        analyzer.advance(now, &mut out);
        now += SignedDuration::from_secs(60);
    }
    out.iter().filter_map(step).collect()
}

fn step(finding: &Finding) -> Option<String> {
    let Finding::Alert(alert) = finding else {
        return None;
    };
    let minute = |at: Timestamp| at.strftime("%d %H:%M").to_string();
    let kwh = alert.energy.kwh();
    assert!(
        alert.phase == AlertPhase::Raised || kwh > 1.0,
        "says what it has cost so far"
    );
    Some(format!(
        "{} since {} at {}",
        alert.phase.name(),
        minute(alert.since),
        minute(alert.at)
    ))
}

#[test]
fn left_on_it_is_raised_once_reminded_and_cleared_at_opening() {
    // Saturday night to Sunday in winter time: open 07:30 to 19:00 in Paris is 06:30 to 18:00 UTC
    let said = steps(&[("2026-01-10T12:00:00Z", 2_600.0)], "2026-01-11T08:00:00Z");
    assert_eq!(said[0], "raised since 10 18:00 at 10 18:30");
    assert_eq!(said[1], "reminded since 10 18:00 at 10 20:30");
    assert_eq!(
        said.last().map(String::as_str),
        Some("cleared since 10 18:00 at 11 06:30")
    );
    assert_eq!(said.len(), 2 + 5, "reminded every two hours: {said:?}");
}

#[test]
fn the_night_the_clocks_change_is_reckoned_in_local_time() {
    let said = steps(&[("2026-03-28T12:00:00Z", 2_600.0)], "2026-03-29T06:00:00Z");
    assert_eq!(said[0], "raised since 28 18:00 at 28 18:30");
    assert_eq!(
        said.last().map(String::as_str),
        Some("cleared since 28 18:00 at 29 05:30")
    );
}

#[test]
fn a_machine_that_wakes_itself_is_found_and_a_flapping_one_is_told_once() {
    let night = [
        ("2026-01-10T12:00:00Z", 100.0),
        ("2026-01-11T02:00:00Z", 2_600.0),
        ("2026-01-11T03:00:00Z", 100.0),
        ("2026-01-11T03:10:00Z", 2_600.0),
        ("2026-01-11T04:40:00Z", 100.0),
    ];
    let said = steps(&night, "2026-01-11T06:00:00Z");
    assert_eq!(
        said[..2],
        [
            "raised since 11 02:00 at 11 02:30",
            "cleared since 11 02:00 at 11 03:00"
        ]
    );
    let rest = [
        "reminded since 11 02:00 at 11 04:30",
        "cleared since 11 02:00 at 11 04:40",
    ];
    assert_eq!(
        said[2..],
        rest,
        "not raised a second time, and not told before it is due"
    );
}

#[test]
fn within_grace_or_in_opening_hours_nothing_is_said() {
    let evening = [("2026-01-10T12:00:00Z", 2_600.0), ("2026-01-10T18:25:00Z", 100.0)];
    assert_eq!(steps(&evening, "2026-01-11T08:00:00Z"), Vec::<String>::new());
}

#[test]
fn work_that_a_meter_of_a_minute_shows_is_no_idling() {
    let visit = |peak_w: f64| {
        let night = [
            ("2026-01-10T12:00:00Z", 100.0),
            ("2026-01-11T02:00:00Z", 2_600.0),
            ("2026-01-11T02:20:00Z", peak_w),
            ("2026-01-11T02:21:00Z", 2_600.0),
            ("2026-01-11T02:45:00Z", 100.0),
        ];
        steps(&night, "2026-01-11T06:00:00Z")
    };
    assert_eq!(visit(40_000.0), Vec::<String>::new());
    assert_eq!(
        visit(2_900.0)[0],
        "raised since 11 02:00 at 11 02:30",
        "fans are none"
    );
}
