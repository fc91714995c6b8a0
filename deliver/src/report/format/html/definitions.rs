//! What each figure means, its value now and before, what was published of it; and the factors, with source and year.

use analyzer::kpi::{KPIS, Kpi};
use analyzer::report::Group;
use maud::{Markup, html};

use super::super::super::statement::Statement;
use super::super::super::{name, text};
use crate::page::speaker::Speaker;

/// The page.
pub(super) fn page(statement: &Statement, speaker: &Speaker) -> Markup {
    let words = statement.language.report_words();
    html! {
        section.annex {
            h2 { (words.figures) }
            (figures(statement, speaker))
            h2 { (words.definition) }
            (formulas(statement))
            h2 { (words.factors) }
            dl.factors {
                @for (what, text) in text::factors(statement, speaker) { div { dt { (what) } dd { (text) } } }
            }
            ul.definitions {
                @for text in [words.baseline_text, words.savings_baseline, words.exams_text, words.energy_text,
                              speaker.words.def_unknown, words.calendar_text] {
                    li { (text) }
                }
            }
        }
    }
}

fn figures(statement: &Statement, speaker: &Speaker) -> Markup {
    let words = statement.language.report_words();
    let currency = &statement.site.currency;
    let groups = statement.groups();
    let shown: Vec<_> = groups.iter().filter(|(by, ..)| *by != Group::Room).collect();
    let is_known = |kpi: &&Kpi| {
        let mut rows = shown.iter();
        is_whole(kpi) && rows.any(|(_, row, _)| text::whole(kpi, row, speaker, currency).is_some())
    };
    html! {
        table.dense.figures {
            thead { tr {
                th scope="col" { (words.figure) }
                @for (by, row, _) in &shown {
                    th.number scope="col" { @if *by == Group::Site { (words.whole_site) } @else { (speaker.modality_word(&row.group)) } }
                }
                th.number scope="col" { (words.published) }
            } }
            tbody { @for kpi in KPIS.iter().filter(is_known) {
                tr {
                    th scope="row" { (name::of(kpi, statement.language)) }
                    @for (_, row, before) in &shown {
                        td.number {
                            (text::whole(kpi, row, speaker, currency).unwrap_or_else(|| "–".to_owned()))
                            @if let Some(earlier) = before.and_then(|row| text::whole(kpi, row, speaker, currency)) {
                                span.before { " (" (earlier) ")" }
                            }
                        }
                    }
                    td.number { (text::published(kpi, speaker)) }
                }
            } }
        }
        p.source { (words.in_brackets) }
    }
}

/// How each figure is reckoned, and who uses it.
fn formulas(statement: &Statement) -> Markup {
    let words = statement.language.report_words();
    html! {
        table.dense {
            thead { tr {
                @for name in [words.figure, words.definition, words.source] { th scope="col" { (name) } }
            } }
            tbody { @for kpi in &KPIS {
                tr {
                    th scope="row" { (name::of(kpi, statement.language)) span.before { " " (kpi.name) } }
                    td.wide { (kpi.formula) }
                    td.wide.soft { (kpi.source) }
                }
            } }
        }
    }
}

/// Told once, not by state: those stand in the table of states.
fn is_whole(kpi: &Kpi) -> bool {
    matches!(kpi.reckon, analyzer::kpi::Reckon::Whole(_))
}
