//! `idlewatt bench speed`: samples a second on one core, through the whole analyzer and through the whole of
//! `idlewatt classify`, and how much is remembered.
//!
//! A CT's and an MRI's five days at 1 s, simulated beforehand, held in memory: as numbers for the analyzer, as the CSV
//! that `bench states --dump` writes for `classify`, which reads it, analyzes it and writes JSON lines to nowhere. The same
//! samples go through a loop of three fixed thresholds, which nothing that looks at each sample can beat: the ratio does
//! not depend on the machine. The best of three rounds counts; others use the machine too.

use std::hint::black_box;
use std::io::{self, Write};
use std::process::ExitCode;

use ingest::clock::monotonic;

use super::subject::{CT, Kind, MRI, Subject};
use super::trace::{Point, Trace, seconds};
use super::{dump, judged};
use crate::command::classify::classify;
use crate::trace;

/// Measures the analyzer and `classify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  idlewatt bench speed\n\n\
                  Exit codes:\n  0  every bar is met\n  \
                  1  a bar is missed, or it failed\n  \
                  2  wrong arguments")]
pub(super) struct Arguments {}

/// Samples a second.
const RATE_BAR: f64 = 3_000_000.0;
/// Bytes of a device's whole state.
const BYTES_BAR: usize = 8 * 1024;
const ROUNDS: u32 = 3;

/// Runs the command.
///
/// # Errors
/// A modality is not known.
pub(super) fn run(_arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let mut is_met = true;
    for kind in [&CT, &MRI] {
        is_met &= measure(kind, out)?;
    }
    out.flush()?;
    Ok(if is_met {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn measure(kind: &'static Kind, out: &mut dyn Write) -> anyhow::Result<bool> {
    let trace = Trace::of(&Subject::plain(kind));
    let points = &trace.points;
    let mut csv = Vec::new();
    dump::points(&mut csv, &trace)?;
    let (mut analyzer_s, mut classify_s, mut loop_s, mut bytes) =
        (f64::INFINITY, f64::INFINITY, f64::INFINITY, 0);
    for _ in 0..ROUNDS {
        let begun = monotonic();
        let mut analyzer = judged::analyzer(kind.name)?;
        judged::stream(&mut analyzer, points, &mut |_, finding| drop(black_box(finding)));
        analyzer_s = analyzer_s.min(begun.elapsed().as_secs_f64());
        bytes = analyzer.snapshot().len();
        let begun = monotonic();
        let config = trace::config(trace::modality(kind.name)?, None);
        classify(black_box(csv.as_slice()), config, false, &mut io::sink())?;
        classify_s = classify_s.min(begun.elapsed().as_secs_f64());
        let begun = monotonic();
        black_box(by_thresholds(black_box(points)));
        loop_s = loop_s.min(begun.elapsed().as_secs_f64());
    }
    #[expect(clippy::cast_precision_loss, reason = "less than a million")]
    let count = points.len() as f64;
    let mut are_met = true;
    for (what, seconds) in [
        ("the analyzer", analyzer_s),
        ("classify, parsing included", classify_s),
    ] {
        let is_met = count / seconds >= RATE_BAR;
        are_met &= is_met;
        writeln!(
            out,
            "{:4} {what}: {:.2} million samples/s, {:.0} times the time of fixed thresholds ({:.0} million/s): {}",
            kind.name,
            count / seconds / 1e6,
            seconds / loop_s,
            count / loop_s / 1e6,
            word(is_met),
        )?;
    }
    let is_small = bytes <= BYTES_BAR;
    writeln!(
        out,
        "{:4} state after five days: {bytes} bytes: {}",
        kind.name,
        word(is_small)
    )?;
    Ok(are_met && is_small)
}

fn word(is_met: bool) -> &'static str {
    if is_met { "at the bar" } else { "BELOW THE BAR" }
}

/// Time and energy by state, with fixed thresholds in W and nothing else.
fn by_thresholds(points: &[Point]) -> [(f64, f64); 4] {
    const THRESHOLDS_W: [f64; 3] = [500.0, 1_500.0, 20_000.0];
    let mut sums = [(0.0, 0.0); 4];
    let mut last_ms = points.first().map_or(0, |point| point.at_ms);
    for point in points {
        let state = THRESHOLDS_W
            .iter()
            .filter(|least| point.power_w >= **least)
            .count();
        let passed_s = seconds(point.at_ms - last_ms);
        sums[state].0 += passed_s;
        sums[state].1 += passed_s * point.power_w;
        last_ms = point.at_ms;
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_loop_of_thresholds_sums_time_and_energy() {
        let point = |at_ms, power_w| Point {
            at_ms,
            power_w,
            energy_wh: None,
            is_spike: false,
            true_wh: 0.0,
        };
        let sums = by_thresholds(&[point(0, 100.0), point(1_000, 100.0), point(3_000, 30_000.0)]);
        assert_eq!(sums, [(1.0, 100.0), (0.0, 0.0), (0.0, 0.0), (2.0, 60_000.0)]);
    }
}
