//! `idlewatt replay`: analyzes the journal again with today's configuration.
//!
//! It reads the journal beside the running service and changes nothing: what would have been found is printed as JSON
//! lines, with a summary at the end. So a decoder's fix or a new opening hour can be looked at before it is used.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use analyzer::report::LedgerRows;
use analyzer::{Energy, Finding, State};
use deliver::public::FindingJson;
use ingest::decode::ReasonKind;
use ingest::record::Batch;
use jiff::Timestamp;

use crate::config::Config;
use crate::pipeline::{self, Interpreter};

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
    let mut journal = pipeline::journal(&config)?;
    let mut replay = Replay::new(&config, arguments)?;
    pipeline::walk(&mut journal, 0, |batches, last| {
        for batch in batches {
            replay.batch(batch);
        }
        replay.write(out)?;
        show_progress(batches, last);
        Ok(())
    })?;
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
    rows: LedgerRows,
    messages: u64,
    malformed: u64,
}

impl<'a> Replay<'a> {
    fn new(config: &Config, arguments: &'a Arguments) -> anyhow::Result<Self> {
        Ok(Self {
            arguments,
            interpreter: Interpreter::new(config)?,
            findings: Vec::new(),
            rows: LedgerRows::default(),
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
                Finding::Ledger(row) | Finding::Settled(row) => self.rows.put(row),
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
            for row in rows.iter() {
                print(&Finding::Ledger(row.clone()), self.arguments.since, out)?;
            }
            return Ok(out.flush()?);
        }
        let mut sums: BTreeMap<(&str, State), Energy> = BTreeMap::new();
        for row in rows.iter() {
            if self.arguments.since.is_none_or(|since| row.hour >= since) {
                *sums.entry((&row.device, row.state)).or_default() += row.energy;
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

fn show_progress(batches: &[Batch], last: u64) {
    let mut screen = std::io::stderr();
    if let Some(batch) = batches.last().filter(|_| screen.is_terminal()) {
        let _ = write!(screen, "\rbatch {} of {last} ", batch.seq);
    }
}
