//! One file per command; a new one is a file and two lines here.
//!
//! Exit codes: 0 done, 1 faults were found or it failed (the reason is on standard error), 2 wrong arguments.

pub mod alert;
pub mod backup;
pub mod bench;
pub mod calibrate;
pub mod check;
pub mod classify;
pub mod completions;
pub mod decode;
pub mod demo;
pub mod discover;
pub mod init;
pub mod kpi;
pub mod man;
pub mod quarantine;
pub mod replay;
pub mod report;
pub mod restore;
pub mod serve;
pub mod simulate;
pub mod status;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::harmless::{Harmless, Kept};

/// Live energy states of imaging rooms, from the power meters' MQTT messages.
#[derive(Debug, Parser)]
#[command(
    name = "idlewatt",
    version,
    propagate_version = true,
    after_help = "Examples:\n  idlewatt demo\n  idlewatt init --output /etc/idlewatt/idlewatt.toml\n  \
                  idlewatt check -c /etc/idlewatt/idlewatt.toml\n  idlewatt status"
)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "there is one in a process")]
enum Command {
    Alert(alert::Arguments),
    Backup(backup::Arguments),
    Calibrate(calibrate::Arguments),
    Bench(bench::Arguments),
    Check(check::Arguments),
    Classify(classify::Arguments),
    Completions(completions::Arguments),
    Decode(decode::Arguments),
    Demo(demo::Arguments),
    Discover(discover::Arguments),
    Init(init::Arguments),
    Kpi(kpi::Arguments),
    Man(man::Arguments),
    Quarantine(quarantine::Arguments),
    Replay(replay::Arguments),
    Report(report::Arguments),
    Restore(restore::Arguments),
    Serve(serve::Arguments),
    Simulate(simulate::Arguments),
    Status(status::Arguments),
}

/// Arguments that clap cannot know to be wrong: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct WrongArguments(pub(crate) String);

/// All commands with their arguments, as clap knows them.
#[must_use]
pub fn tree() -> clap::Command {
    Arguments::command()
}

/// Reads the process's arguments and runs the command they name.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = Arguments::parse();
    start_log();
    let mut out = Harmless::new(io::stdout().lock(), Kept::Lines);
    let outcome = match arguments.command {
        Command::Alert(arguments) => alert::run(&arguments, &mut out),
        Command::Backup(arguments) => backup::run(&arguments, &mut out),
        // it may use colours; what it prints is of the configuration and our own
        Command::Calibrate(arguments) => calibrate::run(&arguments, &mut io::stdout().lock()),
        Command::Bench(arguments) => bench::run(&arguments, &mut out),
        Command::Check(arguments) => check::run(&arguments, &mut out),
        Command::Classify(arguments) => classify::run(&arguments, &mut out),
        Command::Completions(arguments) => completions::run(&arguments, &mut io::stdout().lock()),
        Command::Decode(arguments) => decode::run(&arguments, &mut io::stdin().lock(), &mut out),
        Command::Demo(arguments) => demo::run(&arguments),
        Command::Discover(arguments) => discover::run(&arguments, &mut io::stdin().lock(), &mut out),
        Command::Init(arguments) => init::run(&arguments, &mut out),
        Command::Kpi(arguments) => kpi::run(&arguments, &mut out),
        Command::Man(arguments) => man::run(&arguments, &mut out),
        Command::Quarantine(arguments) => quarantine::run(&arguments, &mut out),
        Command::Replay(arguments) => replay::run(&arguments, &mut out),
        // a CSV or HTML file is written as it is: names in it are escaped by its own form
        Command::Report(arguments) => report::run(&arguments, &mut io::stdout().lock()),
        Command::Restore(arguments) => restore::run(&arguments, &mut out),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Simulate(arguments) => simulate::run(&arguments, &mut out),
        Command::Status(arguments) => status::run(&arguments, &mut out),
    };
    match outcome {
        Ok(code) => code,
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            let _ = writeln!(Harmless::new(io::stderr(), Kept::Lines), "idlewatt: {error:#}");
            if error.downcast_ref::<WrongArguments>().is_some() {
                return ExitCode::from(2);
            }
            ExitCode::FAILURE
        }
    }
}

/// Whoever reads our output has enough: no error.
fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let causes = error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<io::Error>());
    causes
        .into_iter()
        .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe)
}

/// Colours are for terminals, and for those who have not set `NO_COLOR` (no-color.org).
pub(crate) fn may_colour(stream: &impl IsTerminal) -> bool {
    stream.is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|word| word.is_empty())
}

/// Logs go to standard error; `RUST_LOG` chooses how much.
fn start_log() {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env();
    let filter = filter.unwrap_or_else(|_| tracing_subscriber::EnvFilter::new("info,mqtt5=warn"));
    let with_colour = may_colour(&io::stderr());
    let kept = if with_colour {
        Kept::ColouredLogLine
    } else {
        Kept::LogLine
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(move || Harmless::new(io::stderr(), kept))
        .with_ansi(with_colour)
        .with_target(false)
        .init();
}
