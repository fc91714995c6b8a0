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

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

/// Judges idlewatt against what is known to be true.
#[derive(Debug, clap::Args)]
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

/// How far it has got, on standard error: over and over on one line of a terminal, else now and then.
fn show_progress(done: usize, of: usize, what: &str) {
    let mut screen = io::stderr();
    let is_last = done == of;
    if screen.is_terminal() {
        let end = if is_last { "\n" } else { "" };
        let _ = write!(screen, "\r{done} of {of} {what} {end}");
    } else if is_last || done.is_multiple_of(20) {
        let _ = writeln!(screen, "{done} of {of} {what}");
    }
}
