//! ESPHome meter without discovery: `<topic>/sensor/power_w/state` (1 decimal) and `<topic>/sensor/energy_kwh/state` (3 decimals).
//!
//! Only the names say the units. Retained, QoS 0; `<topic>/status` is retained. <https://esphome.io/components/mqtt.html>.

use super::esphome::WILL;
use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When};

pub(super) const ENTRY: Entry = Entry {
    family: Family::EsphomeNamed,
    phases: 1,
    class_percent: 1.0,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: Some(WILL),
    groups: &[
        Group {
            when: When::Power,
            qos: 0,
            retain: true,
            says: &[
                ("<topic>/sensor/power_w/state", "<power total W .1>"),
                ("<topic>/sensor/uptime/state", "<up s>"),
            ],
        },
        Group {
            when: When::Counter,
            qos: 0,
            retain: true,
            says: &[("<topic>/sensor/energy_kwh/state", "<import total kWh .3>")],
        },
    ],
};
