//! Clocks that are wrong, ours and the meters': what is booked, and what is said. `docs/time.md` has these cases as a table.

mod common;

use std::collections::BTreeSet;

use analyzer::{Analyzer, Arrival, Energy, FaultKind, Finding, Reading, State};
use common::{config_of, stamp};
use jiff::SignedDuration;

const POWER_W: f64 = 2_600.0;
const PAUSE_S: i64 = 10;
const HOURS: i64 = 4;
const TRUE_WH: f64 = POWER_W * HOURS as f64;
/// The middle of the play, where clocks change, s.
const STEP_S: i64 = HOURS * 1800;

#[derive(Default)]
struct Books {
    energy: Energy,
    points: usize,
    states: BTreeSet<State>,
    faults: BTreeSet<FaultKind>,
    details: Vec<String>,
}

/// Four hours of one power, a reading every ten seconds. `clocks` gives for a true second: when we think it is, and when
/// the meter thinks it is.
fn play(has_register: bool, clocks: impl Fn(i64) -> (i64, Option<i64>)) -> Books {
    let start = stamp("2026-01-12T09:00:00Z");
    let at = |second: i64| start + SignedDuration::from_secs(second);
    let (mut analyzer, mut said, mut now) = (Analyzer::new(config_of("ct")), Vec::new(), start);
    for second in (0..HOURS * 3600 / PAUSE_S).map(|number| number * PAUSE_S) {
        let (ours, meters) = clocks(second);
        now = at(ours);
        let reading = Reading {
            power_w: Some(POWER_W),
            energy_wh: has_register.then_some((POWER_W * second as f64 / 360.0).floor() / 10.0),
            stamp: meters.map(at),
            ..Reading::of("m", None)
        };
        analyzer.observe(Arrival::live(now), &[reading], &mut said);
        analyzer.advance(now, &mut said);
    }
    analyzer.finish(now + SignedDuration::from_secs(PAUSE_S), &mut said);
    let mut books = Books::default();
    for finding in said {
        match finding {
            Finding::Interval(interval) => {
                books.energy += interval.energy;
                books.states.insert(interval.state);
            }
            Finding::Sample(_) => books.points += 1,
            Finding::Fault(fault) => {
                books.faults.insert(fault.kind);
                books.details.push(fault.detail);
            }
            _ => {}
        }
    }
    books
}

/// With a register every watt-hour is booked; without one as many as the table says, for there nobody knows better.
/// `points_missing`: so many of the readings may be too late.
#[track_caller]
fn check(
    name: &str,
    clocks: impl Fn(i64) -> (i64, Option<i64>),
    (faults, states): (&[FaultKind], &[State]),
    uncounted_wh: f64,
    points_missing: usize,
) -> Books {
    let within = |found: Energy, wh: f64| (found.wh() - wh).abs() <= 0.002 * TRUE_WH;
    let uncounted = play(false, &clocks);
    let counted = play(true, &clocks);
    assert!(
        within(counted.energy, TRUE_WH),
        "{name}: {} of {TRUE_WH} Wh",
        counted.energy.wh()
    );
    assert!(
        within(uncounted.energy, uncounted_wh),
        "{name}, no register: {} Wh",
        uncounted.energy.wh()
    );
    let points = usize::try_from(HOURS * 3600 / PAUSE_S).expect("small");
    for books in [&uncounted, &counted] {
        assert!(
            books.points + points_missing >= points,
            "{name}: {} points",
            books.points
        );
        assert!(
            books.faults.iter().eq(faults),
            "{name}: {:?} {:#?}",
            books.faults,
            books.details
        );
        assert!(books.states.iter().eq(states), "{name}: {:?}", books.states);
    }
    counted
}

const RIGHT: (&[FaultKind], &[State]) = (&[], &[State::Idle]);
const WRONG: (&[FaultKind], &[State]) = (&[FaultKind::ClockWrong], &[State::Idle]);
const WRONG_AND_LATE: (&[FaultKind], &[State]) =
    (&[FaultKind::ClockWrong, FaultKind::TooLate], &[State::Idle]);
const LATE: (&[FaultKind], &[State]) = (&[FaultKind::TooLate], &[State::Idle]);

#[test]
fn a_meters_clock_that_is_a_little_off_is_not_worth_a_word() {
    check("2 s behind", |s| (s, Some(s - 2)), RIGHT, TRUE_WH, 0);
    check(
        "10 s behind",
        |s| (s, Some(s - 10)),
        RIGHT,
        TRUE_WH + POWER_W * 10.0 / 3600.0,
        0,
    );
    check("10 s ahead", |s| (s, Some(s + 10)), RIGHT, TRUE_WH, 0);
}

#[test]
fn a_meters_clock_that_is_seconds_or_minutes_off_is_corrected_and_said() {
    for behind in [15, 20, 60, 300, 590] {
        let name = format!("{behind} s behind");
        let expected = if behind > 20 { WRONG_AND_LATE } else { WRONG };
        // until it is known, what it stamps before its first word is held
        let uncounted_wh = TRUE_WH + POWER_W * behind as f64 / 3600.0;
        let books = check(&name, |s| (s, Some(s - behind)), expected, uncounted_wh, 4);
        let said = format!("the meter's clock is {behind} s behind; its stamps are corrected by that");
        assert!(
            books.details.iter().any(|detail| detail.starts_with(&said)),
            "{:#?}",
            books.details
        );
    }
    for ahead in [15, 60, 300, 590] {
        let name = format!("{ahead} s ahead");
        let books = check(&name, |s| (s, Some(s + ahead)), WRONG, TRUE_WH, 0);
        let said = format!("the meter's clock is {ahead} s ahead");
        assert!(
            books.details.iter().any(|detail| detail.starts_with(&said)),
            "{:#?}",
            books.details
        );
    }
}

