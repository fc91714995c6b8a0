//! The heat map with its words, its legend and the same figures as a table.

use analyzer::report::{HOURS, WEEKDAYS};
use maud::{Markup, html};

use super::super::chart;
use crate::page::speaker::Speaker;
use crate::report::chart::{Cells, cell_number};
use crate::report::figures::Figures;

/// Of all devices; `with_table` adds the figures as a table that opens.
pub(crate) fn heat(speaker: &Speaker, figures: &Figures, with_table: bool) -> Markup {
    let words = speaker.language.report_words();
    let cells = Cells::new(&figures.idling, &figures.waste.hours());
    let at = |weekday: usize, hour: usize, kwh: f64| {
        format!(
            "{} {hour:02}:00, {}\u{a0}kWh",
            speaker.weekday_name(weekday),
            speaker.figures(kwh)
        )
    };
    let extremes = cells.extremes().map(|[most, least]| {
        format!(
            "{}{}{} · {} {}",
            words.heat_most,
            speaker.words.colon,
            at(most.0, most.1, most.2.kwh),
            words.heat_least,
            at(least.0, least.1, least.2.kwh)
        )
    });
    let extremes = extremes.unwrap_or_default();
    let label = format!("{}, {}. {extremes}.", words.heat, words.heat_means);
    html! {
        figure.chart.heat {
            (super::chart(&label, |width| chart::heat(&cells, width, speaker)))
            figcaption { (words.heat_means) " · ◥ " (words.heat_corner) " · " (extremes) }
        }
        @if with_table { (table(speaker, &cells)) }
    }
}

fn table(speaker: &Speaker, cells: &Cells) -> Markup {
    let words = speaker.language.report_words();
    let top_kwh = cells.top_kwh();
    html! {
        details {
            summary { (words.heat_table) }
            div.scroll tabindex="0" role="region" aria-label=(words.heat_table) {
                table {
                    thead { tr {
                        th scope="col" { (words.hour) }
                        @for weekday in 0..WEEKDAYS { th.number scope="col" { (speaker.weekday_name(weekday)) } }
                    } }
                    tbody { @for hour in 0..HOURS {
                        tr {
                            th scope="row" { (format!("{hour:02}:00")) }
                            @for row in &cells.0 { td.number { (cell_number(speaker, row[hour].kwh, top_kwh)) } }
                        }
                    } }
                }
            }
        }
    }
}
