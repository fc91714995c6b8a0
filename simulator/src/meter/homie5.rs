//! A device of the Homie convention, version 5: one `$description` at every start, values on `homie/5/<topic>/meter/<property>`.
//!
//! W (1 decimal), kWh (3 decimals), V. Retained, QoS 2. `$state` is `ready`, by will `lost`.
//! <https://homieiot.github.io/specification/>.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When, Will};

pub(super) const ENTRY: Entry = Entry {
    family: Family::Homie5,
    phases: 3,
    class_percent: 0.5,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: Some(Will {
        topic: "homie/5/<topic>/$state",
        qos: 2,
        retain: true,
        online: "ready",
        offline: "lost",
    }),
    groups: &[
        Group {
            when: When::Greeting,
            qos: 2,
            retain: true,
            says: &[(
                "homie/5/<topic>/$description",
                r#"{"homie":"5.0","version":1,"name":"<leaf>","nodes":{"meter":{"name":"Meter","type":"meter",
                    "properties":{"power":{"name":"power","datatype":"float","unit":"W"},
                    "power-l1":{"name":"power-l1","datatype":"float","unit":"W"},"power-l2":{"name":"power-l2",
                    "datatype":"float","unit":"W"},"power-l3":{"name":"power-l3","datatype":"float","unit":"W"},
                    "energy-import":{"name":"energy-import","datatype":"float","unit":"kWh"},
                    "energy-export":{"name":"energy-export","datatype":"float","unit":"kWh"},
                    "voltage-l1":{"name":"voltage-l1","datatype":"float","unit":"V"}}}}}"#,
            )],
        },
        Group {
            when: When::Power,
            qos: 2,
            retain: true,
            says: &[
                ("homie/5/<topic>/meter/power", "<power total W .1>"),
                ("homie/5/<topic>/meter/power-l1", "<power l1 W .1>"),
                ("homie/5/<topic>/meter/power-l2", "<power l2 W .1>"),
                ("homie/5/<topic>/meter/power-l3", "<power l3 W .1>"),
                ("homie/5/<topic>/meter/voltage-l1", "<voltage l1 V .1>"),
            ],
        },
        Group {
            when: When::Counter,
            qos: 2,
            retain: true,
            says: &[
                ("homie/5/<topic>/meter/energy-import", "<import total kWh .3>"),
                ("homie/5/<topic>/meter/energy-export", "<export total kWh .3>"),
            ],
        },
    ],
};
