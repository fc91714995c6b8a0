//! Devices by idle waste, the most in closed hours first: a table with a bar in each line.

use analyzer::report::Idling;
use maud::{Markup, html};

use crate::page::speaker::Speaker;
use crate::report::figures::Figures;

/// One device as it is listed.
pub(crate) struct Line<'a> {
    pub(crate) idling: &'a Idling,
    pub(crate) name: String,
    pub(crate) place: String,
    /// Where its page is; none on paper.
    pub(crate) href: Option<String>,
    pub(crate) is_exempt: bool,
}

/// A picture's width in its own units.
const BAR: f64 = 200.0;

/// Draws the table; nothing idled where there is no line.
pub(crate) fn ranking(speaker: &Speaker, figures: &Figures, lines: &[Line<'_>]) -> Markup {
    let words = speaker.language.report_words();
    let top_wh = lines
        .iter()
        .map(|line| line.idling.all.energy.wh())
        .fold(1e-9, f64::max);
    html! {
        @if lines.is_empty() { p.calm { (words.no_waste) } }
        @else {
            div.scroll tabindex="0" role="region" aria-label=(words.ranking) {
                table.ranking {
                    thead { tr {
                        th scope="col" { (words.device) }
                        th.bar scope="col" { span.key data-part="closed" { (words.closed_hours) } " " span.key data-part="open" { (words.open_hours) } }
                        th.number scope="col" { (words.closed_hours) }
                        th.number scope="col" { (words.in_all) }
                        th.number scope="col" { (words.money) }
                        th.number scope="col" { (words.carbon) }
                        th.number scope="col" { (words.nights_left_on) }
                    } }
                    tbody { @for line in lines { (row(speaker, figures, line, top_wh)) } }
                }
            }
        }
    }
}

fn row(speaker: &Speaker, figures: &Figures, line: &Line<'_>, top_wh: f64) -> Markup {
    let words = speaker.language.report_words();
    let (closed, all) = (line.idling.closed, line.idling.all);
    let width = |wh: f64| format!("{:.1}", (wh / top_wh * BAR).max(0.0));
    html! {
        tr {
            th scope="row" {
                @match &line.href { Some(href) => a href=(href) { (line.name) }, None => (line.name) }
                span.where { " " (line.place) @if line.is_exempt { " · " (words.exempt) } }
            }
            td.bar {
                svg.bars viewBox="0 0 200 14" preserveAspectRatio="none" aria-hidden="true" {
                    rect data-part="open" x="0" y="0" width=(width(all.energy.wh())) height="14" {}
                    rect data-part="closed" x="0" y="0" width=(width(closed.energy.wh())) height="14" {}
                }
            }
            td.number { b { (speaker.energy(closed.energy)) } }
            td.number { (speaker.energy(all.energy)) }
            td.number { (speaker.money(closed.cost)) }
            td.number { (speaker.carbon(closed.co2e_g)) }
            td.number { (line.idling.nights_left_on()) " " (words.nights_of) " " (figures.nights) }
        }
    }
}
