//! zigbee2mqtt: `<base>/<friendly name>` with all that is known of a device as JSON, or one property a topic
//! (`<base>/<friendly name>/<property>`); names hold blanks and slashes. `<base>/bridge/devices` teaches units and
//! loads.
//!
//! Documented at <https://www.zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html> and
//! <https://www.zigbee2mqtt.io/guide/usage/exposes.html>; the properties in zigbee-herdsman-converters,
//! `lib/exposes.ts`. The base is the level that begins with `zigbee2mqtt`; below any other base a device is known by
//! the bridge's list, or by what zigbee2mqtt adds to its message (`linkquality`).
//!
//! Phases come in four spellings: `_a _b _c`, `_phase_a`…, `_l1`…, and standard meters whose bare `power`, `voltage`
//! and `current` are phase A's beside `_phase_b` and `_phase_c`; a power only beside powers of phases. With `_a`
//! and `_b` only, they are two clamps, not phases. Any other bare property beside loads is the device's total; a bare
//! voltage beside no other is everybody's. `energy_flow: producing` gives an unsigned power its sign. Energy is kWh
//! where the bridge does not say otherwise. The JSON is a cache: a value may be older than its message, `last_seen`
//! tells.
//!
//! Limits: devices by the configuration's bound. A list longer than `payload_bytes_max` is not looked at: then names
//! alone decide.

mod device;
mod devices;
mod property;

use super::super::collect::Channels;
use super::super::json::Value;
use super::super::number::{self, Bare};
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome, is_online};
use device::{device, is_meter};
use devices::{Device, Devices};
use property::Spelling;

const BASE: &str = "zigbee2mqtt";
const NO_VALUE: &str = "zigbee2mqtt: the message carries no meter's values";
const BRIDGE: &str = "zigbee2mqtt: about the bridge, not a meter";
/// What stands below `bridge/`, whatever the base.
const OF_BRIDGE: [&str; 11] = [
    "config",
    "converters",
    "definitions",
    "devices",
    "event",
    "extensions",
    "groups",
    "health",
    "info",
    "logging",
    "state",
];

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "zigbee2mqtt",
    title: "zigbee2mqtt",
    begin,
    reads: "`<base>/<name>` as JSON and `<base>/<name>/<property>`: power W, energy and produced energy kWh, voltage, \
            current; units and loads by `bridge/devices` where it was heard; `energy_flow` as the sign; `last_seen` and \
            `timestamp_x` as stamps; availability as text or JSON. Channels: none for one load, `total` beside `l1` to \
            `l3` or clamps `a`, `b`, `ab`, or the endpoint's name.",
    leaves_out: &[
        "energies of a day or a month, apparent and reactive power, power factor, frequency",
        "the direction of meters that state neither a sign nor energy_flow: their power stays positive",
        "registers that a device states as negative",
        "energies that a device states in another unit than its description says",
        "voltages of batteries",
        "lists of devices longer than payload_bytes_max: names alone decide then",
    ],
    evidence: Evidence::Messages,
    samples: &[
        (
            "zigbee2mqtt/bridge/devices",
            br#"[{"friendly_name":"press","ieee_address":"0x5","definition":{"exposes":[{"type":"switch","features":[{"type":"numeric",
                "property":"active_power","unit":"kW"}]},{"type":"numeric","property":"energy","unit":"Wh","description":"x"},
                {"type":"numeric","property":"current_pump","endpoint":"pump","unit":"mA"},
                {"type":"numeric","property":"voltage","unit":"V","description":"Voltage (phase A)"}]}}]"#,
        ),
        (
            "zigbee2mqtt/press",
            br#"{"active_power":1.5,"energy":15,"current_pump":5,"voltage":231}"#,
        ),
        (
            "zigbee2mqtt/ward 3/plug",
            br#"{"power_a":10,"power_b":20,"power_ab":10,"energy":5,"energy_flow_a":"producing","voltage":230,
            "timestamp_a":"2026-04-01T08:00:00Z","last_seen":1775030400123,"linkquality":9}"#,
        ),
        (
            "zigbee2mqtt/m",
            br#"{"power":1,"power_phase_b":2,"power_phase_c":3,"produced_energy":1,"battery":5}"#,
        ),
        ("zigbee2mqtt/m/power", b"17"),
        ("zigbee2mqtt/m/availability", br#"{"state":"offline"}"#),
    ],
};

fn begin(config: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Zigbee2mqtt {
        devices: Devices::of(config.meters_max),
    })
}

