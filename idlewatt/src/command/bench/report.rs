//! `idlewatt bench report`: how long the report of a month takes over a year of a hundred-device hospital, and how large
//! that history is.
//!
//! The year is made by [`hospital`], written through the history itself, and lies in a folder that is gone afterwards.
//! `idlewatt report` runs as a process of its own: start, configuration, reading and writing are all in the time. The best
//! of three rounds counts; others use the machine too.

mod hospital;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use anyhow::{Context, ensure};
use deliver::report::FORMATS;
use ingest::clock::{monotonic, wall};
use jiff::ToSpan;
use jiff::civil::Date;

use super::pipeline::{Bar, Figures, machine};
use crate::config::Config;
use crate::pipeline::Files;
use crate::progress::{self, Progress};
use hospital::Hospital;

/// Makes a year of history and measures reports of it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  idlewatt bench report\n  \
                  idlewatt bench report --devices 20 --days 70 --json\n\n\
                  Exit codes:\n  0  every bar is met\n  \
                  1  a bar is missed, or it failed\n  \
                  2  wrong arguments\n\n\
                  With --json:\n  One object: machine, and the figures of each section by name, with value, unit and bar.")]
pub(super) struct Arguments {
    /// How many devices
    #[arg(long, default_value_t = 100)]
    devices: usize,
    /// How many days of history; the month that is reported is the last whole one
    #[arg(long, default_value_t = 365)]
    days: u32,
    /// Leave configuration and history in this folder (it must be empty)
    #[arg(long, value_name = "FOLDER")]
    keep: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    progress: progress::Asked,
}

/// Seconds for a report of a month.
const REPORT_S_MAX: f64 = 3.0;
/// Bytes of the history, 10⁹.
const STORE_GB_MAX: f64 = 2.0;
const ROUNDS: u32 = 3;
/// The report needs a whole month and the one before it.
const DAYS_MIN: u32 = 62;

/// Runs the command: exit code 1 when a bar is missed.
///
/// # Errors
/// The folder cannot be written to, or a report fails.
pub(super) fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    ensure!(
        arguments.days >= DAYS_MIN,
        "--days {} hold no two whole months; write {DAYS_MIN} or more",
        arguments.days
    );
    let temporary = tempfile::tempdir().context("cannot make a temporary folder")?;
    let folder = arguments.keep.as_deref().unwrap_or(temporary.path());
    std::fs::create_dir_all(folder)?;
    let hospital = Hospital::new(arguments.devices);
    let file = folder.join("idlewatt.toml");
    std::fs::write(&file, hospital.configuration())?;
    let config = Config::load(&file)?.config;
    let path = Files(&config.state_dir).history();
    ensure!(
        !path.exists(),
        "there is a history at {} already; name an empty folder",
        path.display()
    );
    std::fs::create_dir_all(&config.state_dir)?;
    let today = config.site.site.zone.to_datetime(wall()).date();
    let first = today.checked_sub(i64::from(arguments.days).days())?;
    let mut figures = Figures::default();
    figures.begin("history");
    let begun = monotonic();
    let progress = Progress::new(
        arguments.progress,
        "bench report",
        "days",
        u64::from(arguments.days),
    );
    hospital.live(&config, &path, first, arguments.days, |day| {
        progress.set(u64::from(day));
    })?;
    drop(progress);
    figures.add("devices", f64::from(u32::try_from(arguments.devices)?), "");
    figures.add("days", f64::from(arguments.days), "");
    figures.add("written in", begun.elapsed().as_secs_f64(), "s");
    figures.judge(
        "size of the store",
        bytes(&path)? / 1e9,
        "GB",
        Bar::AtMost(STORE_GB_MAX),
    );
    figures.begin("report of a month");
    let month = today.first_of_month().checked_sub(1.month())?;
    for format in &FORMATS {
        let seconds = best(&file, month, today.first_of_month(), format.name)?;
        figures.judge(format.name, seconds, "s", Bar::AtMost(REPORT_S_MAX));
    }
    figures.write(&machine(), (arguments.json, false), out)
}

/// The history and its write-ahead log.
fn bytes(path: &Path) -> anyhow::Result<f64> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let of = |path: &Path| std::fs::metadata(path).map_or(0, |metadata| metadata.len());
    #[expect(clippy::cast_precision_loss, reason = "a few gigabytes")]
    let bytes = (std::fs::metadata(path)?.len() + of(log.as_ref())) as f64;
    Ok(bytes)
}

/// The best of some rounds, s.
fn best(file: &Path, from: Date, to: Date, format: &str) -> anyhow::Result<f64> {
    let mut best_s = f64::INFINITY;
    for _ in 0..ROUNDS {
        let mut command = Command::new(std::env::current_exe()?);
        let (from, to) = (from.to_string(), to.to_string());
        command.args(["report", "--from", &from, "--to", &to, "--format", format, "-c"]);
        let begun = monotonic();
        let output = command.arg(file).output()?;
        best_s = best_s.min(begun.elapsed().as_secs_f64());
        ensure!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    Ok(best_s)
}
