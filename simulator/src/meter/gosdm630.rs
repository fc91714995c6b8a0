//! A Modbus meter read by gosdm630, the forerunner of mbmd: `/gosdm630/<topic>/<name>`, with a leading slash.
//!
//! The names are those of IEC 61850: `WLocPhsA` W, `TotkWhImport[PhsA]`, `TotkWhExport[PhsA]` kWh, three decimals; no sum of the
//! powers. QoS 0, not retained, no time, no will. <https://github.com/gonium/gosdm630>.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When};

pub(super) const ENTRY: Entry = Entry {
    family: Family::Gosdm630,
    phases: 3,
    class_percent: 0.5,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: None,
    groups: &[
        Group {
            when: When::Power,
            qos: 0,
            retain: false,
            says: &[
                ("/gosdm630/<topic>/WLocPhsA", "<power l1 W .3>"),
                ("/gosdm630/<topic>/WLocPhsB", "<power l2 W .3>"),
                ("/gosdm630/<topic>/WLocPhsC", "<power l3 W .3>"),
                ("/gosdm630/<topic>/VolLocPhsA", "<voltage l1 V .3>"),
                ("/gosdm630/<topic>/VolLocPhsB", "<voltage l2 V .3>"),
                ("/gosdm630/<topic>/VolLocPhsC", "<voltage l3 V .3>"),
                ("/gosdm630/<topic>/AmpLocPhsA", "<current l1 A .3>"),
                ("/gosdm630/<topic>/AmpLocPhsB", "<current l2 A .3>"),
                ("/gosdm630/<topic>/AmpLocPhsC", "<current l3 A .3>"),
                ("/gosdm630/<topic>/AngLocPhsA", "<factor l1 1 .3>"),
                ("/gosdm630/<topic>/AngLocPhsB", "<factor l2 1 .3>"),
                ("/gosdm630/<topic>/AngLocPhsC", "<factor l3 1 .3>"),
            ],
        },
        Group {
            when: When::Counter,
            qos: 0,
            retain: false,
            says: &[
                ("/gosdm630/<topic>/TotkWhImport", "<import total kWh .3>"),
                ("/gosdm630/<topic>/TotkWhExport", "<export total kWh .3>"),
                ("/gosdm630/<topic>/TotkWhImportPhsA", "<import l1 kWh .3>"),
                ("/gosdm630/<topic>/TotkWhImportPhsB", "<import l2 kWh .3>"),
                ("/gosdm630/<topic>/TotkWhImportPhsC", "<import l3 kWh .3>"),
                ("/gosdm630/<topic>/TotkWhExportPhsA", "<export l1 kWh .3>"),
                ("/gosdm630/<topic>/TotkWhExportPhsB", "<export l2 kWh .3>"),
                ("/gosdm630/<topic>/TotkWhExportPhsC", "<export l3 kWh .3>"),
            ],
        },
    ],
};
