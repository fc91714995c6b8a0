//! Meross plug on a broker of one's own: `/appliance/<topic>/publish`, a header and a payload.
//!
//! `electricity.power` mW, `voltage` 0.1 V, `current` mA. `consumptionx` is Wh of each day, not a register: it starts again at local
//! midnight. QoS 0, not retained, no will. <https://github.com/krahabb/meross_lan>.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When};

pub(super) const ENTRY: Entry = Entry {
    family: Family::Meross,
    phases: 1,
    class_percent: 1.0,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: None,
    groups: &[
        Group {
            when: When::Power,
            qos: 0,
            retain: false,
            says: &[(
                "/appliance/<topic>/publish",
                r#"{"header":{"messageId":"<address><address>","namespace":"Appliance.Control.Electricity",
                    "method":"PUSH","payloadVersion":1,"from":"/appliance/<topic>/publish","timestamp":<time s>},
                    "payload":{"electricity":{"channel":0,"current":<current total mA .0>,
                    "voltage":<voltage l1 dV .0>,"power":<power total mW .0>,"config":{"voltageRatio":188,
                    "electricityRatio":101}}}}"#,
            )],
        },
        Group {
            when: When::Counter,
            qos: 0,
            retain: false,
            says: &[(
                "/appliance/<topic>/publish",
                r#"{"header":{"messageId":"<address><address>","namespace":"Appliance.Control.ConsumptionX",
                    "method":"PUSH","payloadVersion":1,"from":"/appliance/<topic>/publish","timestamp":<time s>},
                    "payload":{"consumptionx":[{"date":"<time date>","time":<time s>,
                    "value":<import total Wh whole from midnight>}]}}"#,
            )],
        },
    ],
};
