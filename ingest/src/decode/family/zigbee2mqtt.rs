//! zigbee2mqtt: `<base>/<friendly name>` with all that is known of a device as JSON, or one property a topic
//! (`<base>/<friendly name>/<property>`); names hold blanks and slashes.
//!
//! Documented at <https://www.zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html>; the properties in
//! zigbee-herdsman-converters, `lib/exposes.ts`. The base is the level that begins with `zigbee2mqtt`; below any other
//! base only what zigbee2mqtt adds (`linkquality`, `last_seen`) tells its messages.
//!
//! Phases come in four spellings: `_a _b _c`, `_phase_a`…, `_l1`…, and standard meters whose bare `power`, `voltage`
//! and `current` are phase A beside `_phase_b` and `_phase_c`. With `_a` and `_b` only, they are two clamps, not
//! phases. A bare property beside others is the device's total; a bare voltage beside no other is everybody's.
//! `energy_flow: producing` gives an unsigned power its sign. Energy is kWh. The JSON is a cache: a value may be
//! older than its message, `last_seen` tells.

use analyzer::Reading;

use super::super::collect::{self, Channels, Quantity};
use super::super::json::Value;
use super::super::number::{self, Bare};
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome, Stateless, is_online};

const BASE: &str = "zigbee2mqtt";
const NO_VALUE: &str = "zigbee2mqtt: the message carries no meter's values";
const TOTAL: &str = "total";
/// A battery's voltage is in mV: no mains voltage is above this.
const VOLTAGE_MAX: f64 = 1000.0;

/// Property, quantity, factor to the base unit; the longer of two with the same beginning first.
const PROPERTIES: [(&str, Quantity, f64); 7] = [
    ("energy_produced", Quantity::EnergyExport, 1000.0),
    ("produced_energy", Quantity::EnergyExport, 1000.0),
    ("energy_wh", Quantity::Energy, 1.0),
    ("energy", Quantity::Energy, 1000.0),
    ("power", Quantity::Power, 1.0),
    ("voltage", Quantity::Voltage, 1.0),
    ("current", Quantity::Current, 1.0),
];

/// Which of a device's loads a property is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// No suffix.
    Bare,
    /// `_a`, `_b`, `_c`.
    Letter(usize),
    /// `_phase_a`, `_phase_b`, `_phase_c`.
    Phase(usize),
    /// A suffix that is a name.
    Named(&'static str),
}

const PARTS: [(&str, Part); 26] = [
    ("", Part::Bare),
    ("_a", Part::Letter(0)),
    ("_b", Part::Letter(1)),
    ("_c", Part::Letter(2)),
    ("_phase_a", Part::Phase(0)),
    ("_phase_b", Part::Phase(1)),
    ("_phase_c", Part::Phase(2)),
    ("_ab", Part::Named("ab")),
    ("_l1", Part::Named("l1")),
    ("_l2", Part::Named("l2")),
    ("_l3", Part::Named("l3")),
    ("_l4", Part::Named("l4")),
    ("_l5", Part::Named("l5")),
    ("_l6", Part::Named("l6")),
    ("_l7", Part::Named("l7")),
    ("_l8", Part::Named("l8")),
    ("_1", Part::Named("1")),
    ("_2", Part::Named("2")),
    ("_3", Part::Named("3")),
    ("_4", Part::Named("4")),
    ("_left", Part::Named("left")),
    ("_right", Part::Named("right")),
    ("_top", Part::Named("top")),
    ("_bottom", Part::Named("bottom")),
    ("_center", Part::Named("center")),
    ("_total", Part::Named(TOTAL)),
];

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "zigbee2mqtt",
    title: "zigbee2mqtt",
    begin,
    reads: "TODO",
    leaves_out: &[],
    evidence: Evidence::Messages,
    samples: &[
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

fn begin(_: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Stateless(decode))
}

fn decode(input: &Input<'_>) -> Option<Outcome> {
    let is_base = |level: &str| {
        level
            .get(..BASE.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(BASE))
    };
    let Some(base) = input.position(is_base) else {
        return other_base(input);
    };
    let name = input.last(base);
    if base == 0 {
        return None;
    }
    if input.level(base - 1) == "bridge" {
        return Some(Outcome::silent("zigbee2mqtt: about the bridge, not a meter"));
    }
    if input.is_object() && !(base > 1 && input.level(0) == "availability") {
        return Some(device(name, input));
    }
    let Some((name, property)) = name.rsplit_once('/') else {
        return Some(Outcome::silent(NO_VALUE));
    };
    Some(match property {
        "availability" => availability(name, input),
        _ => attribute(name, property, input),
    })
}

