//! `idlewatt bench`: idlewatt judged against what is known to be true. One file per bench; a new one is a file and two
//! lines here. The files beside them draw devices, make traces, score.

mod bars;
mod dice;
mod dump;
mod judged;
mod levels;
mod night;
mod nights;
mod page;
mod pipeline;
mod report;
mod score;
mod speed;
mod states;
mod subject;
mod table;
mod trace;
mod traces;

use std::io::Write;
use std::process::ExitCode;

/// Judges idlewatt against what is known to be true.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  idlewatt bench states --devices 44\n  \
                  idlewatt bench pipeline --quick\n\n\
                  Exit codes:\n  0  every bar is met\n  \
                  1  a bar is missed, or it failed\n  \
                  2  wrong arguments")]
pub struct Arguments {
    #[command(subcommand)]
    bench: Bench,
}

#[derive(Debug, clap::Subcommand)]
enum Bench {
    Nights(nights::Arguments),
    Page(page::Arguments),
    Pipeline(pipeline::Arguments),
    Report(report::Arguments),
    Speed(speed::Arguments),
    States(states::Arguments),
    Traces(traces::Arguments),
}

/// Runs the command: exit code 1 when a bar is missed.
///
/// # Errors
/// As the bench says.
pub fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    match &arguments.bench {
        Bench::Nights(arguments) => nights::run(arguments, out),
        Bench::Page(arguments) => page::run(arguments, out),
        Bench::Pipeline(arguments) => pipeline::run(arguments, out),
        Bench::Report(arguments) => report::run(arguments, out),
        Bench::Speed(arguments) => speed::run(arguments, out),
        Bench::States(arguments) => states::run(arguments, out),
        Bench::Traces(arguments) => traces::run(arguments, out),
    }
}
