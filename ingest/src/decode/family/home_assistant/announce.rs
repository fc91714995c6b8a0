//! Reads discovery documents: which topic carries which value of which meter, and which topic says that it is away.
//!
//! One sensor a document, or a device with many `components`; keys in full or abbreviated; a base `~` at either end
//! of a topic; identifiers as a text or a list. What a sensor cannot be read for is kept with it, so that its topic
//! yields a reason and not a wrong number.

use super::super::super::collect::Quantity;
use super::super::super::json::Value;
use super::super::super::naming::load::Claim;
use super::super::super::naming::word;
use super::super::{Input, esphome};
use super::template::Template;

/// Longer topics and names are none.
const NAME_BYTES_MAX: usize = 512;
/// zigbee2mqtt's own family knows its devices better, under their names.
const OF_ZIGBEE2MQTT: &str = "zigbee2mqtt_";
/// More components than any device announces.
const COMPONENTS_MAX: usize = 256;
const QUANTITIES: [(Quantity, &str); 4] = [
    (Quantity::Power, "power"),
    (Quantity::Energy, "energy"),
    (Quantity::Voltage, "voltage"),
    (Quantity::Current, "current"),
];
const TOO_COMPLICATED: &str = "Home Assistant discovery: the value template does more than find one number and \
                               multiply it; describe the topic with a [[mapper]]";
const CONTRADICTION: &str = "Home Assistant discovery: unit and device class contradict each other; describe the \
                             topic with a [[mapper]]";
const NO_UNIT: &str = "Home Assistant discovery: a power or an energy without a unit that is known; describe the \
                       topic with a [[mapper]]";
const NO_COUNTER: &str = "Home Assistant discovery: an energy that is no counter (state class measurement); take the \
                          meter's register";
const ONE_DIRECTION: &str = "Home Assistant discovery: a power of one direction only is half of a signed one; \
                             describe the topic with a [[mapper]]";

/// A key in full and its abbreviation.
type Key = (&'static str, &'static str);
const STATE_TOPIC: Key = ("state_topic", "stat_t");
const UNIT: Key = ("unit_of_measurement", "unit_of_meas");
const DEVICE_CLASS: Key = ("device_class", "dev_cla");
const STATE_CLASS: Key = ("state_class", "stat_cla");
const CATEGORY: Key = ("entity_category", "ent_cat");
const TEMPLATE: Key = ("value_template", "val_tpl");
const DEVICE: Key = ("device", "dev");
const IDENTIFIERS: Key = ("identifiers", "ids");
const COMPONENTS: Key = ("components", "cmps");
const PLATFORM: Key = ("platform", "p");
const AVAILABILITY: Key = ("availability", "avty");
const AVAILABILITY_TOPIC: Key = ("availability_topic", "avty_t");
const AVAILABILITY_TEMPLATE: Key = ("availability_template", "avty_tpl");
const TOPIC: Key = ("topic", "t");
const AVAILABLE: Key = ("payload_available", "pl_avail");
const NOT_AVAILABLE: Key = ("payload_not_available", "pl_not_avail");

/// What a document teaches.
#[derive(Debug, Default)]
pub(super) struct Document {
    pub(super) sensors: Vec<Announced>,
    pub(super) wills: Vec<Will>,
}

/// A sensor that measures power, energy, voltage or current.
#[derive(Debug)]
pub(super) struct Announced {
    pub(super) state_topic: String,
    pub(super) meter: String,
    pub(super) claim: Claim,
    pub(super) how: Result<How, &'static str>,
}

/// How its value is read.
#[derive(Clone, Debug)]
pub(super) struct How {
    /// A JSON pointer; the bare payload without one.
    pub(super) pointer: Option<String>,
    /// To W, Wh, V or A.
    pub(super) factor: f64,
}

/// A topic that says whether meters are there.
#[derive(Debug)]
pub(super) struct Will {
    pub(super) topic: String,
    pub(super) pointer: Option<String>,
    pub(super) online: String,
    pub(super) offline: String,
}

