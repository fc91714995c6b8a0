//! Shelly Pro 3EM, profile monophase: three clamps on their own, `<topic>/status/em1:<n>` and `<topic>/status/em1data:<n>`.
//!
//! `act_power` W (1 decimal, signed), `total_act_energy` and `total_act_ret_energy` Wh (2 decimals), two separate registers; there
//! is no sum. QoS 1, not retained; `<topic>/online` is QoS 0, not retained.
//! <https://shelly-api-docs.shelly.cloud/gen2/ComponentsAndServices/EM1>.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When, Will};

pub(super) const ENTRY: Entry = Entry {
    family: Family::ShellyEm1,
    phases: 3,
    class_percent: 1.0,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: Some(Will {
        topic: "<topic>/online",
        qos: 0,
        retain: false,
        online: "true",
        offline: "false",
    }),
    groups: &[
        Group {
            when: When::Power,
            qos: 1,
            retain: false,
            says: &[
                (
                    "<topic>/status/em1:0",
                    r#"{"id":0,"current":<current l1 A .3>,"voltage":<voltage l1 V .1>,"act_power":<power l1 W .1>,
                    "aprt_power":<apparent l1 VA .1>,"pf":<factor l1 1 .2>,"freq":50.0,"calibration":"factory"}"#,
                ),
                (
                    "<topic>/status/em1:1",
                    r#"{"id":1,"current":<current l2 A .3>,"voltage":<voltage l2 V .1>,"act_power":<power l2 W .1>,
                    "aprt_power":<apparent l2 VA .1>,"pf":<factor l2 1 .2>,"freq":50.0,"calibration":"factory"}"#,
                ),
                (
                    "<topic>/status/em1:2",
                    r#"{"id":2,"current":<current l3 A .3>,"voltage":<voltage l3 V .1>,"act_power":<power l3 W .1>,
                    "aprt_power":<apparent l3 VA .1>,"pf":<factor l3 1 .2>,"freq":50.0,"calibration":"factory"}"#,
                ),
            ],
        },
        Group {
            when: When::Counter,
            qos: 1,
            retain: false,
            says: &[
                (
                    "<topic>/status/em1data:0",
                    r#"{"id":0,"total_act_energy":<import l1 Wh .2>,"total_act_ret_energy":<export l1 Wh .2>}"#,
                ),
                (
                    "<topic>/status/em1data:1",
                    r#"{"id":1,"total_act_energy":<import l2 Wh .2>,"total_act_ret_energy":<export l2 Wh .2>}"#,
                ),
                (
                    "<topic>/status/em1data:2",
                    r#"{"id":2,"total_act_energy":<import l3 Wh .2>,"total_act_ret_energy":<export l3 Wh .2>}"#,
                ),
            ],
        },
    ],
};
