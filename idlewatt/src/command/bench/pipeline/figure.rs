//! Figures with their bars, as a table for people, as Markdown for the documents, as JSON for programs.

use std::io::Write;

use serde_json::json;

/// What a figure must reach.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::command::bench) enum Bar {
    AtLeast(f64),
    AtMost(f64),
}

/// One figure.
#[derive(Clone, Debug)]
pub(super) struct Figure {
    pub(super) section: &'static str,
    pub(super) name: String,
    pub(super) value: f64,
    pub(super) unit: &'static str,
    pub(super) bar: Option<Bar>,
}

impl Figure {
    /// Whether its bar is met; none where it has none.
    pub(super) fn is_met(&self) -> Option<bool> {
        match self.bar? {
            Bar::AtLeast(least) => Some(self.value >= least),
            Bar::AtMost(most) => Some(self.value <= most),
        }
    }

    fn bar_words(&self) -> String {
        match self.bar {
            None => String::new(),
            Some(Bar::AtLeast(least)) => format!("at least {}", short(least)),
            Some(Bar::AtMost(most)) => format!("at most {}", short(most)),
        }
    }

    fn verdict(&self) -> &'static str {
        match self.is_met() {
            None => "",
            Some(true) => "met",
            Some(false) => "MISSED",
        }
    }
}

/// The figures found so far.
#[derive(Debug, Default)]
pub(in crate::command::bench) struct Figures {
    pub(super) all: Vec<Figure>,
    section: &'static str,
}

impl Figures {
    pub(in crate::command::bench) fn begin(&mut self, section: &'static str) {
        self.section = section;
    }

    pub(in crate::command::bench) fn add(&mut self, name: impl Into<String>, value: f64, unit: &'static str) {
        self.put(name.into(), value, unit, None);
    }

    pub(in crate::command::bench) fn judge(
        &mut self,
        name: impl Into<String>,
        value: f64,
        unit: &'static str,
        bar: Bar,
    ) {
        self.put(name.into(), value, unit, Some(bar));
    }

    /// The section cannot be measured to its end; what it has found stands, and the others go on.
    pub(super) fn fail(&mut self, reason: &str) {
        let name = format!("not measured further: {reason}");
        self.put(name, f64::NAN, "", Some(Bar::AtLeast(1.0)));
    }

    fn put(&mut self, name: String, value: f64, unit: &'static str, bar: Option<Bar>) {
        let figure = Figure {
            section: self.section,
            name,
            value,
            unit,
            bar,
        };
        let (value, verdict) = (short(value), figure.verdict());
        super::say(&format!("  {} {value} {unit} {verdict}", figure.name));
        self.all.push(figure);
    }

    pub(in crate::command::bench) fn are_met(&self) -> bool {
        self.all.iter().all(|figure| figure.is_met() != Some(false))
    }

    pub(in crate::command::bench) fn write_table(
        &self,
        machine: &str,
        out: &mut dyn Write,
    ) -> anyhow::Result<()> {
        writeln!(out, "{machine}")?;
        let width = self.all.iter().map(|figure| figure.name.len()).max().unwrap_or(0);
        let mut section = "";
        for figure in &self.all {
            if figure.section != section {
                section = figure.section;
                writeln!(out, "\n{section}")?;
            }
            let (value, bar) = (short(figure.value), figure.bar_words());
            let line = format!(
                "  {:width$}  {value:>10} {:10} {bar:18} {}",
                figure.name,
                figure.unit,
                figure.verdict()
            );
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    pub(super) fn write_markdown(&self, machine: &str, out: &mut dyn Write) -> anyhow::Result<()> {
        writeln!(out, "{machine}\n\n| | Figure | | Bar | |\n|---|---|--:|---|---|")?;
        for figure in &self.all {
            writeln!(
                out,
                "| {} | {} | {} {} | {} | {} |",
                figure.section,
                figure.name,
                short(figure.value),
                figure.unit,
                figure.bar_words(),
                figure.verdict()
            )?;
        }
        Ok(())
    }

    pub(in crate::command::bench) fn write_json(
        &self,
        machine: &str,
        out: &mut dyn Write,
    ) -> anyhow::Result<()> {
        let figures: Vec<_> = self
            .all
            .iter()
            .map(|figure| {
                json!({
                    "section": figure.section,
                    "name": figure.name,
                    "value": figure.value,
                    "unit": figure.unit,
                    "bar": figure.bar.map(|_| figure.bar_words()),
                    "met": figure.is_met(),
                })
            })
            .collect();
        serde_json::to_writer_pretty(&mut *out, &json!({"machine": machine, "figures": figures}))?;
        Ok(writeln!(out)?)
    }
}

/// Three digits that mean something, more where the number is large.
fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

/// The middle one.
pub(super) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        count if count % 2 == 1 => values[count / 2],
        count => f64::midpoint(values[count / 2 - 1], values[count / 2]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bar_is_met_or_missed_and_said() {
        let mut figures = Figures::default();
        figures.begin("replay");
        figures.judge("messages a second", 499_999.0, "1/s", Bar::AtLeast(500_000.0));
        figures.judge("bytes a message", 40.0, "B", Bar::AtMost(40.0));
        figures.add("nothing to be met", 1.234, "s");
        assert!(!figures.are_met());
        let mut out = Vec::new();
        figures.write_table("a machine", &mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines[3].ends_with("at least 500000    MISSED"), "{text}");
        assert!(lines[4].ends_with("met"), "{text}");
        assert!(lines[5].ends_with("1.23 s"), "{text}");
    }

    #[test]
    fn the_middle_one() {
        assert!((median(vec![3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(vec![4.0, 1.0]) - 2.5).abs() < 1e-9);
    }
}