#[test]
fn a_meters_clock_that_is_hours_off_or_was_never_set_is_not_used() {
    for off in [-10_800, 10_800, -86_400 * 365] {
        check("hours off", |s| (s, Some(s + off)), WRONG, TRUE_WH, 0);
    }
    // local time that calls itself UTC, in the night when summer time begins
    let local = |s: i64| (s, Some(s + if s < STEP_S { 3600 } else { 7200 }));
    check("local time as UTC", local, WRONG, TRUE_WH, 0);
    // counts from its own start
    let epoch = |s: i64| (s, Some(s - 1_768_208_400));
    check("since 1970", epoch, WRONG, TRUE_WH, 0);
}

#[test]
fn a_meters_clock_that_jumps_or_drifts_is_followed() {
    let off = |s: i64| [0, 10_800, -10_800, 300, -300, 0, 60, -60][usize::try_from(s / 1800).expect("small")];
    check("it jumps", |s| (s, Some(s + off(s))), WRONG_AND_LATE, TRUE_WH, 8);
    check("it drifts behind", |s| (s, Some(s - s / 60)), WRONG, TRUE_WH, 4);
    check("it drifts ahead", |s| (s, Some(s + s / 60)), WRONG, TRUE_WH, 0);
    let set_right = |s: i64| (s, Some(s - if s < STEP_S { 60 } else { 0 }));
    check(
        "it is set right",
        set_right,
        WRONG_AND_LATE,
        TRUE_WH + POWER_W * 60.0 / 3600.0,
        4,
    );
}

#[test]
fn our_own_clock_set_on_is_a_pause_or_a_silence() {
    let on = |by: i64| move |s: i64| (if s < STEP_S { s } else { s + by }, None);
    let held = |by: i64| TRUE_WH + POWER_W * by as f64 / 3600.0;
    check("a minute on", on(60), RIGHT, held(60), 0);
    let silence: (&[FaultKind], &[State]) = (
        &[FaultKind::Silent, FaultKind::Heard],
        &[State::Idle, State::Unknown],
    );
    check("an hour on", on(3600), silence, held(110), 0);
    // the meter's clock, which is right, seems to be behind
    let stamped = |s: i64| (if s < STEP_S { s } else { s + 60 }, Some(s));
    check("a minute on, stamped", stamped, WRONG_AND_LATE, held(60), 4);
}

#[test]
fn our_own_clock_set_back_costs_points_and_no_counted_energy() {
    for (by, is_stamped) in [
        (60, false),
        (60, true),
        (600, false),
        (600, true),
        (3600, false),
        (3600, true),
    ] {
        let back = move |s: i64| (if s < STEP_S { s } else { s - by }, is_stamped.then_some(s));
        let missing = usize::try_from(by / PAUSE_S).expect("small") + 2;
        let expected = if is_stamped { WRONG_AND_LATE } else { LATE };
        let books = check(
            &format!("{by} s back"),
            back,
            expected,
            TRUE_WH - POWER_W * by as f64 / 3600.0,
            missing,
        );
        let is_said =
            |detail: &String| detail.starts_with("our own clock was set back: until it is past 2026-01-12T");
        assert!(books.details.iter().any(is_said), "{:#?}", books.details);
    }
    check(
        "2 s back",
        |s| (if s < STEP_S { s } else { s - 2 }, None),
        RIGHT,
        TRUE_WH,
        0,
    );
}

#[test]
fn a_clock_of_ours_that_told_nonsense_is_not_waited_for() {
    let nonsense = |s: i64| (if s < STEP_S { s + 2_300_000_000 } else { s }, None);
    let books = play(true, nonsense);
    let points = usize::try_from(HOURS * 3600 / PAUSE_S).expect("small");
    assert_eq!(books.points, points);
    let is_said = |detail: &String| detail.contains("everything begins anew") && detail.contains("2098-");
    assert!(books.details.iter().any(is_said), "{:#?}", books.details);
    assert!(
        (books.energy.wh() - TRUE_WH).abs() < 0.002 * TRUE_WH,
        "{}",
        books.energy.wh()
    );
}

#[test]
fn what_is_known_of_clocks_survives_a_restart() {
    let start = stamp("2026-01-12T09:00:00Z");
    let at = |second: i64| start + SignedDuration::from_secs(second);
    let (mut one, mut said) = (Analyzer::new(config_of("ct")), [Vec::new(), Vec::new()]);
    let hear = |analyzer: &mut Analyzer, second: i64, out: &mut Vec<Finding>| {
        let ours = if second < 600 { second } else { second - 120 };
        let reading = Reading {
            power_w: Some(POWER_W),
            energy_wh: Some((POWER_W * second as f64 / 360.0).floor() / 10.0),
            stamp: Some(at(second - 60)),
            ..Reading::of("m", None)
        };
        analyzer.observe(Arrival::live(at(ours)), &[reading], out);
    };
    for second in (0..650).step_by(10) {
        hear(&mut one, second, &mut said[0]);
    }
    let mut other = Analyzer::new(config_of("ct"));
    other.restore(&one.snapshot()).expect("its own snapshot");
    said[0].clear();
    for second in (650..1800).step_by(10) {
        hear(&mut one, second, &mut said[0]);
        hear(&mut other, second, &mut said[1]);
    }
    one.finish(at(1800), &mut said[0]);
    other.finish(at(1800), &mut said[1]);
    let is_final = |finding: &&Finding| !matches!(finding, Finding::Sample(_) | Finding::StateChange(_));
    let [one, other] = said;
    assert!(one.iter().filter(is_final).eq(other.iter().filter(is_final)));
}
