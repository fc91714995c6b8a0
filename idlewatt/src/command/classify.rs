//! `idlewatt classify`: a power trace in, intervals out. It is the streaming analyzer, run on a file.
//!
//! The trace is CSV with a header: `ts_unix_s,power_w` and optionally `energy_wh` (the meter's counter). Out come JSON
//! lines in time order that tile time. A row that cannot be read is said on standard error and passed over.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use analyzer::band::{Band, Bands};
use analyzer::calendar::OpeningHours;
use analyzer::modality::{MODALITIES, Modality};
use analyzer::site::{CarbonFactor, Site, Tariff};
use analyzer::{Analyzer, Arrival, Config, Device, Feed, Finding, Reading, State};
use anyhow::{Context, bail};
use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

/// Rows that are told of one by one; the rest is counted.
const BAD_ROWS_TOLD: u64 = 5;
/// The name of the only meter there is.
const TRACE: &str = "trace";

/// Says what idlewatt would have said of a power trace.
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  idlewatt classify --modality ct trace.csv > intervals.jsonl")]
pub struct Arguments {
    /// The kind of machine: angio, cooling, ct, mri, server, workstation, xray
    #[arg(long)]
    modality: String,
    /// Bands of the device (TOML: [[band]] state, `from_w`, `until_w`) instead of the modality's published levels
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
    band: Vec<BandEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BandEntry {
    state: String,
    from_w: f64,
    until_w: f64,
}

#[derive(Deserialize)]
struct Row {
    ts_unix_s: f64,
    power_w: Option<f64>,
    energy_wh: Option<f64>,
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
    let modality = Modality::named(&arguments.modality).with_context(|| {
        let names: Vec<&str> = MODALITIES.iter().map(|modality| modality.name).collect();
        format!(
            "'{}' is no modality; choose one of {}",
            arguments.modality,
            names.join(", ")
        )
    })?;
    let bands = arguments.bands.as_deref().map(read_bands).transpose()?;
    let mut analyzer = Analyzer::new(config(modality, bands));
    let mut rows = csv::ReaderBuilder::new()
        .trim(csv::Trim::All)
        .from_reader(open(&arguments.trace)?);
    let headers = rows
        .headers()
        .context("the trace has no header; its first line must be ts_unix_s,power_w")?;
    if !["ts_unix_s", "power_w"]
        .iter()
        .all(|name| headers.iter().any(|header| header == *name))
    {
        bail!(
            "the trace's header is '{}'; it must be ts_unix_s,power_w[,energy_wh]",
            headers.as_slice()
        );
    }
    let (mut findings, mut last, mut bad_rows) = (Vec::new(), None, 0);
    for row in rows.deserialize() {
        match row
            .map_err(anyhow::Error::from)
            .and_then(|row: Row| observe(&mut analyzer, &row, &mut findings))
        {
            Ok(at) => last = last.max(Some(at)),
            Err(error) => {
                bad_rows += 1;
                if bad_rows <= BAD_ROWS_TOLD {
                    tracing::warn!("row passed over: {error:#}");
                }
            }
        }
        write_lines(&mut findings, arguments.exams, out)?;
    }
    if bad_rows > BAD_ROWS_TOLD {
        tracing::warn!(bad_rows, "rows passed over in all");
    }
    let Some(last) = last else {
        bail!("the trace holds no row that can be read")
    };
    analyzer.finish(last, &mut findings);
    write_lines(&mut findings, arguments.exams, out)?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

fn observe(analyzer: &mut Analyzer, row: &Row, findings: &mut Vec<Finding>) -> anyhow::Result<Timestamp> {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a float saturates, and what saturates is out of range"
    )]
    let millis = (row.ts_unix_s * 1000.0).round() as i64;
    let at = Timestamp::from_millisecond(millis).context("ts_unix_s is not a Unix time in seconds")?;
    let finite = |value: Option<f64>| value.filter(|value| value.is_finite());
    let (power_w, energy_wh) = (
        finite(row.power_w),
        finite(row.energy_wh).filter(|energy| *energy >= 0.0),
    );
    if power_w.is_none() && energy_wh.is_none() {
        bail!(
            "ts_unix_s {}: neither power_w nor energy_wh is a number",
            row.ts_unix_s
        );
    }
    let reading = Reading {
        power_w,
        energy_wh,
        ..Reading::of(TRACE, None)
    };
    analyzer.observe(Arrival::live(at), &[reading], findings);
    analyzer.advance(at, findings);
    Ok(at)
}

fn write_lines(findings: &mut Vec<Finding>, with_exams: bool, out: &mut dyn Write) -> io::Result<()> {
    for finding in findings.drain(..) {
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
    Ok(())
}

fn open(path: &Path) -> anyhow::Result<Box<dyn Read>> {
    if path == Path::new("-") {
        return Ok(Box::new(io::stdin().lock()));
    }
    let file = File::open(path).with_context(|| format!("cannot read the trace {}", path.display()))?;
    Ok(Box::new(io::BufReader::new(file)))
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

/// A hospital of one device that is always open: a trace has no calendar and no price.
fn config(modality: &'static Modality, bands: Option<Bands>) -> Config {
    let tariff = Tariff {
        currency: String::new(),
        day_price_per_kwh: 0.0,
        night_price_per_kwh: 0.0,
        night_from: Time::midnight(),
        night_until: Time::midnight(),
        source: String::new(),
        year: 0,
    };
    let carbon = CarbonFactor {
        g_per_kwh: 0.0,
        source: String::new(),
        year: 0,
    };
    let device = Device {
        id: Arc::from(TRACE),
        name: TRACE.to_owned(),
        room: String::new(),
        modality,
        feeds: vec![Feed {
            meter: TRACE.to_owned(),
            channels: Vec::new(),
            sign: 1.0,
        }],
        opening: OpeningHours::Always,
        bands,
        pins: Vec::new(),
        power_w_max: f64::MAX,
        silent_after: None,
        overnight_idle: None,
    };
    Config {
        site: Site {
            zone: TimeZone::UTC,
            tariff,
            carbon,
        },
        devices: vec![device],
    }
}
