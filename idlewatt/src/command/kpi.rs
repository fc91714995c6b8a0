//! `idlewatt kpi`: the key figures of a range, by period and group, from the local history in the state folder.
//!
//! Read-only: the service may run beside it. Figures are worked out by `analyzer::report`, as for `/api/kpi`.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use analyzer::kpi::{KPIS, Kpi};
use analyzer::report::{Group, Period, Question, Report, Row};
use anyhow::{Context, bail, ensure};
use deliver::history::Reader;
use deliver::kpi::{BASELINE, EXAMS, FigureJson, KpiReport, RowJson, target_in_words};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::config::Config;
use crate::pipeline::Files;

/// Looked back so far where no begin is named.
const DAYS_DEFAULT: i64 = 7;

/// Prints key figures: energy and time by state, idle shares, kWh per examination, avoidable energy.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Example:\n  idlewatt kpi -c idlewatt.toml --from 2026-10-01 --to 2026-11-01 --by room --period week --explain"
)]
pub struct Arguments {
    /// The configuration
    #[arg(short, long, value_name = "FILE", default_value = "idlewatt.toml")]
    config: PathBuf,
    /// First local day (2026-11-01) or instant (RFC 3339); not said: seven days before the end
    #[arg(long, value_name = "DAY")]
    from: Option<String>,
    /// First local day or instant after the range; not said: now
    #[arg(long, value_name = "DAY")]
    to: Option<String>,
    /// Put devices together by device, room, modality or site
    #[arg(long, value_name = "GROUP", default_value = "device")]
    by: String,
    /// Cut the range into local days, ISO weeks or months: day, week, month
    #[arg(long, value_name = "PERIOD")]
    period: Option<String>,
    /// Print JSON, as /api/kpi answers
    #[arg(long)]
    json: bool,
    /// Say formula, source and published band of each figure, the targets, and why a figure is left out
    #[arg(long)]
    explain: bool,
}

/// Runs the command.
///
/// # Errors
/// The configuration has faults, a word is not known, or there is no history to read.
pub fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let config = Config::load(&arguments.config)?.config;
    let path = Files(&config.state_dir).history();
    ensure!(
        path.exists(),
        "there is no history at {}; the service writes it: idlewatt serve -c {}",
        path.display(),
        arguments.config.display()
    );
    let question = question(arguments, &config.site.site.zone)?;
    let mut report = Report::new(question, config.facts());
    let reader = Reader::open(&path).context("the history cannot be read")?;
    reader.fill(&mut report)?;
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
        write_text(arguments, &config, &rows, out)?;
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
    ensure!(from < until, "--from must lie before --to");
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
fn instant(text: &str, zone: &TimeZone) -> anyhow::Result<Timestamp> {
    if let Ok(day) = text.parse::<Date>()
        && !text.contains('T')
    {
        return Ok(zone.to_timestamp(day.at(0, 0, 0, 0))?);
    }
    text.parse().ok().with_context(|| {
        format!("'{text}' is no day and no instant; write 2026-11-01 or 2026-11-01T06:00:00Z")
    })
}

fn write_text(
    arguments: &Arguments,
    config: &Config,
    rows: &[Row],
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let currency = &config.site.site.tariff.currency;
    for row in rows {
        let period = row.period.as_deref().unwrap_or("whole range");
        let (count, from, until) = (row.totals.devices, row.from, row.until);
        writeln!(
            out,
            "{} · {period} · {count} device(s) · {from} to {until}",
            row.group
        )?;
        for kpi in &KPIS {
            write_figure(kpi, row, currency, arguments.explain, out)?;
        }
        let calibrations = row.totals.exams.calibrations;
        if calibrations > 0 {
            writeln!(
                out,
                "  {calibrations} guessed calibration(s) left out of the examinations"
            )?;
        }
        if arguments.explain {
            for (device, target) in &row.targets {
                writeln!(out, "  target of {device}: {}", target_in_words(target))?;
            }
        }
        writeln!(out)?;
    }
    writeln!(out, "{BASELINE}")?;
    writeln!(out, "{EXAMS}")?;
    writeln!(out, "tariff: {}", config.site.tariff_in_words())?;
    writeln!(out, "carbon factor: {}", config.site.carbon_in_words())?;
    if !arguments.explain {
        writeln!(
            out,
            "figures without data are left out; --explain says why, with formulas and sources"
        )?;
    }
    Ok(out.flush()?)
}

fn write_figure(
    kpi: &Kpi,
    row: &Row,
    currency: &str,
    with_reasons: bool,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    let unit = match kpi.unit {
        "currency" => currency,
        "1" => "",
        unit => unit,
    };
    let published = kpi.published.map_or(String::new(), |band| {
        format!("   published {} to {}", band.from, band.until)
    });
    for (state, answer) in kpi.values(&row.totals) {
        let state = state.map_or("", analyzer::State::name);
        match answer {
            Ok(value) => writeln!(
                out,
                "  {:<38} {state:<9} {value:>14.3} {unit}{published}",
                kpi.name
            )?,
            Err(reason) if with_reasons => {
                writeln!(out, "  {:<38} {state:<9} {:>14} {reason}", kpi.name, "-")?;
            }
            Err(_) => {}
        }
    }
    if with_reasons {
        writeln!(out, "      = {} ({})", kpi.formula, kpi.source)?;
    }
    Ok(())
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
