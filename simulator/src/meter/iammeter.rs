//! IAMMETER WEM3080T: `device/<topic>/realtime`, positional lists of V, A, W, import kWh, export kWh, Hz, power factor.
//!
//! W whole and signed, kWh with 3 decimals. No time; QoS 0, not retained, no will.
//! <https://www.iammeter.com/newsshow/energy-meter-json-value>.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When};

pub(super) const ENTRY: Entry = Entry {
    family: Family::Iammeter,
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
            "device/<topic>/realtime",
            r#"{"method":"uploadsn","mac":"<ADDRESS>","version":"1.76.3T1","server":"em","SN":"<leaf>",
                    "Datas":[[<voltage l1 V .1>,<current l1 A .1>,<power l1 W .0>,<import l1 kWh .3>,
                    <export l1 kWh .3>,50.00,<factor l1 1 .2>],[<voltage l2 V .1>,<current l2 A .1>,<power l2 W .0>,
                    <import l2 kWh .3>,<export l2 kWh .3>,50.00,<factor l2 1 .2>],[<voltage l3 V .1>,
                    <current l3 A .1>,<power l3 W .0>,<import l3 kWh .3>,<export l3 kWh .3>,50.00,
                    <factor l3 1 .2>]]}"#,
        )],
    }],
};
