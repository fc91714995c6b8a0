//! ESPurna plug: `<topic>/data`, one object whose numbers are strings.
//!
//! A heartbeat says what it is. `power` W (whole), `current` A, `voltage` V; `energy` JOULES in a signed 32-bit number, so it stands still at 2147483647 (597 kWh).
//! QoS 0, retained, as the firmware's default is; `<topic>/status` is `1`, by will `0`. <https://github.com/xoseperez/espurna/wiki/MQTT>.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When, Will};

pub(super) const ENTRY: Entry = Entry {
    family: Family::Espurna,
    phases: 1,
    class_percent: 2.0,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: Some(Will {
        topic: "<topic>/status",
        qos: 0,
        retain: true,
        online: "1",
        offline: "0",
    }),
    groups: &[
        Group {
            when: When::Greeting,
            qos: 0,
            retain: true,
            says: &[(
                "<topic>/data",
                r#"{"app":"ESPURNA","version":"1.15.0","host":"<leaf>","mac":"<ADDRESS>","uptime":"<up s>"}"#,
            )],
        },
        Group {
            when: When::Report,
            qos: 0,
            retain: true,
            says: &[(
                "<topic>/data",
                r#"{"current":"<current total A .3>","voltage":"<voltage l1 V .0>","power":"<power total W .0>",
                    "apparent":"<apparent total VA .0>","factor":"<factor l1 % .0>",
                    "energy":"<import total Ws whole most 2147483647>","time":"<time date> <time clock>","mac":"<ADDRESS>",
                    "host":"<leaf>","ip":"192.0.2.33","id":"<count>"}"#,
            )],
        },
    ],
};
