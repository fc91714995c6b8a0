//! A grid meter behind a Victron GX: `N/<portal>/<topic>/Ac/[L1/]Power`, `{"value":…}` on every path; `<topic>` is service and
//! instance, such as `grid/30`.
//!
//! W (1 decimal), `Energy/Forward` and `Energy/Reverse` kWh (3 decimals), for the whole and by phase. QoS 0, not retained, no time.
//! `Connected` turns 0 when the meter is lost. <https://github.com/victronenergy/venus/wiki/dbus>.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When, Will};

pub(super) const ENTRY: Entry = Entry {
    family: Family::Victron,
    phases: 3,
    class_percent: 1.0,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: Some(Will {
        topic: "N/c0619ab0<address>/<topic>/Connected",
        qos: 0,
        retain: false,
        online: r#"{"value":1}"#,
        offline: r#"{"value":0}"#,
    }),
    groups: &[
        Group {
            when: When::Power,
            qos: 0,
            retain: false,
            says: &[
                (
                    "N/c0619ab0<address>/<topic>/Ac/Power",
                    r#"{"value":<power total W .1>}"#,
                ),
                (
                    "N/c0619ab0<address>/<topic>/Ac/L1/Power",
                    r#"{"value":<power l1 W .1>}"#,
                ),
                (
                    "N/c0619ab0<address>/<topic>/Ac/L2/Power",
                    r#"{"value":<power l2 W .1>}"#,
                ),
                (
                    "N/c0619ab0<address>/<topic>/Ac/L3/Power",
                    r#"{"value":<power l3 W .1>}"#,
                ),
                (
                    "N/c0619ab0<address>/<topic>/Ac/L1/Voltage",
                    r#"{"value":<voltage l1 V .1>}"#,
                ),
                (
                    "N/c0619ab0<address>/<topic>/Ac/L2/Voltage",
                    r#"{"value":<voltage l2 V .1>}"#,
                ),
                (
                    "N/c0619ab0<address>/<topic>/Ac/L3/Voltage",
                    r#"{"value":<voltage l3 V .1>}"#,
                ),
                (
                    "N/c0619ab0<address>/<topic>/Ac/L1/Current",
                    r#"{"value":<current l1 A .2>}"#,
                ),
                (
                    "N/c0619ab0<address>/<topic>/Ac/L2/Current",
                    r#"{"value":<current l2 A .2>}"#,
                ),
                (
                    "N/c0619ab0<address>/<topic>/Ac/L3/Current",
                    r#"{"value":<current l3 A .2>}"#,
                ),
            ],
        },
        Group {
            when: When::Counter,
            qos: 0,
            retain: false,
            says: &[
                (
                    "N/c0619ab0<address>/<topic>/Ac/Energy/Forward",
                    r#"{"value":<import total kWh .3>}"#,
                ),
                (
                    "N/c0619ab0<address>/<topic>/Ac/Energy/Reverse",
                    r#"{"value":<export total kWh .3>}"#,
                ),
                (
                    "N/c0619ab0<address>/<topic>/Ac/L1/Energy/Forward",
                    r#"{"value":<import l1 kWh .3>}"#,
                ),
                (
                    "N/c0619ab0<address>/<topic>/Ac/L2/Energy/Forward",
                    r#"{"value":<import l2 kWh .3>}"#,
                ),
                (
                    "N/c0619ab0<address>/<topic>/Ac/L3/Energy/Forward",
                    r#"{"value":<import l3 kWh .3>}"#,
                ),
                (
                    "N/c0619ab0<address>/<topic>/Ac/L1/Energy/Reverse",
                    r#"{"value":<export l1 kWh .3>}"#,
                ),
                (
                    "N/c0619ab0<address>/<topic>/Ac/L2/Energy/Reverse",
                    r#"{"value":<export l2 kWh .3>}"#,
                ),
                (
                    "N/c0619ab0<address>/<topic>/Ac/L3/Energy/Reverse",
                    r#"{"value":<export l3 kWh .3>}"#,
                ),
            ],
        },
    ],
};
