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

#[cfg(test)]
mod tests {
    use super::*;
    use State::{Idle, Off, Scanning, Standby};

    /// Spans one after the other from 0 on: seconds, state, Wh.
    fn spans(pieces: &[(i64, State, f64)]) -> Vec<Span> {
        let mut from_ms = 0;
        let span = |&(length_s, state, energy_wh): &(i64, State, f64)| {
            let until_ms = from_ms + length_s * 1000;
            let span = Span {
                from_ms,
                until_ms,
                state,
                energy_wh,
            };
            from_ms = until_ms;
            span
        };
        pieces.iter().map(span).collect()
    }

    /// One Wh a second, heard for 1000 s but for the gaps.
    fn judge(truth: &[Span], said: &[Span], gaps: &[(i64, i64)], class: Class, has_counter: bool) -> Figures {
        let case = Case {
            truth,
            gaps,
            true_wh: &seconds,
            from_ms: 0,
            until_ms: 1_000_000,
            class,
            has_counter,
            interval_ms: 1000,
        };
        score(&case, said)
    }

    fn near(one: f64, other: f64) -> bool {
        (one - other).abs() < 1e-9
    }

    #[test]
    fn the_truth_itself_is_perfect() {
        let truth = spans(&[(500, Off, 500.0), (400, Idle, 400.0), (100, Scanning, 100.0)]);
        let figures = judge(&truth, &truth, &[], Class::Fast, true);
        assert!(near(figures.time, 1.0) && near(figures.coverage, 1.0) && near(figures.energy, 0.0));
        assert_eq!(
            (figures.events.f1(), figures.scanning_energy),
            (Some(1.0), Some(0.0))
        );
    }

    #[test]
    fn time_is_right_where_the_state_is_and_unsaid_time_is_wrong() {
        let truth = spans(&[(600, Standby, 600.0), (400, Scanning, 400.0)]);
        let said = spans(&[
            (500, Standby, 500.0),
            (100, Idle, 100.0),
            (200, Scanning, 200.0),
            (100, Idle, 100.0),
        ]);
        let figures = judge(&truth, &said, &[], Class::Fast, true);
        assert!(near(figures.time, 0.7), "{figures:?}");
        let minutes = figures.confusion_min;
        assert!(near(minutes[place(Standby)][place(Idle)], 100.0 / 60.0));
        assert!(near(
            minutes[place(Scanning)][place(State::Unknown)],
            100.0 / 60.0
        ));
        let slow = judge(&truth, &said, &[], Class::Slow, true);
        assert!(
            near(slow.time, 0.8),
            "idle for scanning is right at 60 s: {slow:?}"
        );
    }

    #[test]
    fn gaps_are_left_out_and_reported() {
        let truth = spans(&[(500, Idle, 500.0), (500, Off, 500.0)]);
        let said = spans(&[(400, Idle, 400.0), (200, State::Unknown, 0.0), (400, Off, 400.0)]);
        let gaps = [(400_000, 600_000)];
        let figures = judge(&truth, &said, &gaps, Class::Fast, false);
        assert!(
            near(figures.time, 1.0) && near(figures.coverage, 0.8),
            "{figures:?}"
        );
        assert!(
            near(figures.energy, 0.0),
            "without a counter a gap has no energy: {figures:?}"
        );
        let counted = judge(&truth, &said, &gaps, Class::Fast, true);
        assert!(near(counted.energy, -0.2), "with one it has: {counted:?}");
    }

    #[test]
    fn a_split_and_a_merge_both_cost() {
        let pulse = (100, Scanning, 100.0);
        let pause = (100, Idle, 100.0);
        let truth = spans(&[pause, pulse, pause, pulse, pause]);
        let merged = spans(&[(100, Idle, 100.0), (300, Scanning, 300.0), (100, Idle, 100.0)]);
        let events = judge(&truth, &merged, &[], Class::Fast, true).events;
        assert_eq!((events.found, events.missed, events.invented), (1, 1, 0));
        let events = judge(&merged, &truth, &[], Class::Fast, true).events;
        assert_eq!((events.found, events.missed, events.invented), (1, 0, 1));
        assert!(near(events.f1().unwrap(), 2.0 / 3.0));
    }

    #[test]
    fn an_event_alone_at_a_gap_costs_nothing() {
        let truth = spans(&[(400, Idle, 400.0), (100, Scanning, 100.0), (500, Idle, 500.0)]);
        let said = spans(&[(1000, Idle, 1000.0)]);
        let missed = |gaps: &[(i64, i64)]| judge(&truth, &said, gaps, Class::Fast, true).events.missed;
        assert_eq!(missed(&[]), 1);
        assert_eq!(missed(&[(500_500, 700_000)]), 0);
        assert_eq!(missed(&[(600_000, 700_000)]), 1);
        assert_eq!(Events::default().f1(), None);
    }

    #[test]
    fn energy_errors_are_signed_parts_of_the_truth() {
        let truth = spans(&[(900, Idle, 900.0), (100, Scanning, 100.0)]);
        let said = spans(&[(880, Idle, 880.0), (120, Scanning, 125.0)]);
        let figures = judge(&truth, &said, &[], Class::Fast, true);
        assert!(
            near(figures.scanning_energy.unwrap(), 0.25) && near(figures.energy, 0.005),
            "{figures:?}"
        );
        let idle = spans(&[(1000, Idle, 1000.0)]);
        assert_eq!(judge(&idle, &idle, &[], Class::Fast, true).scanning_energy, None);
        assert_eq!(
            judge(&idle, &said, &[], Class::Fast, true).scanning_energy,
            Some(1.0)
        );
    }
}
