//! Three-phase Zigbee meter through zigbee2mqtt: `zigbee2mqtt/<topic>`, the whole cached state.
//!
//! `power` W is the total, `power_a` to `power_c` the phases, signed; `energy` and `produced_energy` kWh (2 decimals) are sums.
//! QoS 0, not retained; `availability` is a JSON object, QoS 1, retained.
//! <https://www.zigbee2mqtt.io/guide/usage/mqtt_topics_and_messages.html>.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When, Will};

pub(super) const ENTRY: Entry = Entry {
    family: Family::Zigbee2mqttPhases,
    phases: 3,
    class_percent: 1.5,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: Some(Will {
        topic: "zigbee2mqtt/<topic>/availability",
        qos: 1,
        retain: true,
        online: r#"{"state":"online"}"#,
        offline: r#"{"state":"offline"}"#,
    }),
    groups: &[Group {
        when: When::Report,
        qos: 0,
        retain: false,
        says: &[(
            "zigbee2mqtt/<topic>",
            r#"{"ac_frequency":50,"current_a":<current l1 A .3>,"current_b":<current l2 A .3>,
                    "current_c":<current l3 A .3>,"energy":<import total kWh .2>,"last_seen":"<time utc>",
                    "linkquality":84,"power":<power total W .0>,"power_a":<power l1 W .0>,"power_b":<power l2 W .0>,
                    "power_c":<power l3 W .0>,"produced_energy":<export total kWh .2>,"voltage_a":<voltage l1 V .1>,
                    "voltage_b":<voltage l2 V .1>,"voltage_c":<voltage l3 V .1>}"#,
        )],
    }],
};
