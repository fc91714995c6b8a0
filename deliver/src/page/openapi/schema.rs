//! A value judged by a schema of the document, for the tests.
//!
//! It knows the words of JSON Schema that the document uses, and no other: a word that it does not know is a fault, so nothing
//! passes unjudged. (The crates that know them all turn on features of shared crates, and everything would be built twice.)

use jiff::Timestamp;
use serde_json::{Map, Value};

/// What is wrong with a value by a schema, with its place; empty when it is valid.
pub(super) fn faults(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut judge = Judge {
        document,
        faults: Vec::new(),
    };
    judge.judge(schema, value, "");
    judge.faults
}

struct Judge<'a> {
    document: &'a Value,
    faults: Vec<String>,
}

impl Judge<'_> {
    fn judge(&mut self, schema: &Value, value: &Value, place: &str) {
        for (word, wanted) in schema.as_object().into_iter().flatten() {
            if let Some(fault) = self.word(word, wanted, schema, value, place) {
                self.faults.push(format!("{place}: {fault}"));
            }
        }
    }

    /// What is wrong by one word; parts of the value are judged on their own.
    fn word(
        &mut self,
        word: &str,
        wanted: &Value,
        schema: &Value,
        value: &Value,
        place: &str,
    ) -> Option<String> {
        let is_met = match word {
            "description" => true,
            "$ref" => {
                let pointer = wanted.as_str()?.trim_start_matches('#');
                match self.document.pointer(pointer) {
                    Some(schema) => self.judge(&schema.clone(), value, place),
                    None => return Some(format!("{wanted} leads nowhere")),
                }
                true
            }
            "type" => match wanted {
                Value::Array(types) => types.iter().any(|wanted| is_of_type(wanted, value)),
                wanted => is_of_type(wanted, value),
            },
            "enum" => wanted.as_array().is_some_and(|words| words.contains(value)),
            "oneOf" => {
                let schemas = wanted.as_array().into_iter().flatten();
                schemas
                    .filter(|schema| faults(self.document, schema, value).is_empty())
                    .count()
                    == 1
            }
            "format" => {
                wanted == "date-time"
                    && value
                        .as_str()
                        .is_none_or(|text| text.parse::<Timestamp>().is_ok())
            }
            "minimum" => value.as_f64().is_none_or(|value| Some(value) >= wanted.as_f64()),
            "exclusiveMinimum" => value.as_f64().is_none_or(|value| Some(value) > wanted.as_f64()),
            "maxLength" => value
                .as_str()
                .is_none_or(|text| text.chars().count() <= size(wanted)),
            "minItems" => value.as_array().is_none_or(|items| items.len() >= size(wanted)),
            "maxItems" => value.as_array().is_none_or(|items| items.len() <= size(wanted)),
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    self.judge(wanted, item, &format!("{place}/{index}"));
                }
                true
            }
            "required" => {
                let names = wanted.as_array().into_iter().flatten().filter_map(Value::as_str);
                names.clone().all(|name| value.get(name).is_some())
            }
            "properties" => {
                for (name, schema) in wanted.as_object().into_iter().flatten() {
                    if let Some(value) = value.get(name) {
                        self.judge(schema, value, &format!("{place}/{name}"));
                    }
                }
                true
            }
            "additionalProperties" => wanted == false && has_only(&schema["properties"], value.as_object()),
            _ => return Some(format!("'{word}' is not known to this judge")),
        };
        (!is_met).then(|| format!("{value} is not {word} {wanted}"))
    }
}

fn size(wanted: &Value) -> usize {
    wanted
        .as_u64()
        .and_then(|size| usize::try_from(size).ok())
        .unwrap_or(0)
}

fn has_only(properties: &Value, value: Option<&Map<String, Value>>) -> bool {
    let names = value.into_iter().flat_map(Map::keys);
    names.clone().all(|name| properties.get(name).is_some())
}

fn is_of_type(wanted: &Value, value: &Value) -> bool {
    match wanted.as_str() {
        Some("null") => value.is_null(),
        Some("boolean") => value.is_boolean(),
        Some("string") => value.is_string(),
        Some("number") => value.is_number(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("array") => value.is_array(),
        Some("object") => value.is_object(),
        _ => false,
    }
}

#[test]
fn what_is_not_so_is_found() {
    use serde_json::json;
    let document = json!({ "components": { "schemas": { "Name": { "type": "string", "maxLength": 3 } } } });
    let schema = json!({
        "type": "object", "additionalProperties": false, "required": ["name"],
        "properties": { "name": { "$ref": "#/components/schemas/Name" }, "at": { "type": ["string", "null"], "format": "date-time" } },
    });
    let count = |value: Value| faults(&document, &schema, &value).len();
    assert_eq!(count(json!({ "name": "ct", "at": null })), 0);
    assert_eq!(count(json!({ "name": "ct", "at": "2026-11-17T08:41:20Z" })), 0);
    for wrong in [
        json!({}),
        json!([]),
        json!({ "name": 1 }),
        json!({ "name": "long" }),
        json!({ "name": "ct", "at": "today" }),
        json!({ "name": "ct", "more": 1 }),
    ] {
        assert!(count(wrong.clone()) > 0, "{wrong}");
    }
    assert_eq!(
        faults(&document, &json!({ "pattern": "x" }), &json!("x")).len(),
        1,
        "an unknown word"
    );
}
