//! How well what was said fits what was true.
//!
//! Time: every instant from the end of learning to the last sample, gaps of the meter left out (their part is reported
//! as coverage), is right where the final state is the true one; at 60 s idle and scanning count as one. Events: each
//! true stretch of scanning takes the first stretch said that overlaps it and that no other has taken, so that a split
//! and a merge both cost; an event that touches a gap costs nothing when it stays alone. Energy is compared with the
//! exact integral of the true power: for a meter with a counter gaps count, without one they do not; energy in all is
//! taken from the beginning of the interval that begins nearest to the end of learning, so that none is cut.

use analyzer::State;

use super::judged::place;
use super::subject::Class;
use super::trace::{Span, seconds};

/// What is judged against.
pub(super) struct Case<'a> {
    /// Tiles time.
    pub(super) truth: &'a [Span],
    /// Stretches without a sample, in order.
    pub(super) gaps: &'a [(i64, i64)],
    /// Exact energy from the first sample until an instant, Wh.
    pub(super) true_wh: &'a dyn Fn(i64) -> f64,
    /// What is scored.
    pub(super) from_ms: i64,
    pub(super) until_ms: i64,
    pub(super) class: Class,
    pub(super) has_counter: bool,
    /// An event so near to a gap touches it.
    pub(super) interval_ms: i64,
}

/// The figures of one device.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Figures {
    /// Part of the time that is right.
    pub(super) time: f64,
    /// Part of the time in which the meter spoke.
    pub(super) coverage: f64,
    pub(super) events: Events,
    /// Signed, as part of the true energy; none where there is none.
    pub(super) scanning_energy: Option<f64>,
    /// The same for all energy.
    pub(super) energy: f64,
    /// Minutes, by true state and state said.
    pub(super) confusion_min: [[f64; 5]; 4],
}

/// How events fit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Events {
    pub(super) found: u32,
    pub(super) missed: u32,
    pub(super) invented: u32,
}

impl Events {
    /// The harmonic mean of precision and recall; none without any event.
    pub(super) fn f1(self) -> Option<f64> {
        let all = 2 * self.found + self.missed + self.invented;
        (all > 0).then(|| f64::from(2 * self.found) / f64::from(all))
    }
}

/// True energy below this is none, Wh.
const NO_ENERGY_WH: f64 = 1.0;

/// Judges what was said.
pub(super) fn score(case: &Case<'_>, said: &[Span]) -> Figures {
    let confusion_min = confusion(case, said);
    let (mut right, mut all) = (0.0, 0.0);
    for (truth, row) in confusion_min.iter().enumerate() {
        for (state, minutes) in row.iter().enumerate() {
            all += minutes;
            let is_work = |state: usize| state == place(State::Idle) || state == place(State::Scanning);
            let is_one = case.class == Class::Slow && is_work(truth) && is_work(state);
            if truth == state || is_one {
                right += minutes;
            }
        }
    }
    let silent_ms: i64 = case.gaps.iter().map(|gap| overlap(*gap, window(case))).sum();
    Figures {
        time: if all > 0.0 { right / all } else { 1.0 },
        coverage: 1.0 - seconds(silent_ms) / seconds((case.until_ms - case.from_ms).max(1)),
        events: events(case, said),
        scanning_energy: scanning_energy(case, said),
        energy: energy(case, said),
        confusion_min,
    }
}

fn window(case: &Case<'_>) -> (i64, i64) {
    (case.from_ms, case.until_ms)
}

/// Milliseconds that two stretches share.
fn overlap(one: (i64, i64), other: (i64, i64)) -> i64 {
    (one.1.min(other.1) - one.0.max(other.0)).max(0)
}

/// Milliseconds of a stretch that are scored and no gap.
fn heard_ms(case: &Case<'_>, from_ms: i64, until_ms: i64) -> i64 {
    let (from_ms, until_ms) = (from_ms.max(case.from_ms), until_ms.min(case.until_ms));
    let first = case.gaps.partition_point(|gap| gap.1 <= from_ms);
    let near = case.gaps[first..].iter().take_while(|gap| gap.0 < until_ms);
    let silent_ms: i64 = near.map(|gap| overlap(*gap, (from_ms, until_ms))).sum();
    (until_ms - from_ms - silent_ms).max(0)
}

