//! What a report cannot know, said plainly: gaps, unknown hours, estimated energy, names of levels that may still change,
//! a period that is not over.
//!
//! A person who compares two periods has to see here whether they can be compared.

use analyzer::Energy;
use jiff::{SignedDuration, Timestamp};

use super::figures::{known_share, unknown_energy, unknown_hours, value};
use super::statement::Statement;
use super::words::Words;
use crate::page::speaker::Speaker;

/// So many devices are named in a line, the rest is counted.
const NAMED_MAX: usize = 8;
/// Less than this is rounding, hours.
const HOURS_MIN: f64 = 0.05;
/// Below this share of counted energy it is said that the rest is estimated.
const COUNTED_SHARE_WHOLE: f64 = 0.999;
/// Shares of known time that differ by more make two periods hard to compare.
const KNOWN_SHARE_DIFFERENCE: f64 = 0.05;

/// One thing that is not known.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Unknown {
    /// The period is not over.
    NotOver { until: Timestamp },
    /// The history begins later.
    BeforeHistory { first: Timestamp },
    /// Nobody can say what devices did for so long.
    Hours { hours: f64, share: f64, energy: Energy },
    /// Nothing at all was heard of these.
    NothingHeard { devices: Vec<String> },
    /// So much energy was integrated from power.
    Estimated { energy: Energy, share: f64 },
    /// The names of their levels may still change.
    Provisional { devices: Vec<String> },
    /// Their meters are too slow to show scanning.
    TooCoarse { devices: Vec<String> },
    /// Savings are not reckoned for these.
    NoTarget { devices: Vec<String> },
    /// Older faults are forgotten.
    FaultsForgotten { since: Timestamp },
    /// The period before was known better or worse.
    Incomparable { share: f64, before: f64 },
    /// There is nothing to compare with.
    NothingBefore,
}

/// All that is not known of a statement.
pub(super) fn of(
    statement: &Statement,
    held: Option<(Timestamp, Timestamp)>,
    faults_from: Option<Timestamp>,
) -> Vec<Unknown> {
    let (figures, site) = (&statement.figures, &statement.figures.site);
    let mut unknowns = Vec::new();
    if statement.span.until > statement.now {
        let until = statement.now;
        unknowns.push(Unknown::NotOver { until });
    }
    let first = held
        .map(|(first, _)| first)
        .filter(|first| *first > figures.span.from);
    unknowns.extend(first.map(|first| Unknown::BeforeHistory { first }));
    let (hours, share) = (unknown_hours(site), 1.0 - known_share(site));
    if hours > HOURS_MIN {
        let energy = unknown_energy(site);
        unknowns.push(Unknown::Hours { hours, share, energy });
    }
    let counted = value(site, "counted_energy_share").unwrap_or(1.0);
    if counted < COUNTED_SHARE_WHOLE {
        let energy = site.totals.all().estimated;
        let share = 1.0 - counted;
        unknowns.push(Unknown::Estimated { energy, share });
    }
    unknowns.extend(of_devices(statement));
    let forgotten = faults_from.filter(|since| *since > figures.span.from);
    unknowns.extend(forgotten.map(|since| Unknown::FaultsForgotten { since }));
    match &statement.before {
        None => unknowns.push(Unknown::NothingBefore),
        Some(before) => {
            let (share, before) = (known_share(site), known_share(&before.site));
            if (share - before).abs() > KNOWN_SHARE_DIFFERENCE {
                unknowns.push(Unknown::Incomparable { share, before });
            }
        }
    }
    unknowns
}

