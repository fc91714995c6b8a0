//! What resting for some hours of each night would save: in the period, and in a year at its rate.

use analyzer::report::Part;
use maud::{Markup, html};

use crate::page::SiteInfo;
use crate::page::speaker::Speaker;
use crate::report::figures::Figures;

/// A line for each number of hours; the chosen one stands out.
pub(crate) fn savings(
    speaker: &Speaker,
    site: &SiteInfo,
    figures: &Figures,
    (hours, chosen): (&[u32], u32),
    left_out: &[String],
) -> Markup {
    let words = speaker.language.report_words();
    let parts: Vec<(u32, Part)> = hours
        .iter()
        .filter_map(|hours| Some((*hours, figures.all_resting(f64::from(*hours))?)))
        .collect();
    html! {
        @if parts.is_empty() { p.none { (words.savings_none) } }
        @else {
            div.scroll tabindex="0" role="region" aria-label=(words.savings) {
                table.savings {
                    thead {
                        tr {
                            th scope="col" rowspan="2" { (words.hours_a_night) }
                            th.number scope="colgroup" colspan="4" { (words.in_period) }
                            th.number scope="colgroup" colspan="2" { (words.a_year) }
                        }
                        tr {
                            @for name in [words.energy, words.money, words.carbon, words.households, words.energy, words.money] {
                                th.number scope="col" { (name) }
                            }
                        }
                    }
                    tbody { @for (hours, part) in &parts {
                        tr data-chosen=[(*hours == chosen).then_some("")] {
                            th scope="row" { (hours) " h" }
                            td.number { b { (speaker.energy(part.energy)) } }
                            td.number { (speaker.money(part.cost)) }
                            td.number { (speaker.carbon(part.co2e_g)) }
                            td.number { (speaker.figures(figures.households(part.energy, site.household_kwh_per_year))) }
                            td.number { (speaker.energy(analyzer::Energy::from_wh(figures.a_year(part.energy.wh())))) }
                            td.number { (speaker.money(figures.a_year(part.cost))) }
                        }
                    } }
                }
            }
        }
        p.source { (words.savings_means) ". " (words.savings_baseline) }
        @if !left_out.is_empty() { p.source { (words.savings_left_out) (speaker.words.colon) (left_out.join(", ")) "." } }
    }
}
