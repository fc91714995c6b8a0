//! A Modbus meter through Telegraf in batches: `telegraf/<topic>` with `metrics`, power and counters in one message.
//!
//! As the single form, but both metrics bear the same second. `telegraf/<topic>` is the topic of a site that gave Telegraf one.
//! QoS 0, not retained, no will. <https://docs.influxdata.com/telegraf/v1/data_formats/output/json/>.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When};

pub(super) const ENTRY: Entry = Entry {
    family: Family::TelegrafBatch,
    phases: 3,
    class_percent: 0.5,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: None,
    groups: &[Group {
        when: When::Report,
        qos: 0,
        retain: false,
        says: &[(
            "telegraf/<topic>",
            r#"{"metrics":[{"fields":{"active_power_total_w":<power total W .1>,
                    "active_power_l1_w":<power l1 W .1>,"active_power_l2_w":<power l2 W .1>,
                    "active_power_l3_w":<power l3 W .1>,"voltage_l1_v":<voltage l1 V .1>,"frequency_hz":50},
                    "name":"modbus","tags":{"host":"gateway","name":"<leaf>","slave_id":"1",
                    "type":"input_register"},"timestamp":<time s>},
                    {"fields":{"energy_import_total_kwh":<import total kWh .3>,
                    "energy_export_total_kwh":<export total kWh .3>},"name":"modbus","tags":{"host":"gateway",
                    "name":"<leaf>","slave_id":"1","type":"holding_register"},"timestamp":<time s>}]}"#,
        )],
    }],
};
