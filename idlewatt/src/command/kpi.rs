//! `idlewatt kpi`: the key figures of a range, by period and group, from the local history in the state folder, or
//! from the journal where there is no history or another configuration is to be tried.
//!
//! Read-only: the service may run beside it. Figures are worked out by `analyzer::report`, as for `/api/kpi`.

mod journal;
mod text;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use analyzer::report::{Group, Period, Question, Report};
use anyhow::{Context, bail, ensure};
use deliver::history::Reader;
use deliver::kpi::{BASELINE, EXAMS, FigureJson, KpiReport, RowJson};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::WrongArguments;
use crate::arguments;
use crate::config::Config;
use crate::pipeline::Files;
use crate::progress::{self, Progress};

/// Looked back so far where no begin is named.
const DAYS_DEFAULT: i64 = 7;

/// Prints key figures: energy and time by state, idle shares, kWh per examination, avoidable energy.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  idlewatt kpi -c idlewatt.toml --from 2026-10-01 --to 2026-11-01 --by room --period week --explain\n  \
                  idlewatt kpi --json | jq '.rows[] | {group, figures}'\n\n\
                  With --json:\n  One object, as /api/kpi answers: baseline, exams, currency, tariff, carbon_factor, figures (what each means), rows."
)]
pub struct Arguments {
    /// The configuration; its state folder holds history and journal
    #[arg(short, long, value_name = "FILE", default_value = "idlewatt.toml")]
    config: PathBuf,
    /// First local day (2026-11-01) or instant (RFC 3339); not said: seven days before the end
    #[arg(long, value_name = "DAY")]
    from: Option<String>,
    /// First local day or instant after the range; not said: now
    #[arg(long, value_name = "DAY")]
    to: Option<String>,
    /// Put devices together
    #[arg(long, value_name = "GROUP", default_value = "device", value_parser = arguments::groups())]
    by: String,
    /// Cut the range into local days, ISO weeks or months
    #[arg(long, value_name = "PERIOD", value_parser = arguments::periods())]
    period: Option<String>,
    /// Analyze the journal anew with this configuration, instead of reading the service's history
    #[arg(long)]
    journal: bool,
    /// Print JSON, as /api/kpi answers
    #[arg(long)]
    json: bool,
    /// Say formula, source and published band of each figure, the targets, and why a figure is left out
    #[arg(long)]
    explain: bool,
    #[command(flatten)]
    progress: progress::Asked,
}

/// Runs the command.
///
/// # Errors
/// The configuration has faults, a word is not known, or there is no history or journal to read.
pub fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let config = Config::load(&arguments.config)?.config;
    let question = question(arguments, &config.site.site.zone)?;
    let mut report = Report::new(question, config.facts());
    if arguments.journal {
        let progress = Progress::new(arguments.progress, "kpi", "batches", 0);
        journal::fill(&config, &mut report, |seq, last| progress.set_of(seq, last))?;
    } else {
        let path = Files(&config.state_dir).history();
        ensure!(
            path.exists(),
            "there is no history at {}; the service writes it (idlewatt serve -c {}), and --journal does without it",
            path.display(),
            arguments.config.display()
        );
        let reader = Reader::open(&path).context("the history cannot be read")?;
        reader.fill(&mut report)?;
    }
    let rows = report.finish();
    if arguments.json {
        let answer = KpiReport {
            baseline: BASELINE,
            exams: EXAMS,
            currency: config.site.site.tariff.currency.clone(),
            tariff: config.site.tariff_in_words(),
            carbon_factor: config.site.carbon_in_words(),
            figures: FigureJson::all(),
            rows: rows.iter().map(RowJson::from).collect(),
        };
        serde_json::to_writer_pretty(&mut *out, &answer)?;
        writeln!(out)?;
    } else {
        text::write(&config, &rows, arguments.explain, out)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn question(arguments: &Arguments, zone: &TimeZone) -> anyhow::Result<Question> {
    let until = match &arguments.to {
        Some(text) => instant(text, zone).context("--to")?,
        None => ingest::clock::wall(),
    };
    let from = match &arguments.from {
        Some(text) => instant(text, zone).context("--from")?,
        None => until - SignedDuration::from_hours(24 * DAYS_DEFAULT),
    };
    if from >= until {
        return Err(WrongArguments("--from must lie before --to".to_owned()).into());
    }
    let Some(group) = Group::named(&arguments.by) else {
        bail!(
            "--by {} is not known; write device, room, modality or site",
            arguments.by
        )
    };
    let period = arguments.period.as_deref().map(|word| {
        Period::named(word).with_context(|| format!("--period {word} is not known; write day, week or month"))
    });
    Ok(Question {
        from,
        until,
        zone: zone.clone(),
        period: period.transpose()?,
        group,
    })
}

/// A local day or an instant.
pub(super) fn instant(text: &str, zone: &TimeZone) -> anyhow::Result<Timestamp> {
    if let Ok(day) = text.parse::<Date>()
        && !text.contains('T')
    {
        return Ok(zone.to_timestamp(day.at(0, 0, 0, 0))?);
    }
    let what = || format!("'{text}' is no day and no instant; write 2026-11-01 or 2026-11-01T06:00:00Z");
    text.parse().map_err(|_| WrongArguments(what()).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_local_day_begins_at_local_midnight_and_an_instant_is_itself() {
        let paris = TimeZone::get("Europe/Paris").unwrap();
        let of = |text: &str| instant(text, &paris).unwrap().to_string();
        assert_eq!(of("2026-11-01"), "2026-10-31T23:00:00Z");
        assert_eq!(of("2026-07-01"), "2026-06-30T22:00:00Z");
        assert_eq!(of("2026-11-01T06:00:00Z"), "2026-11-01T06:00:00Z");
        assert!(instant("yesterday", &paris).is_err());
    }
}