/// What a document teaches; empty where nothing that it announces is metered.
pub(super) fn read(input: &Input<'_>, root: Value<'_>) -> Document {
    let of_topic = Topic::of(input);
    let mut document = Document::default();
    let identifier = get(root, DEVICE).and_then(identifier);
    if identifier.is_some_and(|identifier| identifier.starts_with(OF_ZIGBEE2MQTT)) {
        return document;
    }
    if let Some(components) = get(root, COMPONENTS) {
        for (id, component) in components.entries().take(COMPONENTS_MAX) {
            // A component without its platform is judged by its unit and class, as every sensor is.
            if text(component, PLATFORM).is_none_or(|platform| platform == "sensor") {
                document.sensors.extend(of_topic.sensor(root, component, id));
            }
        }
    } else if of_topic.is_sensor {
        document
            .sensors
            .extend(of_topic.sensor(root, root, of_topic.object));
    }
    if !document.sensors.is_empty() {
        document.wills = wills(root);
    }
    document
}

/// What the discovery topic itself says: `<prefix>/<component>/[<node>/]<object>/config`.
struct Topic<'a> {
    whole: &'a str,
    node: Option<&'a str>,
    object: &'a str,
    is_sensor: bool,
}

impl<'a> Topic<'a> {
    fn of(input: &Input<'a>) -> Self {
        let has_node = input.level(3) == "sensor" && input.level(2) != "sensor";
        Self {
            whole: input.topic(),
            node: has_node.then(|| input.level(2)),
            object: input.level(1),
            is_sensor: has_node || input.level(2) == "sensor",
        }
    }

    /// A sensor, where it measures what is metered.
    fn sensor(&self, root: Value<'_>, component: Value<'_>, object: &str) -> Option<Announced> {
        let base = text(component, ("~", "~")).or_else(|| text(root, ("~", "~")));
        let state_topic = text(component, STATE_TOPIC).or_else(|| text(root, STATE_TOPIC))?;
        let state_topic = expanded(state_topic, base);
        let device = get(root, DEVICE);
        let device_name = device.and_then(|device| text(device, ("name", "name")));
        let of_node = esphome::node(&state_topic).filter(|node| self.node == Some(*node));
        let meter = match (of_node, device.and_then(identifier)) {
            // ESPHome: the node's own name, as in its other topics.
            (Some(node), _) => node.to_owned(),
            (None, Some(identifier)) => identifier,
            (None, None) => device_name.or(self.node).unwrap_or(object).to_owned(),
        };
        let template = Template::of(text(component, TEMPLATE).unwrap_or_default());
        let name = text(component, ("name", "name")).filter(|name| !name.is_empty());
        let pointer = template.as_ref().and_then(|template| template.pointer.as_deref());
        let words = [Some(object), name, pointer];
        let names = || words.into_iter().flatten();
        let is_too_long = |name: &str| name.len() > NAME_BYTES_MAX;
        if is_too_long(&state_topic)
            || is_too_long(&meter)
            || names().any(is_too_long)
            || names().any(word::is_other)
        {
            return None;
        }
        let is_export = names().any(word::is_export);
        let (quantity, factor) = quantity(component, is_export)?;
        let how = factor.and_then(|factor| {
            let template = template.ok_or(TOO_COMPLICATED)?;
            Ok(How {
                factor: factor * template.factor,
                pointer: template.pointer,
            })
        });
        let known = format!("{meter} {}", device_name.unwrap_or_default());
        let numbered = [name.unwrap_or_default(), object, tail(&state_topic)]
            .into_iter()
            .filter(|text| !has_letter_alone(text))
            .find_map(|text| word::channel(text).filter(|channel| *channel != "total"));
        let load = numbered.map_or_else(
            || word::load(name.unwrap_or(object), &known),
            |channel| Some(channel.to_owned()),
        );
        Some(Announced {
            claim: Claim {
                key: format!("{} {object}", self.whole),
                quantity,
                load,
                name: object.to_owned(),
            },
            state_topic,
            meter,
            how,
        })
    }
}

