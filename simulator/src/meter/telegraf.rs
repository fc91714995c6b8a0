//! A Modbus meter through Telegraf with `data_format = "json"`: `telegraf/<topic>/modbus`, one metric a message.
//!
//! The names of the fields are the site's; here they bear their units, W and kWh. The meter is the tag `name` of the Modbus
//! input. `timestamp` is unix seconds by the host's clock. QoS 0, not retained, no will.
//! <https://docs.influxdata.com/telegraf/v1/data_formats/output/json/>.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When};

pub(super) const ENTRY: Entry = Entry {
    family: Family::Telegraf,
    phases: 3,
    class_percent: 0.5,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

static SPEECH: Speech = Speech {
    will: None,
    groups: &[
        Group {
            when: When::Power,
            qos: 0,
            retain: false,
            says: &[(
                "telegraf/<topic>/modbus",
                r#"{"fields":{"active_power_total_w":<power total W .1>,"active_power_l1_w":<power l1 W .1>,
                    "active_power_l2_w":<power l2 W .1>,"active_power_l3_w":<power l3 W .1>,
                    "voltage_l1_v":<voltage l1 V .1>,"frequency_hz":50},"name":"modbus","tags":{"host":"gateway",
                    "name":"<leaf>","slave_id":"1","type":"input_register"},"timestamp":<time s>}"#,
            )],
        },
        Group {
            when: When::Counter,
            qos: 0,
            retain: false,
            says: &[(
                "telegraf/<topic>/modbus",
                r#"{"fields":{"energy_import_total_kwh":<import total kWh .3>,
                    "energy_export_total_kwh":<export total kWh .3>},"name":"modbus","tags":{"host":"gateway",
                    "name":"<leaf>","slave_id":"1","type":"holding_register"},"timestamp":<time s>}"#,
            )],
        },
    ],
};
