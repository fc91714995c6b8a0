//! Utility meter with an optical head, read by a Tasmota script: `tele/<topic>/SENSOR` with an `SML` object.
//!
//! The names are the script's; these are the ones of most examples: `Total_in`, `Total_out` kWh (4 decimals), `Power_curr` W.
//! A utility meter adds its phases: one register a direction. QoS 0, not retained.
//! <https://tasmota.github.io/docs/Smart-Meter-Interface/>.

use super::tasmota_phases::WILL;
use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When};

pub(super) const ENTRY: Entry = Entry {
    family: Family::TasmotaSml,
    phases: 3,
    class_percent: 1.0,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: Some(WILL),
    groups: &[Group {
        when: When::Report,
        qos: 0,
        retain: false,
        says: &[(
            "tele/<topic>/SENSOR",
            r#"{"Time":"<time local>","SML":{"Total_in":<import total kWh .4>,
                    "Total_out":<export total kWh .4>,"Power_curr":<power total W .0>,
                    "Meter_Number":"0a01<address>"}}"#,
        )],
    }],
};
