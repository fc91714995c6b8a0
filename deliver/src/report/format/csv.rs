//! A report as one tidy table that opens in a spreadsheet: a line for each figure of each group.
//!
//! Comma, decimal point, UTF-8 with a mark at the beginning, as spreadsheets need it. A text that a spreadsheet would take
//! for a formula begins with an apostrophe. Shares are ratios; a figure without its data has a reason and no value.

use analyzer::State;
use analyzer::kpi::{Answer, KPIS};
use analyzer::report::Row;
use csv::WriterBuilder;

use super::super::name;
use super::super::statement::Statement;
use super::Format;

/// See the module.
pub(super) const FORMAT: Format = Format { name: "csv", write };

/// The order is public: columns are added at the end.
const COLUMNS: [&str; 18] = [
    "from",
    "until",
    "by",
    "group",
    "name",
    "room",
    "modality",
    "figure",
    "label",
    "state",
    "unit",
    "value",
    "previous_value",
    "change_percent",
    "published_from",
    "published_until",
    "reason",
    "source",
];

/// Tells programs that open files by guess that it is UTF-8.
const MARK: char = '\u{feff}';

/// What a group is.
struct Named<'a> {
    by: &'a str,
    id: &'a str,
    name: &'a str,
    room: &'a str,
    modality: &'a str,
}

fn write(statement: &Statement) -> String {
    let mut writer = WriterBuilder::new().from_writer(Vec::new());
    // writing to memory does not fail
    let _ = writer.write_record(COLUMNS);
    for (by, now, before) in statement.groups() {
        let named = Named {
            by: by.name(),
            id: &now.group,
            name: &now.group,
            room: "",
            modality: "",
        };
        write_row(&mut writer, statement, &named, now, before);
    }
    for (sheet, now, before) in statement.rows() {
        let device = &sheet.subject.device;
        let named = Named {
            by: "device",
            id: &device.id,
            name: &device.name,
            room: &device.room,
            modality: device.modality,
        };
        write_row(&mut writer, statement, &named, now, before);
    }
    let bytes = writer.into_inner().unwrap_or_default();
    let mut text = String::from(MARK);
    text.push_str(&String::from_utf8_lossy(&bytes));
    text
}

fn write_row(
    writer: &mut csv::Writer<Vec<u8>>,
    statement: &Statement,
    named: &Named<'_>,
    now: &Row,
    before: Option<&Row>,
) {
    let currency = &statement.site.currency;
    for kpi in &KPIS {
        let unit = if kpi.unit == "currency" {
            currency
        } else {
            kpi.unit
        };
        let earlier = before.map(|row| kpi.values(&row.totals)).unwrap_or_default();
        for (index, (state, answer)) in kpi.values(&now.totals).into_iter().enumerate() {
            let earlier = earlier.get(index).and_then(|(_, answer)| answer.ok());
            let record = [
                now.from.to_string(),
                now.until.to_string(),
                named.by.to_owned(),
                harmless(named.id),
                harmless(named.name),
                harmless(named.room),
                harmless(named.modality),
                kpi.name.to_owned(),
                name::of(kpi, statement.language).to_owned(),
                state.map_or("", State::name).to_owned(),
                unit.to_owned(),
                number(answer.ok()),
                number(earlier),
                number(change_percent(answer, earlier)),
                number(kpi.published.map(|band| band.from)),
                number(kpi.published.map(|band| band.until)),
                answer.err().unwrap_or_default().to_owned(),
                kpi.source.to_owned(),
            ];
            let _ = writer.write_record(record);
        }
    }
}

fn number(value: Option<f64>) -> String {
    // a thousandth of a watt-hour is enough, and 0.1 + 0.2 is not shown as it is stored
    value.map_or_else(String::new, |value| {
        let text = format!("{value:.6}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    })
}

fn change_percent(now: Answer, before: Option<f64>) -> Option<f64> {
    let (now, before) = (now.ok()?, before?);
    (before.abs() > f64::EPSILON).then(|| (now / before - 1.0) * 100.0)
}

/// A spreadsheet runs what begins like a formula; an apostrophe makes it a text.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_looks_like_a_formula_is_a_text() {
        for text in ["=1+1", "+33 1", "-CT", "@SUM(A1)", "\t=1"] {
            assert!(harmless(text).starts_with('\''), "{text}");
        }
        assert_eq!(harmless("CT 1 = new"), "CT 1 = new");
    }

    #[test]
    fn numbers_are_short_and_a_change_needs_something_before() {
        assert_eq!(number(Some(0.1 + 0.2)), "0.3");
        assert_eq!(number(Some(-1200.0)), "-1200");
        assert_eq!(number(None), "");
        assert_eq!(change_percent(Ok(3.0), Some(2.0)), Some(50.0));
        assert_eq!(change_percent(Ok(3.0), Some(0.0)), None);
        assert_eq!(change_percent(Err("none"), Some(1.0)), None);
    }
}
