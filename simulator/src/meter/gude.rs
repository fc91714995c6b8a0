//! GUDE power control with three metered lines: `de/gudesystems/epc/<topic>/device/telemetry`, `<topic>` is the MAC.
//!
//! `line_in[].act_pow` W; `tot_energy` and the resettable `res_energy` are written here in kWh, which the manuals do not say.
//! `ts` is unix seconds, as after NTP. QoS 0, not retained. <https://wiki.gude-systems.com/MQTT_eng>.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When};

pub(super) const ENTRY: Entry = Entry {
    family: Family::Gude,
    phases: 3,
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
            "de/gudesystems/epc/<topic>/device/telemetry",
            r#"{"type":"telemetry","portstates":[{"port":"1","name":"Power Port","state":1}],
                    "line_in":[{"voltage":<voltage l1 V .0>,"current":<current l1 A .3>,"freq":50.0,"phase":0,
                    "act_pow":<power l1 W .0>,"react_pow":0,"app_pow":<apparent l1 VA .0>,
                    "pow_fact":<factor l1 1 .3>,"tot_energy":<import l1 kWh .3>,
                    "res_energy":<import l1 kWh .3 from boot>,"res_time":<up s>},{"voltage":<voltage l2 V .0>,
                    "current":<current l2 A .3>,"freq":50.0,"phase":0,"act_pow":<power l2 W .0>,"react_pow":0,
                    "app_pow":<apparent l2 VA .0>,"pow_fact":<factor l2 1 .3>,"tot_energy":<import l2 kWh .3>,
                    "res_energy":<import l2 kWh .3 from boot>,"res_time":<up s>},{"voltage":<voltage l3 V .0>,
                    "current":<current l3 A .3>,"freq":50.0,"phase":0,"act_pow":<power l3 W .0>,"react_pow":0,
                    "app_pow":<apparent l3 VA .0>,"pow_fact":<factor l3 1 .3>,"tot_energy":<import l3 kWh .3>,
                    "res_energy":<import l3 kWh .3 from boot>,"res_time":<up s>}],"ts":<time s>}"#,
        )],
    }],
};
