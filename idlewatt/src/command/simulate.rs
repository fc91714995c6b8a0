//! `idlewatt simulate`: plays a scenario to a broker, with the truth alongside.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use ingest::session::BrokerConfig;
use jiff::{SignedDuration, Timestamp};
use simulator::{BUILT_IN, BrokerOptions, Message, PlayOptions, Played, Scenario, Simulation, Speed, play};

use super::serve::{runtime, stop_signal};
use crate::progress::{self, Progress};

/// Plays synthetic meters to a broker.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  idlewatt simulate demo --broker mqtt://localhost:1883 --speed 60\n  \
                  idlewatt simulate my.toml --broker mqtt://localhost:1883 --speed max --clock-topic simulator/clock --truth truth.jsonl\n  \
                  idlewatt simulate ct_room --days 1 | idlewatt decode\n\n\
                  Output:\n  With --broker nothing. Without it a JSON object a line: at, topic, payload, qos, retained.\n\n\
                  With --json:\n  One object at the end: published_by_qos, acknowledged_by_qos (counts at QoS 0, 1, 2), refused, resent, reconnections, is_interrupted."
)]
pub struct Arguments {
    /// A built-in scenario (`ct_room`, demo, faulty, week) or a scenario file
    scenario: String,
    /// Where to publish: mqtt://host:port; left out, the messages are written to standard output as JSON lines
    #[arg(long, value_name = "URL")]
    broker: Option<String>,
    /// Simulated seconds a second, or `max`
    #[arg(long, default_value = "1", value_parser = parse_speed)]
    speed: Speed,
    /// State the simulated time on this topic: the receiver's `clock_topic`
    #[arg(long, value_name = "TOPIC")]
    clock_topic: Option<String>,
    /// Publish everything at `QoS` 1, whatever the meter would do
    #[arg(long)]
    qos1: bool,
    /// Write what really happened to this file, as JSON lines
    #[arg(long, value_name = "FILE")]
    truth: Option<PathBuf>,
    /// The first instant (RFC 3339) instead of the scenario's
    #[arg(long, value_name = "TIME")]
    start: Option<Timestamp>,
    /// Days instead of the scenario's
    #[arg(long)]
    days: Option<u32>,
    /// The seed instead of the scenario's
    #[arg(long)]
    seed: Option<u64>,
    /// Print what became of the messages as one JSON object, at the end
    #[arg(long, requires = "broker")]
    json: bool,
    #[command(flatten)]
    progress: progress::Asked,
    /// User at the broker; the password comes from the environment variable `IDLEWATT_SIMULATE_PASSWORD`
    #[arg(long)]
    username: Option<String>,
}

fn parse_speed(word: &str) -> Result<Speed, String> {
    if word == "max" {
        return Ok(Speed::AsFastAsPossible);
    }
    let times = word
        .parse::<f64>()
        .ok()
        .filter(|times| times.is_finite() && *times > 0.0);
    times
        .map(Speed::Times)
        .ok_or_else(|| "write a number above 0, or max".to_owned())
}

/// Plays until the scenario's end or a signal.
///
/// # Errors
/// The scenario has faults, the broker cannot be reached, or a file cannot be written.
pub fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let scenario = scenario(arguments)?;
    let mut simulation = Simulation::new(&scenario);
    let mut truth = arguments.truth.as_deref().map(Truth::create).transpose()?;
    let Some(url) = &arguments.broker else {
        for message in simulation.by_ref() {
            write_message(out, &message)?;
        }
        return finish(truth, simulation);
    };
    let (broker, options) = (broker(url, arguments)?, options(arguments));
    let messages = std::iter::from_fn(|| {
        let message = simulation.next();
        if let Some(truth) = &mut truth {
            truth.write(simulation.drain_truth());
        }
        message
    });
    let whole_s = seconds(scenario.end().duration_since(scenario.start));
    let shown = Progress::new(arguments.progress, "simulate", "simulated seconds", whole_s);
    let progress = |played: &Played| {
        if let Some(simulated) = played.simulated {
            let known = format!("{simulated}, {} messages", played.published_total());
            shown.tell(seconds(simulated.duration_since(scenario.start)), &known);
        }
    };
    let stop = async {
        if stop_signal().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    let played = runtime()?.block_on(play(messages, &broker, &options, stop, progress))?;
    drop(shown);
    tracing::info!(
        published = ?played.published,
        acknowledged = ?played.acknowledged,
        refused = played.refused,
        resent = played.resent,
        reconnections = played.reconnections,
        interrupted = played.interrupted,
        "played; figures are per QoS 0, 1, 2"
    );
    if arguments.json {
        writeln!(out, "{}", summary(&played))?;
    }
    finish(truth, simulation)
}

