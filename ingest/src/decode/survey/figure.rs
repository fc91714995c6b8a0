//! The numbers of a payload that nobody could read, and what their names say.
//!
//! Limits: the first [`FIGURES_MAX`] numbers that mean something, nested [`DEPTH_MAX`] deep.

use super::super::Message;
use super::super::collect::Quantity;
use super::super::json::{Document, Value};
use super::super::naming::{unit, word};
use super::super::number;

/// More values than one meter has.
const FIGURES_MAX: usize = 48;
const DEPTH_MAX: usize = 6;
/// A longer pointer is nobody's.
const POINTER_BYTES_MAX: usize = 200;
/// Keys that only wrap: they say nothing of what is in them.
const WRAPPERS: [&str; 10] = [
    "status", "state", "data", "payload", "values", "value", "fields", "params", "result", "reading",
];
/// The unit's name, by quantity and factor.
const UNIT_NAMES: [(Quantity, f64, &str); 9] = [
    (Quantity::Power, 1.0, "W"),
    (Quantity::Power, 1e3, "kW"),
    (Quantity::Energy, 1.0, "Wh"),
    (Quantity::Energy, 1e3, "kWh"),
    (Quantity::EnergyExport, 1.0, "Wh"),
    (Quantity::EnergyExport, 1e3, "kWh"),
    (Quantity::Voltage, 1.0, "V"),
    (Quantity::Voltage, 1e-3, "mV"),
    (Quantity::Current, 1e-3, "mA"),
];
const UNITS_BEHIND: [(&str, Quantity); 8] = [
    ("W", Quantity::Power),
    ("kW", Quantity::Power),
    ("Wh", Quantity::Energy),
    ("kWh", Quantity::Energy),
    ("V", Quantity::Voltage),
    ("mV", Quantity::Voltage),
    ("A", Quantity::Current),
    ("mA", Quantity::Current),
];

/// A number whose name says what it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The word of the topic that names it.
    pub field: Option<String>,
    /// JSON pointer to it; none where the payload is the number.
    pub pointer: Option<String>,
    /// The name that a family with free names has it under: its key.
    pub name: String,
    /// What it seems to be.
    pub quantity: Quantity,
    /// The unit that the name or the value says, else the usual one.
    pub unit: &'static str,
    /// Whether the unit is only the usual one.
    pub is_unit_assumed: bool,
    /// The channel that the name says.
    pub channel: Option<String>,
    /// The number as it was sent.
    pub value: f64,
}

/// The payload of a message, as far as its shape goes.
#[derive(Debug)]
pub(super) enum Body<'m> {
    Json(Document<'m>),
    /// A number, perhaps with a unit behind it.
    Bare,
    Other,
}

impl<'m> Body<'m> {
    pub(super) fn of(message: &Message<'m>) -> Self {
        let payload = message.payload.trim_ascii();
        if matches!(payload.first(), Some(b'{' | b'[')) {
            return Document::parse(payload).map_or(Self::Other, Self::Json);
        }
        let text = std::str::from_utf8(payload).unwrap_or_default();
        if payload.len() <= 64 && number::with_unit(text).is_some() {
            Self::Bare
        } else {
            Self::Other
        }
    }

    /// Whether the topic says what the payload is: a bare number, or one wrapped as `{"value": 5}`.
    pub(super) fn is_bare(&self) -> bool {
        match self {
            Self::Json(document) => wrapped(document.root()).is_some(),
            Self::Bare => true,
            Self::Other => false,
        }
    }
}

/// The numbers of a message that say what they are. `field`: the topic's word for a bare one.
pub(super) fn figures(message: &Message<'_>, body: &Body<'_>, field: Option<&str>) -> Vec<Figure> {
    match (body, field) {
        (Body::Bare, Some(field)) => {
            let text = std::str::from_utf8(message.payload).unwrap_or_default();
            let (value, behind) = number::with_unit(text).unwrap_or_default();
            bare(field, None, value, behind).into_iter().collect()
        }
        (Body::Json(document), Some(field)) if body.is_bare() => {
            let root = document.root();
            let unit = ["unit", "uom", "unit_of_measurement"];
            let unit = unit
                .iter()
                .find_map(|key| root.get(key)?.text())
                .unwrap_or_default();
            let wrapped = wrapped(root);
            let figure = wrapped.and_then(|(key, value)| bare(field, Some(format!("/{key}")), value, unit));
            figure.into_iter().collect()
        }
        (Body::Json(document), _) => {
            let mut found = Vec::new();
            walk(document.root(), "", 0, &mut found);
            tell_apart(&mut found);
            found
        }
        _ => Vec::new(),
    }
}

