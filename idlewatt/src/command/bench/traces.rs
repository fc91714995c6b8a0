//! `idlewatt bench traces DIR`: recorded traces with labels, against the best fixed thresholds known for them.
//!
//! `DIR/index.csv` names the traces (column `trace`), the device, and the balanced accuracy of the best static
//! thresholds (`static_threshold_balanced_acc`), which had the labels in hand; beside each `trace.csv` or
//! `trace.csv.gz` (`ts_unix_s,power_w`) lies `trace.labels.csv` (`start_ts,end_ts,state`). The analyzer knows a modality
//! ([`MODALITY_OF`]) and learns while it is scored. Balanced accuracy: the mean over the labelled states of the part of
//! their time in which the final state is theirs; `unknown` is left out. `active` is scanning for a machine; for a
//! workstation both `active` and `idle` are on, which is idle. Where the labels have only one of off and standby no
//! watt tells which of the two is meant: a second score takes them as one.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Write};
use std::path::Path;
use std::process::ExitCode;

use analyzer::State;
use anyhow::Context;
use flate2::read::MultiGzDecoder;
use serde::Deserialize;

use super::judged;
use super::trace::{Point, Span, seconds};

/// Scores recorded traces that have labels.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  idlewatt bench traces ../shared/traces\n\n\
                  Exit codes:\n  0  every bar is met\n  \
                  1  a bar is missed, or it failed\n  \
                  2  wrong arguments")]
pub(super) struct Arguments {
    /// The folder with index.csv
    folder: std::path::PathBuf,
}

/// A word of the device's description, and the modality whose published watts and shape are nearest; the first that
/// fits. No recorded machine is a scanner: what they share with one is pulses over a floor. Angiography's levels are the
/// lowest of the machines that work (from 0.3 kW), radiography's idle level is that of a machine tool.
const MODALITY_OF: [(&str, &str); 6] = [
    ("PC", "workstation"),
    ("monitor", "workstation"),
    ("station", "workstation"),
    ("magnet", "ct"),
    ("CNC", "xray"),
    ("", "angio"),
];

/// So far below the published figure is as good.
const MARGIN: f64 = 0.01;

#[derive(Deserialize)]
struct Entry {
    trace: String,
    device: String,
    static_threshold_balanced_acc: Option<f64>,
}

#[derive(Deserialize)]
struct Row {
    ts_unix_s: f64,
    power_w: Option<f64>,
}

#[derive(Deserialize)]
struct Label {
    start_ts: f64,
    end_ts: f64,
    state: String,
}

