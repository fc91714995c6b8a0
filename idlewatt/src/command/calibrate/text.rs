//! The review as a person reads it in a terminal.

use std::io::{self, Write};

use analyzer::State;
use analyzer::band::Band;
use analyzer::learn::LearnedBand;

use super::picture;
use super::review::Review;

/// Writes table, edges, differences and picture.
pub(super) fn write(review: &Review, is_coloured: bool, out: &mut dyn Write) -> io::Result<()> {
    let learned = &review.learned;
    let (count, hours) = (learned.bands.len(), learned.seconds() / 3600.0);
    let levels = if count == 1 { "level" } else { "levels" };
    writeln!(
        out,
        "{} ({}): {count} {levels} learned from {hours:.1} h, older time counting less",
        review.name, review.modality.label
    )?;
    if review.fixed.is_some() {
        writeln!(
            out,
            "The configuration fixes its bands: what is shown here was learned beside them and does not hold."
        )?;
    } else if review.modality.names.is_empty() {
        writeln!(
            out,
            "Nothing is learned of this kind of device: its published levels hold."
        )?;
    } else if learned.bands.is_empty() {
        writeln!(out, "No level is known yet: the published ones hold.")?;
    }
    writeln!(out)?;
    write_table(review, is_coloured, out)?;
    writeln!(out)?;
    write_scanning(review, out)?;
    write_differences(review, out)?;
    writeln!(out)?;
    picture::write(review, is_coloured, out)
}

fn write_table(review: &Review, is_coloured: bool, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "  {:<24} {:>8} {:>8} {:>8} {:>8} {:>7} {:>7} {:>7} {:>7}  confidence",
        "means", "level", "from", "until", "seen", "time", "steady", "apart", "pulses"
    )?;
    for band in &review.learned.bands {
        let evidence = &band.evidence;
        let name = band.label.as_ref().map_or_else(
            || band.state.to_string(),
            |label| format!("{} ({label})", band.state),
        );
        let (from_w, until_w) = band.edges_w();
        writeln!(
            out,
            "  {} {:>8} {:>8} {:>8} {:>8} {:>7} {:>7} {:>7} {:>7.0}  {}",
            painted(&format!("{name:<24}"), band.state, is_coloured),
            watts(band.level_w),
            or_dash(from_w.map(watts)),
            or_dash(until_w.map(watts)),
            format!("{:.1} h", evidence.seconds / 3600.0),
            percent(review.share(band.from_w, band.until_w)),
            percent(evidence.stability),
            or_dash(evidence.separation.map(apart)),
            evidence.launches,
            confidence(band)
        )?;
    }
    let scanning = review
        .bands
        .as_slice()
        .iter()
        .filter(|band| band.state == State::Scanning);
    let unseen = review
        .unseen()
        .into_iter()
        .map(|band| (band, "not seen yet, published place"));
    for (band, note) in unseen.chain(scanning.map(|band| (band, "acquisition, by its power alone"))) {
        write_band(review, band, note, is_coloured, out)?;
    }
    writeln!(
        out,
        "  seen: held still there; steady: of it in long stretches; apart: the next level of another name;\n  pulses: \
         work that rose from there"
    )
}

fn write_band(
    review: &Review,
    band: &Band,
    note: &str,
    is_coloured: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let edge = |watts_: f64| or_dash((f64::MIN < watts_ && watts_ < f64::MAX).then(|| watts(watts_)));
    writeln!(
        out,
        "  {} {:>8} {:>8} {:>8} {:>8} {:>7} {:>7} {:>7} {:>7}  {note}",
        painted(&format!("{:<24}", band.state.name()), band.state, is_coloured),
        "-",
        edge(band.from_w),
        edge(band.until_w),
        "-",
        percent(review.share(band.from_w, band.until_w)),
        "-",
        "-",
        "-"
    )
}

