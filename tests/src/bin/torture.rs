//! The storm: `cargo run --release -p tests --bin torture -- --minutes N --seed S`. Needs root (it mounts a small disk),
//! mosquitto, influxd and libfaketime.
//!
//! Exit code 0: nothing was lost, nothing counted twice, and the database holds what it holds after a calm run.

use std::io::Write;
use std::process::ExitCode;
use std::time::Duration;

use tests::bar::build_idlewatt;
use tests::torture;

/// Tortures idlewatt and says what came of it.
#[derive(clap::Parser)]
struct Arguments {
    /// How long the storm lasts; the calm run and the comparison come after it
    #[arg(long, default_value_t = 30.0)]
    minutes: f64,
    /// Another seed is another storm over other meters
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

fn main() -> anyhow::Result<ExitCode> {
    let arguments = <Arguments as clap::Parser>::parse();
    build_idlewatt()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let lasts = Duration::from_secs_f64(arguments.minutes * 60.0);
    let mut screen = std::io::stderr();
    let reckoning = runtime.block_on(torture::run(arguments.seed, lasts, |at, tally, what| {
        let (minutes, seconds) = (at.as_secs() / 60, at.as_secs() % 60);
        let _ = writeln!(
            screen,
            "{minutes:3}:{seconds:02}  {:3} kills  {what}",
            tally.kills()
        );
    }))?;
    write!(std::io::stdout(), "\n{reckoning}")?;
    let is_met = reckoning.bars().iter().all(|bar| bar.is_met);
    Ok(if is_met {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
