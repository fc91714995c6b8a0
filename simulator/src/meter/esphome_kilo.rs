//! ESPHome meter whose owner chose other units: `<topic>/sensor/load/state` is kW (4 decimals), `<topic>/sensor/counter/state` is Wh
//! (whole). Neither the topic nor the name says so: only the discovery does, here with full keys and a base topic.
//!
//! Retained, QoS 0. <https://esphome.io/components/mqtt.html>, <https://www.home-assistant.io/integrations/mqtt/>.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When, Will};

pub(super) const ENTRY: Entry = Entry {
    family: Family::EsphomeKilo,
    phases: 1,
    class_percent: 1.0,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: Some(Will {
        topic: "<topic>/status",
        qos: 0,
        retain: true,
        online: "online",
        offline: "offline",
    }),
    groups: &[
        Group {
            when: When::Greeting,
            qos: 0,
            retain: true,
            says: &[
                (
                    "homeassistant/sensor/<leaf>/load/config",
                    r#"{"device_class":"power","unit_of_measurement":"kW","state_class":"measurement","name":"Load",
                    "~":"<topic>","state_topic":"~/sensor/load/state","availability_topic":"~/status",
                    "unique_id":"<address>_load","device":{"identifiers":["<address>"],"name":"<leaf>",
                    "model":"esp32dev","manufacturer":"Espressif"}}"#,
                ),
                (
                    "homeassistant/sensor/<leaf>/counter/config",
                    r#"{"device_class":"energy","unit_of_measurement":"Wh","state_class":"total_increasing",
                    "name":"Counter","~":"<topic>","state_topic":"~/sensor/counter/state",
                    "availability_topic":"~/status","unique_id":"<address>_counter",
                    "device":{"identifiers":["<address>"],"name":"<leaf>","model":"esp32dev",
                    "manufacturer":"Espressif"}}"#,
                ),
            ],
        },
        Group {
            when: When::Power,
            qos: 0,
            retain: true,
            says: &[("<topic>/sensor/load/state", "<power total kW .4>")],
        },
        Group {
            when: When::Counter,
            qos: 0,
            retain: true,
            says: &[("<topic>/sensor/counter/state", "<import total Wh whole>")],
        },
    ],
};
