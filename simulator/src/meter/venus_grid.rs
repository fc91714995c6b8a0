//! The JSON that a site publishes for Victron's dbus-mqtt-grid: `<topic>`, a `grid` with its phases.
//!
//! `power` W (1 decimal, positive from the grid), `energy_forward` and `energy_reverse` kWh (3 decimals). QoS 0, not retained.
//! <https://github.com/mr-manuel/venus-os_dbus-mqtt-grid>.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When};

pub(super) const ENTRY: Entry = Entry {
    family: Family::VenusGrid,
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
            "<topic>",
            r#"{"timestamp":<time s>,"grid":{"power":<power total W .1>,"energy_forward":<import total kWh .3>,
                    "energy_reverse":<export total kWh .3>,"L1":{"power":<power l1 W .1>,
                    "voltage":<voltage l1 V .1>,"current":<current l1 A .2>,"energy_forward":<import l1 kWh .3>,
                    "energy_reverse":<export l1 kWh .3>},"L2":{"power":<power l2 W .1>,"voltage":<voltage l2 V .1>,
                    "current":<current l2 A .2>,"energy_forward":<import l2 kWh .3>,
                    "energy_reverse":<export l2 kWh .3>},"L3":{"power":<power l3 W .1>,"voltage":<voltage l3 V .1>,
                    "current":<current l3 A .2>,"energy_forward":<import l3 kWh .3>,
                    "energy_reverse":<export l3 kWh .3>}}}"#,
        )],
    }],
};
