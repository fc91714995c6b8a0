//! Homie 5's `$description`: nodes and properties of a device in one document, by name or as a list.

use super::super::super::json::Value;
use super::super::super::naming::word;
use super::{Announced, quantity};

/// More properties, or children, than any device describes.
pub(super) const ENTRIES_MAX: usize = 256;

/// What a description teaches.
#[derive(Debug, Default)]
pub(super) struct Description {
    /// Node, property and what it is, of every property that is metered.
    pub(super) properties: Vec<(String, String, Announced)>,
    /// Devices that are away when this one is.
    pub(super) children: Vec<String>,
}

pub(super) fn read(root: Value<'_>) -> Description {
    let texts = |key| {
        root.get(key)
            .into_iter()
            .flat_map(Value::items)
            .filter_map(Value::text)
    };
    let mut description = Description {
        children: texts("children").take(ENTRIES_MAX).map(str::to_owned).collect(),
        ..Description::default()
    };
    let Some(nodes) = root.get("nodes") else {
        return description;
    };
    for (node, content) in named(nodes) {
        let Some(properties) = content.get("properties") else {
            continue;
        };
        for (id, property) in named(properties) {
            let said = |key| property.get(key).and_then(Value::text);
            let is_number = matches!(said("datatype"), None | Some("float" | "integer"));
            let is_other = said("name").is_some_and(word::is_other);
            let announced = said("unit").and_then(|unit| quantity(id, unit));
            if let Some(announced) = announced.filter(|_| is_number && !is_other)
                && description.properties.len() < ENTRIES_MAX
            {
                let entry = (node.to_owned(), id.to_owned(), announced);
                description.properties.push(entry);
            }
        }
    }
    description
}

/// The entries of an object, or of a list whose items say their `id`.
fn named<'d>(of: Value<'d>) -> impl Iterator<Item = (&'d str, Value<'d>)> {
    let listed = of
        .items()
        .filter_map(|item| Some((item.get("id")?.text()?, item)));
    of.entries().chain(listed)
}
