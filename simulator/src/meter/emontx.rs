//! emonTx through emonHub: `emon/<topic>/power<n>` W and `emon/<topic>/e<n>` Wh, whole numbers, a clamp on each phase; `vrms` V.
//!
//! `e<n>` is net and counts since the node's start: it falls where power flows back. QoS 2, not retained, no will. emonHub
//! sends the same frame as CSV to `emonhub/rx/<n>/values`. <https://docs.openenergymonitor.org/emonhub/index.html>.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When};

pub(super) const ENTRY: Entry = Entry {
    family: Family::Emontx,
    phases: 3,
    class_percent: 2.0,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: None,
    groups: &[
        Group {
            when: When::Power,
            qos: 2,
            retain: false,
            says: &[
                ("emon/<topic>/power1", "<power l1 W .0>"),
                ("emon/<topic>/power2", "<power l2 W .0>"),
                ("emon/<topic>/power3", "<power l3 W .0>"),
                ("emon/<topic>/vrms", "<voltage l1 V .2>"),
            ],
        },
        Group {
            when: When::Counter,
            qos: 2,
            retain: false,
            says: &[
                ("emon/<topic>/e1", "<net l1 Wh whole from boot>"),
                ("emon/<topic>/e2", "<net l2 Wh whole from boot>"),
                ("emon/<topic>/e3", "<net l3 Wh whole from boot>"),
                ("emon/<topic>/rssi", "-53"),
            ],
        },
    ],
};