fn confusion(case: &Case<'_>, said: &[Span]) -> [[f64; 5]; 4] {
    let mut minutes = [[0.0; 5]; 4];
    for truth in case.truth.iter().filter(|span| span.state != State::Unknown) {
        let row = &mut minutes[place(truth.state)];
        let mut unsaid_ms = heard_ms(case, truth.from_ms, truth.until_ms);
        let first = said.partition_point(|span| span.until_ms <= truth.from_ms);
        for span in said[first..]
            .iter()
            .take_while(|span| span.from_ms < truth.until_ms)
        {
            let shared_ms = heard_ms(
                case,
                span.from_ms.max(truth.from_ms),
                span.until_ms.min(truth.until_ms),
            );
            row[place(span.state)] += seconds(shared_ms) / 60.0;
            unsaid_ms -= shared_ms;
        }
        row[place(State::Unknown)] += seconds(unsaid_ms.max(0)) / 60.0;
    }
    minutes
}

fn scanning(case: &Case<'_>, spans: &[Span]) -> Vec<(i64, i64)> {
    let mut events: Vec<(i64, i64)> = Vec::new();
    let scored = spans.iter().filter(|span| {
        span.state == State::Scanning && span.until_ms > case.from_ms && span.from_ms < case.until_ms
    });
    for span in scored {
        match events.last_mut() {
            Some(last) if last.1 >= span.from_ms => last.1 = span.until_ms,
            _ => events.push((span.from_ms.max(case.from_ms), span.until_ms)),
        }
    }
    events
}

fn events(case: &Case<'_>, said: &[Span]) -> Events {
    let (truth, said) = (scanning(case, case.truth), scanning(case, said));
    let touches_gap = |event: &(i64, i64)| {
        let mut gaps = case.gaps.iter();
        gaps.any(|gap| gap.0 - case.interval_ms < event.1 && gap.1 + case.interval_ms > event.0)
    };
    let mut counts = Events::default();
    let mut taken = vec![false; said.len()];
    for event in &truth {
        let first = said.partition_point(|other| other.1 <= event.0);
        let near = (first..said.len()).take_while(|place| said[*place].0 < event.1);
        let free = near.into_iter().find(|place| !taken[*place]);
        if let Some(place) = free {
            taken[place] = true;
            counts.found += 1;
        } else if !touches_gap(event) {
            counts.missed += 1;
        }
    }
    let alone = said
        .iter()
        .zip(taken)
        .filter(|(event, is_taken)| !is_taken && !touches_gap(event));
    counts.invented = u32::try_from(alone.count()).unwrap_or(u32::MAX);
    counts
}

/// Energy of the scanning that lies in scored time and no gap.
fn scanning_wh(case: &Case<'_>, spans: &[Span]) -> f64 {
    let scanning = spans.iter().filter(|span| span.state == State::Scanning);
    let part = |span: &Span| {
        let heard_ms = heard_ms(case, span.from_ms, span.until_ms);
        span.energy_wh * seconds(heard_ms) / seconds((span.until_ms - span.from_ms).max(1))
    };
    scanning.map(part).sum()
}

fn scanning_energy(case: &Case<'_>, said: &[Span]) -> Option<f64> {
    let (true_wh, said_wh) = (scanning_wh(case, case.truth), scanning_wh(case, said));
    if true_wh > NO_ENERGY_WH {
        return Some(said_wh / true_wh - 1.0);
    }
    // Claimed where there is none: wrong by all of it.
    (said_wh > NO_ENERGY_WH).then_some(1.0)
}

fn energy(case: &Case<'_>, said: &[Span]) -> f64 {
    let nearest = said
        .iter()
        .map(|span| span.from_ms)
        .min_by_key(|from_ms| (from_ms - case.from_ms).abs());
    let from_ms = nearest.unwrap_or(case.from_ms);
    let scored = Case { from_ms, ..*case };
    let mut true_wh = (case.true_wh)(case.until_ms) - (case.true_wh)(from_ms);
    if !case.has_counter {
        let silent = case.gaps.iter().filter(|gap| gap.1 > from_ms);
        true_wh -= silent
            .map(|gap| (case.true_wh)(gap.1) - (case.true_wh)(gap.0.max(from_ms)))
            .sum::<f64>();
    }
    let part = |span: &Span| {
        if case.has_counter {
            return span.energy_wh;
        }
        let heard_ms = heard_ms(&scored, span.from_ms, span.until_ms);
        span.energy_wh * seconds(heard_ms) / seconds((span.until_ms - span.from_ms).max(1))
    };
    let said_wh: f64 = said.iter().filter(|span| span.from_ms >= from_ms).map(part).sum();
    if true_wh > NO_ENERGY_WH {
        said_wh / true_wh - 1.0
    } else {
        0.0
    }
}
