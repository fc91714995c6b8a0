//! SUPLA electricity meter in MQTT mode: `supla/devices/<topic>/channels/0/state/[phases/<n>/]<what>`, a bare number each.
//!
//! `power_active` W (2 decimals), `total_forward_active_energy` and `total_reverse_active_energy` kWh (5 decimals, the registers' step);
//! the sums beside the phases. Retained, QoS 0; `state/connected` is `true`, by will `false`.
//! <https://github.com/SUPLA/supla-device>, `docs/mqtt/topics.md`.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When, Will};

pub(super) const ENTRY: Entry = Entry {
    family: Family::Supla,
    phases: 3,
    class_percent: 1.0,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: Some(Will {
        topic: "supla/devices/<topic>/state/connected",
        qos: 0,
        retain: true,
        online: "true",
        offline: "false",
    }),
    groups: &[
        Group {
            when: When::Power,
            qos: 0,
            retain: true,
            says: &[
                (
                    "supla/devices/<topic>/channels/0/state/phases/1/power_active",
                    "<power l1 W .2>",
                ),
                (
                    "supla/devices/<topic>/channels/0/state/phases/2/power_active",
                    "<power l2 W .2>",
                ),
                (
                    "supla/devices/<topic>/channels/0/state/phases/3/power_active",
                    "<power l3 W .2>",
                ),
                (
                    "supla/devices/<topic>/channels/0/state/phases/1/voltage",
                    "<voltage l1 V .2>",
                ),
                (
                    "supla/devices/<topic>/channels/0/state/phases/2/voltage",
                    "<voltage l2 V .2>",
                ),
                (
                    "supla/devices/<topic>/channels/0/state/phases/3/voltage",
                    "<voltage l3 V .2>",
                ),
                (
                    "supla/devices/<topic>/channels/0/state/phases/1/current",
                    "<current l1 A .3>",
                ),
                (
                    "supla/devices/<topic>/channels/0/state/phases/2/current",
                    "<current l2 A .3>",
                ),
                (
                    "supla/devices/<topic>/channels/0/state/phases/3/current",
                    "<current l3 A .3>",
                ),
                (
                    "supla/devices/<topic>/channels/0/state/phases/1/power_factor",
                    "<factor l1 1 .3>",
                ),
                (
                    "supla/devices/<topic>/channels/0/state/phases/2/power_factor",
                    "<factor l2 1 .3>",
                ),
                (
                    "supla/devices/<topic>/channels/0/state/phases/3/power_factor",
                    "<factor l3 1 .3>",
                ),
            ],
        },
        Group {
            when: When::Counter,
            qos: 0,
            retain: true,
            says: &[
                (
                    "supla/devices/<topic>/channels/0/state/total_forward_active_energy",
                    "<import total kWh .5>",
                ),
                (
                    "supla/devices/<topic>/channels/0/state/total_reverse_active_energy",
                    "<export total kWh .5>",
                ),
                (
                    "supla/devices/<topic>/channels/0/state/phases/1/total_forward_active_energy",
                    "<import l1 kWh .5>",
                ),
                (
                    "supla/devices/<topic>/channels/0/state/phases/2/total_forward_active_energy",
                    "<import l2 kWh .5>",
                ),
                (
                    "supla/devices/<topic>/channels/0/state/phases/3/total_forward_active_energy",
                    "<import l3 kWh .5>",
                ),
                (
                    "supla/devices/<topic>/channels/0/state/phases/1/total_reverse_active_energy",
                    "<export l1 kWh .5>",
                ),
                (
                    "supla/devices/<topic>/channels/0/state/phases/2/total_reverse_active_energy",
                    "<export l2 kWh .5>",
                ),
                (
                    "supla/devices/<topic>/channels/0/state/phases/3/total_reverse_active_energy",
                    "<export l3 kWh .5>",
                ),
            ],
        },
    ],
};
