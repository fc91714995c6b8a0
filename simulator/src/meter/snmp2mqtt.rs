//! A PDU polled by snmp2mqtt: `snmp2mqtt/<topic>/<sensor>/value`, what the OID holds, without unit or scale.
//!
//! `active_power` is W; `energy` is tenths of a kWh, as CyberPower's MIB has it. Retained; each sensor has a `status`,
//! `snmp2mqtt/status` is the bridge's will. <https://github.com/dchesterton/snmp2mqtt>.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When, Will};

pub(super) const ENTRY: Entry = Entry {
    family: Family::Snmp2mqtt,
    phases: 1,
    class_percent: 1.0,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: Some(Will {
        topic: "snmp2mqtt/status",
        qos: 1,
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
                ("snmp2mqtt/<topic>/active_power/status", "online"),
                ("snmp2mqtt/<topic>/energy/status", "online"),
            ],
        },
        Group {
            when: When::Power,
            qos: 0,
            retain: true,
            says: &[("snmp2mqtt/<topic>/active_power/value", "<power total W .0>")],
        },
        Group {
            when: When::Counter,
            qos: 0,
            retain: true,
            says: &[("snmp2mqtt/<topic>/energy/value", "<import total hWh whole>")],
        },
    ],
};
