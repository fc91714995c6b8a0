//! The page that is read in a minute: what was wasted, by whom, when, and what resting would save.

use maud::{Markup, html};

use super::super::super::advice::Advice;
use super::super::super::figures::RATIO_PUBLISHED_FOR;
use super::super::super::part::{days, headline, heat, ratio, savings, trend};
use super::super::super::statement::Statement;
use super::super::super::{REST_HOURS, WORST};
use crate::page::speaker::Speaker;

/// Hours of rest that are compared.
const HOURS: [u32; 3] = [8, 10, 12];

/// The page.
pub(super) fn page(statement: &Statement, speaker: &Speaker) -> Markup {
    let (words, figures) = (statement.language.report_words(), &statement.figures);
    let before_label = statement.before_span.label(speaker, &statement.site.zone);
    let before = statement
        .before
        .as_ref()
        .map(|before| (before, before_label.as_str()));
    let ratios: Vec<(String, f64)> = figures
        .ratios()
        .into_iter()
        .map(|(row, ratio)| (statement.name(&row.group).to_owned(), ratio))
        .collect();
    let others_than_ct = figures
        .ratios()
        .iter()
        .any(|(row, _)| figures.modality_of(&row.group) != RATIO_PUBLISHED_FOR);
    let left_out = figures.without_target().into_iter();
    let left_out: Vec<String> = left_out
        .map(|row| statement.name(&row.group).to_owned())
        .collect();
    html! {
        section.manager {
            (headline(speaker, &statement.site, figures))
            @if let Some((before, label)) = before { p.trend { (trend(speaker, figures, before, label)) } }
            h2 { (words.worst) }
            (worst(statement, speaker))
            div.halves {
                div { h2 { (words.by_day) } (days(speaker, figures, before)) }
                div { h2 { (words.ratio) } (ratio(speaker, &ratios, others_than_ct)) }
            }
            h2 { (words.heat) }
            (heat(speaker, figures, false))
            h2 { (words.savings) }
            (savings(speaker, &statement.site, figures, (&HOURS, REST_HOURS), &left_out))
            (unknown(statement, speaker))
        }
    }
}

fn worst(statement: &Statement, speaker: &Speaker) -> Markup {
    let words = statement.language.report_words();
    let worst: Vec<_> = statement.worst().into_iter().take(WORST).collect();
    html! {
        @if worst.is_empty() { p.none { (words.no_waste) } }
        @else {
            ol.worst { @for (sheet, row, idling) in worst {
                li {
                    p.who { b { (sheet.subject.device.name) } " "
                        span.where { (speaker.modality(&sheet.subject.device)) " · " (sheet.subject.device.room) } }
                    p.what { b { (speaker.energy(idling.closed.energy)) } " · " (speaker.money(idling.closed.cost)) " · "
                        (words.nights_left_on.to_lowercase()) " " (idling.nights_left_on()) " " (words.nights_of) " " (statement.figures.nights) }
                    p { (Advice::of(statement, sheet, row).text(words)) }
                }
            } }
        }
    }
}

/// The last thing on the page, so that nobody takes the figures for more than they are.
fn unknown(statement: &Statement, speaker: &Speaker) -> Markup {
    let words = statement.language.report_words();
    html! {
        div.unknown {
            h2 { (words.unknown) }
            @if statement.unknowns.is_empty() { p { (words.nothing_unknown) } }
            @else { ul { @for unknown in &statement.unknowns { li { (unknown.text(speaker, words)) } } } }
        }
    }
}
