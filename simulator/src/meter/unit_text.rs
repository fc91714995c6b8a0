//! A home-made controller that prints its numbers with their units, one topic for all outlets: `<topic>`.
//!
//! `power` in W (2 decimals), `energy` in kWh (3 decimals), as texts; meter and outlet stand in the body. QoS 0, not retained.
//! There is no document: it is what people build.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When};

pub(super) const ENTRY: Entry = Entry {
    family: Family::UnitText,
    phases: 1,
    class_percent: 2.0,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: None,
    groups: &[Group {
        when: When::Report,
        qos: 0,
        retain: false,
        says: &[(
            "<topic>",
            r#"{"id":"strip-<leaf>","port":3,"status":"active","current":"<current total A .3>A",
                    "voltage":"<voltage l1 V .1>V","power":"<power total W .2>W",
                    "energy":"<import total kWh .3>kWh"}"#,
        )],
    }],
};
