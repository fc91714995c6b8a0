//! A report for a wiki: the manager's page and the annex as headings, lists and tables.
//!
//! Names from outside cannot break a table or become markup: the signs that mean something are written as they are.

use std::fmt::Write as _;

use analyzer::State;
use analyzer::kpi::{KPIS, Kpi};
use analyzer::report::Row;

use super::super::advice::Advice;
use super::super::figures::{known_share, value};
use super::super::part::trend;
use super::super::statement::Statement;
use super::super::words::Words;
use super::super::{WORST, name, text as says};
use super::Format;
use crate::page::speaker::Speaker;

/// See the module.
pub(super) const FORMAT: Format = Format { name: "md", write };

/// Hours of rest that are compared.
const HOURS: [u32; 4] = [6, 8, 10, 12];

struct Page<'a> {
    statement: &'a Statement,
    speaker: Speaker,
    words: &'static Words,
    text: String,
}

impl Page<'_> {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn heading(&mut self, level: usize, words: &str) {
        let marks = "#".repeat(level);
        // writing to a String cannot fail
        let _ = write!(self.text, "\n{marks} {words}\n\n");
    }

    fn table(&mut self, head: &[&str], rows: impl IntoIterator<Item = Vec<String>>) {
        self.line(&format!("| {} |", head.join(" | ")));
        self.line(&format!("|{}", "---|".repeat(head.len())));
        for row in rows {
            self.line(&format!("| {} |", row.join(" | ")));
        }
    }
}

fn write(statement: &Statement) -> String {
    let mut page = Page {
        statement,
        speaker: Speaker::new(statement.language, &statement.site),
        words: statement.language.report_words(),
        text: String::new(),
    };
    let (site, zone) = (&statement.site, &statement.site.zone);
    let period = statement.span.label(&page.speaker, zone);
    page.line(&format!(
        "# {} – {}, {period}",
        page.words.title,
        escaped(&site.name)
    ));
    page.line("");
    page.line(&says::subtitle(statement, &page.speaker));
    manager(&mut page);
    savings(&mut page);
    unknown(&mut page);
    annex(&mut page);
    definitions(&mut page);
    page.text
}

fn manager(page: &mut Page<'_>) {
    let (statement, words) = (page.statement, page.words);
    let (figures, site) = (&statement.figures, &statement.site);
    let closed = figures.idling.closed;
    page.heading(2, words.idle_closed);
    let households = figures.households(closed.energy, site.household_kwh_per_year);
    let headline = format!(
        "**{}** · **{}** · **{}** · {} **{}** {}",
        page.speaker.energy(closed.energy),
        page.speaker.money(closed.cost),
        page.speaker.carbon(closed.co2e_g),
        words.as_much_as,
        page.speaker.figures(households),
        words.households_in_same_time
    );
    page.line(&headline);
    if let Some(before) = &statement.before {
        let label = statement.before_span.label(&page.speaker, &site.zone);
        let trend = trend(&page.speaker, figures, before, &label);
        page.line("");
        page.line(&trend);
    }
    page.heading(2, words.worst);
    let rows: Vec<Vec<String>> = statement
        .worst()
        .into_iter()
        .take(WORST)
        .map(|(sheet, row, idling)| {
            vec![
                escaped(&sheet.subject.device.name),
                page.speaker.energy(idling.closed.energy),
                page.speaker.money(idling.closed.cost),
                format!(
                    "{} {} {}",
                    idling.nights_left_on(),
                    words.nights_of,
                    figures.nights
                ),
                Advice::of(statement, sheet, row).text(words).to_owned(),
            ]
        })
        .collect();
    if rows.is_empty() {
        page.line(words.no_waste);
    } else {
        let head = [
            words.device,
            words.closed_hours,
            words.money,
            words.nights_left_on,
            words.what_to_do,
        ];
        page.table(&head, rows);
    }
    page.heading(2, words.ratio);
    for (row, ratio) in figures.ratios() {
        let line = format!(
            "- {}{}{}",
            escaped(statement.name(&row.group)),
            page.speaker.words.colon,
            page.speaker.figures(ratio)
        );
        page.line(&line);
    }
    page.line("");
    page.line(&format!("{} ({})", words.ratio_band, words.ratio_source));
}

