//! However messages fall into batches, and whenever time is told to have gone on between them, the same is said.

mod common;
#[path = "common/stream.rs"]
mod stream;

use std::collections::BTreeMap;

use analyzer::{Analyzer, Arrival, Finding, Reading, State};
use common::config_of;
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use stream::{Stream, days, streams};

/// 2026-03-28 in Paris.
const START_S: i64 = 1_774_688_400;
/// Half a micro-watt-hour for each piece that is integrated.
const ROUNDING_WH: f64 = 2e-3;

/// What one meter says that has a topic for each phase and speaks of a phase when that changes: no stamps.
fn messages(phases: &[Stream]) -> Vec<(Timestamp, Reading)> {
    let begin = Timestamp::from_second(START_S).expect("in range");
    let mut all = Vec::new();
    for (stream, name) in phases.iter().zip(["l1", "l2", "l3"]) {
        let phase = stream.readings(begin).into_iter();
        all.extend(phase.map(|(at, reading)| {
            let channel = Some(name.into());
            (at, Reading { channel, ..reading })
        }));
    }
    all.sort_by_key(|(at, _)| *at);
    all
}

/// All that is said when so many messages are in a batch, and time is told within these parts of the pause behind each.
fn said(modality: &str, messages: &[(Timestamp, Reading)], sizes: &[usize], parts: &[f64]) -> Vec<Finding> {
    let (mut analyzer, mut out) = (Analyzer::new(config_of(modality)), Vec::new());
    let (mut rest, mut numbers) = (messages, sizes.iter().cycle().zip(parts.iter().cycle()));
    while !rest.is_empty() {
        let (size, part) = numbers.next().expect("it goes round");
        let (batch, later) = rest.split_at((*size).min(rest.len()));
        for (at, reading) in batch {
            analyzer.observe(Arrival::live(*at), std::slice::from_ref(reading), &mut out);
        }
        let newest = batch[batch.len() - 1].0;
        let pause = later.first().map(|(next, _)| next.duration_since(newest));
        let told = pause.unwrap_or_default().mul_f64(*part);
        analyzer.advance(newest + told, &mut out);
        rest = later;
    }
    let end = messages[messages.len() - 1].0 + SignedDuration::from_secs(60);
    analyzer.finish(end, &mut out);
    out
}

/// The points of the power curve as they were said last.
fn curve(findings: &[Finding]) -> BTreeMap<Timestamp, (u64, State)> {
    let point = |finding: &Finding| match finding {
        Finding::Sample(point) => Some((point.at, (point.power_w.to_bits(), point.state))),
        _ => None,
    };
    findings.iter().filter_map(point).collect()
}

/// Intervals without their energies, and these.
fn intervals(findings: &[Finding]) -> (Vec<String>, Vec<f64>) {
    let interval = |finding: &Finding| match finding {
        Finding::Interval(i) => Some((format!("{} {} {:?}", i.from, i.until, i.state), i.energy.wh())),
        _ => None,
    };
    findings.iter().filter_map(interval).unzip()
}

proptest! {
    #![proptest_config(days(64))]

    #[test]
    fn however_messages_fall_into_batches_the_same_is_said(
        phases in prop::collection::vec(streams(), 3),
        sizes in prop::collection::vec(1..400usize, 1..20),
        parts in prop::collection::vec(prop_oneof![Just(0.0), Just(1.0), 0.0..1.0], 1..20),
    ) {
        let (messages, modality) = (messages(&phases), phases[0].modality());
        let (singly, batched) = (said(modality, &messages, &[1], &[1.0]), said(modality, &messages, &sizes, &parts));
        let (curve_singly, curve_batched) = (curve(&singly), curve(&batched));
        for (at, point) in &curve_singly {
            prop_assert_eq!(curve_batched.get(at), Some(point), "{}", at);
        }
        prop_assert_eq!(curve_singly.len(), curve_batched.len());
        let ((spans_singly, wh_singly), (spans_batched, wh_batched)) = (intervals(&singly), intervals(&batched));
        prop_assert_eq!(&spans_singly, &spans_batched);
        for (span, (one, other)) in spans_singly.iter().zip(wh_singly.iter().zip(wh_batched)) {
            prop_assert!((one - other).abs() < ROUNDING_WH, "{}: {} and {} Wh", span, one, other);
        }
    }
}
