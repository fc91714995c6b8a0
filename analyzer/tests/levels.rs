//! What is said of learned levels: when, how often, and what of a meter that is too slow.

mod common;

use analyzer::learn::Pin;
use analyzer::{
    Analyzer, Arrival, BandsLearned, Config, FaultKind, Finding, LevelName, LevelWord, Reading, State,
};
use common::{config_of, stamp};
use jiff::SignedDuration;

/// The watts of a CT at a second of some day: off by night, idle by day with a scan every ten minutes.
fn ct(second: i64, idle_w: f64) -> f64 {
    let of_day = second.rem_euclid(86_400);
    let noise = 1.0 + f64::from(i32::try_from(second % 7).unwrap_or(0) - 3) * 0.002;
    match of_day {
        28_800..64_800 if of_day % 600 < 8 => 45_000.0,
        28_800..64_800 => idle_w * noise,
        _ => 150.0 * noise,
    }
}

fn play(config: Config, hours: i64, pause_s: usize, watts: impl Fn(i64) -> f64) -> Vec<Finding> {
    let mut analyzer = Analyzer::new(config);
    let (start, mut said) = (stamp("2026-01-12T00:00:00Z"), Vec::new());
    for second in (0..hours * 3600).step_by(pause_s) {
        let reading = Reading {
            power_w: Some(watts(second)),
            ..Reading::of("m", None)
        };
        let at = start + SignedDuration::from_secs(second);
        analyzer.observe(Arrival::live(at), &[reading], &mut said);
        said.retain(|finding| matches!(finding, Finding::Bands(_) | Finding::Fault(_)));
    }
    said
}

fn learned(said: &[Finding]) -> Vec<&BandsLearned> {
    let bands = said.iter().filter_map(|finding| match finding {
        Finding::Bands(bands) => Some(bands),
        _ => None,
    });
    bands.collect()
}

fn states(bands: &BandsLearned) -> Vec<State> {
    bands.bands.iter().map(|band| band.state).collect()
}

#[test]
fn what_was_learned_is_said_when_it_changes_and_at_most_once_an_hour() {
    let said = play(config_of("ct"), 72, 2, |second| ct(second, 2_600.0));
    let learned = learned(&said);
    assert!((2..=12).contains(&learned.len()), "{}", learned.len());
    for pair in learned.windows(2) {
        assert!(pair[1].at.duration_since(pair[0].at) >= SignedDuration::from_hours(1));
    }
    let last = learned.last().expect("something was learned");
    assert_eq!(states(last), [State::Off, State::Idle]);
    assert!(
        last.scanning_from_w
            .is_some_and(|edge_w| (5e3..3e4).contains(&edge_w))
    );
    assert_eq!((last.bands[0].edges_w().0, last.is_too_coarse), (None, false));
    let since = last.at.duration_since(stamp("2026-01-12T00:00:00Z"));
    assert!(
        since < SignedDuration::from_hours(48),
        "then nothing changes: {since}"
    );
}

/// The watts of an MRI at a second of some day: off by night; by day idle and prepared in turn, and a sequence of four
/// minutes in every ten.
fn mri(second: i64) -> f64 {
    let of_day = second.rem_euclid(86_400);
    let noise = 1.0 + f64::from(i32::try_from(second % 7).unwrap_or(0) - 3) * 0.003;
    let watts = match (of_day, of_day % 1200) {
        (28_800..64_800, 100..340 | 700..940) => 36_000.0,
        (28_800..64_800, 0..600) => 16_000.0,
        (28_800..64_800, _) => 14_500.0,
        _ => 8_200.0,
    };
    watts * noise
}

#[test]
fn no_level_stays_provisional_once_there_is_evidence() {
    let two_idle = |second: i64| if second % 7200 < 3600 { 2_600.0 } else { 3_900.0 };
    for (modality, said) in [
        (
            "ct",
            play(config_of("ct"), 60, 2, |second| ct(second, two_idle(second))),
        ),
        ("mri", play(config_of("mri"), 60, 2, mri)),
    ] {
        let learned = learned(&said);
        let last = learned.last().expect("something was learned");
        let doubtful = last.bands.iter().filter(|band| band.evidence.is_provisional());
        let doubtful: Vec<_> = doubtful.filter(|band| band.evidence.seconds > 3600.0).collect();
        assert!(doubtful.is_empty(), "{modality}: {doubtful:#?}");
        let rest: Vec<State> = states(last)
            .into_iter()
            .filter(|state| *state != State::Scanning)
            .collect();
        assert_eq!(rest, [State::Off, State::Idle, State::Idle], "{modality}");
    }
}

