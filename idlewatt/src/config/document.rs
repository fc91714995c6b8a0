//! The file as a tree in which every value knows its place: from a span to line, column and key path.

use std::ops::Range;
use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};

use super::fault::Fault;

/// A key path's step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A key of a table.
    Key(String),
    /// An item of a list, from 0.
    Item(usize),
}

/// A configuration file, read and parsed.
#[derive(Debug)]
pub(crate) struct Document<'t> {
    file: PathBuf,
    text: &'t str,
    /// Where each line begins.
    lines: Vec<usize>,
    /// Every value, with the span of its key and of itself.
    places: Vec<(Range<usize>, Vec<Step>)>,
    tree: DeTable<'t>,
}

impl<'t> Document<'t> {
    /// Parses a text.
    ///
    /// # Errors
    /// Every place at which it is not TOML.
    pub(crate) fn parse(file: &Path, text: &'t str) -> Result<Self, Vec<Fault>> {
        let (tree, errors) = DeTable::parse_recoverable(text);
        let tree = tree.into_inner();
        let mut places = Vec::new();
        collect_table(&tree, &mut Vec::new(), &mut places);
        let document = Self {
            file: file.to_owned(),
            text,
            lines: line_starts(text),
            places,
            tree,
        };
        if errors.is_empty() {
            return Ok(document);
        }
        let faults = errors.iter().map(|error| document.syntax_fault(error)).collect();
        Err(faults)
    }

    fn syntax_fault(&self, error: &toml::de::Error) -> Fault {
        let what = format!("this is not TOML: {}", error.message());
        let mend = "see https://toml.io; text needs quotes, lists need [ ], a key stands once in its table";
        let mut fault = self.fault(error.span().unwrap_or(0..0), what, mend.to_owned());
        fault.subject.clear();
        fault.path.clear();
        fault
    }

    /// The tree.
    pub(crate) const fn tree(&self) -> &DeTable<'t> {
        &self.tree
    }

    /// The text a span holds.
    pub(crate) fn text(&self, span: Range<usize>) -> &'t str {
        self.text.get(span).unwrap_or("")
    }

    /// The folder that relative paths start from.
    pub(crate) fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new(""))
    }

    /// The path of the innermost value that holds a span; empty for the whole file.
    pub(crate) fn path(&self, span: &Range<usize>) -> &[Step] {
        let holding = self
            .places
            .iter()
            .filter(|(place, _)| !span.is_empty() && place.start <= span.start && span.end <= place.end);
        let innermost =
            holding.min_by_key(|(place, path)| (place.end - place.start, usize::MAX - path.len()));
        innermost.map_or(&[], |(_, path)| path)
    }

    /// Where a key's value stands.
    pub(crate) fn span(&self, path: &[Step]) -> Option<Range<usize>> {
        // the first place of a path is its key, the last its value
        let mut places = self.places.iter().rev();
        places
            .find(|(_, place)| place == path)
            .map(|(span, _)| span.clone())
    }

    /// A fault at a span.
    pub(crate) fn fault(&self, span: Range<usize>, what: String, mend: String) -> Fault {
        let path = self.path(&span);
        let (line, column) = if span.is_empty() && span.start == 0 {
            (0, 0)
        } else {
            self.line_column(span.start)
        };
        Fault {
            file: self.file.clone(),
            line,
            column,
            path: dotted(path),
            subject: self.subject(path),
            what,
            mend,
        }
    }

    /// Line and column of a byte, both from 1.
    pub(crate) fn line_column(&self, offset: usize) -> (usize, usize) {
        let before = self.text.get(..offset).unwrap_or(self.text);
        let line = self.lines.partition_point(|start| *start <= before.len());
        let line_start = self.lines[line - 1];
        (line, before[line_start..].chars().count() + 1)
    }

    /// `device 'ct-1': opening 'mon_fri'`.
    fn subject(&self, path: &[Step]) -> String {
        let (item, rest) = match path {
            [Step::Key(list), Step::Item(index), rest @ ..] => (Some(self.item_name(list, *index)), rest),
            _ => (None, path),
        };
        let keys: Vec<&str> = rest
            .iter()
            .filter_map(|step| match step {
                Step::Key(key) => Some(key.as_str()),
                Step::Item(_) => None,
            })
            .collect();
        let inner = match (keys.split_last(), item.is_some()) {
            (None, _) => None,
            (Some((last, [])), true) => Some(format!("'{last}'")),
            (Some((last, [])), false) => Some(format!("[{last}]")),
            (Some((last, tables)), true) => Some(format!("{} '{last}'", tables.join("."))),
            (Some((_, _)), false) if self.is_table(path) => Some(format!("[{}]", keys.join("."))),
            (Some((last, tables)), false) => Some(format!("[{}] '{last}'", tables.join("."))),
        };
        let parts: Vec<String> = item.into_iter().chain(inner).collect();
        parts.join(": ")
    }

    fn is_table(&self, path: &[Step]) -> bool {
        let mut table = Some(&self.tree);
        for step in path {
            let below = match step {
                Step::Key(key) => table.and_then(|table| table.get(key.as_str())),
                Step::Item(_) => None,
            };
            table = below.and_then(|value| value.get_ref().as_table());
        }
        table.is_some()
    }

    /// `device 'ct-1'`, or `device 3` where it has no name.
    fn item_name(&self, list: &str, index: usize) -> String {
        let item = match self.tree.get(list).map(|value| value.get_ref()) {
            Some(DeValue::Array(items)) => items.get(index).and_then(|item| item.get_ref().as_table()),
            _ => None,
        };
        let name = item.and_then(|item| {
            let name = ["id", "name"].iter().find_map(|key| item.get(*key))?;
            name.get_ref().as_str().map(str::to_owned)
        });
        match name {
            Some(name) => format!("{list} '{name}'"),
            None => format!("{list} {}", index + 1),
        }
    }
}

/// `device[0].opening.mon_fri`.
pub(crate) fn dotted(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(key) if text.is_empty() => text.push_str(key),
            Step::Key(key) => text.extend([".", key]),
            Step::Item(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}

/// Where each line begins; the first at 0.
fn line_starts(text: &str) -> Vec<usize> {
    let behind = text.match_indices('\n').map(|(newline, _)| newline + 1);
    std::iter::once(0).chain(behind).collect()
}

fn collect_table(table: &DeTable<'_>, path: &mut Vec<Step>, places: &mut Vec<(Range<usize>, Vec<Step>)>) {
    for (key, value) in table {
        path.push(Step::Key(key.get_ref().to_string()));
        places.push((key.span(), path.clone()));
        collect_value(value.get_ref(), value.span(), path, places);
        path.pop();
    }
}

fn collect_value(
    value: &DeValue<'_>,
    span: Range<usize>,
    path: &mut Vec<Step>,
    places: &mut Vec<(Range<usize>, Vec<Step>)>,
) {
    places.push((span, path.clone()));
    match value {
        DeValue::Table(table) => collect_table(table, path, places),
        DeValue::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                path.push(Step::Item(index));
                collect_value(item.get_ref(), item.span(), path, places);
                path.pop();
            }
        }
        _ => {}
    }
}
