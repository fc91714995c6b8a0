//! What a device's meter said and what the device really did.
//!
//! Spikes, duplicates and the counter's reset are put into the samples here; lost messages and gaps are the simulator's
//! faults. Bound: one device's samples are held at a time, about 20 MB for five days at 1 s.

use analyzer::State;
use simulator::{Policy, Simulation, TruthRecord};

use super::subject::Subject;

/// A stretch of time in one state with its energy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    pub(super) from_ms: i64,
    pub(super) until_ms: i64,
    pub(super) state: State,
    pub(super) energy_wh: f64,
}

/// One sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    pub(super) at_ms: i64,
    /// As the meter shows it.
    pub(super) power_w: f64,
    /// The counter as the meter shows it; none without a counter.
    pub(super) energy_wh: Option<f64>,
    /// Whether the power is a fault of the meter.
    pub(super) is_spike: bool,
    /// Exact energy since the beginning, which no meter shows.
    pub(super) true_wh: f64,
}

/// A device's samples and truth.
#[derive(Debug, Default)]
pub(super) struct Trace {
    /// In order of time.
    pub(super) points: Vec<Point>,
    /// Tiles time.
    pub(super) truth: Vec<Span>,
    /// Stretches in which nothing came.
    pub(super) gaps: Vec<(i64, i64)>,
}

/// Nothing for so many intervals (and at least a minute) is a gap.
const GAP_INTERVALS: i64 = 5;

impl Trace {
    /// Simulates the device.
    pub(super) fn of(subject: &Subject) -> Self {
        let mut simulation = Simulation::new(&subject.scenario);
        let topic = &*subject.scenario.devices[0].meter.topic;
        let mut points = Vec::new();
        let mut first_wh = None;
        for message in simulation.by_ref().filter(|message| message.topic == topic) {
            let Some(sample) = message.sample else { continue };
            let first_wh = *first_wh.get_or_insert(sample.import_wh());
            points.push(Point {
                at_ms: message.at.as_millisecond(),
                power_w: rounded(sample.watts(), subject.power_step_w),
                energy_wh: subject
                    .counter_step_wh
                    .map(|step| (sample.import_wh() / step).floor() * step),
                is_spike: false,
                true_wh: sample.import_wh() - first_wh,
            });
        }
        reset_counter(subject, &mut points);
        spike(subject, &mut points);
        Self {
            gaps: gaps(&points, longest_pause_ms(subject)),
            truth: spans(&simulation.finish()),
            points,
        }
    }

    /// Exact energy from the first sample until this instant, even between two samples.
    pub(super) fn true_wh(&self, at_ms: i64) -> f64 {
        let after = self.points.partition_point(|point| point.at_ms < at_ms);
        let Some(next) = self.points.get(after) else {
            return self.points.last().map_or(0.0, |point| point.true_wh);
        };
        let Some(last) = after.checked_sub(1).map(|before| self.points[before]) else {
            return next.true_wh;
        };
        let part = seconds(at_ms - last.at_ms) / seconds(next.at_ms - last.at_ms);
        last.true_wh + (next.true_wh - last.true_wh) * part
    }

    /// The instant of the last sample.
    pub(super) fn end_ms(&self) -> i64 {
        self.points.last().map_or(0, |point| point.at_ms)
    }
}

/// Milliseconds in seconds.
#[expect(clippy::cast_precision_loss, reason = "spans of days")]
pub(super) fn seconds(ms: i64) -> f64 {
    ms as f64 / 1000.0
}

fn rounded(watts: f64, step_w: f64) -> f64 {
    (watts / step_w).round() * step_w
}

/// What passes without a word is a gap when it is longer than this.
fn longest_pause_ms(subject: &Subject) -> i64 {
    let report = &subject.scenario.devices[0].meter.report;
    let interval_s = match report.policy {
        Policy::Interval => report.seconds,
        Policy::OnChange => report.heartbeat_seconds,
    };
    #[expect(clippy::cast_possible_truncation, reason = "a few minutes")]
    let interval_ms = (interval_s * 1000.0) as i64;
    (GAP_INTERVALS * interval_ms).max(60_000)
}

fn gaps(points: &[Point], longest_ms: i64) -> Vec<(i64, i64)> {
    let pairs = points.windows(2).map(|pair| (pair[0].at_ms, pair[1].at_ms));
    pairs.filter(|(from, until)| until - from > longest_ms).collect()
}

fn reset_counter(subject: &Subject, points: &mut [Point]) {
    let Some(reset) = subject.counter_reset else {
        return;
    };
    let step_wh = subject.counter_step_wh.unwrap_or(1.0);
    let first = points.partition_point(|point| point.at_ms < reset.as_millisecond());
    let Some(zero_wh) = points.get(first).map(|point| point.true_wh) else {
        return;
    };
    for point in &mut points[first..] {
        point.energy_wh = Some(((point.true_wh - zero_wh) / step_wh).floor() * step_wh);
    }
}

/// Now and then a reading is nonsense: nothing, far too much, or a few times too much. A meter that reports on change
/// tells the true value a second later.
fn spike(subject: &Subject, points: &mut Vec<Point>) {
    let mut dice = subject.dice.clone();
    if subject.spikes_per_day <= 0.0 || points.is_empty() {
        return;
    }
    let count = (subject.spikes_per_day * f64::from(subject.scenario.days)).round();
    let last = u32::try_from(points.len() - 1).unwrap_or(u32::MAX);
    let mut after = Vec::new();
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a dozen")]
    for _ in 0..count as usize {
        let place = dice.count(0, last) as usize;
        let factor = match dice.count(0, 2) {
            0 => 0.0,
            1 => dice.between(150.0, 400.0),
            _ => dice.between(3.0, 15.0),
        };
        let clean = points[place];
        let spiked = Point {
            power_w: clean.power_w * factor,
            is_spike: true,
            ..clean
        };
        if subject.sampling.policy == Policy::Interval {
            points[place] = spiked;
        } else if points
            .get(place + 1)
            .is_some_and(|next| next.at_ms > clean.at_ms + 3_000)
        {
            let at_ms = clean.at_ms + 1_000;
            after.push(Point { at_ms, ..spiked });
            after.push(Point {
                at_ms: at_ms + 1_000,
                ..clean
            });
        }
    }
    if !after.is_empty() {
        points.extend(after);
        points.sort_by_key(|point| point.at_ms);
    }
}

fn spans(records: &[TruthRecord]) -> Vec<Span> {
    let spans = records.iter().filter_map(|record| match record {
        TruthRecord::Interval {
            from,
            until,
            state,
            energy_wh,
            ..
        } => Some(Span {
            from_ms: from.as_millisecond(),
            until_ms: until.as_millisecond(),
            state: state_of(*state),
            energy_wh: *energy_wh,
        }),
        _ => None,
    });
    spans.collect()
}

const fn state_of(state: simulator::State) -> State {
    match state {
        simulator::State::Off => State::Off,
        simulator::State::Standby => State::Standby,
        simulator::State::Idle => State::Idle,
        simulator::State::Scanning => State::Scanning,
    }
}