/// What a sensor measures and the factor of its unit, or why that cannot be said; none where it is not metered.
fn quantity(component: Value<'_>, is_export: bool) -> Option<(Quantity, Result<f64, &'static str>)> {
    let unit = text(component, UNIT).unwrap_or_default();
    let class = text(component, DEVICE_CLASS);
    let of_unit = QUANTITIES
        .iter()
        .find_map(|(quantity, name)| Some((*quantity, *name, word::factor(unit, *quantity)?)));
    let of_class = class.and_then(|class| QUANTITIES.iter().find(|(_, name)| *name == class));
    let (quantity, factor) = match (of_unit, of_class) {
        (Some((_, name, _)), Some((quantity, class))) if name != *class => (*quantity, Err(CONTRADICTION)),
        (Some((quantity, _, factor)), _) if class.is_none() || of_class.is_some() => (quantity, Ok(factor)),
        (None, Some((quantity @ (Quantity::Power | Quantity::Energy), _))) => (*quantity, Err(NO_UNIT)),
        _ => return None,
    };
    // A voltage for diagnosis is a battery's.
    if quantity == Quantity::Voltage && text(component, CATEGORY) == Some("diagnostic") {
        return None;
    }
    Some(match quantity {
        Quantity::Energy if text(component, STATE_CLASS) == Some("measurement") => {
            (quantity, Err(NO_COUNTER))
        }
        Quantity::Energy if is_export => (Quantity::EnergyExport, factor),
        Quantity::Power if is_export => (quantity, Err(ONE_DIRECTION)),
        _ => (quantity, factor),
    })
}

/// The availability topics: one beside the sensor, or a list of them.
fn wills(root: Value<'_>) -> Vec<Will> {
    let base = text(root, ("~", "~"));
    let will = |of: Value<'_>, topic: &str, template: Option<&str>| {
        Some(Will {
            topic: expanded(topic, base),
            pointer: Template::of(template.unwrap_or_default())?.pointer,
            online: text(of, AVAILABLE).unwrap_or("online").to_owned(),
            offline: text(of, NOT_AVAILABLE).unwrap_or("offline").to_owned(),
        })
    };
    let alone =
        text(root, AVAILABILITY_TOPIC).and_then(|topic| will(root, topic, text(root, AVAILABILITY_TEMPLATE)));
    let listed = get(root, AVAILABILITY).into_iter().flat_map(|list| {
        let entries = list.items().chain(list.is_object().then_some(list));
        entries.take(COMPONENTS_MAX)
    });
    let listed = listed.filter_map(|entry| will(entry, text(entry, TOPIC)?, text(entry, TEMPLATE)));
    alone.into_iter().chain(listed).collect()
}

fn get<'d>(object: Value<'d>, (full, short): Key) -> Option<Value<'d>> {
    object.get(full).or_else(|| object.get(short))
}

fn text<'d>(object: Value<'d>, key: Key) -> Option<&'d str> {
    get(object, key).and_then(Value::text)
}

/// The first identifier of a device: a text, a number or a list of them.
fn identifier(device: Value<'_>) -> Option<String> {
    let identifiers = get(device, IDENTIFIERS)?;
    let first = if identifiers.is_list() {
        identifiers.items().next()?
    } else {
        identifiers
    };
    let text = first.text().map(str::to_owned);
    text.or_else(|| first.number().map(|number| number.to_string()))
        .filter(|text| !text.is_empty())
}

/// The last levels of a state topic: `outlet/3/watt`.
fn tail(topic: &str) -> &str {
    const LEVELS: usize = 3;
    let begin = topic.rmatch_indices('/').nth(LEVELS - 1);
    begin.map_or(topic, |(at, _)| &topic[at + 1..])
}

/// A level that is one letter is somebody's short name, not a phase.
fn has_letter_alone(text: &str) -> bool {
    let is_letter = |level: &str| level.len() == 1 && !level.starts_with(|c: char| c.is_ascii_digit());
    text.split('/').any(is_letter)
}

/// The base `~` at either end of a topic.
fn expanded(topic: &str, base: Option<&str>) -> String {
    let base = base.unwrap_or_default();
    match (topic.strip_prefix('~'), topic.strip_suffix('~')) {
        (Some(rest), _) => format!("{base}{rest}"),
        (None, Some(rest)) => format!("{rest}{base}"),
        (None, None) => topic.to_owned(),
    }
}
