//! Laws that hold for every stream of readings. A failing case prints its seed.

mod common;
#[path = "common/stream.rs"]
mod stream;

use std::collections::{BTreeMap, BTreeSet};

use analyzer::modality::MODALITIES;
use analyzer::{Analyzer, Arrival, Energy, Finding, Interval, Reading, State};
use common::config_of;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use stream::{Stream, days, streams};

/// 2026-03-28 in Paris: the night in which the clocks go forward.
const START_S: i64 = 1_774_688_400;

/// The step of the registers of [`stream`].
const STEP_WH: f64 = 0.1;
/// More than any machine draws.
const PLAUSIBLE_W: f64 = 1e6;
/// Half a micro-watt-hour for each piece that is integrated.
const ROUNDING_WH: f64 = 2e-3;
/// An interval's part that the order of arrival may move to its neighbour.
const SHARED_OUT: f64 = 1e-5;

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

/// What is final of itself, without the curve, the live changes and the rows that later rows replace.
fn finals(findings: &[Finding]) -> Vec<&Finding> {
    let is_final = |finding: &&Finding| {
        matches!(
            finding,
            Finding::Interval(_) | Finding::Exam(_) | Finding::Alert(_) | Finding::Fault(_)
        )
    };
    findings.iter().filter(is_final).collect()
}

