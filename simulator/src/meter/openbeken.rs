//! OpenBeken plug: `<topic>/<what>/get`, a bare number each.
//!
//! `power` W (2 decimals), `voltage` V, `current` A, `energycounter` Wh (3 decimals; kWh only with flag 40), and today's beside it. QoS 0,
//! not retained; `<topic>/connected` is retained. <https://github.com/openshwprojects/OpenBK7231T_App>, `docs/mqttTopics.md`.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When, Will};

pub(super) const ENTRY: Entry = Entry {
    family: Family::Openbeken,
    phases: 1,
    class_percent: 1.0,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: Some(Will {
        topic: "<topic>/connected",
        qos: 1,
        retain: true,
        online: "online",
        offline: "offline",
    }),
    groups: &[
        Group {
            when: When::Power,
            qos: 0,
            retain: false,
            says: &[
                ("<topic>/voltage/get", "<voltage l1 V .1>"),
                ("<topic>/current/get", "<current total A .3>"),
                ("<topic>/power/get", "<power total W .2>"),
                ("<topic>/power_apparent/get", "<apparent total VA .2>"),
                ("<topic>/power_factor/get", "<factor l1 1 .2>"),
            ],
        },
        Group {
            when: When::Counter,
            qos: 0,
            retain: false,
            says: &[
                ("<topic>/energycounter/get", "<import total Wh .3>"),
                (
                    "<topic>/energycounter_today/get",
                    "<import total Wh .3 from midnight>",
                ),
                ("<topic>/1/get", "1"),
            ],
        },
    ],
};