/// The only number of an object that holds nothing else of a meter: `{"value": 5, "unit": "W"}`.
fn wrapped(root: Value<'_>) -> Option<(&'static str, f64)> {
    let keys = ["value", "val", "v"];
    keys.into_iter()
        .find_map(|key| Some((key, root.get(key)?.number()?)))
}

/// A number that the topic names, with the unit that stands beside it.
fn bare(field: &str, pointer: Option<String>, value: f64, beside: &str) -> Option<Figure> {
    let stated = UNITS_BEHIND.iter().find(|(unit, _)| *unit == beside);
    let said = word::said(field);
    let quantity = match (said, stated) {
        (Some(said), _) => said.quantity,
        (None, Some((_, quantity))) => *quantity,
        (None, None) => return None,
    };
    let stated = stated.filter(|(unit, _)| unit::find(unit, quantity).is_ok());
    let named = said.and_then(|said| named_unit(quantity, said.factor?));
    let unit = stated.map(|(unit, _)| *unit).or(named);
    Some(Figure {
        field: Some(field.to_owned()),
        pointer,
        name: field.to_owned(),
        quantity,
        unit: unit.unwrap_or(usual(quantity)),
        is_unit_assumed: unit.is_none(),
        channel: word::channel(field).map(str::to_owned),
        value,
    })
}

fn walk(value: Value<'_>, path: &str, depth: usize, found: &mut Vec<Figure>) {
    if depth > DEPTH_MAX || found.len() >= FIGURES_MAX || path.len() > POINTER_BYTES_MAX {
        return;
    }
    if let Some(number) = value.number() {
        found.extend(of_path(path, number));
    } else if value.is_object() {
        for (key, value) in value.entries() {
            let key = key.replace('~', "~0").replace('/', "~1");
            walk(value, &format!("{path}/{key}"), depth + 1, found);
        }
    } else if value.is_list() {
        for (index, value) in value.items().enumerate().take(FIGURES_MAX) {
            walk(value, &format!("{path}/{index}"), depth + 1, found);
        }
    } else if let Some((number, behind)) = value.text().and_then(number::with_unit) {
        let stated = UNITS_BEHIND.iter().find(|(unit, _)| *unit == behind);
        found.extend(stated.map(|(unit, quantity)| Figure {
            unit,
            quantity: of_path(path, number).map_or(*quantity, |figure| figure.quantity),
            is_unit_assumed: false,
            ..unnamed(path, number)
        }));
    }
}

/// What the names on the way to a number say of it.
fn of_path(path: &str, value: f64) -> Option<Figure> {
    let keys = path.split('/').filter(|key| !WRAPPERS.contains(key));
    let name = keys.collect::<Vec<_>>().join(" ");
    let said = word::said(&name)?;
    let unit = said.factor.and_then(|factor| named_unit(said.quantity, factor));
    Some(Figure {
        quantity: said.quantity,
        unit: unit.unwrap_or(usual(said.quantity)),
        is_unit_assumed: unit.is_none(),
        channel: word::channel(&name).map(str::to_owned),
        ..unnamed(path, value)
    })
}

/// What a name alone says, where its number is not at hand; none where it says nothing.
pub(super) fn named(name: &str) -> Option<Figure> {
    Some(Figure {
        name: name.to_owned(),
        pointer: None,
        ..of_path(name, 0.0)?
    })
}

