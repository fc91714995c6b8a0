//! Kasa HS110, hardware 1, through a bridge that passes on the plug's own answer: `kasa/<topic>/emeter`.
//!
//! `emeter.get_realtime` in W, V, A and kWh. QoS 0, not retained; bridges differ.
//! <https://github.com/python-kasa/python-kasa>, `kasa/iot/modules/emeter.py`.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When};

pub(super) const ENTRY: Entry = Entry {
    family: Family::KasaV1,
    phases: 1,
    class_percent: 1.0,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: None,
    groups: &[Group {
        when: When::Report,
        qos: 0,
        retain: false,
        says: &[(
            "kasa/<topic>/emeter",
            r#"{"emeter":{"get_realtime":{"current":<current total A .6>,"voltage":<voltage l1 V .6>,
                    "power":<power total W .6>,"total":<import total kWh .6>,"err_code":0}}}"#,
        )],
    }],
};
