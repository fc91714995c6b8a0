//! NETIO PDU with MQTT-flex, configured to a topic for each variable: `<topic>/OUTPUTS/1/LOAD` and its like.
//!
//! LOAD is W, ENERGY_NR and REVERSE_ENERGY_NR Wh (cannot be reset), whole numbers; VOLTAGE is V. QoS 1, not retained.
//! <https://wiki.netio-products.com/index.php?title=MQTT-flex>.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When};

pub(super) const ENTRY: Entry = Entry {
    family: Family::NetioVariables,
    phases: 1,
    class_percent: 1.0,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: None,
    groups: &[
        Group {
            when: When::Power,
            qos: 1,
            retain: false,
            says: &[
                ("<topic>/OUTPUTS/1/LOAD", "<power total W .0>"),
                ("<topic>/OUTPUTS/1/VOLTAGE", "<voltage l1 V .1>"),
            ],
        },
        Group {
            when: When::Counter,
            qos: 1,
            retain: false,
            says: &[
                ("<topic>/OUTPUTS/1/ENERGY_NR", "<import total Wh whole>"),
                ("<topic>/OUTPUTS/1/REVERSE_ENERGY_NR", "<export total Wh whole>"),
            ],
        },
    ],
};
