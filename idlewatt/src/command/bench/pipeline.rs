//! `idlewatt bench pipeline`: the whole service, measured on this machine with real processes.
//!
//! mosquitto (with the settings of `deploy/mosquitto.conf`), influxd and `idlewatt serve` each run as a process of their
//! own, on ports that the kernel chooses, in a folder that is gone afterwards. The bench publishes, watches, and asks the
//! kernel what each process has used. Everything runs on the same machine, so the parts take cores from each other: the
//! figures are of all of it together, and the ratio to `mosquitto_sub` is the one that means something elsewhere.
//! Each section says how it measures.

mod broker;
mod child;
mod crowd;
mod database;
pub(super) mod figure;
mod latency;
mod outage;
mod publisher;
mod service;
mod single;
mod stream;
mod throughput;
mod world;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::ValueEnum;
use tokio::signal::unix::{SignalKind, signal};

use crate::command::serve;
pub(super) use figure::{Bar, Figures};
use world::{Stopwatch, World};

/// Measures the whole service with a real mosquitto and a real influxd.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  idlewatt bench pipeline\n  \
                  idlewatt bench pipeline --quick --only throughput,latency\n\n\
                  Needs mosquitto, mosquitto_sub and influxd (1.x) on the PATH. Without --quick it takes about 16 minutes. Build with --release.\n\n\
                  Exit codes:\n  0  every bar is met\n  \
                  1  a bar is missed, or it failed\n  \
                  2  wrong arguments\n\n\
                  With --json:\n  One object: machine, and the figures of each section by name, with value, unit and bar.")]
pub(super) struct Arguments {
    /// Only these sections, separated by commas
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Section>,
    /// Short runs: figures that show whether it works, not how fast
    #[arg(long)]
    quick: bool,
    /// Print JSON
    #[arg(long, conflicts_with = "markdown")]
    json: bool,
    /// Print the table of docs/performance.md
    #[arg(long)]
    markdown: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Section {
    /// Decode, analyze, encode on one core; replay; journal bytes
    Single,
    /// Messages a second, as a ratio to `mosquitto_sub`
    Throughput,
    /// Publish to journal, state topic, InfluxDB
    Latency,
    /// Catching up after an outage of the database
    Outage,
    /// 100, 10000 and 100000 meters
    Crowd,
}

/// How much is measured.
#[derive(Clone, Copy, Debug)]
struct Extent {
    is_quick: bool,
}

impl Extent {
    fn of(self, quick: usize, full: usize) -> usize {
        if self.is_quick { quick } else { full }
    }
}

/// Runs the command: exit code 1 when a bar is missed.
///
/// # Errors
/// A server is not there, or what was sent does not arrive.
pub(super) fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let figures = serve::runtime()?.block_on(measure(arguments))?;
    figures.write(&machine(), (arguments.json, arguments.markdown), out)
}

/// Measures, until it is done or told to stop; either way nothing that it started goes on.
async fn measure(arguments: &Arguments) -> anyhow::Result<Figures> {
    let mut terminated = signal(SignalKind::terminate())?;
    tokio::select! {
        figures = sections(arguments) => figures,
        _ = terminated.recv() => anyhow::bail!("stopped"),
        interrupted = tokio::signal::ctrl_c() => {
            interrupted?;
            anyhow::bail!("stopped")
        }
    }
}

async fn sections(arguments: &Arguments) -> anyhow::Result<Figures> {
    let extent = Extent {
        is_quick: arguments.quick,
    };
    let mut figures = Figures::default();
    let mut world = World::start().await?;
    let watch = Stopwatch::start();
    for section in Section::value_variants() {
        if !arguments.only.is_empty() && !arguments.only.contains(section) {
            continue;
        }
        let name = format!("{section:?}").to_lowercase();
        say(&format!("{name}, after {:.0} s", watch.seconds()));
        let outcome = match section {
            Section::Single => single::run(&world, extent, &mut figures).await,
            Section::Throughput => throughput::run(&world, extent, &mut figures).await,
            Section::Latency => latency::run(&world, extent, &mut figures).await,
            Section::Outage => outage::run(&mut world, extent, &mut figures).await,
            Section::Crowd => crowd::run(&world, extent, &mut figures).await,
        };
        if let Err(error) = outcome {
            figures.fail(&format!("{error:#}"));
        }
    }
    say(&format!("done after {:.0} s", watch.seconds()));
    world.stop().await?;
    Ok(figures)
}

/// Progress, on standard error.
pub(super) fn say(words: &str) {
    let _ = writeln!(io::stderr(), "{words}");
}

/// The machine, in a line.
pub(super) fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let of = |text: &str, key: &str| {
        let line = text.lines().find(|line| line.starts_with(key));
        let value = line.and_then(|line| line.split_once(':'));
        value.map_or_else(|| "unknown".to_owned(), |(_, value)| value.trim().to_owned())
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let processor = of(&read("/proc/cpuinfo"), "model name");
    let memory = of(&read("/proc/meminfo"), "MemTotal");
    let kernel = read("/proc/sys/kernel/osrelease");
    format!(
        "{cores} cores, {processor}, memory {memory}, Linux {}, idlewatt {}",
        kernel.trim(),
        env!("CARGO_PKG_VERSION")
    )
}
