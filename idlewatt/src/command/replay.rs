//! `idlewatt replay`: analyzes the journal again with today's configuration.
//!
//! It reads the journal beside the running service and changes nothing: what would have been found is printed as JSON
//! lines, with a summary at the end. So a decoder's fix or a new opening hour can be looked at before it is used. With
//! `--write` the service is asked to apply it to the past (`write`).

mod write;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use analyzer::report::LedgerRows;
use analyzer::{Energy, Finding, State};
use anyhow::Context;
use deliver::public::FindingJson;
use ingest::decode::ReasonKind;
use jiff::Timestamp;

use super::kpi::instant;
use crate::config::Config;
use crate::pipeline::{self, Interpreter};
use crate::progress::{self, Progress};

/// Analyzes the journal again with today's configuration and prints what would have been found.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  idlewatt replay -c idlewatt.toml --since 2026-11-16 > findings.jsonl\n  \
                  idlewatt replay -c idlewatt.toml --summary\n  \
                  idlewatt replay -c idlewatt.toml --since 2026-11-16 --write\n\n\
                  Output:\n  A JSON object a line; kind says what it is. The ledger comes last, because later rows replace earlier ones.\n\n\
                  With --json:\n  --summary: one object, energy: [{device, state, energy_wh}]. --write: one object: since, from, batches, sinks, next."
)]
pub struct Arguments {
    /// The configuration; its state folder holds the journal
    #[arg(short, long, value_name = "FILE", default_value = "idlewatt.toml")]
    config: PathBuf,
    /// Print only what was found from this local day (2026-11-16) or instant (RFC 3339) on; the journal is read from its
    /// beginning all the same
    #[arg(long, value_name = "DAY")]
    since: Option<String>,
    /// Have it written: the service analyzes the journal again and writes everything since --since anew, in place
    #[arg(long, requires = "since", conflicts_with_all = ["summary", "samples"])]
    write: bool,
    /// Print the energy by device and state instead of the findings
    #[arg(long)]
    summary: bool,
    /// Print the points of the power curve too
    #[arg(long)]
    samples: bool,
    /// Print JSON: the summary as one object, the answer to --write as one; findings are JSON lines anyhow
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    progress: progress::Asked,
}

/// Replays the whole journal.
///
/// # Errors
/// The configuration has faults, or there is no journal to read.
pub fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let config = Config::load(&arguments.config)?.config;
    let since = arguments.since.as_deref();
    let since = since.map(|since| instant(since, &config.site.site.zone).context("--since"));
    let since = since.transpose()?;
    if let Some(since) = since.filter(|_| arguments.write) {
        write::write(&config, since, arguments.json, out)?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut journal = pipeline::journal(&config)?;
    let (mut replay, mut interpreter) = (Replay::new(arguments, since), Interpreter::new(&config)?);
    let (mut messages, mut malformed) = (0_u64, 0_u64);
    let progress = Progress::new(arguments.progress, "replay", "batches", journal.last_seq()?);
    pipeline::analyze(
        &mut journal,
        0,
        &mut interpreter,
        |decoded| {
            messages += 1;
            let reason = decoded.reason.as_ref();
            malformed += u64::from(reason.is_some_and(|reason| reason.kind == ReasonKind::Malformed));
        },
        |findings, seq, last| {
            replay.write(findings, out)?;
            progress.set_of(seq, last);
            Ok(())
        },
    )?;
    drop(progress);
    replay.end(out)?;
    tracing::info!(
        messages,
        malformed,
        damaged_batches = journal.damaged(),
        "replayed"
    );
    Ok(ExitCode::SUCCESS)
}

struct Replay<'a> {
    arguments: &'a Arguments,
    since: Option<Timestamp>,
    rows: LedgerRows,
}

impl<'a> Replay<'a> {
    fn new(arguments: &'a Arguments, since: Option<Timestamp>) -> Self {
        Self {
            arguments,
            since,
            rows: LedgerRows::default(),
        }
    }

    /// Prints what is final; the ledger waits for the end, because later rows replace earlier ones.
    fn write(&mut self, findings: &mut Vec<Finding>, out: &mut dyn Write) -> anyhow::Result<()> {
        for finding in findings.drain(..) {
            match finding {
                Finding::Ledger(row) | Finding::Settled(row) => self.rows.put(row),
                Finding::Sample(_) if !self.arguments.samples => {}
                finding if !self.arguments.summary => print(&finding, self.since, out)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn end(&mut self, out: &mut dyn Write) -> anyhow::Result<()> {
        let rows = std::mem::take(&mut self.rows);
        if !self.arguments.summary {
            for row in rows.iter() {
                print(&Finding::Ledger(row.clone()), self.since, out)?;
            }
            return Ok(out.flush()?);
        }
        let mut sums: BTreeMap<(&str, State), Energy> = BTreeMap::new();
        for row in rows.iter() {
            if self.since.is_none_or(|since| row.hour >= since) {
                *sums.entry((&row.device, row.state)).or_default() += row.energy;
            }
        }
        if self.arguments.json {
            let rows = sums.iter().map(|((device, state), energy)| {
                serde_json::json!({ "device": device, "state": state.name(), "energy_wh": energy.wh() })
            });
            let rows: Vec<_> = rows.collect();
            writeln!(out, "{:#}", serde_json::json!({ "energy": rows }))?;
            return Ok(out.flush()?);
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
