//! The meter families: one file each. A new family is a file and two lines here: its `mod` line and its entry.
//!
//! The order of the table is the order of the questions: a family that needs more evidence to recognise a message
//! stands later. No family claims a message only because its payload holds numbers.

mod ams;
mod cyberpower;
mod dbus_mqtt;
mod dsmr;
mod emon;
mod esphome;
mod espurna;
mod gude;
mod home_assistant;
mod homie;
mod iammeter;
mod kasa;
mod lorawan;
mod mbmd;
mod meross;
mod modpoll;
mod netio;
mod openbeken;
mod rtl_433;
mod shelly_gen1;
mod shelly_gen2;
mod sma_em;
mod smappee;
mod snmp2mqtt;
mod sparkplug;
mod supla;
mod tasmota;
mod telegraf;
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
    sparkplug::ENTRY,
    shelly_gen1::ENTRY,
    shelly_gen2::ENTRY,
    tasmota::ENTRY,
    telegraf::ENTRY,
    snmp2mqtt::ENTRY,
    netio::ENTRY,
    zigbee2mqtt::ENTRY,
    modpoll::ENTRY,
    mbmd::ENTRY,
    homie::ENTRY,
    cyberpower::ENTRY,
    gude::ENTRY,
    lorawan::ENTRY,
    smappee::ENTRY,
    iammeter::ENTRY,
    emon::ENTRY,
    dsmr::ENTRY,
    ams::ENTRY,
    victron::ENTRY,
    supla::ENTRY,
    sma_em::ENTRY,
    openbeken::ENTRY,
    espurna::ENTRY,
    kasa::ENTRY,
    meross::ENTRY,
    zwave_js_ui::ENTRY,
    tuya::ENTRY,
    rtl_433::ENTRY,
    dbus_mqtt::ENTRY,
    unit_text::ENTRY,
    // What others announce and no family knows by itself.
    home_assistant::ENTRY,
    esphome::ENTRY,
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
    /// What is read, in words: topics, quantities, channels.
    pub reads: &'static str,
    /// What such meters send that is not read, or only with configuration; each a phrase.
    pub leaves_out: &'static [&'static str],
    /// What the decoder was tried on.
    pub evidence: Evidence,
    /// Messages of our own in the family's shape, topic and payload: for the laws, the fuzzers and the documents.
    pub samples: &'static [(&'static str, &'static [u8])],
}

/// What a decoder was tried on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Evidence {
    /// Messages that real meters or bridges sent, as people published them.
    Messages,
    /// Messages of the vendor's or another project's tests and source code.
    Fixtures,
    /// The documentation alone: nobody has tried it on a meter.
    Documentation,
}

/// One family's decoder. It keeps only what its format's partial updates need, bounded by the configuration.
pub trait Family: Send {
    /// What a message says; none where it is not this family's. A look at the topic comes first: it costs nothing.
    fn decode(&mut self, input: &Input<'_>) -> Option<Outcome>;

    /// A topic that taught was cleared: what it taught holds no more.
    fn unlearn(&mut self, _topic: &str) {}

    /// How often it has forgotten a meter because its memory was full.
    fn forgotten(&self) -> u64 {
        0
    }
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