#[test]
fn a_level_that_a_person_has_named_is_said_so() {
    let mut config = config_of("ct");
    config.devices[0].pins = vec![Pin {
        level_w: 2_600.0,
        state: State::Standby,
        label: Some("Eco mode".to_owned()),
    }];
    let said = play(config, 36, 2, |second| ct(second, 2_600.0));
    let learned = learned(&said);
    let last = learned.last().expect("something was learned");
    let pinned = last.bands.iter().find(|band| band.evidence.is_pinned);
    let pinned = pinned.expect("the pin holds");
    assert_eq!(
        (pinned.state, pinned.label.as_deref()),
        (State::Standby, Some("Eco mode"))
    );
    assert!(!pinned.evidence.is_provisional());
}

#[test]
fn of_fixed_bands_nothing_learned_is_said() {
    let mut config = config_of("ct");
    config.devices[0].bands = Some(config.devices[0].modality.bands());
    let said = play(config, 24, 2, |second| ct(second, 2_600.0));
    assert_eq!(learned(&said), Vec::<&BandsLearned>::new());
}

#[test]
fn a_meter_too_slow_for_scans_is_told_once_a_day() {
    let said = play(config_of("ct"), 74, 60, |second| ct(second, 2_600.0));
    let coarse: Vec<&str> = said
        .iter()
        .filter_map(|finding| match finding {
            Finding::Fault(fault) if fault.kind == FaultKind::IntervalTooCoarse => {
                Some(fault.detail.as_str())
            }
            _ => None,
        })
        .collect();
    assert_eq!(coarse.len(), 3, "{coarse:#?}");
    assert!(
        coarse[0].starts_with("news come every 60 s; scans of this kind of machine"),
        "{}",
        coarse[0]
    );
    assert!(
        learned(&said)
            .iter()
            .all(|learned| learned.is_too_coarse && learned.scanning_from_w.is_none())
    );
    let fast = play(config_of("ct"), 50, 2, |second| ct(second, 2_600.0));
    assert!(
        !fast.iter().any(|finding| matches!(finding, Finding::Fault(_))),
        "a fast one is not"
    );
    let rack = play(config_of("server"), 50, 60, |_| 4_000.0);
    assert!(rack.is_empty(), "nothing is acquired with a rack: {rack:?}");
}

/// A person says while it runs that what draws 2.6 kW is a standby; later takes it back.
#[test]
fn a_level_that_a_person_names_while_it_runs_is_said_so_at_once_and_survives_a_restart() {
    let word = |name: Option<LevelName>| LevelWord {
        device: "ct".into(),
        level_w: 2_500.0,
        name,
    };
    let name = LevelName {
        state: State::Standby,
        label: Some("Eco mode".to_owned()),
    };
    let config = config_of("ct");
    let mut analyzer = Analyzer::new(config.clone());
    let start = stamp("2026-01-12T00:00:00Z");
    let drive = |analyzer: &mut Analyzer, hours: std::ops::Range<i64>| {
        let mut said = Vec::new();
        for second in (hours.start * 3600..hours.end * 3600).step_by(2) {
            let reading = Reading {
                power_w: Some(ct(second, 2_600.0)),
                ..Reading::of("m", None)
            };
            let at = start + SignedDuration::from_secs(second);
            analyzer.observe(Arrival::live(at), &[reading], &mut said);
        }
    };
    let idle = |said: &[Finding]| {
        let learned = learned(said);
        let last = learned.last().expect("it is said at once");
        let band = last.bands.iter().find(|band| band.level_w > 2_000.0);
        band.expect("the level").clone()
    };
    drive(&mut analyzer, 0..14);
    let at = |hours: i64| start + SignedDuration::from_secs(hours * 3600);
    let mut said = Vec::new();
    let device = config.devices[0].id.clone();
    let word = |name| LevelWord {
        device: device.clone(),
        ..word(name)
    };
    assert!(analyzer.name_level(at(14), &word(Some(name.clone())), &mut said));
    let band = idle(&said);
    assert_eq!(
        (band.state, band.label.as_deref()),
        (State::Standby, Some("Eco mode"))
    );
    assert!(band.evidence.is_pinned);
    said.clear();
    assert!(
        !analyzer.name_level(at(14), &word(Some(name)), &mut said),
        "it is so already"
    );

    let mut restarted = Analyzer::new(config);
    restarted.restore(&analyzer.snapshot()).expect("of this version");
    drive(&mut restarted, 14..16);
    said.clear();
    assert!(restarted.name_level(at(16), &word(None), &mut said));
    let band = idle(&said);
    assert!(!band.evidence.is_pinned && band.label.is_none());
    let nobody = LevelWord {
        device: "nobody".into(),
        ..word(None)
    };
    assert!(!restarted.name_level(at(16), &nobody, &mut said));
}
