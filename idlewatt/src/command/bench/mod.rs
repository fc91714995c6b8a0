//! `idlewatt bench`: idlewatt judged against what is known to be true. One file per bench; a new one is a file and two
//! lines here. The files beside them draw devices, make traces, score.

mod bars;
mod dice;
mod dump;
mod judged;
mod levels;
mod score;
mod states;
mod subject;
mod table;
mod trace;

use std::io::Write;
use std::process::ExitCode;

/// Judges idlewatt against what is known to be true.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Debug, clap::Subcommand)]
enum Bench {
    States(states::Arguments),
}

/// Runs the command: exit code 1 when a bar is missed.
///
/// # Errors
/// As the bench says.
pub fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    match &arguments.bench {
        Bench::States(arguments) => states::run(arguments, out),
    }
}
