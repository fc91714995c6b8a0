//! What the analyzer says of a trace, and what a meter could show at best.
//!
//! The analyzer knows the modality and nothing else, as `idlewatt classify` runs it. The oracle is told the truth at
//! each sample and no more: what it cannot tell, no classifier can from these samples. A spot sample stands for the
//! time half-way to its neighbours, one that came on change holds until the next, a mean for the interval behind it:
//! scanning where it makes up more than 15 % of an interval up to 10 s, else what there was most of.

use analyzer::modality::Modality;
use analyzer::{Analyzer, Finding, State};
use anyhow::Context;
use jiff::Timestamp;
use simulator::Policy;

use super::subject::{Class, Subject};
use super::trace::{Point, Span, Trace, seconds};
use crate::trace::{self, Meter, Row};

/// A mean is scanning from this part of scanning on.
const SCANNING_PART: f64 = 0.15;

/// What the analyzer says of the points of one device: its final intervals.
pub(super) fn analyzed(modality: &str, points: &[Point]) -> anyhow::Result<Vec<Span>> {
    let mut analyzer = analyzer(modality)?;
    let mut spans = Vec::new();
    let last = stream(&mut analyzer, points, &mut |_, finding| {
        spans.extend(span(finding));
    });
    let mut findings = Vec::new();
    analyzer.finish(last, &mut findings);
    spans.extend(findings.into_iter().filter_map(span));
    Ok(spans)
}

/// An analyzer of one device of which nothing is known but its modality.
pub(super) fn analyzer(modality: &str) -> anyhow::Result<Analyzer> {
    let modality = Modality::named(modality).with_context(|| format!("no modality {modality}"))?;
    Ok(Analyzer::new(trace::config(modality, None)))
}

/// Streams the points through an analyzer as `idlewatt classify` does; `say` takes each finding with the instant of the
/// reading that brought it out. Returns the instant of the last.
pub(super) fn stream(
    analyzer: &mut Analyzer,
    points: &[Point],
    say: &mut dyn FnMut(Timestamp, Finding),
) -> Timestamp {
    let (mut meter, mut findings) = (Meter::default(), Vec::new());
    let mut last = Timestamp::UNIX_EPOCH;
    for point in points {
        last = Timestamp::from_millisecond(point.at_ms).unwrap_or(last);
        let row = Row {
            at: last,
            power_w: Some(point.power_w),
            energy_wh: point.energy_wh,
        };
        meter.say(&row, analyzer, &mut findings);
        findings.drain(..).for_each(|finding| say(last, finding));
    }
    last
}

fn span(finding: Finding) -> Option<Span> {
    let Finding::Interval(interval) = finding else {
        return None;
    };
    (interval.until > interval.from).then(|| Span {
        from_ms: interval.from.as_millisecond(),
        until_ms: interval.until.as_millisecond(),
        state: interval.state,
        energy_wh: interval.energy.wh(),
    })
}

/// What an oracle says of the samples of a trace.
pub(super) fn oracle(subject: &Subject, trace: &Trace) -> Vec<Span> {
    let clean: Vec<Point> = trace
        .points
        .iter()
        .copied()
        .filter(|point| !point.is_spike)
        .collect();
    let mut truth = Truth {
        spans: &trace.truth,
        place: 0,
    };
    let report = subject.sampling;
    let mut spans: Vec<Span> = Vec::new();
    let mut gaps = trace.gaps.iter().peekable();
    for pair in clean.windows(2).filter(|pair| pair[1].at_ms > pair[0].at_ms) {
        let (from_ms, until_ms) = (pair[0].at_ms, pair[1].at_ms);
        while gaps.next_if(|gap| gap.1 <= from_ms).is_some() {}
        let energy_wh = between(&pair[0], &pair[1], report.is_mean);
        if gaps.peek().is_some_and(|gap| gap.0 <= from_ms) {
            push(&mut spans, from_ms, until_ms, State::Unknown, energy_wh);
        } else if report.is_mean {
            let state = truth.of_interval(from_ms, until_ms, report.class);
            push(&mut spans, from_ms, until_ms, state, energy_wh);
        } else if report.policy == Policy::OnChange {
            push(&mut spans, from_ms, until_ms, truth.at(from_ms), energy_wh);
        } else {
            let middle_ms = from_ms.midpoint(until_ms);
            let both_w = (pair[0].power_w + pair[1].power_w).max(f64::MIN_POSITIVE);
            let first_wh = energy_wh * pair[0].power_w / both_w;
            push(&mut spans, from_ms, middle_ms, truth.at(from_ms), first_wh);
            push(
                &mut spans,
                middle_ms,
                until_ms,
                truth.at(until_ms),
                energy_wh - first_wh,
            );
        }
    }
    spans
}