/// Runs the command.
///
/// # Errors
/// A file is missing or cannot be read.
pub(super) fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let folder = &arguments.folder;
    let mut index = csv::Reader::from_reader(open(&folder.join("index.csv"))?);
    writeln!(
        out,
        "{:48} {:12} {:>10} {:>9} {:>11}  at the bar?",
        "trace", "modality", "thresholds", "by name", "off=standby"
    )?;
    let mut is_met = true;
    for entry in index.deserialize() {
        let entry: Entry = entry.context("index.csv")?;
        let Some(published) = entry.static_threshold_balanced_acc else {
            continue;
        };
        let modality = modality_of(&entry.device);
        let (strict, merged) = score(folder, &entry.trace, modality)?;
        let is_good = strict.max(merged) >= published - MARGIN;
        is_met &= is_good;
        let word = if is_good { "yes" } else { "NO" };
        writeln!(
            out,
            "{:48} {modality:12} {published:>10.3} {strict:>9.3} {merged:>11.3}  {word}",
            entry.trace
        )?;
    }
    out.flush()?;
    Ok(if is_met {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn modality_of(device: &str) -> &'static str {
    let fits = MODALITY_OF.iter().find(|(word, _)| device.contains(word));
    fits.map_or("angio", |(_, modality)| modality)
}

/// Balanced accuracy by name, and with off and standby as one where the labels have only one of them.
fn score(folder: &Path, trace: &str, modality: &str) -> anyhow::Result<(f64, f64)> {
    let said = judged::analyzed(modality, &points(folder, trace)?)?;
    let labels = labels(&folder.join(format!("{trace}.labels.csv")), modality)?;
    let has = |state: State| labels.iter().any(|label| label.state == state);
    let strict = balanced(&labels, &said);
    if has(State::Off) && has(State::Standby) {
        return Ok((strict, strict));
    }
    let as_one = |spans: &[Span]| -> Vec<Span> {
        let one = |span: &Span| match span.state {
            State::Off => Span {
                state: State::Standby,
                ..*span
            },
            _ => *span,
        };
        spans.iter().map(one).collect()
    };
    Ok((strict, balanced(&as_one(&labels), &as_one(&said))))
}

/// The mean over the labelled states of the part of their time that was said right.
fn balanced(labels: &[Span], said: &[Span]) -> f64 {
    let mut times: BTreeMap<State, (f64, f64)> = BTreeMap::new();
    for label in labels {
        let (all_s, right_s) = times.entry(label.state).or_default();
        *all_s += seconds(label.until_ms - label.from_ms);
        let first = said.partition_point(|span| span.until_ms <= label.from_ms);
        let near = said[first..]
            .iter()
            .take_while(|span| span.from_ms < label.until_ms);
        for span in near.filter(|span| span.state == label.state) {
            *right_s += seconds(span.until_ms.min(label.until_ms) - span.from_ms.max(label.from_ms));
        }
    }
    #[expect(clippy::cast_precision_loss, reason = "four at most")]
    let count = times.len().max(1) as f64;
    times
        .values()
        .map(|(all_s, right_s)| right_s / all_s)
        .sum::<f64>()
        / count
}

fn labels(path: &Path, modality: &str) -> anyhow::Result<Vec<Span>> {
    let mut labels = Vec::new();
    for label in csv::Reader::from_reader(open(path)?).deserialize() {
        let label: Label = label.with_context(|| path.display().to_string())?;
        if let Some(state) = state_of(&label.state, modality)? {
            labels.push(Span {
                from_ms: milliseconds(label.start_ts),
                until_ms: milliseconds(label.end_ts),
                state,
                energy_wh: 0.0,
            });
        }
    }
    Ok(labels
        .into_iter()
        .filter(|label| label.until_ms > label.from_ms)
        .collect())
}

/// The state a label means; none where it is not scored.
fn state_of(word: &str, modality: &str) -> anyhow::Result<Option<State>> {
    let state = match word {
        "active" if modality == "workstation" => State::Idle,
        "active" => State::Scanning,
        _ => word.parse()?,
    };
    Ok(Some(state).filter(|state| *state != State::Unknown))
}

fn points(folder: &Path, trace: &str) -> anyhow::Result<Vec<Point>> {
    let (plain, packed) = (format!("{trace}.csv"), format!("{trace}.csv.gz"));
    let rows: Box<dyn Read> = if folder.join(&plain).is_file() {
        Box::new(open(&folder.join(plain))?)
    } else {
        Box::new(MultiGzDecoder::new(open(&folder.join(packed))?))
    };
    let mut points = Vec::new();
    for row in csv::Reader::from_reader(rows).deserialize() {
        let row: Row = row.with_context(|| trace.to_owned())?;
        points.extend(
            row.power_w
                .filter(|power_w| power_w.is_finite())
                .map(|power_w| Point {
                    at_ms: milliseconds(row.ts_unix_s),
                    power_w,
                    energy_wh: None,
                    is_spike: false,
                    true_wh: 0.0,
                }),
        );
    }
    Ok(points)
}

fn open(path: &Path) -> anyhow::Result<BufReader<File>> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(BufReader::new(file))
}

#[expect(clippy::cast_possible_truncation, reason = "a saturating cast of an instant")]
fn milliseconds(unix_s: f64) -> i64 {
    (unix_s * 1000.0).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from_s: i64, until_s: i64, state: State) -> Span {
        Span {
            from_ms: from_s * 1000,
            until_ms: until_s * 1000,
            state,
            energy_wh: 0.0,
        }
    }

    #[test]
    fn every_state_weighs_the_same() {
        let labels = [span(0, 100, State::Standby), span(100, 110, State::Scanning)];
        let said = [span(0, 105, State::Standby), span(105, 110, State::Scanning)];
        assert!((balanced(&labels, &said) - 0.75).abs() < 1e-9);
    }

    #[test]
    fn words_are_states_of_the_modality() {
        assert_eq!(state_of("active", "ct").unwrap(), Some(State::Scanning));
        assert_eq!(state_of("active", "workstation").unwrap(), Some(State::Idle));
        assert_eq!(state_of("unknown", "ct").unwrap(), None);
        assert!(state_of("asleep", "ct").is_err());
        assert_eq!(modality_of("desktop PC (group)"), "workstation");
        assert_eq!(modality_of("microwave oven"), "angio");
        assert_eq!(modality_of("CNC machine tool"), "xray");
    }

    #[test]
    fn a_folder_of_traces_is_scored() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).unwrap();
        write(
            "index.csv",
            "trace,device,static_threshold_balanced_acc\npc,desktop PC,0.9\nother,desktop PC,\n".to_owned(),
        );
        let rows: Vec<String> = (0..7200)
            .map(|second| format!("{second},{}", if second < 3600 { 55 } else { 118 }))
            .collect();
        write("pc.csv", format!("ts_unix_s,power_w\n{}\n", rows.join("\n")));
        write(
            "pc.labels.csv",
            "start_ts,end_ts,state\n0,3600,standby\n3600,7199,active\n".to_owned(),
        );
        let arguments = Arguments {
            folder: folder.path().to_path_buf(),
        };
        let mut out = Vec::new();
        let code = run(&arguments, &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(code, ExitCode::SUCCESS, "{text}");
        assert!(
            text.lines().count() == 2 && text.contains("workstation"),
            "{text}"
        );
    }
}
