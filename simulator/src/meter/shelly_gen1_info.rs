//! Shelly 3EM, first generation, whole status at once: `shellies/<topic>/info`.
//!
//! `emeters[]` with `power` W (2 decimals, signed), `total`, `total_returned` Wh (1 decimal), and `total_power` beside them.
//! QoS 0, not retained. <https://shelly-api-docs.shelly.cloud/gen1/#shelly-3em-status>.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When, Will};

pub(super) const ENTRY: Entry = Entry {
    family: Family::ShellyGen1Info,
    phases: 3,
    class_percent: 1.0,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: Some(Will {
        topic: "shellies/<topic>/online",
        qos: 0,
        retain: false,
        online: "true",
        offline: "false",
    }),
    groups: &[Group {
        when: When::Report,
        qos: 0,
        retain: false,
        says: &[(
            "shellies/<topic>/info",
            r#"{"wifi_sta":{"connected":true,"ssid":"rooms","ip":"192.0.2.17","rssi":-61},
                    "mqtt":{"connected":true},"unixtime":<time s>,"mac":"<ADDRESS>","relays":[{"ison":true,
                    "has_timer":false,"is_valid":true}],"emeters":[{"power":<power l1 W .2>,"pf":<factor l1 1 .2>,
                    "current":<current l1 A .2>,"voltage":<voltage l1 V .2>,"is_valid":true,
                    "total":<import l1 Wh .1>,"total_returned":<export l1 Wh .1>},{"power":<power l2 W .2>,
                    "pf":<factor l2 1 .2>,"current":<current l2 A .2>,"voltage":<voltage l2 V .2>,"is_valid":true,
                    "total":<import l2 Wh .1>,"total_returned":<export l2 Wh .1>},{"power":<power l3 W .2>,
                    "pf":<factor l3 1 .2>,"current":<current l3 A .2>,"voltage":<voltage l3 V .2>,"is_valid":true,
                    "total":<import l3 Wh .1>,"total_returned":<export l3 Wh .1>}],"total_power":<power total W .2>,
                    "fs_mounted":true,"uptime":<up s>}"#,
        )],
    }],
};
