//! When an hour of the ledger is settled: nothing is booked to it any more, and its rows are said for the last time.

mod common;

use std::collections::BTreeMap;

use analyzer::{Analyzer, Arrival, Finding, Reading};
use common::{config_of, stamp};
use jiff::{SignedDuration, Timestamp};

/// A device that draws 1 kW, as it is heard.
struct Play {
    analyzer: Analyzer,
    said: Vec<Finding>,
}

impl Play {
    fn new() -> Self {
        Self {
            analyzer: Analyzer::new(config_of("ct")),
            said: Vec::new(),
        }
    }

    /// Half a minute after half a minute from `from` to `until`; `register` says what it counted by then, Wh.
    fn hear(&mut self, from: &str, until: &str, register: impl Fn(f64) -> Option<f64>) {
        let (mut at, begin) = (stamp(from), stamp("2026-01-12T08:00:00Z"));
        while at < stamp(until) {
            let reading = Reading {
                power_w: Some(1_000.0),
                energy_wh: register(at.duration_since(begin).as_secs_f64() / 3.6),
                ..Reading::of("m", None)
            };
            self.analyzer
                .observe(Arrival::live(at), &[reading], &mut self.said);
            at += SignedDuration::from_secs(30);
        }
    }

    /// Nothing is heard, time goes on.
    fn silence(&mut self, from: &str, until: &str) {
        let mut at = stamp(from);
        while at < stamp(until) {
            self.analyzer.advance(at, &mut self.said);
            at += SignedDuration::from_mins(5);
        }
    }

    /// The energy of each hour that is settled, Wh.
    fn settled(&self) -> BTreeMap<String, f64> {
        let rows = self.said.iter().filter_map(|finding| match finding {
            Finding::Settled(row) => Some(row),
            _ => None,
        });
        let mut hours = BTreeMap::new();
        for row in rows {
            let hour: Timestamp = row.hour;
            *hours.entry(hour.strftime("%H:%M").to_string()).or_default() += row.energy.wh();
        }
        hours
    }

    #[track_caller]
    fn expect(&self, hours: &[(&str, f64)]) {
        let settled = self.settled();
        assert!(
            settled.keys().eq(hours.iter().map(|(hour, _)| hour)),
            "{settled:?}"
        );
        for (hour, expected_wh) in hours {
            let wh = settled[*hour];
            assert!((wh - expected_wh).abs() < 30.0, "{hour}: {wh} Wh");
        }
    }
}

#[test]
fn an_hour_is_settled_once_time_is_final_beyond_it() {
    let mut play = Play::new();
    play.hear("2026-01-12T08:00:00Z", "2026-01-12T09:00:00Z", Some);
    play.expect(&[]);
    play.hear("2026-01-12T09:00:00Z", "2026-01-12T10:45:00Z", Some);
    play.expect(&[("08:00", 1_000.0), ("09:00", 1_000.0)]);
}

#[test]
fn an_hour_waits_for_the_word_of_a_coarse_register() {
    let coarse = |wh: f64| Some((wh / 100.0).floor() * 100.0);
    let mut play = Play::new();
    play.hear("2026-01-12T08:20:00Z", "2026-01-12T09:19:00Z", coarse);
    play.expect(&[]);
    // so few steps are believed after an hour: what they tell is shared out from 08:20 on
    play.hear("2026-01-12T09:19:00Z", "2026-01-12T09:45:00Z", coarse);
    play.expect(&[("08:00", 667.0)]);
}

#[test]
fn a_silent_device_without_a_register_settles_by_itself() {
    let mut play = Play::new();
    play.hear("2026-01-12T08:00:00Z", "2026-01-12T08:30:00Z", |_| None);
    play.silence("2026-01-12T08:30:00Z", "2026-01-12T10:45:00Z");
    play.expect(&[("08:00", 500.0), ("09:00", 0.0)]);
}

#[test]
fn a_silent_registers_hours_wait_for_its_next_word() {
    let mut play = Play::new();
    play.hear("2026-01-12T08:00:00Z", "2026-01-12T08:30:00Z", Some);
    play.silence("2026-01-12T08:30:00Z", "2026-01-12T11:00:00Z");
    play.expect(&[]);
    play.hear("2026-01-12T11:00:00Z", "2026-01-12T12:15:00Z", Some);
    play.expect(&[
        ("08:00", 1_000.0),
        ("09:00", 1_000.0),
        ("10:00", 1_000.0),
        ("11:00", 1_000.0),
    ]);
}

#[test]
fn a_register_that_never_comes_back_is_given_up_after_a_month() {
    let mut play = Play::new();
    play.hear("2026-01-12T08:00:00Z", "2026-01-12T08:30:00Z", Some);
    play.silence("2026-01-12T08:30:00Z", "2026-02-10T08:00:00Z");
    play.expect(&[]);
    play.silence("2026-02-10T08:00:00Z", "2026-02-13T08:00:00Z");
    let settled = play.settled();
    assert_eq!(settled.len(), 24, "every hour of the day: {settled:?}");
    let sum_wh: f64 = settled.values().sum();
    assert!((sum_wh - 500.0).abs() < 30.0, "{settled:?}");
}