/// Below a base of another name only zigbee2mqtt's own additions beside a meter's values tell it.
fn other_base(input: &Input<'_>) -> Option<Outcome> {
    let name = input.topic().split_once('/')?.1;
    let is_marked = input.text().contains("\"linkquality\"");
    let root = (input.is_object() && is_marked).then(|| input.json().ok())??;
    is_meter(root).then(|| device(name, input))
}

fn availability(name: &str, input: &Input<'_>) -> Outcome {
    let root = input.is_object().then(|| input.json().ok()).flatten();
    let word = root.and_then(|root| root.get("state")).and_then(Value::text);
    match is_online(word.unwrap_or(input.text())) {
        Some(is_online) => Outcome::availability(name, is_online),
        None => Outcome::malformed("zigbee2mqtt availability: neither online nor offline"),
    }
}

/// One property, one topic. Nothing tells two clamps from phases here: letters stay letters.
fn attribute(name: &str, property: &str, input: &Input<'_>) -> Outcome {
    let Some((quantity, factor, part)) = meaning(property) else {
        return Outcome::silent(NO_VALUE);
    };
    let channel = match part {
        Part::Bare => None,
        Part::Letter(letter) => Some(["a", "b", "c"][letter]),
        Part::Phase(phase) => Some(["l1", "l2", "l3"][phase]),
        Part::Named(name) => Some(name),
    };
    match number::bare(input.text()) {
        Bare::Value(value) => {
            let mut channels = Channels::of(name);
            channels.set(
                channel,
                quantity,
                Some(value * factor).filter(|_| is_mains(quantity, value)),
            );
            Outcome::readings(
                channels.stamped(None),
                "zigbee2mqtt: a battery's voltage, or a negative register",
            )
        }
        Bare::Nothing => Outcome::silent("zigbee2mqtt: the device has no value yet"),
        Bare::Broken => Outcome::malformed(format!(
            "zigbee2mqtt {property}: the payload should be a bare number"
        )),
    }
}

fn device(name: &str, input: &Input<'_>) -> Outcome {
    let root = match input.json() {
        Ok(root) => root,
        Err(fault) => return Outcome::malformed(format!("zigbee2mqtt: {fault}")),
    };
    if !is_meter(root) {
        return Outcome::silent(NO_VALUE);
    }
    let spelling = Spelling::of(root);
    let has_battery = root.get("battery").is_some();
    let mut channels = Channels::of(name);
    let mut shared_voltage_v = None;
    for (key, value) in root.entries() {
        let Some((quantity, factor, part)) = meaning(key) else {
            continue;
        };
        let value = value.number().filter(|value| is_mains(quantity, *value));
        match (quantity, part) {
            (Quantity::Voltage, _) if has_battery => {}
            (Quantity::Voltage, Part::Bare) if !spelling.has_voltages => shared_voltage_v = value,
            _ => channels.set(
                spelling.channel(part, quantity),
                quantity,
                value.map(|value| value * factor),
            ),
        }
    }
    let last_seen = root.get("last_seen").and_then(|seen| input.zone().stamp(seen));
    let mut readings = channels.stamped(None);
    for reading in &mut readings {
        if let Some(voltage_v) = shared_voltage_v {
            collect::put(reading, Quantity::Voltage, voltage_v);
        }
    }
    for (key, value) in root.entries() {
        if let Some((what, part)) = of_channel(key)
            && let Some(reading) = reading_of(&mut readings, spelling.channel(part, Quantity::Power))
        {
            match what {
                "energy_flow" => sign_by_flow(reading, value),
                _ => reading.stamp = input.zone().stamp(value),
            }
        }
    }
    for reading in &mut readings {
        reading.stamp = reading.stamp.or(last_seen);
    }
    readings.sort_by_key(|reading| {
        let name = reading.channel.as_deref().unwrap_or_default();
        (name != TOTAL, name.len(), name.to_owned())
    });
    Outcome::readings(readings, NO_VALUE)
}

/// How a device spells its loads.
struct Spelling {
    /// Letters are phases: there is a third.
    has_third: bool,
    /// The bare power is phase A.
    is_bare_first: bool,
    /// There are loads beside the bare one.
    has_parts: bool,
    /// Loads have voltages of their own.
    has_voltages: bool,
}

