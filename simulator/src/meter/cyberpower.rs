//! CyberPower PDU through the MQTT bridge: `pdu/<topic>/outlet/<n>/…`, `bank/<n>/…`, `total/…`, a bare number each.
//!
//! The load hangs on outlet 1; bank 1 and the total are other views of it; outlet 2 is idle, which the bridge writes as 0.
//! Power W (1 decimal), energy kWh (0.1), current and `total/load` A. Everything is retained, QoS 0.
//! <https://github.com/mvalancy/CyberPower-PDU>, `docs/mqtt-topics.md`.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When, Will};

pub(super) const ENTRY: Entry = Entry {
    family: Family::Cyberpower,
    phases: 1,
    class_percent: 1.0,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: Some(Will {
        topic: "pdu/<topic>/bridge/status",
        qos: 1,
        retain: true,
        online: "online",
        offline: "offline",
    }),
    groups: &[
        Group {
            when: When::Power,
            qos: 0,
            retain: true,
            says: &[
                ("pdu/<topic>/outlet/1/state", "on"),
                ("pdu/<topic>/outlet/1/power", "<power total W .1>"),
                ("pdu/<topic>/outlet/1/current", "<current total A .1>"),
                ("pdu/<topic>/outlet/2/power", "0"),
                ("pdu/<topic>/outlet/2/current", "0.0"),
                ("pdu/<topic>/bank/1/power", "<power total W .1>"),
                ("pdu/<topic>/total/power", "<power total W .1>"),
                ("pdu/<topic>/total/load", "<current total A .1>"),
                ("pdu/<topic>/input/voltage", "<voltage l1 V .1>"),
            ],
        },
        Group {
            when: When::Counter,
            qos: 0,
            retain: true,
            says: &[
                ("pdu/<topic>/outlet/1/energy", "<import total kWh .1>"),
                ("pdu/<topic>/outlet/2/energy", "0.0"),
                ("pdu/<topic>/total/energy", "<import total kWh .1>"),
            ],
        },
    ],
};
