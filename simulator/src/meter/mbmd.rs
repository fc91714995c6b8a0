//! A Modbus meter read by mbmd: `mbmd/<topic>/<Measurement>[/L1|/L2|/L3]`, a bare number with three decimals each.
//!
//! W, kWh, V, A. `Sum` is import and export together. QoS 0, not retained, no time. `mbmd/status` is the bridge's: it says
//! nothing of a meter. <https://github.com/volkszaehler/mbmd>, `server/mqtt.go`.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When, Will};

pub(super) const ENTRY: Entry = Entry {
    family: Family::Mbmd,
    phases: 3,
    class_percent: 0.5,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: Some(Will {
        topic: "mbmd/status",
        qos: 1,
        retain: true,
        online: "connected",
        offline: "disconnected",
    }),
    groups: &[
        Group {
            when: When::Power,
            qos: 0,
            retain: false,
            says: &[
                ("mbmd/<topic>/Power", "<power total W .3>"),
                ("mbmd/<topic>/Power/L1", "<power l1 W .3>"),
                ("mbmd/<topic>/Power/L2", "<power l2 W .3>"),
                ("mbmd/<topic>/Power/L3", "<power l3 W .3>"),
                ("mbmd/<topic>/Voltage/L1", "<voltage l1 V .3>"),
                ("mbmd/<topic>/Voltage/L2", "<voltage l2 V .3>"),
                ("mbmd/<topic>/Voltage/L3", "<voltage l3 V .3>"),
                ("mbmd/<topic>/Current/L1", "<current l1 A .3>"),
                ("mbmd/<topic>/Current/L2", "<current l2 A .3>"),
                ("mbmd/<topic>/Current/L3", "<current l3 A .3>"),
                ("mbmd/<topic>/Cosphi/L1", "<factor l1 1 .3>"),
                ("mbmd/<topic>/Cosphi/L2", "<factor l2 1 .3>"),
                ("mbmd/<topic>/Cosphi/L3", "<factor l3 1 .3>"),
                ("mbmd/<topic>/Frequency", "50.000"),
            ],
        },
        Group {
            when: When::Counter,
            qos: 0,
            retain: false,
            says: &[
                ("mbmd/<topic>/Import", "<import total kWh .3>"),
                ("mbmd/<topic>/Export", "<export total kWh .3>"),
                ("mbmd/<topic>/Import/L1", "<import l1 kWh .3>"),
                ("mbmd/<topic>/Import/L2", "<import l2 kWh .3>"),
                ("mbmd/<topic>/Import/L3", "<import l3 kWh .3>"),
                ("mbmd/<topic>/Export/L1", "<export l1 kWh .3>"),
                ("mbmd/<topic>/Export/L2", "<export l2 kWh .3>"),
                ("mbmd/<topic>/Export/L3", "<export l3 kWh .3>"),
            ],
        },
    ],
};
