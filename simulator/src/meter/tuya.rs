//! Tuya plug through a bridge that passes on the raw data points: `tuya/<topic>/dps`.
//!
//! 18 is mA, 19 is 0.1 W, 20 is 0.1 V; 17 is what was used since it was last said (0.001 kWh), no register, and left out here.
//! QoS 0, not retained. <https://developer.tuya.com/en/docs/iot/product-standard-function-introduction>.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When};

pub(super) const ENTRY: Entry = Entry {
    family: Family::Tuya,
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
            "tuya/<topic>/dps",
            r#"{"dps":{"1":true,"9":0,"18":<current total mA .0>,"19":<power total dW .0>,
                    "20":<voltage l1 dV .0>},"cid":"<topic>"}"#,
        )],
    }],
};