fn unnamed(path: &str, value: f64) -> Figure {
    let key = path.rsplit('/').next().unwrap_or_default();
    Figure {
        field: None,
        pointer: Some(path.to_owned()),
        name: key.replace("~1", "/").replace("~0", "~"),
        quantity: Quantity::Power,
        unit: "W",
        is_unit_assumed: true,
        channel: word::channel(path).map(str::to_owned),
        value,
    }
}

/// Two numbers of the same kind are of two channels: those are called as the keys by which they differ.
fn tell_apart(found: &mut Vec<Figure>) {
    let is_same =
        |one: &Figure, other: &Figure| one.quantity == other.quantity && one.channel == other.channel;
    let clashes: Vec<bool> = (0..found.len())
        .map(|at| {
            found
                .iter()
                .enumerate()
                .any(|(other, figure)| other != at && is_same(figure, &found[at]))
        })
        .collect();
    for (figure, _) in found.iter_mut().zip(clashes).filter(|(_, clashes)| *clashes) {
        let pointer = figure.pointer.as_deref().unwrap_or_default();
        let mut keys = pointer.rsplit('/').filter(|key| !key.is_empty());
        let (last, parent) = (keys.next(), keys.next());
        let is_telling = |key: &&str| !WRAPPERS.contains(key);
        figure.channel = parent.filter(is_telling).or(last).map(str::to_owned);
    }
    let mut kept: Vec<Figure> = Vec::new();
    for figure in found.drain(..) {
        if !kept.iter().any(|other| is_same(other, &figure)) {
            kept.push(figure);
        }
    }
    *found = kept;
}

fn named_unit(quantity: Quantity, factor: f64) -> Option<&'static str> {
    let is_it = |(of, by, _): &&(Quantity, f64, &str)| *of == quantity && (by / factor - 1.0).abs() < 1e-9;
    UNIT_NAMES.iter().find(is_it).map(|(.., name)| *name)
}

/// What most meters mean where they do not say.
const fn usual(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Power => "W",
        Quantity::Energy | Quantity::EnergyExport => "kWh",
        Quantity::Voltage => "V",
        Quantity::Current => "A",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(payload: &str, field: Option<&str>) -> Vec<String> {
        let message = Message {
            topic: "t",
            payload: payload.as_bytes(),
            is_retained: false,
            qos: 0,
        };
        let body = Body::of(&message);
        let figures = figures(&message, &body, field.filter(|_| body.is_bare()));
        let line = |figure: &Figure| {
            let Figure {
                pointer,
                quantity,
                unit,
                channel,
                ..
            } = figure;
            let mark = if figure.is_unit_assumed { "?" } else { "" };
            format!(
                "{} {quantity:?} {unit}{mark} {}",
                pointer.as_deref().unwrap_or("-"),
                channel.as_deref().unwrap_or("-")
            )
        };
        figures.iter().map(line).collect()
    }

    #[test]
    fn numbers_say_what_they_are_by_their_names() {
        let alone = named("Meter1/kW").map(|figure| (figure.name, figure.unit));
        assert_eq!(alone, Some(("Meter1/kW".to_owned(), "kW")));
        assert_eq!(named("Temperature"), None);
        assert_eq!(found("812.5", Some("power_kw")), ["- Power kW -"]);
        assert_eq!(found("140.25W", Some("leistung")), ["- Power W -"]);
        assert_eq!(found("812.5", Some("temperature")), [""; 0]);
        assert_eq!(
            found(r#"{"value":5.5,"unit":"kW"}"#, Some("power")),
            ["/value Power kW -"]
        );
        assert_eq!(
            found(
                r#"{"status":{"P_total_kW":1.5,"E_import_kWh":7,"cosphi":0.9,"temp":20,"voltage":{"L1":230}}}"#,
                None
            ),
            [
                "/status/P_total_kW Power kW total",
                "/status/E_import_kWh Energy kWh -",
                "/status/voltage/L1 Voltage V? l1"
            ]
        );
        assert_eq!(
            found(
                r#"{"outputs":[{"power":1},{"power":2}],"apparent":{"power":5},"u":"230.1V"}"#,
                None
            ),
            [
                "/outputs/0/power Power W? 0",
                "/outputs/1/power Power W? 1",
                "/u Voltage V -"
            ]
        );
    }
}
