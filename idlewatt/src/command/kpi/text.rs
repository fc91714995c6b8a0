//! Figures as a table for people: a block for each period and group, then what they were reckoned with.
//!
//! A share is shown as a percentage; in JSON it is the ratio itself.

use std::io::Write;

use analyzer::kpi::{KPIS, Kpi, Published};
use analyzer::report::Row;
use deliver::kpi::{BASELINE, EXAMS, target_in_words};

use crate::config::Config;

/// Prints all rows; with `is_explained`, formulas, sources, targets and why a figure is left out.
pub(super) fn write(
    config: &Config,
    rows: &[Row],
    is_explained: bool,
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
            write_figure(kpi, row, currency, is_explained, out)?;
        }
        let calibrations = row.totals.exams.calibrations;
        if calibrations > 0 {
            writeln!(
                out,
                "  {calibrations} guessed calibration(s) left out of the examinations"
            )?;
        }
        if is_explained {
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
    if !is_explained {
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
    let (scale, unit) = match kpi.unit {
        "currency" => (1.0, currency),
        "1" if kpi.name.ends_with("_share") => (100.0, "%"),
        "1" => (1.0, ""),
        unit => (1.0, unit),
    };
    let published = kpi
        .published
        .map_or(String::new(), |band| published(band, scale, unit));
    for (state, answer) in kpi.values(&row.totals) {
        let state = state.map_or("", analyzer::State::name);
        match answer {
            Ok(value) => writeln!(
                out,
                "  {:<38} {state:<9} {:>14.3} {unit}{published}",
                kpi.name,
                value * scale
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

/// A single published value stands alone.
fn published(band: Published, scale: f64, unit: &str) -> String {
    let figure = |value: f64| (value * scale * 1000.0).round() / 1000.0;
    let (from, until) = (figure(band.from), figure(band.until));
    let range = if band.from < band.until {
        format!("{from} to {until}")
    } else {
        from.to_string()
    };
    format!("   published {range} {unit}").trim_end().to_owned()
}
