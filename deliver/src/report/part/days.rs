//! Idle energy by day, with the mean of the time before.

use analyzer::report::Idle;
use jiff::civil::Date;
use maud::{Markup, html};

use super::super::chart;
use crate::page::speaker::Speaker;
use crate::report::figures::Figures;

/// Every day of the span has its place, also those without idling.
pub(crate) fn all(figures: &Figures) -> Vec<(Date, Idle)> {
    let days = &figures.idling.days;
    let (Some((first, _)), Some((last, _))) = (days.first_key_value(), days.last_key_value()) else {
        return Vec::new();
    };
    let every = first.series(jiff::ToSpan::days(1)).take_while(|day| day <= last);
    every
        .map(|day| (day, days.get(&day).copied().unwrap_or_default()))
        .collect()
}

/// Draws them; the line is the mean of closed hours before.
pub(crate) fn days(speaker: &Speaker, figures: &Figures, before: Option<(&Figures, &str)>) -> Markup {
    let words = speaker.language.report_words();
    let mean_before = before.map(|(before, _)| before.closed_kwh_a_day());
    let days = all(figures);
    let most = days.iter().max_by_key(|(_, idle)| idle.all);
    let label = most.map_or_else(
        || words.no_waste.to_owned(),
        |(day, idle)| {
            format!(
                "{}. {} {day}, {}.",
                words.by_day,
                words.heat_most,
                speaker.energy(idle.all)
            )
        },
    );
    html! {
        figure.chart {
            (super::chart(&label, |width| chart::days(&days, mean_before, width, speaker)))
            figcaption {
                span.key data-part="closed" { (words.closed_hours) } " " span.key data-part="open" { (words.open_hours) }
                @if let (Some((_, label)), Some(mean)) = (before, mean_before) {
                    " " span.key data-part="before" { (words.mean_before) " " (label) ", " (speaker.figures(mean)) " kWh " (words.per_day) }
                }
            }
        }
    }
}
