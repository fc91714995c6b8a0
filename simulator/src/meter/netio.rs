//! NETIO PDU with MQTT-flex, configured to publish one object for an output: `<topic>/outputs/1`.
//!
//! MQTT-flex has no contract: topic and payload are the site's JSON; here they use the documented variables LOAD (W),
//! VOLTAGE, POWER_FACTOR, ENERGY_NR (Wh, cannot be reset) and REVERSE_ENERGY (Wh), all whole numbers but two. QoS 1.
//! <https://wiki.netio-products.com/index.php?title=MQTT-flex>.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When, Will};

pub(super) const ENTRY: Entry = Entry {
    family: Family::Netio,
    phases: 1,
    class_percent: 1.0,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: Some(Will {
        topic: "<topic>/status",
        qos: 1,
        retain: true,
        online: "online",
        offline: "offline",
    }),
    groups: &[Group {
        when: When::Report,
        qos: 1,
        retain: false,
        says: &[(
            "<topic>/outputs/1",
            r#"{"load":<power total W .0>,"voltage":<voltage l1 V .1>,"power_factor":<factor l1 1 .2>,
                    "energy_nr":<import total Wh whole>,"reverse_energy":<export total Wh whole>}"#,
        )],
    }],
};
