//! A device of the Homie convention, version 4: attributes (`$name`, `$unit`, …) on topics of their own at every start, values on
//! `homie/<topic>/meter/<property>`.
//!
//! W (1 decimal), kWh (3 decimals), V. All retained, QoS 1. `$state` is `ready`, by will `lost`.
//! <https://homieiot.github.io/specification/spec-core-v4_0_0/>.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When, Will};

pub(super) const ENTRY: Entry = Entry {
    family: Family::Homie4,
    phases: 3,
    class_percent: 0.5,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: Some(Will {
        topic: "homie/<topic>/$state",
        qos: 1,
        retain: true,
        online: "ready",
        offline: "lost",
    }),
    groups: &[
        Group {
            when: When::Greeting,
            qos: 1,
            retain: true,
            says: &[
                ("homie/<topic>/$homie", "4.0.0"),
                ("homie/<topic>/$name", "<leaf>"),
                ("homie/<topic>/$nodes", "meter"),
                ("homie/<topic>/meter/$name", "Meter"),
                ("homie/<topic>/meter/$type", "meter"),
                (
                    "homie/<topic>/meter/$properties",
                    "power,power-l1,power-l2,power-l3,energy-import,energy-export,voltage-l1",
                ),
                ("homie/<topic>/meter/power/$name", "power"),
                ("homie/<topic>/meter/power/$datatype", "float"),
                ("homie/<topic>/meter/power/$unit", "W"),
                ("homie/<topic>/meter/power-l1/$name", "power-l1"),
                ("homie/<topic>/meter/power-l1/$datatype", "float"),
                ("homie/<topic>/meter/power-l1/$unit", "W"),
                ("homie/<topic>/meter/power-l2/$name", "power-l2"),
                ("homie/<topic>/meter/power-l2/$datatype", "float"),
                ("homie/<topic>/meter/power-l2/$unit", "W"),
                ("homie/<topic>/meter/power-l3/$name", "power-l3"),
                ("homie/<topic>/meter/power-l3/$datatype", "float"),
                ("homie/<topic>/meter/power-l3/$unit", "W"),
                ("homie/<topic>/meter/energy-import/$name", "energy-import"),
                ("homie/<topic>/meter/energy-import/$datatype", "float"),
                ("homie/<topic>/meter/energy-import/$unit", "kWh"),
                ("homie/<topic>/meter/energy-export/$name", "energy-export"),
                ("homie/<topic>/meter/energy-export/$datatype", "float"),
                ("homie/<topic>/meter/energy-export/$unit", "kWh"),
                ("homie/<topic>/meter/voltage-l1/$name", "voltage-l1"),
                ("homie/<topic>/meter/voltage-l1/$datatype", "float"),
                ("homie/<topic>/meter/voltage-l1/$unit", "V"),
            ],
        },
        Group {
            when: When::Power,
            qos: 1,
            retain: true,
            says: &[
                ("homie/<topic>/meter/power", "<power total W .1>"),
                ("homie/<topic>/meter/power-l1", "<power l1 W .1>"),
                ("homie/<topic>/meter/power-l2", "<power l2 W .1>"),
                ("homie/<topic>/meter/power-l3", "<power l3 W .1>"),
                ("homie/<topic>/meter/voltage-l1", "<voltage l1 V .1>"),
            ],
        },
        Group {
            when: When::Counter,
            qos: 1,
            retain: true,
            says: &[
                ("homie/<topic>/meter/energy-import", "<import total kWh .3>"),
                ("homie/<topic>/meter/energy-export", "<export total kWh .3>"),
            ],
        },
    ],
};
