//! The annex, device by device: hours and energy by state, examinations, coverage, targets, alerts, faults, levels.

use analyzer::State;
use analyzer::report::Row;
use maud::{Markup, html};

use super::super::super::figures::{known_share, value};
use super::super::super::part::{Line, ranking};
use super::super::super::statement::{Sheet, Statement};
use super::super::super::text;
use crate::page::shape;
use crate::page::speaker::Speaker;

/// The pages.
pub(super) fn page(statement: &Statement, speaker: &Speaker) -> Markup {
    let words = statement.language.report_words();
    html! {
        section.annex {
            h1 { (words.annex) }
            h2 { (words.ranking) }
            (ranking(speaker, &statement.figures, &lines(statement, speaker)))
            h2 { (words.by_state) }
            (states(statement, speaker))
            h2 { (words.coverage) }
            (coverage(statement, speaker))
        }
    }
}

fn lines<'a>(statement: &'a Statement, speaker: &Speaker) -> Vec<Line<'a>> {
    let ranked = statement.figures.ranked().into_iter();
    let line = |(row, idling): (&'a Row, _)| {
        let sheet = statement.sheet(&row.group)?;
        let device = &sheet.subject.device;
        let exempt = sheet.subject.exempt.as_deref();
        let exempt = exempt.map_or(String::new(), |why| format!(" ({why})"));
        Some(Line {
            idling,
            name: device.name.clone(),
            place: format!("{} · {}{exempt}", speaker.modality(device), device.room),
            href: None,
            is_exempt: sheet.subject.exempt.is_some(),
        })
    };
    ranked.filter_map(line).collect()
}

fn states(statement: &Statement, speaker: &Speaker) -> Markup {
    let words = statement.language.report_words();
    html! {
        table.dense {
            thead {
                tr {
                    th scope="col" rowspan="2" { (words.device) }
                    @for state in State::ALL {
                        th.number scope="colgroup" colspan="2" { (shape::of_state(state)) " " (speaker.state(state)) }
                    }
                    th.number scope="colgroup" colspan="2" { (speaker.words.total) }
                }
                tr {
                    @for _ in 0..=State::ALL.len() { th.number scope="col" { "h" } th.number scope="col" { "kWh" } }
                }
            }
            tbody {
                @for (sheet, row, before) in statement.rows() { (states_row(speaker, &sheet.subject.device.name, row, before)) }
            }
            tfoot {
                (states_row(speaker, words.whole_site, &statement.figures.site, statement.before.as_ref().map(|before| &before.site)))
            }
        }
    }
}

fn states_row(speaker: &Speaker, name: &str, row: &Row, before: Option<&Row>) -> Markup {
    let cell = |part: analyzer::report::Part| {
        let mark = if part.estimated.wh() > part.energy.wh() * 0.005 {
            "≈\u{a0}"
        } else {
            ""
        };
        (
            speaker.number(part.hours(), 1),
            format!("{mark}{}", speaker.number(part.energy.kwh(), 1)),
        )
    };
    let all = cell(row.totals.all());
    let earlier = before.map(|before| speaker.number(before.totals.all().energy.kwh(), 1));
    html! {
        tr {
            th scope="row" { (name) }
            @for (hours, kwh) in State::ALL.map(|state| cell(row.totals.state(state))) {
                td.number.soft { (hours) } td.number { (kwh) }
            }
            td.number.soft { (all.0) }
            td.number { b { (all.1) } @if let Some(earlier) = earlier { span.before { " (" (earlier) ")" } } }
        }
    }
}

fn coverage(statement: &Statement, speaker: &Speaker) -> Markup {
    let words = statement.language.report_words();
    html! {
        table.dense {
            thead { tr {
                th scope="col" { (words.device) }
                @for name in [words.known_time, words.counted_energy, words.exams, words.per_exam_gross, words.per_exam_net] {
                    th.number scope="col" { (name) }
                }
                th scope="col" { (words.target) }
                th scope="col" { (words.alerts) }
                th scope="col" { (words.faults) }
                th scope="col" { (words.bands) }
            } }
            tbody { @for (sheet, row, _) in statement.rows() { (coverage_row(speaker, sheet, row)) } }
        }
    }
}

fn coverage_row(speaker: &Speaker, sheet: &Sheet, row: &Row) -> Markup {
    let figure =
        |name: &str| value(row, name).map_or_else(|| "–".to_owned(), |value| text::number(value, speaker));
    let share = |share: Option<f64>| share.map_or_else(|| "–".to_owned(), |share| speaker.percent(share));
    let base_load = value(row, "base_load_w").map(|power_w| speaker.power(power_w));
    let target = base_load.map_or_else(
        || text::target(row, speaker),
        |power| format!("{} {power}", speaker.language.report_words().base_load),
    );
    html! {
        tr {
            th scope="row" { (sheet.subject.device.name) }
            td.number { (share(Some(known_share(row)))) }
            td.number { (share(value(row, "counted_energy_share"))) }
            td.number { (figure("exams")) }
            td.number { (figure("kwh_per_exam_gross")) }
            td.number { (figure("kwh_per_exam_net")) }
            td { (target) }
            td.wide { (text::alerts(sheet, speaker)) }
            td.wide { (text::faults(sheet, speaker)) }
            td.wide { (text::bands(sheet, speaker)) }
        }
    }
}
