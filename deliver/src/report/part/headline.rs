//! What idled outside of opening hours: energy, money, carbon, households; and how that compares.

use analyzer::Energy;
use maud::{Markup, html};

use crate::page::SiteInfo;
use crate::page::speaker::Speaker;
use crate::report::figures::Figures;

/// A difference of less is none.
const SAME: f64 = 0.005;

/// The figures as large as they are meant.
pub(crate) fn headline(speaker: &Speaker, site: &SiteInfo, figures: &Figures) -> Markup {
    let words = speaker.language.report_words();
    let closed = figures.idling.closed;
    let (kwh, unit) = speaker.energy_parts(closed.energy);
    let (carbon, carbon_unit) = speaker.carbon_parts(closed.co2e_g);
    let households = figures.households(closed.energy, site.household_kwh_per_year);
    let all = figures.site.totals.all().energy;
    html! {
        div.headline {
            h2 { (words.idle_closed) " " span { (words.idle_closed_means) } }
            p.figures {
                span.figure { b { (kwh) } " " span.unit { (unit) } }
                span.figure { b { (speaker.money(closed.cost)) } }
                span.figure { b { (carbon) } " " span.unit { (carbon_unit) } }
                span.figure { span.unit { (words.as_much_as) } " " b { (speaker.figures(households)) } " "
                    span.unit { (words.households_in_same_time) } }
            }
        }
        dl.facts {
            @if let Some(share) = share(closed.energy, all) {
                div { dt { (words.of_all_energy) } dd { b { (speaker.percent(share)) } } }
            }
            div { dt { (words.all_idle) } dd { b { (speaker.energy(figures.idling.all.energy)) } } }
            div { dt { (words.energy_in_all) } dd { b { (speaker.energy(all)) } } }
            @if let Some(avoidable) = figures.site.totals.all_avoidable() {
                div { dt title=(words.avoidable_means) { (words.avoidable) } dd { b { (speaker.energy(avoidable.energy)) }
                    " " (speaker.money(avoidable.cost)) } }
            }
            div { dt { (words.known) } dd { b { (speaker.percent(super::super::figures::known_share(&figures.site))) }
                " " (words.of_the_time) } }
        }
    }
}

fn share(part: Energy, whole: Energy) -> Option<f64> {
    (whole > Energy::ZERO).then(|| part.wh() / whole.wh())
}

/// The closed idle energy of a day, now and before, in words: `12 % less per day compared with September 2026`.
pub(crate) fn trend(speaker: &Speaker, figures: &Figures, before: &Figures, label: &str) -> String {
    let words = speaker.language.report_words();
    let (now, then) = (figures.closed_kwh_a_day(), before.closed_kwh_a_day());
    let sums = format!("{} → {} {}", kwh(speaker, then), kwh(speaker, now), words.per_day);
    if then <= 0.0 {
        return format!("{label}{}{sums}", speaker.words.colon);
    }
    let change = now / then - 1.0;
    if change.abs() < SAME {
        return format!("{} {label} ({sums})", words.the_same);
    }
    let direction = if change > 0.0 { words.more } else { words.less };
    format!(
        "{} {direction} {} {} {label} ({sums})",
        speaker.percent(change.abs()),
        words.per_day,
        words.than_before
    )
}

fn kwh(speaker: &Speaker, kwh: f64) -> String {
    speaker.energy(Energy::from_wh(kwh * 1000.0))
}
