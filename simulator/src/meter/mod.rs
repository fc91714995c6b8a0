//! Wire formats: one file per format, one line each in [`TABLE`]. Most are a table of topics and templates.
//!
//! A format turns a sample into the topics and payloads that family really sends, with its quality of service and
//! retain flag, its counter's unit and resolution, and its availability messages. It knows nothing of devices or states.

mod ams;
mod chirpstack_clamp;
mod chirpstack_phases;
mod chirpstack_plug;
mod cyberpower;
mod dsmr;
mod emontx;
mod esphome;
mod esphome_kilo;
mod esphome_named;
mod espurna;
mod generic_json;
mod generic_number;
mod gosdm630;
mod gude;
mod homie4;
mod homie5;
mod iammeter;
mod kasa_v1;
mod kasa_v2;
mod mbmd;
mod meross;
mod modpoll;
mod netio;
mod netio_variables;
mod openbeken;
mod rtl_433;
mod shelly_em1;
mod shelly_gen1;
mod shelly_gen1_info;
mod shelly_gen1_plug;
mod shelly_gen2_events;
mod shelly_gen2_plug;
mod shelly_gen2_status;
mod sma_em;
mod smappee;
mod snmp2mqtt;
mod sparkplug;
mod statestream;
mod supla;
mod tasmota;
mod tasmota_phases;
mod tasmota_sml;
mod telegraf;
mod telegraf_batch;
mod things_stack;
mod tuya;
mod unit_text;
mod venus_grid;
mod victron;
mod zigbee2mqtt;
mod zigbee2mqtt_phases;
mod zwave_js_ui;

use std::borrow::Cow;
use std::sync::Arc;

use crate::dice::fold;
use crate::parcel::Parcel;
use crate::register::Sample;
use crate::scenario::{DeviceSpec, Family, Scenario};

/// What a format is built from.
pub(crate) struct Context<'a> {
    pub(crate) scenario: &'a Scenario,
    pub(crate) device: &'a DeviceSpec,
}

impl Context<'_> {
    /// The meter's topic, prefix or name.
    pub(crate) fn topic(&self) -> &str {
        &self.device.meter.topic
    }

    /// A way to publish on one topic: the family's flags unless the scenario says otherwise.
    pub(crate) fn line(&self, topic: String, qos: u8, retain: bool) -> Line {
        let meter = &self.device.meter;
        Line {
            topic: topic.into(),
            qos: meter.qos.unwrap_or(qos),
            retain: meter.retain.unwrap_or(retain),
        }
    }

    /// A hardware address for factory ids: stable, made of the device's id.
    pub(crate) fn hardware_address(&self) -> String {
        format!(
            "{:012x}",
            fold(&self.device.id, 0xcbf2_9ce4_8422_2325) & 0xffff_ffff_ffff
        )
    }
}

/// A topic with its flags.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) topic: Arc<str>,
    pub(crate) qos: u8,
    pub(crate) retain: bool,
}

impl Line {
    pub(crate) fn say(&self, at_ms: i64, payload: Vec<u8>) -> Parcel {
        Parcel {
            at_ms,
            topic: self.topic.clone(),
            payload,
            qos: self.qos,
            retain: self.retain,
            sample: None,
        }
    }
}

/// The topic on which a meter, or the broker in its name, says whether it is there.
#[derive(Debug, Clone)]
pub(crate) struct Availability {
    pub(crate) line: Line,
    pub(crate) online: Cow<'static, [u8]>,
    pub(crate) offline: Cow<'static, [u8]>,
}

impl Availability {
    pub(crate) fn online(&self, at_ms: i64) -> Parcel {
        self.line.say(at_ms, self.online.to_vec())
    }

    pub(crate) fn offline(&self, at_ms: i64) -> Parcel {
        self.line.say(at_ms, self.offline.to_vec())
    }
}

/// Why a report is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Due {
    pub(crate) power: bool,
    pub(crate) counter: bool,
}

/// One meter's way of speaking.
pub(crate) trait WireFormat: Send {
    /// Messages of a meter that has just connected, for the first time or again.
    fn greet(&mut self, sample: &Sample, out: &mut Vec<Parcel>) {
        out.extend(self.availability().map(|said| said.online(sample.at_ms)));
    }

    /// Messages of one report.
    fn report(&mut self, sample: &Sample, due: Due, out: &mut Vec<Parcel>);

    /// Where it says whether it is there; none where the family has no such topic.
    fn availability(&self) -> Option<&Availability>;
}

/// One wire format.
pub(crate) struct Entry {
    pub(crate) family: Family,
    /// 1 or 3.
    pub(crate) phases: usize,
    /// Usual class accuracy.
    pub(crate) class_percent: f64,
    pub(crate) format: fn(&Context<'_>) -> Box<dyn WireFormat>,
}

pub(crate) const TABLE: &[Entry] = &[
    ams::ENTRY,
    chirpstack_clamp::ENTRY,
    chirpstack_phases::ENTRY,
    chirpstack_plug::ENTRY,
    cyberpower::ENTRY,
    dsmr::ENTRY,
    emontx::ENTRY,
    esphome::ENTRY,
    esphome_kilo::ENTRY,
    esphome_named::ENTRY,
    espurna::ENTRY,
    generic_json::ENTRY,
    generic_number::ENTRY,
    gosdm630::ENTRY,
    gude::ENTRY,
    homie4::ENTRY,
    homie5::ENTRY,
    iammeter::ENTRY,
    kasa_v1::ENTRY,
    kasa_v2::ENTRY,
    mbmd::ENTRY,
    meross::ENTRY,
    modpoll::ENTRY,
    netio::ENTRY,
    netio_variables::ENTRY,
    openbeken::ENTRY,
    rtl_433::ENTRY,
    shelly_em1::ENTRY,
    shelly_gen1::ENTRY,
    shelly_gen1_info::ENTRY,
    shelly_gen1_plug::ENTRY,
    shelly_gen2_events::ENTRY,
    shelly_gen2_plug::ENTRY,
    shelly_gen2_status::ENTRY,
    sma_em::ENTRY,
    smappee::ENTRY,
    snmp2mqtt::ENTRY,
    sparkplug::ENTRY,
    statestream::ENTRY,
    supla::ENTRY,
    tasmota::ENTRY,
    tasmota_phases::ENTRY,
    tasmota_sml::ENTRY,
    telegraf::ENTRY,
    telegraf_batch::ENTRY,
    things_stack::ENTRY,
    tuya::ENTRY,
    unit_text::ENTRY,
    venus_grid::ENTRY,
    victron::ENTRY,
    zigbee2mqtt::ENTRY,
    zigbee2mqtt_phases::ENTRY,
    zwave_js_ui::ENTRY,
];

pub(crate) fn entry(family: Family) -> &'static Entry {
    TABLE
        .iter()
        .find(|entry| entry.family == family)
        .expect("a test finds every family in the table")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_and_table_agree() {
        assert_eq!(TABLE.len(), Family::ALL.len());
        for family in Family::ALL {
            assert_eq!(entry(*family).family, *family);
        }
        crate::assert_files("src/meter", TABLE.len());
    }
}
