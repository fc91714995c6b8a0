//! The idle-to-scan ratio of each scanner beside what was published.

use maud::{Markup, html};

use super::super::chart;
use crate::page::speaker::Speaker;

/// Names with their ratios; `others_than_ct` says that some are no CT.
pub(crate) fn ratio(speaker: &Speaker, ratios: &[(String, f64)], others_than_ct: bool) -> Markup {
    let words = speaker.language.report_words();
    let said: Vec<String> = ratios
        .iter()
        .map(|(name, ratio)| format!("{name} {}", speaker.figures(*ratio)))
        .collect();
    let label = format!("{}, {}. {}.", words.ratio, words.ratio_band, said.join(", "));
    html! {
        @if ratios.is_empty() { p.none { (words.ratio_none) } }
        @else {
            figure.chart {
                (super::chart(&label, |width| chart::ratio(ratios, width, speaker)))
                @if ratios.len() > chart::SHOWN_MAX {
                    figcaption { "+ " (ratios.len() - chart::SHOWN_MAX) " " (words.ratio_more) }
                }
            }
        }
        p.source { (words.ratio_band) " (" (words.ratio_source) ")." @if others_than_ct { " " (words.ratio_ct_only) } }
    }
}