fn scenario(arguments: &Arguments) -> anyhow::Result<Scenario> {
    let name = arguments.scenario.as_str();
    let mut scenario = if BUILT_IN.iter().any(|(built_in, _)| *built_in == name) {
        Scenario::builtin(name)?
    } else {
        let names: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
        let text = std::fs::read_to_string(name)
            .with_context(|| format!("'{name}' is neither a file nor one of {}", names.join(", ")))?;
        Scenario::from_toml(&text).with_context(|| format!("in {name}"))?
    };
    if let Some(start) = arguments.start {
        scenario = scenario.starting_at(start);
    }
    if let Some(seed) = arguments.seed {
        scenario = scenario.with_seed(seed);
    }
    scenario.days = arguments.days.unwrap_or(scenario.days);
    Ok(scenario)
}

fn broker(url: &str, arguments: &Arguments) -> anyhow::Result<BrokerOptions> {
    let config = BrokerConfig {
        url: url.to_owned(),
        ..BrokerConfig::default()
    };
    let address = config
        .address()
        .map_err(|what| anyhow::anyhow!("--broker {url} {what}"))?;
    anyhow::ensure!(
        !address.is_tls,
        "--broker {url}: the player speaks plain MQTT only; use mqtt://"
    );
    let mut options = BrokerOptions::new(address.host, address.port, "idlewatt-simulate");
    options.username.clone_from(&arguments.username);
    options.password = std::env::var("IDLEWATT_SIMULATE_PASSWORD").ok();
    Ok(options)
}

fn options(arguments: &Arguments) -> PlayOptions {
    PlayOptions {
        speed: arguments.speed,
        clock_topic: arguments.clock_topic.clone(),
        force_qos_1: arguments.qos1,
        ..PlayOptions::default()
    }
}

fn seconds(duration: SignedDuration) -> u64 {
    u64::try_from(duration.as_secs()).unwrap_or_default()
}

/// What became of the messages, for scripts.
fn summary(played: &Played) -> serde_json::Value {
    serde_json::json!({
        "published_by_qos": played.published,
        "acknowledged_by_qos": played.acknowledged,
        "refused": played.refused,
        "resent": played.resent,
        "reconnections": played.reconnections,
        "is_interrupted": played.interrupted,
    })
}

fn write_message(out: &mut dyn Write, message: &Message) -> anyhow::Result<()> {
    let payload = String::from_utf8_lossy(&message.payload);
    let line = serde_json::json!({
        "at": message.at.to_string(),
        "topic": &*message.topic,
        "payload": payload,
        "qos": message.qos,
        "retained": message.retain,
    });
    Ok(writeln!(out, "{line}")?)
}

fn finish(truth: Option<Truth>, simulation: Simulation) -> anyhow::Result<ExitCode> {
    let rest = simulation.finish();
    if let Some(mut truth) = truth {
        truth.write(rest);
        truth.end()?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The file of what really happened; the first error of writing is kept for the end.
struct Truth {
    file: BufWriter<File>,
    error: Option<std::io::Error>,
}

impl Truth {
    fn create(path: &std::path::Path) -> anyhow::Result<Self> {
        let file =
            File::create(path).with_context(|| format!("cannot write the truth to {}", path.display()))?;
        Ok(Self {
            file: BufWriter::new(file),
            error: None,
        })
    }

    fn write(&mut self, records: Vec<simulator::TruthRecord>) {
        for record in records {
            let written = serde_json::to_writer(&mut self.file, &record).map_err(std::io::Error::from);
            let written = written.and_then(|()| writeln!(self.file));
            self.error = self.error.take().or(written.err());
        }
    }

    fn end(mut self) -> anyhow::Result<()> {
        let flushed = self.file.flush();
        match self.error {
            Some(error) => Err(error).context("the truth could not be written"),
            None => Ok(flushed?),
        }
    }
}
