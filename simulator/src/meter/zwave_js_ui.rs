//! Z-Wave plug through Z-Wave JS UI: `zwave/<topic>/50/0/value/<id>`, `{"time":…,"value":…}`.
//!
//! 65537 is kWh (3 decimals), 66049 W (1 decimal), 66561 V, 66817 A. `time` is unix milliseconds. QoS 1, retained.
//! <https://zwave-js.github.io/zwave-js-ui/#/guide/mqtt>.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When, Will};

pub(super) const ENTRY: Entry = Entry {
    family: Family::ZwaveJsUi,
    phases: 1,
    class_percent: 1.0,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: Some(Will {
        topic: "zwave/<topic>/status",
        qos: 1,
        retain: true,
        online: r#"{"value":true,"status":"Alive","nodeId":7}"#,
        offline: r#"{"value":false,"status":"Dead","nodeId":7}"#,
    }),
    groups: &[
        Group {
            when: When::Power,
            qos: 1,
            retain: true,
            says: &[
                (
                    "zwave/<topic>/50/0/value/66049",
                    r#"{"time":<time ms>,"value":<power total W .1>}"#,
                ),
                (
                    "zwave/<topic>/50/0/value/66561",
                    r#"{"time":<time ms>,"value":<voltage l1 V .1>}"#,
                ),
                (
                    "zwave/<topic>/50/0/value/66817",
                    r#"{"time":<time ms>,"value":<current total A .3>}"#,
                ),
            ],
        },
        Group {
            when: When::Counter,
            qos: 1,
            retain: true,
            says: &[(
                "zwave/<topic>/50/0/value/65537",
                r#"{"time":<time ms>,"value":<import total kWh .3>}"#,
            )],
        },
    ],
};