fn savings(page: &mut Page<'_>) {
    let (words, figures) = (page.words, &page.statement.figures);
    page.heading(2, words.savings);
    let rows: Vec<Vec<String>> = HOURS
        .iter()
        .filter_map(|hours| {
            let part = figures.all_resting(f64::from(*hours))?;
            Some(vec![
                format!("{hours} h"),
                page.speaker.energy(part.energy),
                page.speaker.money(part.cost),
                page.speaker.carbon(part.co2e_g),
                page.speaker.money(figures.a_year(part.cost)),
            ])
        })
        .collect();
    if rows.is_empty() {
        page.line(words.savings_none);
        return;
    }
    let a_year = format!("{}, {}", words.money, words.a_year);
    page.table(
        &[
            words.hours_a_night,
            words.energy,
            words.money,
            words.carbon,
            &a_year,
        ],
        rows,
    );
    page.line("");
    page.line(&format!("{}. {}", words.savings_means, words.savings_baseline));
}

fn unknown(page: &mut Page<'_>) {
    page.heading(2, page.words.unknown);
    if page.statement.unknowns.is_empty() {
        page.line(page.words.nothing_unknown);
    }
    for unknown in &page.statement.unknowns {
        let text = escaped(&unknown.text(&page.speaker, page.words));
        page.line(&format!("- {text}"));
    }
}

fn annex(page: &mut Page<'_>) {
    let (statement, words) = (page.statement, page.words);
    page.heading(2, words.annex);
    page.heading(3, words.by_state);
    let speaker = page.speaker.clone();
    let mut head = vec![words.device];
    let names: Vec<String> = State::ALL
        .into_iter()
        .map(|state| format!("{}, h / kWh", speaker.state(state)))
        .collect();
    head.extend(names.iter().map(String::as_str));
    let rows = statement.rows().map(|(sheet, row, _)| {
        let states = State::ALL.into_iter().map(|state| {
            let part = row.totals.state(state);
            format!(
                "{} / {}",
                speaker.number(part.hours(), 1),
                speaker.number(part.energy.kwh(), 1)
            )
        });
        std::iter::once(escaped(&sheet.subject.device.name))
            .chain(states)
            .collect::<Vec<String>>()
    });
    page.table(&head, rows);
    page.heading(3, words.coverage);
    let head = [
        words.device,
        words.known_time,
        words.counted_energy,
        words.exams,
        words.per_exam_gross,
        words.per_exam_net,
        words.alerts,
        words.faults,
        words.bands,
    ];
    let rows = statement.rows().map(|(sheet, row, _)| {
        let figure = |name: &str| {
            value(row, name).map_or_else(|| "–".to_owned(), |value| says::number(value, &speaker))
        };
        vec![
            escaped(&sheet.subject.device.name),
            speaker.percent(known_share(row)),
            value(row, "counted_energy_share").map_or_else(|| "–".to_owned(), |share| speaker.percent(share)),
            figure("exams"),
            figure("kwh_per_exam_gross"),
            figure("kwh_per_exam_net"),
            escaped(&says::alerts(sheet, &speaker)),
            escaped(&says::faults(sheet, &speaker)),
            escaped(&says::bands(sheet, &speaker)),
        ]
    });
    page.table(&head, rows);
}

fn definitions(page: &mut Page<'_>) {
    let (statement, words) = (page.statement, page.words);
    let speaker = page.speaker.clone();
    page.heading(3, words.figures);
    let (now, before) = (
        &statement.figures.site,
        statement.before.as_ref().map(|before| &before.site),
    );
    let head = [
        words.figure,
        words.value,
        words.previous,
        words.published,
        words.definition,
        words.source,
    ];
    let row = |kpi: &Kpi| -> Option<Vec<String>> {
        let shown = says::whole(kpi, now, &speaker, &statement.site.currency)?;
        let earlier = before.and_then(|row: &Row| says::whole(kpi, row, &speaker, &statement.site.currency));
        Some(vec![
            name::of(kpi, statement.language).to_owned(),
            shown,
            earlier.unwrap_or_else(|| "–".to_owned()),
            says::published(kpi, &speaker),
            escaped(kpi.formula),
            escaped(kpi.source),
        ])
    };
    page.table(&head, KPIS.iter().filter_map(row));
    page.heading(3, words.factors);
    for (what, text) in says::factors(statement, &speaker) {
        let line = format!("- {what}{}{}", speaker.words.colon, escaped(&text));
        page.line(&line);
    }
    for text in [
        words.baseline_text,
        words.exams_text,
        words.energy_text,
        words.calendar_text,
    ] {
        page.line(&format!("- {text}"));
    }
}

/// Signs that mean something in Markdown are written as they are; a line stays a line.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '#' => safe.extend(['\\', letter]),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '&' => safe.push_str("&amp;"),
            letter if letter.is_control() => safe.push(' '),
            letter => safe.push(letter),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_leave_its_cell() {
        assert_eq!(escaped("a|b\n<script>"), "a\\|b &lt;script&gt;");
    }
}