impl Spelling {
    fn of(root: Value<'_>) -> Self {
        let mut spelling = Self {
            has_third: false,
            is_bare_first: false,
            has_parts: false,
            has_voltages: false,
        };
        let (mut has_first, mut has_later) = (false, false);
        for (quantity, _, part) in root.entries().filter_map(|(key, _)| meaning(key)) {
            spelling.has_third |= part == Part::Letter(2);
            spelling.has_parts |= part != Part::Bare;
            spelling.has_voltages |= part != Part::Bare && quantity == Quantity::Voltage;
            has_first |= part == Part::Phase(0);
            has_later |= matches!(part, Part::Phase(1 | 2));
        }
        spelling.is_bare_first = has_later && !has_first;
        spelling
    }

    fn channel(&self, part: Part, quantity: Quantity) -> Option<&'static str> {
        const PHASES: [&str; 3] = ["l1", "l2", "l3"];
        let is_register = matches!(quantity, Quantity::Energy | Quantity::EnergyExport);
        match part {
            Part::Bare if self.is_bare_first && !is_register => Some(PHASES[0]),
            Part::Bare => self.has_parts.then_some(TOTAL),
            Part::Letter(letter) if self.has_third => Some(PHASES[letter]),
            Part::Letter(letter) => Some(["a", "b", "c"][letter]),
            Part::Phase(phase) => Some(PHASES[phase]),
            Part::Named(name) => Some(name),
        }
    }
}

fn meaning(key: &str) -> Option<(Quantity, f64, Part)> {
    let (name, quantity, factor) = PROPERTIES.iter().find(|(name, ..)| key.starts_with(name))?;
    part_of(&key[name.len()..]).map(|part| (*quantity, *factor, part))
}

fn of_channel(key: &str) -> Option<(&'static str, Part)> {
    let name = ["energy_flow", "timestamp"]
        .into_iter()
        .find(|name| key.starts_with(name))?;
    part_of(&key[name.len()..]).map(|part| (name, part))
}

fn part_of(suffix: &str) -> Option<Part> {
    PARTS
        .iter()
        .find(|(name, _)| *name == suffix)
        .map(|(_, part)| *part)
}

fn reading_of<'r>(readings: &'r mut [Reading], channel: Option<&str>) -> Option<&'r mut Reading> {
    readings
        .iter_mut()
        .find(|reading| reading.channel.as_deref() == channel)
}

fn sign_by_flow(reading: &mut Reading, flow: Value<'_>) {
    if flow
        .text()
        .is_some_and(|flow| flow.eq_ignore_ascii_case("producing"))
    {
        reading.power_w = reading
            .power_w
            .map(|power_w| if power_w > 0.0 { -power_w } else { power_w });
    }
}

/// Whether a device meters at all: a voltage alone is a battery's.
fn is_meter(root: Value<'_>) -> bool {
    root.entries().any(|(key, value)| {
        value.number().is_some() && meaning(key).is_some_and(|(quantity, ..)| quantity != Quantity::Voltage)
    })
}

fn is_mains(quantity: Quantity, value: f64) -> bool {
    quantity != Quantity::Voltage || value <= VOLTAGE_MAX
}

#[cfg(test)]
mod tests {
    use super::super::super::check::check;

