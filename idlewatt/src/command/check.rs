//! `idlewatt check`: is this configuration right, and what would happen with it?
//!
//! Faults are said with file, line and mend, all at once. Without faults it says what would be subscribed, which meter
//! feeds which device, what its power means, when it is open, what raises an alert, what is written where; and it
//! knocks at brokers and databases. Nothing is written anywhere and no session is disturbed: it connects to brokers
//! under a client id of its own. Exit code 0: all is well; 1: a fault, or something that cannot be reached.

mod knock;
mod opening;
mod plan;
mod text;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::config::{Config, Fault, print_config};
use knock::Knock;
pub(crate) use knock::client_options;
use plan::Plan;

/// How long a first look waits for each of them.
const BRIEF_TIMEOUT: Duration = Duration::from_secs(5);

/// Validates a configuration and says what would happen with it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  idlewatt check --print-config > idlewatt.toml\n  \
                  idlewatt check -c idlewatt.toml\n  \
                  idlewatt check -c idlewatt.toml --offline --json\n  \
                  idlewatt check -c idlewatt.toml --offline --quiet\n\n\
                  Exit codes:\n  0  no faults, and everybody answered\n  \
                  1  a fault, a file that cannot be read, or somebody who does not answer; warnings do not count\n  \
                  2  wrong arguments\n\n\
                  With --json:\n  One object: is_ok; faults and warnings, each with file, line, column (from 1; 0: the whole file), path (the key), subject,\n  \
                  what and mend; plan (null where there are faults): site, zone, brokers, mappers, devices, sinks and what else would happen;\n  \
                  knocks (empty with --offline): who, is_ok, says, mend.")]
pub struct Arguments {
    /// The configuration
    #[arg(short, long, value_name = "FILE", default_value = "idlewatt.toml")]
    config: PathBuf,
    /// Print every key with its comment, as a file to start from, and do nothing else
    #[arg(long)]
    print_config: bool,
    /// Do not knock at brokers and databases
    #[arg(long)]
    offline: bool,
    /// Wait so long for each of them, seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    timeout_s: u64,
    /// Say it as one JSON object
    #[arg(long)]
    json: bool,
    /// Say faults, warnings and who does not answer, and nothing of what would happen: for a service manager
    #[arg(short, long, conflicts_with = "json")]
    quiet: bool,
}

/// All that is said.
#[derive(Debug, Default, Serialize)]
struct Report {
    /// Whether the exit code is 0.
    is_ok: bool,
    faults: Vec<Fault>,
    warnings: Vec<Fault>,
    /// What would happen; none where there are faults.
    plan: Option<Plan>,
    /// Who answered; empty with `--offline`.
    knocks: Vec<Knock>,
}

/// Checks, and says the result on `out`.
///
/// # Errors
/// Writing fails, or no runtime can be made.
pub fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    if arguments.print_config {
        out.write_all(print_config().as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    let report = report(arguments, ingest::clock::wall())?;
    if arguments.json {
        // not written piece by piece: a broken pipe must stay an error of writing
        writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    } else if arguments.quiet {
        text::write_quietly(&report, out)?;
    } else {
        text::write(&report, &arguments.config, out)?;
    }
    out.flush()?;
    Ok(if report.is_ok {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The counts of faults and warnings of a configuration that loads, and who answers, without the plan.
///
/// # Errors
/// It has faults, or writing fails.
pub(super) fn brief(file: &Path, out: &mut dyn Write) -> anyhow::Result<Config> {
    let loaded = Config::load(file)?;
    let report = Report {
        knocks: knocks(&loaded.config, BRIEF_TIMEOUT)?,
        warnings: loaded.warnings,
        ..Report::default()
    };
    text::write(&report, file, out)?;
    Ok(loaded.config)
}

fn knocks(config: &Config, timeout: Duration) -> anyhow::Result<Vec<Knock>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    Ok(runtime.block_on(knock::knock_at_all(config, timeout)))
}

fn report(arguments: &Arguments, now: Timestamp) -> anyhow::Result<Report> {
    let loaded = match Config::load(&arguments.config) {
        Ok(loaded) => loaded,
        Err(faults) => {
            return Ok(Report {
                faults: faults.faults,
                warnings: faults.warnings,
                ..Report::default()
            });
        }
    };
    let knocks = if arguments.offline {
        Vec::new()
    } else {
        knocks(&loaded.config, Duration::from_secs(arguments.timeout_s))?
    };
    Ok(Report {
        is_ok: knocks.iter().all(|knock| knock.is_ok),
        faults: Vec::new(),
        warnings: loaded.warnings,
        plan: Some(Plan::of(&loaded.config, now)),
        knocks,
    })
}

#[cfg(test)]
mod tests;
