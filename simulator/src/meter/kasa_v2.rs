//! Kasa HS110, hardware 2, through a bridge that passes on the plug's own answer: `kasa/<topic>/emeter`.
//!
//! `emeter.get_realtime` in mW, mV, mA and Wh, whole numbers under other keys than hardware 1. QoS 0, not retained.
//! <https://github.com/python-kasa/python-kasa>, `kasa/iot/modules/emeter.py`.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When};

pub(super) const ENTRY: Entry = Entry {
    family: Family::KasaV2,
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
            r#"{"emeter":{"get_realtime":{"voltage_mv":<voltage l1 mV .0>,"current_ma":<current total mA .0>,
                    "power_mw":<power total mW .0>,"total_wh":<import total Wh whole>,"err_code":0}}}"#,
        )],
    }],
};