fn write_scanning(review: &Review, out: &mut dyn Write) -> io::Result<()> {
    let learned = &review.learned;
    let Some(acquisition) = review.modality.acquisition else {
        return writeln!(
            out,
            "Nothing is acquired with this kind of device: scanning is never claimed."
        );
    };
    let (interval_s, max_s) = (learned.interval_s, acquisition.interval_s_max);
    if learned.is_too_coarse {
        writeln!(
            out,
            "The meter tells something new every {interval_s:.1} s: too slow for scans, which need a reading at least \
             every {max_s} s.\nScanning is not claimed. Let the meter report every second or two, or at each change."
        )?;
        return Ok(());
    }
    if let Some(scanning_from_w) = learned.scanning_from_w {
        let scouts = learned.scout_from_w.map(|scout_from_w| {
            format!(
                "; from {} already where other scans are near (scouts)",
                watts(scout_from_w)
            )
        });
        writeln!(
            out,
            "Scanning begins at {}{}.",
            watts(scanning_from_w),
            scouts.unwrap_or_default()
        )?;
    }
    writeln!(
        out,
        "The meter tells something new every {interval_s:.1} s: fast enough for scans (at least every {max_s} s)."
    )
}

fn write_differences(review: &Review, out: &mut dyn Write) -> io::Result<()> {
    let differences = review.differences();
    if differences.is_empty() {
        return writeln!(out, "The published levels would say the same of all this time.");
    }
    let share: f64 = differences.iter().map(|difference| difference.share).sum();
    writeln!(
        out,
        "The published levels would call {} of the time otherwise:",
        percent(share)
    )?;
    for it in differences {
        writeln!(
            out,
            "  {} to {}, {} of the time: {}, published as {}",
            watts(it.from_w),
            watts(it.until_w),
            percent(it.share),
            it.learned,
            it.published
        )?;
    }
    Ok(())
}

fn confidence(band: &LearnedBand) -> String {
    let evidence = &band.evidence;
    let word = match (evidence.is_pinned, evidence.is_provisional()) {
        (true, _) => "named by you",
        (false, true) => "provisional",
        (false, false) => "known",
    };
    let cycle = band
        .cycles_until_w
        .map(|until_w| format!(", cycles up to {}", watts(until_w)));
    format!("{:.2} {word}{}", evidence.confidence, cycle.unwrap_or_default())
}

/// How far away, in ratios, the next level of another name is.
fn apart(ratio_ln: f64) -> String {
    let ratio = ratio_ln.exp();
    if ratio < 2.0 {
        percent(ratio - 1.0)
    } else {
        format!("{ratio:.1} x")
    }
}

fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "-".to_owned())
}

/// A power with three figures.
pub(super) fn watts(power_w: f64) -> String {
    let (amount, unit) = if power_w.abs() < 999.5 {
        (power_w, "W")
    } else {
        (power_w / 1000.0, "kW")
    };
    let decimals = match amount.abs() {
        amount if amount >= 99.95 => 0,
        amount if amount >= 9.995 => 1,
        _ if unit == "W" => 1,
        _ => 2,
    };
    format!("{amount:.decimals$} {unit}")
}

/// A round power, as it stands at an axis.
pub(super) fn round_watts(power_w: f64) -> String {
    if power_w < 999.5 {
        format!("{power_w:.0} W")
    } else {
        format!("{:.0} kW", power_w / 1000.0)
    }
}

/// A part of one, with as many figures as it needs.
pub(super) fn percent(part: f64) -> String {
    if part < 0.000_05 {
        return if part > 0.0 { "< 0.01 %" } else { "0 %" }.to_owned();
    }
    let decimals = usize::from(part < 0.0995) + usize::from(part < 0.00995);
    format!("{:.decimals$} %", part * 100.0)
}

/// A text in the colour of a state, where colours are wanted.
pub(super) fn painted(text: &str, state: State, is_coloured: bool) -> String {
    let code = match state {
        State::Scanning => 36,
        State::Idle => 33,
        State::Standby => 34,
        State::Off => 90,
        State::Unknown => 35,
    };
    if is_coloured {
        format!("\u{1b}[{code}m{text}\u{1b}[0m")
    } else {
        text.to_owned()
    }
}
