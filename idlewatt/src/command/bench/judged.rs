//! What the analyzer says of a trace, and what a meter could show at best.
//!
//! The analyzer knows the modality and nothing else, as `idlewatt classify` runs it. The oracle is told the truth at
//! each sample and no more: what it cannot tell, no classifier can from these samples. A spot sample stands for the
//! time half-way to its neighbours, one that came on change holds until the next, a mean for the interval behind it:
//! scanning where it makes up more than 15 % of an interval up to 10 s, else what there was most of.

use analyzer::modality::Modality;
use analyzer::{Analyzer, Arrival, Finding, Reading, State};
use anyhow::Context;
use jiff::Timestamp;
use simulator::Policy;

use super::subject::{Class, Subject};
use super::trace::{Point, Span, Trace, seconds};
use crate::trace;

/// A mean is scanning from this part of scanning on.
const SCANNING_PART: f64 = 0.15;

/// Streams the points through an analyzer; returns the final intervals.
pub(super) fn analyzed(modality: &str, points: &[Point]) -> anyhow::Result<Vec<Span>> {
    let modality = Modality::named(modality).with_context(|| format!("no modality {modality}"))?;
    let mut analyzer = Analyzer::new(trace::config(modality, None));
    let mut spans = Vec::new();
    let mut findings = Vec::new();
    let blank = Reading::of(trace::TRACE, None);
    let mut last = Timestamp::UNIX_EPOCH;
    for point in points {
        last = Timestamp::from_millisecond(point.at_ms)?;
        let reading = Reading {
            power_w: Some(point.power_w),
            energy_wh: point.energy_wh,
            ..blank.clone()
        };
        analyzer.observe(Arrival::live(last), &[reading], &mut findings);
        analyzer.advance(last, &mut findings);
        spans.extend(findings.drain(..).filter_map(span));
    }
    analyzer.finish(last, &mut findings);
    spans.extend(findings.drain(..).filter_map(span));
    Ok(spans)
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
