//! Sentences that HTML and Markdown share: what a report is of, alerts, faults, levels, figures with their units, factors.

use analyzer::kpi::Kpi;
use analyzer::learn::LearnedBand;
use analyzer::report::{Row, Target};

use super::statement::{Sheet, Statement};
use crate::page::speaker::Speaker;

const NOTHING: &str = "–";

/// When it was made, of what, and what it is compared with.
pub(crate) fn subtitle(statement: &Statement, speaker: &Speaker) -> String {
    let words = speaker.language.report_words();
    let before = statement.before_span.label(speaker, &statement.site.zone);
    let compared = if statement.is_baseline {
        format!("{} ({}) {before}", words.compared_with, words.baseline)
    } else {
        format!("{} {before}", words.compared_with)
    };
    format!(
        "{} {} · {compared} · {} {} {}",
        statement.sheets.len(),
        words.devices,
        words.made_at,
        speaker.date(statement.now),
        speaker.clock(statement.now)
    )
}

/// `Left idle outside opening hours 3 (1 open)`.
pub(crate) fn alerts(sheet: &Sheet, speaker: &Speaker) -> String {
    let words = speaker.language.report_words();
    let alerts = sheet.alerts.iter().map(|alerts| {
        let open = if alerts.open > 0 {
            format!(" ({} {})", alerts.open, words.still_open)
        } else {
            String::new()
        };
        format!("{}× {}{open}", alerts.count, speaker.rule(&alerts.rule))
    });
    joined(alerts)
}

/// `silent 4, counter went to zero 1`.
pub(crate) fn faults(sheet: &Sheet, speaker: &Speaker) -> String {
    let faults = sheet.faults.iter();
    joined(faults.map(|faults| format!("{}× {}", faults.count, speaker.fault(faults.kind))))
}

/// The levels that states were named by.
pub(crate) fn bands(sheet: &Sheet, speaker: &Speaker) -> String {
    let words = speaker.language.report_words();
    if let Some(bands) = &sheet.subject.bands {
        let bands = bands.as_slice().iter().map(|band| {
            format!(
                "{} {} … {}",
                speaker.state(band.state),
                speaker.power(band.from_w),
                speaker.power(band.until_w)
            )
        });
        return format!("{} ({})", joined(bands), words.bands_fixed);
    }
    let Some(learned) = sheet.learned.as_ref().filter(|learned| !learned.bands.is_empty()) else {
        return words.bands_published.to_owned();
    };
    let band = |band: &LearnedBand| {
        let doubt = if band.evidence.is_provisional() { "?" } else { "" };
        format!(
            "{}{doubt} {}",
            speaker.state(band.state),
            speaker.power(band.level_w)
        )
    };
    let bands = joined(learned.bands.iter().map(band));
    let scanning = learned.scanning_from_w.map_or_else(String::new, |power_w| {
        format!(", {} {}", words.scanning_from, speaker.power(power_w))
    });
    let is_provisional = learned.bands.iter().any(|band| band.evidence.is_provisional());
    let doubt = if is_provisional {
        format!("; ? {}", words.provisional)
    } else {
        String::new()
    };
    format!("{bands}{scanning} ({}{doubt})", words.bands_learned)
}

/// What a device's idling is measured against.
pub(crate) fn target(row: &Row, speaker: &Speaker) -> String {
    let words = speaker.language.report_words();
    match row.targets.first().map(|(_, target)| target) {
        Some(Target::Configured(power_w)) => {
            format!("{} ({})", speaker.power(*power_w), words.target_configured)
        }
        Some(Target::Observed { state, power_w, .. }) => format!(
            "{} ({} {})",
            speaker.power(*power_w),
            words.target_observed,
            speaker.state(*state).to_lowercase()
        ),
        Some(Target::None(_)) | None => NOTHING.to_owned(),
    }
}

/// A figure of the whole, with its unit; none where it has no data or is told by state.
pub(crate) fn whole(kpi: &Kpi, row: &Row, speaker: &Speaker, currency: &str) -> Option<String> {
    let value = kpi
        .values(&row.totals)
        .into_iter()
        .find_map(|(state, answer)| answer.ok().filter(|_| state.is_none()))?;
    Some(shown(kpi, value, speaker, currency))
}

/// What was published of a figure, with its unit.
pub(crate) fn published(kpi: &Kpi, speaker: &Speaker) -> String {
    let Some(band) = kpi.published else {
        return NOTHING.to_owned();
    };
    let (from, until) = (
        shown(kpi, band.from, speaker, ""),
        shown(kpi, band.until, speaker, ""),
    );
    if band.from < band.until {
        format!("{from} – {until}")
    } else {
        from
    }
}

fn shown(kpi: &Kpi, value: f64, speaker: &Speaker, currency: &str) -> String {
    match kpi.unit {
        "1" if kpi.name.ends_with("_share") => speaker.percent(value),
        "1" => number(value, speaker),
        "currency" if currency.is_empty() => speaker.figures(value),
        "currency" => speaker.money(value),
        unit => format!("{}\u{a0}{unit}", number(value, speaker)),
    }
}

/// A count has no decimals.
pub(crate) fn number(value: f64, speaker: &Speaker) -> String {
    if value.fract().abs() < 1e-9 {
        speaker.number(value, 0)
    } else {
        speaker.figures(value)
    }
}

/// Price, carbon and household, with source and year.
pub(crate) fn factors(statement: &Statement, speaker: &Speaker) -> [(&'static str, String); 3] {
    let site = &statement.site;
    let household = format!(
        "{}\u{a0}kWh {} ({})",
        speaker.number(site.household_kwh_per_year, 0),
        speaker.words.per_year,
        site.household
    );
    [
        (speaker.words.price, site.tariff.clone()),
        (speaker.words.carbon_factor, site.carbon.clone()),
        (speaker.words.household_is, household),
    ]
}

fn joined(texts: impl Iterator<Item = String>) -> String {
    let texts: Vec<String> = texts.collect();
    if texts.is_empty() {
        NOTHING.to_owned()
    } else {
        texts.join(", ")
    }
}
