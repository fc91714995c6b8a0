//! ESPHome meter whose owner chose other units: `<topic>/sensor/power/state` is kW (4 decimals), `<topic>/sensor/energy/state` is Wh
//! (whole). Neither the topic nor the name says so: only the discovery does, here with full keys and a base topic.
//!
//! Retained, QoS 0. <https://esphome.io/components/mqtt.html>, <https://www.home-assistant.io/integrations/mqtt/>.

use super::esphome::WILL;
use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When};

pub(super) const ENTRY: Entry = Entry {
    family: Family::EsphomeKilo,
    phases: 1,
    class_percent: 1.0,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: Some(WILL),
    groups: &[
        Group {
            when: When::Greeting,
            qos: 0,
            retain: true,
            says: &[
                (
                    "homeassistant/sensor/<leaf>/power/config",
                    r#"{"device_class":"power","unit_of_measurement":"kW","state_class":"measurement","name":"Power",
                    "~":"<topic>","state_topic":"~/sensor/power/state","availability_topic":"~/status",
                    "unique_id":"<address>_power","device":{"identifiers":["<address>"],"name":"<leaf>",
                    "model":"esp32dev","manufacturer":"Espressif"}}"#,
                ),
                (
                    "homeassistant/sensor/<leaf>/energy/config",
                    r#"{"device_class":"energy","unit_of_measurement":"Wh","state_class":"total_increasing",
                    "name":"Energy","~":"<topic>","state_topic":"~/sensor/energy/state",
                    "availability_topic":"~/status","unique_id":"<address>_energy",
                    "device":{"identifiers":["<address>"],"name":"<leaf>","model":"esp32dev",
                    "manufacturer":"Espressif"}}"#,
                ),
            ],
        },
        Group {
            when: When::Power,
            qos: 0,
            retain: true,
            says: &[("<topic>/sensor/power/state", "<power total kW .4>")],
        },
        Group {
            when: When::Counter,
            qos: 0,
            retain: true,
            says: &[("<topic>/sensor/energy/state", "<import total Wh whole>")],
        },
    ],
};
