//! `bridge/devices`: what the bridge knows of every device. A list of hundreds of kilobytes, of which only the metered
//! properties are kept: unit, load, and whether a bare value is phase A's.
//!
//! Limits: devices by the memory's bound, [`PROPERTIES_MAX`] a device, [`NESTED_MAX`] levels of features.

use super::super::super::collect::Quantity;
use super::super::super::json::Value;
use super::super::super::naming::word;
use super::super::super::recent::Recent;
use super::super::{Input, Outcome};
use super::property::{self, Meaning, Part};

const PROPERTIES_MAX: usize = 128;
const NESTED_MAX: usize = 3;
const TEXT: &str = "zigbee2mqtt: the list of the bridge's devices, not a reading";

/// What is known of the devices.
#[derive(Debug)]
pub(super) struct Devices {
    /// By the device's topic.
    known: Recent<Device>,
    /// The devices' topics, by the list's topic.
    taught: Recent<Vec<String>>,
}

/// A device that meters.
#[derive(Debug)]
pub(super) struct Device {
    /// Where its name begins in its topic.
    pub(super) name_at: usize,
    properties: Vec<Property>,
}

/// A property that bears the name or the unit of something metered.
#[derive(Debug)]
struct Property {
    name: String,
    /// Quantity and factor; none where its unit fits no quantity, so that it is not read.
    what: Option<(Quantity, f64)>,
    load: Load,
}

#[derive(Debug)]
enum Load {
    /// As its name says.
    ByName,
    /// The description says phase A.
    First,
    Named(String),
}

impl Devices {
    pub(super) fn of(devices_max: usize) -> Self {
        Self {
            known: Recent::of(devices_max),
            taught: Recent::of(devices_max),
        }
    }

    /// What is known of the device with this topic.
    pub(super) fn device(&mut self, topic: &str) -> Option<&Device> {
        self.known.get(topic).map(|device| &*device)
    }

    /// Takes a list in place of the last one of its topic.
    pub(super) fn learn(&mut self, input: &Input<'_>) -> Outcome {
        let (root, base) = match (input.json(), input.before(2)) {
            (Ok(root), Some(base)) => (root, base),
            (Err(fault), _) => return Outcome::malformed(format!("zigbee2mqtt bridge/devices: {fault}")),
            (Ok(_), None) => return Outcome::silent(TEXT),
        };
        let was_known = self.taught.holds(input.topic());
        self.unlearn(input.topic());
        let mut topics = Vec::new();
        for item in root.items() {
            let Some(name) = item.get("friendly_name").and_then(Value::text) else {
                continue;
            };
            let properties = properties(item);
            if properties.iter().any(Property::is_metered) {
                let topic = format!("{base}/{name}");
                let name_at = base.len() + 1;
                self.known.put(&topic, Device { name_at, properties });
                topics.push(topic);
            }
        }
        if topics.is_empty() && !was_known {
            return Outcome::silent(TEXT);
        }
        self.taught.put(input.topic(), topics);
        Outcome::silent(TEXT).taught()
    }

    pub(super) fn unlearn(&mut self, topic: &str) {
        for device in self.taught.forget(topic).unwrap_or_default() {
            self.known.forget(&device);
        }
    }

    pub(super) fn forgotten(&self) -> u64 {
        self.known.forgotten() + self.taught.forgotten()
    }
}

impl Device {
    /// What a property is; by its name alone, where the bridge did not describe it.
    pub(super) fn meaning<'d>(&'d self, name: &str) -> Option<Meaning<'d>> {
        match self.properties.iter().find(|property| property.name == name) {
            Some(property) => property.meaning(),
            None => property::meaning(name),
        }
    }

    /// All that the device states.
    pub(super) fn meanings(&self) -> impl Iterator<Item = Meaning<'_>> {
        self.properties.iter().filter_map(Property::meaning)
    }
}

impl Property {
    fn is_metered(&self) -> bool {
        self.what
            .is_some_and(|(quantity, _)| quantity != Quantity::Voltage)
    }

    fn meaning(&self) -> Option<Meaning<'_>> {
        let (quantity, factor) = self.what?;
        let part = match &self.load {
            Load::ByName => property::meaning(&self.name).map_or(Part::Bare, |meaning| meaning.part),
            Load::First => Part::Phase(0),
            Load::Named(name) => Part::Named(name),
        };
        Some(Meaning {
            quantity,
            factor,
            part,
        })
    }
}

/// The metered properties of a device of the list.
fn properties(device: Value<'_>) -> Vec<Property> {
    let exposes = device
        .get("definition")
        .and_then(|definition| definition.get("exposes"));
    let mut numbers = Vec::new();
    if let Some(exposes) = exposes {
        collect(exposes, &mut numbers, 0);
    }
    let mut properties: Vec<Property> = numbers.iter().filter_map(|exposed| by_name(*exposed)).collect();
    // A name of its own is believed by its unit, where the device has no usual name for that quantity.
    for exposed in numbers {
        if let Some(property) = by_unit(exposed)
            && !properties.iter().any(|other| {
                other.name == property.name
                    || other.what.map(|what| what.0) == property.what.map(|what| what.0)
            })
        {
            properties.push(property);
        }
    }
    properties
}

/// The numbers among what is exposed, with those nested in features.
fn collect<'d>(exposes: Value<'d>, numbers: &mut Vec<Value<'d>>, nested: usize) {
    for exposed in exposes.items() {
        if numbers.len() >= PROPERTIES_MAX {
            return;
        }
        if exposed.get("type").and_then(Value::text) == Some("numeric") {
            numbers.push(exposed);
        }
        if let Some(features) = exposed.get("features").filter(|_| nested < NESTED_MAX) {
            collect(features, numbers, nested + 1);
        }
    }
}

/// A property with one of the usual names.
fn by_name(exposed: Value<'_>) -> Option<Property> {
    let said = |key| exposed.get(key).and_then(Value::text);
    let name = said("property")?;
    let endpoint = said("endpoint").filter(|endpoint| !endpoint.is_empty());
    let usual = property::meaning(name);
    let at_endpoint = || endpoint.and_then(|endpoint| property::meaning_at(name, endpoint));
    let meaning = usual.or_else(at_endpoint)?;
    let factor = match said("unit") {
        Some(unit) => word::factor(unit, meaning.quantity),
        None => Some(meaning.factor),
    };
    let description = said("description").unwrap_or_default().to_ascii_lowercase();
    let load = match meaning.part {
        Part::Named(endpoint) if usual.is_none() => Load::Named(endpoint.to_owned()),
        Part::Bare if description.ends_with("phase a") || description.contains("(phase a)") => Load::First,
        _ => Load::ByName,
    };
    Some(Property {
        name: name.to_owned(),
        what: factor.map(|factor| (meaning.quantity, factor)),
        load,
    })
}

/// A property of another name, such as `active_power` in kW.
fn by_unit(exposed: Value<'_>) -> Option<Property> {
    let said = |key| exposed.get(key).and_then(Value::text);
    let name = said("property")?;
    let quantity = word::said(name)?.quantity;
    let factor = word::factor(said("unit")?, quantity)?;
    let load = word::channel(name).map_or(Load::ByName, |channel| Load::Named(channel.to_owned()));
    Some(Property {
        name: name.to_owned(),
        what: Some((quantity, factor)),
        load,
    })
}