fn of_devices(statement: &Statement) -> Vec<Unknown> {
    let names = |is_meant: &dyn Fn(&super::statement::Sheet) -> bool| -> Vec<String> {
        let sheets = statement.sheets.iter().filter(|sheet| is_meant(sheet));
        sheets.map(|sheet| sheet.subject.device.name.clone()).collect()
    };
    let is_silent = |sheet: &super::statement::Sheet| {
        let row = statement.figures.device(&sheet.subject.device.id);
        row.is_none_or(|row| row.totals.known().duration < SignedDuration::from_secs(1))
    };
    let is_provisional = |sheet: &super::statement::Sheet| {
        let learned = sheet.learned.as_ref().filter(|_| sheet.subject.bands.is_none());
        learned.is_some_and(|learned| learned.bands.iter().any(|band| band.evidence.is_provisional()))
    };
    let is_coarse = |sheet: &super::statement::Sheet| {
        sheet
            .learned
            .as_ref()
            .is_some_and(|learned| learned.is_too_coarse)
    };
    let no_target = statement.figures.without_target().into_iter();
    let no_target: Vec<String> = no_target
        .filter(|row| {
            statement
                .sheet(&row.group)
                .is_some_and(|sheet| sheet.subject.exempt.is_none())
        })
        .map(|row| statement.name(&row.group).to_owned())
        .collect();
    let told = [
        (
            names(&is_silent),
            (|devices| Unknown::NothingHeard { devices }) as fn(Vec<String>) -> Unknown,
        ),
        (names(&is_provisional), |devices| Unknown::Provisional { devices }),
        (names(&is_coarse), |devices| Unknown::TooCoarse { devices }),
        (no_target, |devices| Unknown::NoTarget { devices }),
    ];
    let is_any = |(devices, _): &(Vec<String>, _)| !devices.is_empty();
    told.into_iter()
        .filter(is_any)
        .map(|(devices, unknown)| unknown(devices))
        .collect()
}

impl Unknown {
    /// The stable word of the JSON.
    pub(crate) const fn kind(&self) -> &'static str {
        match self {
            Self::NotOver { .. } => "period_not_over",
            Self::BeforeHistory { .. } => "before_history",
            Self::Hours { .. } => "unknown_hours",
            Self::NothingHeard { .. } => "nothing_heard",
            Self::Estimated { .. } => "estimated_energy",
            Self::Provisional { .. } => "provisional_levels",
            Self::TooCoarse { .. } => "meter_too_slow",
            Self::NoTarget { .. } => "no_target",
            Self::FaultsForgotten { .. } => "faults_forgotten",
            Self::Incomparable { .. } => "hard_to_compare",
            Self::NothingBefore => "nothing_to_compare_with",
        }
    }

    /// For people.
    pub(crate) fn text(&self, speaker: &Speaker, words: &Words) -> String {
        let when = |at: Timestamp| format!("{} {}", speaker.date(at), speaker.clock(at));
        let listed = |text: &str, devices: &[String]| {
            let named = &devices[..devices.len().min(NAMED_MAX)];
            let more = match devices.len() - named.len() {
                0 => String::new(),
                more => format!(" + {more}"),
            };
            format!("{text}{}{}{more}.", speaker.words.colon, named.join(", "))
        };
        match self {
            Self::NotOver { until } => format!("{} {}.", words.not_over, when(*until)),
            Self::BeforeHistory { first } => format!("{} {}.", words.before_history, when(*first)),
            Self::Hours { hours, share, energy } => format!(
                "{}\u{a0}h ({}) {} {}.",
                speaker.number(*hours, usize::from(*hours < 10.0)),
                small_percent(speaker, *share),
                words.unknown_hours,
                speaker.energy(*energy)
            ),
            Self::NothingHeard { devices } => listed(words.nothing_heard, devices),
            Self::Estimated { energy, share } => format!(
                "{} ({}) {}.",
                speaker.energy(*energy),
                small_percent(speaker, *share),
                words.estimated_energy
            ),
            Self::Provisional { devices } => listed(words.provisional_levels, devices),
            Self::TooCoarse { devices } => listed(words.too_coarse, devices),
            Self::NoTarget { devices } => listed(words.no_target, devices),
            Self::FaultsForgotten { since } => format!("{} {}.", words.faults_forgotten, when(*since)),
            Self::Incomparable { share, before } => format!(
                "{} {} / {}.",
                words.hard_to_compare,
                speaker.percent(*share),
                speaker.percent(*before)
            ),
            Self::NothingBefore => words.nothing_before.to_owned(),
        }
    }
}

/// A small share is not rounded away.
pub(crate) fn small_percent(speaker: &Speaker, share: f64) -> String {
    if share > 0.0 && share < 0.01 {
        format!("<\u{a0}{}", speaker.percent(0.01))
    } else {
        speaker.percent(share)
    }
}
