//! The meter families: one file each. A new family is a file and two lines here: its `mod` line and its entry.
//!
//! The order of the table is the order of the questions: a family that needs more evidence to recognise a message
//! stands later. No family claims a message only because its payload holds numbers.

mod cyberpower;
mod dbus_mqtt;
mod dsmr;
mod emon;
mod gude;
mod iammeter;
mod kasa;
mod lorawan;
mod mbmd;
mod meross;
mod openbeken;
mod shelly_gen1;
mod shelly_gen2;
mod smappee;
mod tasmota;
mod tuya;
mod unit_text;
mod victron;
mod zigbee2mqtt;
mod zwave_js_ui;

use super::collect::{Channels, Quantity};
use super::json::Value;
use super::number::{self, Bare};
use super::{DecoderConfig, Input, Outcome};

/// All families, in the order in which they are asked.
pub static FAMILIES: &[FamilyEntry] = &[
    FamilyEntry::of("shelly_gen1", "Shelly Gen1", shelly_gen1::begin),
    FamilyEntry::of("shelly_gen2", "Shelly Gen2, Gen3, Gen4", shelly_gen2::begin),
    FamilyEntry::of("tasmota", "Tasmota", tasmota::begin),
    FamilyEntry::of("zigbee2mqtt", "zigbee2mqtt", zigbee2mqtt::begin),
    FamilyEntry::of("mbmd", "mbmd and gosdm630, Modbus meters", mbmd::begin),
    FamilyEntry::of("cyberpower", "CyberPower PDUs, MQTT bridge", cyberpower::begin),
    FamilyEntry::of("gude", "GUDE power controls and PDUs", gude::begin),
    FamilyEntry::of(
        "lorawan",
        "LoRaWAN meters by ChirpStack and The Things Stack",
        lorawan::begin,
    ),
    FamilyEntry::of("smappee", "Smappee", smappee::begin),
    FamilyEntry::of("iammeter", "IAMMETER", iammeter::begin),
    FamilyEntry::of("emon", "emonTx, emonPi", emon::begin),
    FamilyEntry::of("dsmr", "DSMR-reader", dsmr::begin),
    FamilyEntry::of("victron", "Victron Venus", victron::begin),
    FamilyEntry::of("openbeken", "OpenBeken", openbeken::begin),
    FamilyEntry::of("kasa", "Kasa plugs, bridged", kasa::begin),
    FamilyEntry::of("meross", "Meross, Refoss", meross::begin),
    FamilyEntry::of("zwave_js_ui", "Z-Wave JS UI", zwave_js_ui::begin),
    FamilyEntry::of("tuya", "Tuya, raw data points", tuya::begin),
    FamilyEntry::of("dbus_mqtt", "dbus-mqtt-grid and its kin", dbus_mqtt::begin),
    FamilyEntry::of(
        "unit_text",
        "JSON whose numbers carry their units",
        unit_text::begin,
    ),
];

/// What is known of a family before any message.
#[derive(Debug)]
pub struct FamilyEntry {
    /// The stable word in outputs; the name of the family's file.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// A decoder that has seen nothing yet.
    pub begin: fn(&DecoderConfig) -> Box<dyn Family>,
}

impl FamilyEntry {
    const fn of(
        name: &'static str,
        title: &'static str,
        begin: fn(&DecoderConfig) -> Box<dyn Family>,
    ) -> Self {
        Self { name, title, begin }
    }
}

/// One family's decoder. It keeps only what its format's partial updates need, bounded by the configuration.
pub trait Family: Send {
    /// What a message says; none where it is not this family's. A look at the topic comes first: it costs nothing.
    fn decode(&mut self, input: &Input<'_>) -> Option<Outcome>;
}

/// A family that remembers nothing: a function is all it needs.
struct Stateless(fn(&Input<'_>) -> Option<Outcome>);

impl Family for Stateless {
    fn decode(&mut self, input: &Input<'_>) -> Option<Outcome> {
        self.0(input)
    }
}

/// Where a value stands in a JSON object, what it is, the factor to its base unit.
type Fields<'t> = &'t [(&'t str, Quantity, f64)];

/// Takes the values of one channel out of an object.
fn take(channels: &mut Channels<'_>, channel: Option<&str>, object: Value<'_>, fields: Fields<'_>) {
    for (key, quantity, factor) in fields {
        let value = object.get(key).and_then(Value::number);
        channels.set(channel, *quantity, value.map(|value| value * factor));
    }
}

/// A payload that is one bare number.
fn bare(input: &Input<'_>, meter: &str, channel: Option<&str>, quantity: Quantity, factor: f64) -> Outcome {
    match number::bare(input.text()) {
        Bare::Value(value) => {
            let mut channels = Channels::of(meter);
            channels.set(channel, quantity, Some(value * factor));
            Outcome::readings(
                channels.stamped(None),
                "a register or a voltage cannot be negative",
            )
        }
        Bare::Nothing => Outcome::silent("the meter has no value"),
        Bare::Broken => Outcome::malformed(format!(
            "the payload of {} should be a bare number",
            input.last(3)
        )),
    }
}

/// `online`/`offline` and their kin, as wills and availability topics say it.
fn is_online(text: &str) -> Option<bool> {
    let is = |words: [&str; 3]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    match () {
        () if is(["online", "true", "connected"]) => Some(true),
        () if is(["offline", "false", "disconnected"]) => Some(false),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_and_folder_are_equal() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/decode/family");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
            .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
            .filter(|name| name != "mod")
            .collect();
        let mut names: Vec<_> = FAMILIES.iter().map(|entry| entry.name.to_owned()).collect();
        files.sort();
        names.sort();
        assert_eq!(files, names);
    }
}
