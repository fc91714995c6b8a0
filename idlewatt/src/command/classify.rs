//! `idlewatt classify`: a power trace in, intervals out. It is the streaming analyzer, run on a file.
//!
//! Out come JSON lines in time order that tile time.

use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use analyzer::band::{Band, Bands};
use analyzer::{Analyzer, Config, Finding, State};
use anyhow::Context;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{arguments, trace};

/// Says what idlewatt would have said of a power trace.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  idlewatt classify --modality ct trace.csv > intervals.jsonl\n  \
                  idlewatt classify --modality mri --bands bands.toml --exams -\n\n\
                  Output:\n  A JSON object a line, in time order, that tile time: from, until (unix seconds), state (off, standby, idle, scanning,\n  \
                  unknown), energy_wh; with --exams also exam, from, until, energy_wh, scanning_wh, kind, reason."
)]
pub struct Arguments {
    /// The kind of machine
    #[arg(long, value_parser = arguments::modalities())]
    modality: String,
    /// Fixed bands (TOML: bands = [{ state, `from_w`, `until_w` }]; calibrate --toml prints them); nothing is learned then
    #[arg(long, value_name = "FILE")]
    bands: Option<PathBuf>,
    /// Also print examinations
    #[arg(long)]
    exams: bool,
    /// The trace, CSV with the header `ts_unix_s,power_w[,energy_wh]`; - for standard input
    #[arg(value_name = "TRACE.CSV")]
    trace: PathBuf,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BandsFile {
    #[serde(alias = "bands")]
    band: Vec<BandEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BandEntry {
    state: String,
    from_w: f64,
    until_w: f64,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Line {
    Interval {
        from: Seconds,
        until: Seconds,
        state: &'static str,
        energy_wh: f64,
    },
    Exam {
        exam: u64,
        from: Seconds,
        until: Seconds,
        energy_wh: f64,
        scanning_wh: f64,
        kind: &'static str,
        reason: &'static str,
    },
}

/// Unix seconds; written whole where they are.
#[derive(Serialize)]
#[serde(untagged)]
enum Seconds {
    Whole(i64),
    Fraction(f64),
}

impl From<Timestamp> for Seconds {
    fn from(at: Timestamp) -> Self {
        if at.subsec_nanosecond() == 0 {
            Self::Whole(at.as_second())
        } else {
            Self::Fraction(at.as_duration().as_secs_f64())
        }
    }
}

/// Runs the command.
///
/// # Errors
/// An unknown modality, unreadable bands or trace; each says what, where and how to mend it.
pub fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let modality = trace::modality(&arguments.modality)?;
    let bands = arguments.bands.as_deref().map(read_bands).transpose()?;
    classify(
        trace::open(&arguments.trace)?,
        trace::config(modality, bands),
        arguments.exams,
        out,
    )
    .with_context(|| format!("in the trace {}", arguments.trace.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// Writes what is found in a trace.
///
/// # Errors
/// The trace cannot be read, or its findings not be written.
pub(super) fn classify(
    input: impl Read,
    config: Config,
    with_exams: bool,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let mut analyzer = Analyzer::new(config);
    let mut out = BufWriter::new(out);
    trace::hear(input, &mut analyzer, |findings| {
        Ok(write_lines(findings, with_exams, &mut out)?)
    })?;
    Ok(out.flush()?)
}

fn write_lines(findings: &mut Vec<Finding>, with_exams: bool, out: &mut dyn Write) -> io::Result<()> {
    // looked at where they lie: nearly all are points of the curve, which nobody asks for here
    for finding in &*findings {
        let line = match finding {
            Finding::Interval(i) if i.until > i.from => {
                let (from, until) = (i.from.into(), i.until.into());
                Line::Interval {
                    from,
                    until,
                    state: i.state.name(),
                    energy_wh: i.energy.wh(),
                }
            }
            Finding::Exam(e) if with_exams => {
                let (from, until) = (e.from.into(), e.until.into());
                Line::Exam {
                    exam: e.number,
                    from,
                    until,
                    energy_wh: e.energy.wh(),
                    scanning_wh: e.scanning_energy.wh(),
                    kind: e.kind.name(),
                    reason: e.kind.reason(),
                }
            }
            Finding::Fault(fault) => {
                tracing::warn!(at = %fault.at, kind = fault.kind.name(), "{}", fault.detail);
                continue;
            }
            _ => continue,
        };
        serde_json::to_writer(&mut *out, &line)?;
        writeln!(out)?;
    }
    findings.clear();
    Ok(())
}

fn read_bands(path: &Path) -> anyhow::Result<Bands> {
    let what = || format!("cannot use the bands in {}", path.display());
    let text = std::fs::read_to_string(path).with_context(what)?;
    let file: BandsFile = toml::from_str(&text).with_context(what)?;
    let band = |entry: BandEntry| -> anyhow::Result<Band> {
        Ok(Band {
            state: entry.state.parse::<State>()?,
            from_w: entry.from_w,
            until_w: entry.until_w,
        })
    };
    let bands = file
        .band
        .into_iter()
        .map(band)
        .collect::<anyhow::Result<Vec<Band>>>()
        .with_context(what)?;
    Bands::new(bands).with_context(what)
}
