//! Home Assistant's `mqtt_statestream` of a meter's entities: `statestream/sensor/<topic>_power/state` and `…_energy/state`, raw text;
//! each attribute has a topic of its own, as JSON (`unit_of_measurement` is `"W"` with its quotes).
//!
//! kW (3 decimals), kWh (2 decimals). Retained, QoS 1, no will. <https://www.home-assistant.io/integrations/mqtt_statestream/>.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When};

pub(super) const ENTRY: Entry = Entry {
    family: Family::Statestream,
    phases: 1,
    class_percent: 1.0,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: None,
    groups: &[
        Group {
            when: When::Greeting,
            qos: 1,
            retain: true,
            says: &[
                ("statestream/sensor/<leaf>_power/unit_of_measurement", r#""kW""#),
                ("statestream/sensor/<leaf>_power/device_class", r#""power""#),
                (
                    "statestream/sensor/<leaf>_power/friendly_name",
                    r#""<leaf> power""#,
                ),
                ("statestream/sensor/<leaf>_energy/unit_of_measurement", r#""kWh""#),
                ("statestream/sensor/<leaf>_energy/device_class", r#""energy""#),
                (
                    "statestream/sensor/<leaf>_energy/friendly_name",
                    r#""<leaf> energy""#,
                ),
            ],
        },
        Group {
            when: When::Power,
            qos: 1,
            retain: true,
            says: &[("statestream/sensor/<leaf>_power/state", "<power total kW .3>")],
        },
        Group {
            when: When::Counter,
            qos: 1,
            retain: true,
            says: &[("statestream/sensor/<leaf>_energy/state", "<import total kWh .2>")],
        },
    ],
};
