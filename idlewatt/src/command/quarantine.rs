//! `idlewatt quarantine`: messages that could not be read, each with its reason; and what becomes of them.
//!
//! `list` and `show` read the journal's file beside the service, or without it. `drop` deletes rows there; SQLite lets one
//! write after the other, and the account counts the messages on. `replay` decodes them with today's configuration and, where
//! some can be read now, asks the service to analyze everything since the first of them again: only so do they go into
//! states and energy at their own time, once, and a replay of the journal says the same (docs/decisions/0015-replay.md).

mod text;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use ingest::decode::ReasonKind;
use ingest::quarantine::{Quarantine, Quarantined};
use ingest::record::Record;
use jiff::Timestamp;

use super::kpi::instant;
use crate::config::Config;
use crate::pipeline::{self, Files, rebuild};

/// Rows read at once.
const ROWS_AT_ONCE: usize = 1000;

/// Lists the messages that could not be read, shows one, and replays them after a mend.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  idlewatt quarantine list --topic ward-3 --since 2026-11-27\n  \
                  idlewatt quarantine show 4711:3\n  \
                  idlewatt quarantine replay\n  \
                  idlewatt quarantine drop --before 2026-10-01"
)]
pub struct Arguments {
    #[command(subcommand)]
    what: What,
    /// The service's configuration
    #[arg(
        short,
        long,
        value_name = "FILE",
        default_value = "idlewatt.toml",
        global = true
    )]
    config: PathBuf,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Lists messages, oldest first
    #[command(
        after_help = "Examples:\n  idlewatt quarantine list --topic ward-3 --since 2026-11-27\n  \
                      idlewatt quarantine list --json | idlewatt decode\n\n\
                      With --json:\n  A JSON object a line, oldest first: number, received, broker, topic, qos, retained, family, reason, cut, bytes, payload, and\n  \
                      payload_encoding (hex) where it is no text: `idlewatt decode` takes topic and payload as they stand here."
    )]
    List {
        #[command(flatten)]
        filter: Filter,
        /// Print JSON lines, payloads whole
        #[arg(long)]
        json: bool,
    },
    /// Shows one message whole
    #[command(after_help = "Examples:\n  idlewatt quarantine show 4711:3\n  \
                      idlewatt quarantine show 4711:3 --json | idlewatt decode\n\n\
                      With --json:\n  One JSON object on one line: number, received, broker, topic, qos, retained, family, reason, cut, bytes, payload, and\n  \
                      payload_encoding (hex) where it is no text: `idlewatt decode` takes topic and payload as they stand here.")]
    Show {
        /// Its number, as `list` prints it
        number: Number,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Decodes them with today's configuration; what can be read now goes into states and energy at its own time
    #[command(after_help = "Examples:\n  idlewatt quarantine replay --dry-run\n  \
                      idlewatt quarantine replay\n\n\
                      With --json:\n  One object: readable, unreadable, cut, older_than_journal (counts), since (RFC 3339, null where nothing can be read), is_asked.")]
    Replay {
        /// Only say what would happen
        #[arg(long)]
        dry_run: bool,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Throws messages away for good; the account goes on counting them
    #[command(after_help = "Examples:\n  idlewatt quarantine drop --before 2026-10-01\n\n\
                      With --json:\n  One object: dropped.")]
    Drop {
        /// Those received before this local day (2026-10-01) or instant (RFC 3339)
        #[arg(long, value_name = "DAY")]
        before: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
}

#[derive(Debug, clap::Args)]
struct Filter {
    /// Whose topic holds this text
    #[arg(long, value_name = "TEXT", default_value = "")]
    topic: String,
    /// Whose reason holds this text
    #[arg(long, value_name = "TEXT", default_value = "")]
    reason: String,
    /// Received from this local day (2026-11-27) or instant (RFC 3339) on
    #[arg(long, value_name = "DAY")]
    since: Option<String>,
}

/// Batch and position of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Number(u64, u64);

impl std::str::FromStr for Number {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let parts = text.split_once(':');
        let number = parts.and_then(|(seq, index)| Some(Self(seq.parse().ok()?, index.parse().ok()?)));
        number.ok_or_else(|| "write it as `list` prints it, e.g. 4711:3".to_owned())
    }
}

impl Filter {
    fn lets(&self, since: Option<Timestamp>, message: &Quarantined) -> bool {
        message.topic.contains(&self.topic)
            && message.reason.contains(&self.reason)
            && since.is_none_or(|since| message.received >= since)
    }
}

/// Does what is asked.
///
/// # Errors
/// The configuration has faults, or the journal cannot be read.
pub fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let config = Config::load(&arguments.config)?.config;
    pipeline::journal(&config)?;
    let mut quarantine = Quarantine::open(Files(&config.state_dir).journal(), &config.journal)?;
    let zone = &config.site.site.zone;
    match &arguments.what {
        What::List { filter, json } => list(&quarantine, &config, filter, *json, out)?,
        What::Show { number, json } => show(&quarantine, &config, *number, *json, out)?,
        What::Replay { dry_run, json } => {
            let outlook = outlook(&quarantine, &config)?;
            if *json {
                replay_in_json(&outlook, &config, *dry_run, out)?;
            } else {
                replay(&outlook, &config, *dry_run, out)?;
            }
        }
        What::Drop { before, json } => {
            let gone = quarantine.drop_before(instant(before, zone).context("--before")?)?;
            if *json {
                writeln!(out, "{}", serde_json::json!({ "dropped": gone }))?;
                return Ok(ExitCode::SUCCESS);
            }
            writeln!(out, "{gone} messages thrown away; they stay counted as put aside")?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Gives every message to `see`, some at a time.
fn each(
    quarantine: &Quarantine,
    mut see: impl FnMut(Quarantined) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut after = None;
    loop {
        let rows = quarantine
            .list(after, ROWS_AT_ONCE)
            .context("the quarantine cannot be read; has this version of `idlewatt serve` run once?")?;
        let Some(last) = rows.last() else {
            return Ok(());
        };
        after = Some((last.seq, last.index));
        rows.into_iter().try_for_each(&mut see)?;
    }
}

fn list(
    quarantine: &Quarantine,
    config: &Config,
    filter: &Filter,
    is_json: bool,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let zone = &config.site.site.zone;
    let since = filter.since.as_deref();
    let since = since
        .map(|since| instant(since, zone).context("--since"))
        .transpose()?;
    let mut shown = 0_u64;
    each(quarantine, |message| {
        if filter.lets(since, &message) {
            shown += 1;
            if is_json {
                writeln!(out, "{}", text::json(&message))?;
            } else {
                text::line(&message, zone, out)?;
            }
        }
        Ok(())
    })?;
    if !is_json {
        let count = quarantine.count()?;
        writeln!(
            out,
            "{shown} shown of {} in quarantine; {} gave way to newer ones, {} were thrown away",
            count.rows, count.evicted, count.dropped
        )?;
    }
    Ok(())
}

fn show(
    quarantine: &Quarantine,
    config: &Config,
    number: Number,
    is_json: bool,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let Number(seq, index) = number;
    let before = index
        .checked_sub(1)
        .map_or((seq.saturating_sub(1), u64::MAX), |before| (seq, before));
    let found = quarantine.list(Some(before), 1)?.pop();
    let found = found.filter(|message| (message.seq, message.index) == (seq, index));
    let message = found.with_context(|| {
        format!("no message {seq}:{index} is in quarantine; `idlewatt quarantine list` shows what is")
    })?;
    if is_json {
        writeln!(out, "{}", text::json(&message))?;
        return Ok(());
    }
    text::whole(&message, &config.site.site.zone, out)?;
    Ok(())
}

/// What today's decoders make of the quarantine.
#[derive(Default)]
struct Outlook {
    readable: u64,
    unreadable: u64,
    cut: u64,
    /// Readable, but their batch is no longer in the journal.
    out_of_reach: u64,
    /// The earliest instant of a message that can be read.
    since: Option<Timestamp>,
}

fn outlook(quarantine: &Quarantine, config: &Config) -> anyhow::Result<Outlook> {
    let first = pipeline::journal(config)?.first_seq()?.unwrap_or(u64::MAX);
    let mut interpreter = pipeline::recall(config, |_, _| {})?;
    let mut outlook = Outlook::default();
    each(quarantine, |message| {
        if message.is_cut {
            outlook.cut += 1;
            return Ok(());
        }
        let (seq, record) = (message.seq, record(message));
        let decoded = interpreter.look(&record);
        let is_malformed = decoded
            .reason
            .as_ref()
            .is_some_and(|reason| reason.kind == ReasonKind::Malformed);
        match (is_malformed, seq < first) {
            (true, _) => outlook.unreadable += 1,
            (false, true) => outlook.out_of_reach += 1,
            (false, false) => {
                outlook.readable += 1;
                let stamps = decoded.readings.iter().filter_map(|reading| reading.stamp);
                let earliest = stamps.chain([record.received]).min();
                outlook.since = outlook.since.into_iter().chain(earliest).min();
            }
        }
        Ok(())
    })?;
    Ok(outlook)
}

fn record(message: Quarantined) -> Record {
    Record {
        received: message.received,
        topic: message.topic,
        payload: message.payload,
        qos: message.qos,
        is_retained: message.is_retained,
        is_after_outage: false,
        packet_id: 0,
        broker: 0,
    }
}

fn replay_in_json(
    outlook: &Outlook,
    config: &Config,
    dry_run: bool,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let journal = pipeline::journal(config)?;
    let since = outlook.since.filter(|_| !dry_run);
    if let Some(since) = since {
        rebuild::ask(&config.state_dir, since)?;
    }
    let from = outlook
        .since
        .map(|since| rebuild::earliest(config, &journal, since));
    let answer = serde_json::json!({
        "readable": outlook.readable,
        "unreadable": outlook.unreadable,
        "cut": outlook.cut,
        "older_than_journal": outlook.out_of_reach,
        "since": from.transpose()?.map(|from| from.to_string()),
        "is_asked": since.is_some(),
    });
    Ok(writeln!(out, "{answer}")?)
}

fn replay(outlook: &Outlook, config: &Config, dry_run: bool, out: &mut dyn Write) -> anyhow::Result<()> {
    writeln!(
        out,
        "{} messages can be read now, {} still cannot, {} were cut when they came, {} are older than the journal",
        outlook.readable, outlook.unreadable, outlook.cut, outlook.out_of_reach
    )?;
    let Some(since) = outlook.since else {
        writeln!(out, "nothing to replay")?;
        return Ok(());
    };
    let journal = pipeline::journal(config)?;
    let from = rebuild::earliest(config, &journal, since)?;
    if dry_run {
        writeln!(
            out,
            "a replay would analyze the journal again and write everything since {from} anew"
        )?;
        return Ok(());
    }
    rebuild::ask(&config.state_dir, since)?;
    writeln!(
        out,
        "asked for: everything since {from} is analyzed again and written anew, these messages at their own time.\n{}",
        rebuild::HOW
    )?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_printed() {
        assert_eq!("4711:3".parse(), Ok(Number(4711, 3)));
        for bad in ["", "4711", "a:b", "1:2:3"] {
            assert!(bad.parse::<Number>().is_err(), "{bad}");
        }
    }
}