    #[test]
    fn one_load() {
        check(
            "zigbee2mqtt/ward 3/monitor plug",
            r#"{"current":0.4,"energy":3.5,"power":-80,"voltage":231,"linkquality":80,"last_seen":"2026-04-01T10:00:00+02:00","power_outage_memory":"on"}"#,
            "zigbee2mqtt: ward 3/monitor plug - power_w=-80 energy_wh=3500 voltage_v=231 current_a=0.4 stamp=2026-04-01T08:00:00Z",
        );
        check(
            "zigbee2mqtt/p",
            r#"{"power":5,"last_seen":1775030400123}"#,
            "zigbee2mqtt: p - power_w=5 stamp=2026-04-01T08:00:00.123Z",
        );
        check(
            "zigbee2mqtt/p",
            r#"{"power":null,"energy":1,"current":"unknown"}"#,
            "zigbee2mqtt: p - energy_wh=1000",
        );
        check(
            "zigbee2mqtt/p",
            r#"{"energy":1,"produced_energy":-3,"energy_month":9}"#,
            "zigbee2mqtt: p - energy_wh=1000",
        );
        check(
            "home/z/p",
            r#"{"power":5,"linkquality":9}"#,
            "zigbee2mqtt: z/p - power_w=5",
        );
        check("home/z/p", r#"{"power":5}"#, "unknown");
        check("zigbee2mqtt/p/power", "7", "zigbee2mqtt: p - power_w=7");
        check("zigbee2mqtt/p/energy", "0.5", "zigbee2mqtt: p - energy_wh=500");
        check(
            "zigbee2mqtt/p/energy_phase_b",
            "0.5",
            "zigbee2mqtt: p l2 energy_wh=500",
        );
    }

    #[test]
    fn phases_in_four_spellings() {
        let phases = "zigbee2mqtt: m l1 power_w=1 current_a=0.1
                      zigbee2mqtt: m l2 power_w=2
                      zigbee2mqtt: m l3 power_w=3";
        for payload in [
            r#"{"power_a":1,"power_b":2,"power_c":3,"current_a":0.1}"#,
            r#"{"power_phase_a":1,"power_phase_b":2,"power_phase_c":3,"current_phase_a":0.1}"#,
            r#"{"power_l1":1,"power_l2":2,"power_l3":3,"current_l1":0.1}"#,
            r#"{"power":1,"power_phase_b":2,"power_phase_c":3,"current":0.1}"#,
        ] {
            check("zigbee2mqtt/m", payload, phases);
        }
        check(
            "zigbee2mqtt/m",
            r#"{"energy":5,"power":1,"power_phase_b":2,"voltage":230,"voltage_phase_b":231,"produced_energy":1}"#,
            "zigbee2mqtt: m total energy_wh=5000 energy_export_wh=1000
             zigbee2mqtt: m l1 power_w=1 voltage_v=230
             zigbee2mqtt: m l2 power_w=2 voltage_v=231",
        );
        check(
            "zigbee2mqtt/m",
            r#"{"power":6,"power_a":1,"power_b":2,"power_c":3,"voltage":229}"#,
            "zigbee2mqtt: m total power_w=6 voltage_v=229
             zigbee2mqtt: m l1 power_w=1 voltage_v=229
             zigbee2mqtt: m l2 power_w=2 voltage_v=229
             zigbee2mqtt: m l3 power_w=3 voltage_v=229",
        );
    }

    #[test]
    fn two_clamps_and_their_flow() {
        check(
            "zigbee2mqtt/m",
            r#"{"power_a":10,"power_b":20,"power_ab":10,"energy_flow_a":"producing","energy_flow_b":"consuming",
                "timestamp_a":"2026-04-01T08:00:00Z","calibration_power_a":1}"#,
            "zigbee2mqtt: m a power_w=-10 stamp=2026-04-01T08:00:00Z
             zigbee2mqtt: m b power_w=20
             zigbee2mqtt: m ab power_w=10",
        );
        check(
            "zigbee2mqtt/m",
            r#"{"power":-3,"energy_flow":"producing"}"#,
            "zigbee2mqtt: m - power_w=-3",
        );
    }

    #[test]
    fn what_is_not_a_reading() {
        check(
            "zigbee2mqtt/p/availability",
            r#"{"state":"offline"}"#,
            "zigbee2mqtt: p is offline",
        );
        check(
            "zigbee2mqtt/a/p/availability",
            "online",
            "zigbee2mqtt: a/p is online",
        );
        check("zigbee2mqtt/p/availability", "?", "zigbee2mqtt: malformed");
        check(
            "zigbee2mqtt/bridge/state",
            r#"{"state":"online"}"#,
            "zigbee2mqtt: not a reading",
        );
        check("zigbee2mqtt/p/set", r#"{"power":5}"#, "not a reading");
        check("zigbee2mqtt/p/state", "ON", "zigbee2mqtt: not a reading");
        check("zigbee2mqtt/p/power", "nan", "zigbee2mqtt: not a reading");
        check("zigbee2mqtt/p/power", "ON", "zigbee2mqtt: malformed");
        check(
            "zigbee2mqtt/door",
            r#"{"battery":90,"voltage":3000,"contact":true}"#,
            "zigbee2mqtt: not a reading",
        );
        check("zigbee2mqtt/door/voltage", "3000", "zigbee2mqtt: not a reading");
        check("zigbee2mqtt/p", r#"{"power":"#, "zigbee2mqtt: malformed");
    }
}