/// The analyzer of a stream's device and its readings.
fn begun(stream: &Stream) -> (Analyzer, Vec<(Timestamp, Reading)>) {
    (
        Analyzer::new(config_of(stream.modality())),
        stream.readings(at(0)),
    )
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

/// The sum of the rows said last for each key; what was said as settled is not said again.
fn ledger_total(findings: &[Finding]) -> (Energy, SignedDuration) {
    let (mut rows, mut settled) = (BTreeMap::new(), BTreeSet::new());
    for finding in findings {
        if let Some(row) = finding.ledger_row() {
            let key = (row.hour, row.state, row.is_open, row.tariff);
            assert!(!settled.contains(&key), "settled, and said again: {row:?}");
            if matches!(finding, Finding::Settled(_)) {
                settled.insert(key);
            }
            rows.insert(key, (row.energy, row.duration));
        }
    }
    (
        rows.values().map(|row| row.0).sum(),
        rows.values().map(|row| row.1).sum(),
    )
}

/// What a register may do beside counting.
#[derive(Clone, Copy, Debug)]
enum Fault {
    /// Begins at zero again, this share of the pause before the reading.
    Reset(f64),
    /// Goes back by so much, and on from there.
    Back(f64),
    /// Leaps by so much, and on from there.
    Leap(f64),
    /// Says this much more, once.
    Glitch(f64),
    /// Says what it said so many readings before, once.
    Old(usize),
    /// Says the same for so many readings, then is right again.
    Frozen(usize),
}

impl Fault {
    /// Whether a register of so much begins anew.
    fn is_reset(&self, register_wh: f64) -> bool {
        match self {
            Self::Reset(_) => true,
            Self::Back(wh) => *wh >= register_wh,
            _ => false,
        }
    }
}

fn fault() -> impl Strategy<Value = Option<Fault>> {
    let fault = prop_oneof![
        (0.0..1.0).prop_map(Fault::Reset),
        (0.0..900_000.0).prop_map(Fault::Back),
        Just(Fault::Leap(20e9)),
        (0.0..6_000.0).prop_map(Fault::Leap),
        Just(Fault::Glitch(3_137_000.0)),
        (1..5usize).prop_map(Fault::Old),
        (1..200usize).prop_map(Fault::Frozen),
    ];
    prop_oneof![24 => Just(None), 1 => fault.prop_map(Some)]
}

/// Where registers begin: far from any end at which they wrap.
const BEGIN_WH: f64 = 5e6;

/// Readings each 1 to 60 s of a true register with faults; the truth in Wh, and what may be missed of it.
///
/// With power known all the time, each fault costs no more than the meter's rounding and the register's own step. What
/// cannot be seen: a leap within the plausible power and a fall that is less than was drawn since the register last told of
/// it (all of it), a register that is frozen or told of old at the very end (what it has not told), and a reset that by
/// chance happens just below a known end, to which another fault has led (what power allows). Between two faults lies one
/// sound reading: two values that agree on a wrong line are believed.
fn faulty(steps: &[(i64, f64, Option<Fault>)]) -> (Vec<(Timestamp, Reading)>, Timestamp, f64, f64) {
    let (mut second, mut true_wh, mut held_w, mut bound_wh) = (0, 0.0, 0.0, 0.1);
    let (mut offset_wh, mut told, mut frozen) = (BEGIN_WH, Vec::<f64>::new(), 0);
    let (mut untold_wh, mut clean_wh) = (0.0, BEGIN_WH);
    let (mut readings, mut was_fault) = (Vec::new(), false);
    for &(pause_s, power_w, fault) in steps {
        second += pause_s;
        let gap_wh = held_w * pause_s as f64 / 3600.0;
        true_wh += gap_wh;
        held_w = power_w;
        let mut extra_wh = 0.0;
        let fault = fault.filter(|_| frozen == 0 && !was_fault);
        was_fault = fault.is_some();
        bound_wh += if fault.is_some() { 1.2 } else { 0.0 };
        let whole_wh = true_wh + offset_wh;
        if offset_wh != BEGIN_WH && fault.is_some_and(|fault| fault.is_reset(whole_wh)) {
            bound_wh += 100.0 + 4.0 * gap_wh;
        }
        match fault {
            Some(Fault::Reset(share)) => offset_wh = -true_wh + gap_wh * share,
            Some(Fault::Back(wh)) => offset_wh -= wh.min(true_wh + offset_wh),
            Some(Fault::Leap(wh)) => {
                offset_wh += wh;
                bound_wh += if wh < 10_000.0 { wh } else { 0.0 };
            }
            Some(Fault::Glitch(wh)) => extra_wh = wh,
            Some(Fault::Frozen(count)) => frozen = count,
            Some(Fault::Old(_)) | None => {}
        }
        let lost_wh = whole_wh - true_wh - offset_wh;
        bound_wh += if lost_wh < untold_wh + gap_wh + 1.0 {
            lost_wh.max(0.0)
        } else {
            0.0
        };
        let register_wh = (true_wh + offset_wh).max(0.0) + extra_wh;
        let said_wh = match (fault, told.last()) {
            (Some(Fault::Old(back)), Some(_)) => told[told.len() - back.min(told.len())],
            (None, Some(_)) if frozen > 0 => clean_wh,
            _ => register_wh,
        };
        let leapt_wh = (said_wh - register_wh).max(0.0);
        bound_wh += if leapt_wh < 10_000.0 { leapt_wh } else { 0.0 };
        untold_wh = match fault {
            None if frozen > 0 => untold_wh + gap_wh,
            Some(Fault::Old(_)) => (register_wh - said_wh).max(0.0),
            _ => 0.0,
        };
        frozen = usize::saturating_sub(frozen, 1);
        if !matches!(fault, Some(Fault::Old(_) | Fault::Glitch(_))) {
            clean_wh = said_wh;
        }
        told.push(said_wh);
        let reading = Reading {
            power_w: Some(power_w),
            energy_wh: Some((said_wh * 10.0).floor() / 10.0),
            ..Reading::of("m", None)
        };
        readings.push((at(second), reading));
    }
    (
        readings,
        at(second + 60),
        true_wh + held_w / 60.0,
        bound_wh + untold_wh + held_w * LEAD_S_MAX / 3600.0,
    )
}

/// A reading stands for up to so long before it: at the end, where no register has told yet, that is estimated.
const LEAD_S_MAX: f64 = 10.0;

/// Intervals follow each other without a gap and add up to the ledger.
fn tile(findings: &[Finding]) -> Result<(), TestCaseError> {
    let intervals = intervals(findings);
    for pair in intervals.windows(2) {
        prop_assert_eq!(pair[0].until, pair[1].from);
        prop_assert!(pair[0].state != pair[1].state, "neighbours differ");
    }
    prop_assert!(
        intervals
            .iter()
            .all(|i| i.from < i.until && i.energy >= Energy::ZERO)
    );
    let booked: Energy = intervals.iter().map(|i| i.energy).sum();
    let time: SignedDuration = intervals.iter().map(|i| i.until.duration_since(i.from)).sum();
    prop_assert_eq!((booked, time), ledger_total(findings));
    Ok(())
}

/// What the meters `m0`, `m1` … say, stamped, in order.
fn stamped(streams: &[Stream]) -> Vec<(Timestamp, Reading)> {
    let mut all = Vec::new();
    for (number, stream) in streams.iter().enumerate() {
        let name = format!("m{number}");
        all.extend(stream.readings(at(0)).into_iter().map(|(at, reading)| {
            let (meter, stamp) = (name.as_str().into(), Some(at));
            (
                at,
                Reading {
                    meter,
                    stamp,
                    ..reading
                },
            )
        }));
    }
    all.sort_by_key(|(at, _)| *at);
    all
}

/// The readings in the order in which they arrive after these delays, s.
fn arriving(readings: &[(Timestamp, Reading)], delays_s: &[i64]) -> Vec<(Timestamp, Reading)> {
    let delayed = readings.iter().zip(delays_s.iter().cycle());
    let mut arriving: Vec<_> = delayed
        .map(|((stamp, reading), delay_s)| (*stamp + SignedDuration::from_secs(*delay_s), reading.clone()))
        .collect();
    // of those that arrive together the later measured come first, but for duplicates
    let is_shuffled = delays_s.iter().any(|delay_s| *delay_s > 0);
    arriving.sort_by_key(|(at, reading)| (*at, is_shuffled.then_some(std::cmp::Reverse(reading.stamp))));
    arriving
}

/// Examinations, alerts and faults, sorted; without energies, which are rounded where time was cut to be looked at.
fn events(findings: &[Finding]) -> Vec<String> {
    let event = |finding: &Finding| match finding {
        Finding::Exam(e) => Some(format!(
            "{} {} {} {} {:?}",
            e.number, e.from, e.until, e.scanning, e.kind
        )),
        Finding::Alert(a) => Some(format!("{} {:?} {} {}", a.rule, a.phase, a.since, a.at)),
        Finding::Fault(fault) => Some(format!("{fault:?}")),
        _ => None,
    };
    let mut events: Vec<String> = findings.iter().filter_map(event).collect();
    events.sort();
    events
}

/// The points of the power curve as they were said last.
fn curve(findings: &[Finding]) -> BTreeMap<Timestamp, (u64, State)> {
    let mut points = BTreeMap::new();
    for finding in findings {
        if let Finding::Sample(point) = finding {
            points.insert(point.at, (point.power_w.to_bits(), point.state));
        }
    }
    points
}

/// The device of [`config_of`], fed by the meters `m0`, `m1` …
fn config_of_meters(modality: &str, count: usize) -> analyzer::Config {
    let mut config = config_of(modality);
    let feed = config.devices[0].feeds[0].clone();
    let named = |number| analyzer::Feed {
        meter: format!("m{number}"),
        ..feed.clone()
    };
    config.devices[0].feeds = (0..count).map(named).collect();
    config
}

proptest! {
    #![proptest_config(days(192))]

    #[test]
    fn intervals_tile_time_and_energies_add_up(modality in 0..MODALITIES.len(), steps in steps()) {
        let (readings, end) = readings(&steps);
        let mut analyzer = Analyzer::new(config_of(MODALITIES[modality].name));
        let mut findings = play(&mut analyzer, &readings);
        analyzer.finish(end, &mut findings);
        let intervals = intervals(&findings);
        prop_assert_eq!(intervals.first().map(|i| i.from), readings.first().map(|r| r.0));
        prop_assert_eq!(intervals.last().map(|i| i.until), Some(end));
        tile(&findings)?;
    }

    #[test]
    fn energy_stays_right_whatever_the_register_does(
        steps in prop::collection::vec((1..60i64, prop_oneof![Just(0.0), 100.0..3_000.0, 3_000.0..90_000.0], fault()), 1..400)
    ) {
        let (readings, end, true_wh, bound_wh) = faulty(&steps);
        let mut analyzer = Analyzer::new(config_of("ct"));
        let mut findings = play(&mut analyzer, &readings);
        analyzer.finish(end, &mut findings);
        let intervals = intervals(&findings);
        prop_assert!(intervals.iter().all(|i| i.energy >= Energy::ZERO && i.estimated >= Energy::ZERO));
        let booked: Energy = intervals.iter().map(|i| i.energy).sum();
        prop_assert_eq!(booked, ledger_total(&findings).0);
        let error_wh = booked.wh() - true_wh;
        prop_assert!(error_wh.abs() <= bound_wh, "{} Wh of {} Wh, at most {} Wh", error_wh, true_wh, bound_wh);
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
    fn a_machines_day_is_tiled_and_its_energies_add_up(stream in streams()) {
        let (mut analyzer, readings) = begun(&stream);
        let end = readings.last().expect("a phase has samples").0 + SignedDuration::from_secs(60);
        let mut findings = play(&mut analyzer, &readings);
        analyzer.finish(end, &mut findings);
        let intervals = intervals(&findings);
        prop_assert_eq!(intervals.last().map(|i| i.until), stream.is_believable().then_some(end));
        tile(&findings)?;
    }

    /// But for what is less than a step of the register: where it has not moved, what was drawn is estimated, and the
    /// last reading stands for a little before it.
    #[test]
    fn what_a_sound_register_counts_is_what_is_booked(stream in streams()) {
        let stream = stream.sound();
        let (mut analyzer, readings) = begun(&stream);
        let mut findings = play(&mut analyzer, &readings);
        analyzer.finish(readings.last().expect("a phase has samples").0, &mut findings);
        let register_wh = |reading: Option<&(Timestamp, Reading)>| reading.and_then(|(_, r)| r.energy_wh).expect("stated");
        let counted_wh = register_wh(readings.last()) - register_wh(readings.first());
        let booked: Energy = intervals(&findings).iter().map(|i| i.energy).sum();
        let last_w = readings.last().and_then(|(_, reading)| reading.power_w).unwrap_or_default();
        let slack_wh = STEP_WH + ROUNDING_WH + last_w.abs() * LEAD_S_MAX / 3600.0;
        prop_assert!((booked.wh() - counted_wh).abs() < slack_wh, "{} Wh booked, {} Wh counted", booked.wh(), counted_wh);
        prop_assert_eq!(booked, ledger_total(&findings).0);
    }

    #[test]
    fn a_day_cut_anywhere_by_a_restart_is_the_whole_day(stream in streams(), cut in any::<prop::sample::Index>()) {
        let (mut whole, readings) = begun(&stream);
        let (before, after) = readings.split_at(cut.index(readings.len() + 1));
        let mut expected = play(&mut whole, &readings);
        let (mut first, _) = begun(&stream);
        let mut said = play(&mut first, before);
        let (mut second, _) = begun(&stream);
        second.restore(&first.snapshot()).expect("its own snapshot");
        said.extend(play(&mut second, after));
        whole.finish(at(4_000_000), &mut expected);
        second.finish(at(4_000_000), &mut said);
        prop_assert_eq!(said, expected);
    }

    #[test]
    fn what_was_final_of_a_day_stays_final(stream in streams(), cut in any::<prop::sample::Index>()) {
        let (mut analyzer, readings) = begun(&stream);
        let whole = play(&mut analyzer, &readings);
        let (mut analyzer, _) = begun(&stream);
        let part = play(&mut analyzer, &readings[..cut.index(readings.len() + 1)]);
        prop_assert!(finals(&whole).starts_with(&finals(&part)));
    }

    /// The meters stamp their readings, which are on their way for less than ten seconds and never overtake each other.
    #[test]
    fn however_late_within_the_bound_the_same_becomes_final(stream in streams(), delays in prop::collection::vec(0..10i64, 1..50)) {
        let (mut analyzer, readings) = begun(&stream);
        let end = readings.last().expect("a phase has samples").0 + SignedDuration::from_secs(60);
        let mut hear = |delays: &[i64]| {
            let (mut out, mut arrived) = (Vec::new(), at(0));
            for ((stamp, reading), delay_s) in readings.iter().zip(delays.iter().cycle()) {
                arrived = arrived.max(*stamp + SignedDuration::from_secs(*delay_s));
                let reading = Reading { stamp: Some(*stamp), ..reading.clone() };
                analyzer.observe(Arrival::live(arrived), &[reading], &mut out);
                analyzer.advance(arrived, &mut out);
            }
            analyzer.finish(end, &mut out);
            analyzer = begun(&stream).0;
            out
        };
        let (at_once, late) = (hear(&[0]), hear(&delays));
        let states = |findings: &[Finding]| -> Vec<_> {
            intervals(findings).iter().map(|i| (i.from, i.until, i.state)).collect()
        };
        prop_assert_eq!(states(&late), states(&at_once));
        for (late, at_once) in intervals(&late).iter().zip(intervals(&at_once)) {
            // what the register tells is shared out by estimates, which know of a reading when it is heard
            let slack_wh = ROUNDING_WH + at_once.energy.wh() * SHARED_OUT;
            prop_assert!((late.energy - at_once.energy).wh().abs() < slack_wh, "{:?} {:?}", late, at_once);
        }
        prop_assert_eq!(ledger_total(&late).1, ledger_total(&at_once).1);
    }

    /// Three meters of one device stamp their power and their registers; each reading is on its way for up to ten seconds.
    #[test]
    fn in_whatever_order_within_the_bound_the_same_becomes_final(
        streams in prop::collection::vec(streams(), 3),
        delays in prop::collection::vec(0..=10i64, 1..200),
        cut in any::<prop::sample::Index>(),
    ) {
        let readings = stamped(&streams);
        let end = readings.last().expect("a phase has samples").0 + SignedDuration::from_secs(60);
        let config = || config_of_meters(streams[0].modality(), streams.len());
        let hear = |delays: &[i64], cut: usize| {
            let (mut analyzer, mut out) = (Analyzer::new(config()), Vec::new());
            for (number, (arrived, reading)) in arriving(&readings, delays).iter().enumerate() {
                if number == cut {
                    let snapshot = analyzer.snapshot();
                    analyzer = Analyzer::new(config());
                    analyzer.restore(&snapshot).expect("its own snapshot");
                }
                analyzer.observe(Arrival::live(*arrived), std::slice::from_ref(reading), &mut out);
            }
            analyzer.finish(end, &mut out);
            out
        };
        let (in_order, shuffled) = (hear(&[0], usize::MAX), hear(&delays, cut.index(readings.len())));
        tile(&in_order)?;
        tile(&shuffled)?;
        prop_assert_eq!(events(&shuffled), events(&in_order));
        let states = |findings: &[Finding]| -> Vec<_> {
            intervals(findings).iter().map(|i| (i.from, i.until, i.state)).collect()
        };
        prop_assert_eq!(states(&shuffled), states(&in_order));
        for (shuffled, in_order) in intervals(&shuffled).iter().zip(intervals(&in_order)) {
            prop_assert!((shuffled.energy - in_order.energy).wh().abs() < ROUNDING_WH, "{:?} {:?}", shuffled, in_order);
        }
        // a point that was said before another meter told nonsense of the same instant cannot be taken back
        let is_nonsense = |reading: &Reading| reading.power_w.is_some_and(|power_w| power_w > PLAUSIBLE_W);
        let spoiled: Vec<Timestamp> =
            readings.iter().filter(|(_, reading)| is_nonsense(reading)).map(|(at, _)| *at).collect();
        let curve_shuffled = curve(&shuffled);
        for (at, point) in curve(&in_order) {
            if spoiled.contains(&at) {
                continue;
            }
            let shuffled = curve_shuffled.get(&at).unwrap_or(&point);
            prop_assert_eq!(shuffled, &point, "{}", at);
        }
    }

    #[test]
    fn damaged_snapshots_are_refused_or_read_but_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = Analyzer::new(config_of("ct")).restore(&bytes);
    }
}
