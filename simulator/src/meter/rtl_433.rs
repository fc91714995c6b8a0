//! A radio meter heard by rtl_433: `<topic>/events`, an object whose keys end in their unit.
//!
//! `power_W` (whole), `energy_kWh` (2 decimals). `time` is the receiver's local time. The meter is model and id. QoS 0, not
//! retained; nobody knows when such a transmitter is gone. <https://triq.org/rtl_433/DATA_FORMAT.html>.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When};

pub(super) const ENTRY: Entry = Entry {
    family: Family::Rtl433,
    phases: 1,
    class_percent: 2.0,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: None,
    groups: &[Group {
        when: When::Report,
        qos: 0,
        retain: false,
        says: &[(
            "<topic>/events",
            r#"{"time":"<time date> <time clock>","model":"Clamp-Transmitter","id":4711,
                    "power_W":<power total W .0>,"energy_kWh":<import total kWh .2>,"mic":"CRC"}"#,
        )],
    }],
};