struct Zigbee2mqtt {
    devices: Devices,
}

impl Family for Zigbee2mqtt {
    fn decode(&mut self, input: &Input<'_>) -> Option<Outcome> {
        let (last, above) = (input.level(0), input.level(1));
        if last == "config" && input.is_object() && above != "bridge" {
            return None; // Home Assistant discovery, should a node have our name
        }
        if above == "bridge" && last == "devices" && is_list_of_devices(input.text()) {
            return Some(self.devices.learn(input));
        }
        // A friendly name may begin like the base.
        match input.outermost(is_base) {
            Some(base) => self.below_base(input, base),
            None if above == "bridge" && OF_BRIDGE.contains(&last) => Some(Outcome::silent(BRIDGE)),
            None => self.other_base(input),
        }
    }

    fn unlearn(&mut self, topic: &str) {
        self.devices.unlearn(topic);
    }

    fn forgotten(&self) -> u64 {
        self.devices.forgotten()
    }
}

fn is_base(level: &str) -> bool {
    level
        .get(..BASE.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(BASE))
}

fn is_list_of_devices(text: &str) -> bool {
    text.starts_with('[') && (text.len() < 3 || text.contains("\"friendly_name\""))
}

impl Zigbee2mqtt {
    fn below_base(&mut self, input: &Input<'_>, base: usize) -> Option<Outcome> {
        let name = input.last(base);
        if input.level(base.checked_sub(1)?) == "bridge" {
            return Some(Outcome::silent(BRIDGE));
        }
        if input.is_object() && !(base > 1 && input.level(0) == "availability") {
            return Some(device(name, input, self.devices.device(input.topic())));
        }
        let Some((name, property)) = name.rsplit_once('/') else {
            return Some(Outcome::silent(NO_VALUE));
        };
        if property == "availability" {
            return Some(availability(name, input));
        }
        let known = input.before(1).and_then(|topic| self.devices.device(topic));
        Some(attribute(name, property, input, known))
    }

    /// Below a base of another name a device is known by the bridge's list, or by zigbee2mqtt's own additions.
    fn other_base(&mut self, input: &Input<'_>) -> Option<Outcome> {
        if let Some(known) = self.devices.device(input.topic()) {
            let name = input.topic().get(known.name_at..)?;
            return input.is_object().then(|| device(name, input, Some(known)));
        }
        if let Some(topic) = input.before(1)
            && let Some(known) = self.devices.device(topic)
        {
            let name = topic.get(known.name_at..)?;
            return match input.level(0) {
                "availability" => Some(availability(name, input)),
                property => Some(attribute(name, property, input, Some(known))),
            };
        }
        let name = input.topic().split_once('/')?.1;
        let is_marked = input.text().contains("\"linkquality\"");
        let root = (input.is_object() && is_marked).then(|| input.json().ok())??;
        is_meter(root, None).then(|| device(name, input, None))
    }
}

fn availability(name: &str, input: &Input<'_>) -> Outcome {
    let root = input.is_object().then(|| input.json().ok()).flatten();
    let word = root.and_then(|root| root.get("state")).and_then(Value::text);
    match is_online(word.unwrap_or(input.text())) {
        Some(is_online) => Outcome::availability(name, is_online),
        None => Outcome::malformed("zigbee2mqtt availability: neither online nor offline"),
    }
}

/// One property, one topic. Where the bridge has not described the device, nothing tells two clamps from phases:
/// letters stay letters.
fn attribute(name: &str, property: &str, input: &Input<'_>, known: Option<&Device>) -> Outcome {
    let Some(meaning) = device::meaning(property, known) else {
        return Outcome::silent(NO_VALUE);
    };
    let described = known.into_iter().flat_map(Device::meanings);
    let spelling = Spelling::of(described, known.is_some());
    match number::bare(input.text()) {
        Bare::Value(value) => {
            let measured = Some(value).filter(|value| property::is_measured(meaning.quantity, *value));
            let mut channels = Channels::of(name);
            channels.set(
                spelling.channel(meaning.part, meaning.quantity),
                meaning.quantity,
                measured.map(|value| value * meaning.factor),
            );
            Outcome::readings(
                channels.stamped(None),
                "zigbee2mqtt: a battery's voltage, a negative register, or not measured",
            )
        }
        Bare::Nothing => Outcome::silent("zigbee2mqtt: the device has no value yet"),
        Bare::Broken => Outcome::malformed(format!(
            "zigbee2mqtt {property}: the payload should be a bare number"
        )),
    }
}

#[cfg(test)]
mod tests;
