//! Three-phase meter with Tasmota: `tele/<topic>/SENSOR`, an `ENERGY` object whose values are arrays.
//!
//! `Power` W, `Current` A, `Voltage` V and `ExportActive` kWh are arrays of the phases; `Total` and `Today` kWh are one sum, as
//! SetOption129 0 has it. `Time` is local without an offset. QoS 0, not retained; `LWT` is retained.
//! <https://tasmota.github.io/docs/MQTT/>, `xdrv_03_energy.ino`.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When, Will};

pub(super) const ENTRY: Entry = Entry {
    family: Family::TasmotaPhases,
    phases: 3,
    class_percent: 1.0,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

/// The firmware's last will.
pub(super) const WILL: Will = Will {
    topic: "tele/<topic>/LWT",
    qos: 1,
    retain: true,
    online: "Online",
    offline: "Offline",
};

static SPEECH: Speech = Speech {
    will: Some(WILL),
    groups: &[Group {
        when: When::Report,
        qos: 0,
        retain: false,
        says: &[(
            "tele/<topic>/SENSOR",
            r#"{"Time":"<time local>","ENERGY":{"TotalStartTime":"2024-01-08T09:12:31",
                    "Total":<import total kWh .3>,"Today":<import total kWh .3 from midnight>,
                    "ExportActive":[<export l1 kWh .3>,<export l2 kWh .3>,<export l3 kWh .3>],
                    "Power":[<power l1 W .0>,<power l2 W .0>,<power l3 W .0>],"ApparentPower":[<apparent l1 VA .0>,
                    <apparent l2 VA .0>,<apparent l3 VA .0>],"Factor":[<factor l1 1 .2>,<factor l2 1 .2>,
                    <factor l3 1 .2>],"Frequency":50,"Voltage":[<voltage l1 V .0>,<voltage l2 V .0>,
                    <voltage l3 V .0>],"Current":[<current l1 A .3>,<current l2 A .3>,<current l3 A .3>]}}"#,
        )],
    }],
};
