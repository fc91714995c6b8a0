//! `idlewatt replay`: analyzes the journal again with today's configuration.
//!
//! It reads the journal beside the running service and changes nothing: what would have been found is printed as JSON
//! lines, with a summary at the end. So a decoder's fix or a new opening hour can be looked at before it is used.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use analyzer::{Energy, Finding, LedgerRow, State};
use anyhow::Context;
use deliver::public::FindingJson;
use ingest::decode::ReasonKind;
use ingest::journal::JournalReader;
use ingest::record::Batch;
use jiff::Timestamp;

use crate::config::Config;
use crate::pipeline::{Files, Interpreter};

/// Batches read at once.
const BATCHES_MAX: usize = 64;

/// Analyzes the journal again with today's configuration and prints what would have been found.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  idlewatt replay -c idlewatt.toml --since 2026-11-16T00:00:00Z > findings.jsonl\n  \
                        idlewatt replay -c idlewatt.toml --summary"
)]
pub struct Arguments {
    /// The configuration; its state folder holds the journal
    #[arg(short, long, value_name = "FILE", default_value = "idlewatt.toml")]
    config: PathBuf,
    /// Print only what was found of this instant or later (RFC 3339); the journal is read from its beginning all the same
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Print the energy by device and state instead of the findings
    #[arg(long)]
    summary: bool,
    /// Print the points of the power curve too
    #[arg(long)]
    samples: bool,
}

/// Replays the whole journal.
///
/// # Errors
/// The configuration has faults, or there is no journal to read.
pub fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let config = Config::load(&arguments.config)?.config;
    let path = Files(&config.state_dir).journal();
    anyhow::ensure!(
        path.exists(),
        "there is no journal at {}; the service writes it: idlewatt serve -c {}",
        path.display(),
        arguments.config.display()
    );
    let mut journal = JournalReader::open(&path).context("the journal cannot be read")?;
    let mut replay = Replay::new(&config, arguments)?;
    let (mut seq, last) = (0, journal.last_seq()?);
    while seq < last {
        let batches = journal.read_after(seq, BATCHES_MAX)?;
        let Some(newest) = batches.last() else { break };
        seq = newest.seq;
        for batch in &batches {
            replay.batch(batch);
        }
        replay.write(out)?;
        show_progress(seq, last);
    }
    replay.end(out)?;
    tracing::info!(
        messages = replay.messages,
        malformed = replay.malformed,
        damaged_batches = journal.damaged(),
        "replayed"
    );
    Ok(ExitCode::SUCCESS)
}

struct Replay<'a> {
    arguments: &'a Arguments,
    interpreter: Interpreter,
    findings: Vec<Finding>,
    /// The row said last of each ledger key.
    rows: BTreeMap<(String, Timestamp, State, bool, &'static str), LedgerRow>,
    messages: u64,
    malformed: u64,
}

impl<'a> Replay<'a> {
    fn new(config: &Config, arguments: &'a Arguments) -> anyhow::Result<Self> {
        Ok(Self {
            arguments,
            interpreter: Interpreter::new(config)?,
            findings: Vec::new(),
            rows: BTreeMap::new(),
            messages: 0,
            malformed: 0,
        })
    }

    fn batch(&mut self, batch: &Batch) {
        let (messages, malformed) = (&mut self.messages, &mut self.malformed);
        self.interpreter
            .batch(batch, &mut self.findings, |_, _, decoded| {
                *messages += 1;
                let is_malformed = decoded
                    .reason
                    .as_ref()
                    .is_some_and(|reason| reason.kind == ReasonKind::Malformed);
                *malformed += u64::from(is_malformed);
            });
    }

    /// Prints what is final; the ledger waits for the end, because later rows replace earlier ones.
    fn write(&mut self, out: &mut dyn Write) -> anyhow::Result<()> {
        for finding in self.findings.drain(..) {
            match finding {
                Finding::Ledger(row) => {
                    let key = (
                        row.device.to_string(),
                        row.hour,
                        row.state,
                        row.is_open,
                        row.tariff.name(),
                    );
                    self.rows.insert(key, row);
                }
                Finding::Sample(_) if !self.arguments.samples => {}
                finding if !self.arguments.summary => print(&finding, self.arguments.since, out)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write) -> anyhow::Result<()> {
        self.write(out)?;
        let rows = std::mem::take(&mut self.rows);
        if !self.arguments.summary {
            for row in rows.into_values() {
                print(&Finding::Ledger(row), self.arguments.since, out)?;
            }
            return Ok(out.flush()?);
        }
        let mut sums: BTreeMap<(String, State), Energy> = BTreeMap::new();
        for ((device, hour, state, ..), row) in rows {
            if self.arguments.since.is_none_or(|since| hour >= since) {
                *sums.entry((device, state)).or_default() += row.energy;
            }
        }
        writeln!(out, "{:<16} {:<10} {:>14}", "device", "state", "energy kWh")?;
        for ((device, state), energy) in sums {
            writeln!(out, "{device:<16} {state:<10} {:>14.3}", energy.kwh())?;
        }
        Ok(out.flush()?)
    }
}

fn print(finding: &Finding, since: Option<Timestamp>, out: &mut dyn Write) -> anyhow::Result<()> {
    let line = FindingJson::of(finding);
    if since.is_none_or(|since| line.at() >= since) {
        serde_json::to_writer(&mut *out, &line)?;
        writeln!(out)?;
    }
    Ok(())
}

fn show_progress(seq: u64, last: u64) {
    let mut screen = std::io::stderr();
    if screen.is_terminal() {
        let _ = write!(screen, "\rbatch {seq} of {last} ");
    }
}