/// Energy between two samples: counted where there is a counter (that did not fall), else from power.
fn between(first: &Point, second: &Point, is_mean: bool) -> f64 {
    if let (Some(before), Some(after)) = (first.energy_wh, second.energy_wh)
        && after >= before
    {
        return after - before;
    }
    let watts = if is_mean {
        second.power_w
    } else {
        f64::midpoint(first.power_w, second.power_w)
    };
    watts * seconds(second.at_ms - first.at_ms) / 3600.0
}

fn push(spans: &mut Vec<Span>, from_ms: i64, until_ms: i64, state: State, energy_wh: f64) {
    match spans.last_mut() {
        Some(last) if last.state == state && last.until_ms == from_ms => {
            last.until_ms = until_ms;
            last.energy_wh += energy_wh;
        }
        _ => spans.push(Span {
            from_ms,
            until_ms,
            state,
            energy_wh,
        }),
    }
}

/// The truth, asked in order of time.
struct Truth<'a> {
    spans: &'a [Span],
    place: usize,
}

impl Truth<'_> {
    fn at(&mut self, at_ms: i64) -> State {
        while self
            .spans
            .get(self.place)
            .is_some_and(|span| span.until_ms <= at_ms)
        {
            self.place += 1;
        }
        self.spans
            .get(self.place)
            .map_or(State::Unknown, |span| span.state)
    }

    fn of_interval(&mut self, from_ms: i64, until_ms: i64, class: Class) -> State {
        self.at(from_ms);
        let mut parts = [0.0; State::ALL.len()];
        for span in self.spans[self.place.min(self.spans.len())..]
            .iter()
            .take_while(|span| span.from_ms < until_ms)
        {
            let overlap_ms = span.until_ms.min(until_ms) - span.from_ms.max(from_ms);
            parts[place(span.state)] += seconds(overlap_ms) / seconds(until_ms - from_ms);
        }
        if class != Class::Slow && parts[place(State::Scanning)] > SCANNING_PART {
            return State::Scanning;
        }
        let most = State::ALL
            .into_iter()
            .max_by(|one, other| parts[place(*one)].total_cmp(&parts[place(*other)]));
        most.unwrap_or(State::Unknown)
    }
}

/// A state's place in a table.
pub(super) const fn place(state: State) -> usize {
    match state {
        State::Off => 0,
        State::Standby => 1,
        State::Idle => 2,
        State::Scanning => 3,
        State::Unknown => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRUTH: [Span; 3] = [
        span_of(0, 100, State::Idle),
        span_of(100, 104, State::Scanning),
        span_of(104, 200, State::Idle),
    ];

    const fn span_of(from_s: i64, until_s: i64, state: State) -> Span {
        Span {
            from_ms: from_s * 1000,
            until_ms: until_s * 1000,
            state,
            energy_wh: 0.0,
        }
    }

    #[test]
    fn a_mean_with_enough_scanning_in_it_is_scanning() {
        let mut truth = Truth {
            spans: &TRUTH,
            place: 0,
        };
        assert_eq!(truth.at(99_999), State::Idle);
        assert_eq!(truth.of_interval(91_000, 101_000, Class::Middle), State::Idle);
        assert_eq!(truth.of_interval(92_000, 102_000, Class::Middle), State::Scanning);
        assert_eq!(truth.of_interval(60_000, 120_000, Class::Slow), State::Idle);
        assert_eq!(
            truth.at(100_000),
            State::Scanning,
            "asked in order of the intervals' begins"
        );
        assert_eq!(truth.at(500_000), State::Unknown);
    }

    #[test]
    fn energy_between_samples_is_counted_or_worked_out() {
        let point = |at_s: i64, power_w, energy_wh| Point {
            at_ms: at_s * 1000,
            power_w,
            energy_wh,
            is_spike: false,
            true_wh: 0.0,
        };
        let (first, second) = (point(0, 1000.0, Some(5.0)), point(3600, 3000.0, Some(7.0)));
        assert_eq!(between(&first, &second, false).to_bits(), 2.0_f64.to_bits());
        assert_eq!(
            between(&second, &point(7200, 3000.0, Some(0.0)), true).to_bits(),
            3000.0_f64.to_bits()
        );
        assert_eq!(
            between(&first, &point(3600, 3000.0, None), false).to_bits(),
            2000.0_f64.to_bits()
        );
    }
}
