//! A Modbus meter polled by modpoll: `modpoll/<topic>/data`, one object whose keys are `name|unit`.
//!
//! Names and units are those of the site's register list; floats have three decimals; `timestamp_ms` is the poller's clock.
//! QoS 0, not retained, no will. <https://github.com/gavinying/modpoll>.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When};

pub(super) const ENTRY: Entry = Entry {
    family: Family::Modpoll,
    phases: 3,
    class_percent: 0.5,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: None,
    groups: &[Group {
        when: When::Report,
        qos: 0,
        retain: false,
        says: &[(
            "modpoll/<topic>/data",
            r#"{"power_total|kW":<power total kW .3>,"power_l1|W":<power l1 W .3>,"power_l2|W":<power l2 W .3>,
                    "power_l3|W":<power l3 W .3>,"voltage_l1|V":<voltage l1 V .3>,
                    "energy_import_total|kWh":<import total kWh .3>,"energy_export_total|kWh":<export total kWh .3>,
                    "timestamp_ms":<time ms>}"#,
        )],
    }],
};
