//! ESPHome meter with Home Assistant discovery: `<topic>/sensor/<name>/state`, bare numbers; the unit stands only in the retained
//! documents below `homeassistant/sensor/`, here with abbreviated keys.
//!
//! `power` and the phases W (1 decimal), `energy` and `energy_returned` kWh (3 decimals). States are retained, QoS 0;
//! `<topic>/status` is retained. <https://esphome.io/components/mqtt.html>, <https://www.home-assistant.io/integrations/mqtt/>.

use super::{Context, Entry};
use crate::scenario::Family;
use crate::speech::{Group, Speech, Spoken, When, Will};

pub(super) const ENTRY: Entry = Entry {
    family: Family::Esphome,
    phases: 3,
    class_percent: 1.0,
    format: |context: &Context<'_>| Spoken::boxed(context, &SPEECH),
};

/// The firmware's last will.
pub(super) const WILL: Will = Will {
    topic: "<topic>/status",
    qos: 0,
    retain: true,
    online: "online",
    offline: "offline",
};

static SPEECH: Speech = Speech {
    will: Some(WILL),
    groups: &[
        Group {
            when: When::Greeting,
            qos: 0,
            retain: true,
            says: &[
                (
                    "homeassistant/sensor/<leaf>/power/config",
                    r#"{"dev_cla":"power","unit_of_meas":"W","stat_cla":"measurement","name":"Power",
                    "stat_t":"<topic>/sensor/power/state","uniq_id":"ESPsensor<address>power",
                    "avty_t":"<topic>/status","dev":{"ids":"<address>","name":"<leaf>","sw":"esphome v2026.4.0",
                    "mdl":"esp32dev","mf":"Espressif"}}"#,
                ),
                (
                    "homeassistant/sensor/<leaf>/energy/config",
                    r#"{"dev_cla":"energy","unit_of_meas":"kWh","stat_cla":"total_increasing","name":"Energy",
                    "stat_t":"<topic>/sensor/energy/state","uniq_id":"ESPsensor<address>energy",
                    "avty_t":"<topic>/status","dev":{"ids":"<address>","name":"<leaf>","sw":"esphome v2026.4.0",
                    "mdl":"esp32dev","mf":"Espressif"}}"#,
                ),
                (
                    "homeassistant/sensor/<leaf>/energy_returned/config",
                    r#"{"dev_cla":"energy","unit_of_meas":"kWh","stat_cla":"total_increasing","name":"Energy returned",
                    "stat_t":"<topic>/sensor/energy_returned/state","uniq_id":"ESPsensor<address>energy_returned",
                    "avty_t":"<topic>/status","dev":{"ids":"<address>","name":"<leaf>","sw":"esphome v2026.4.0",
                    "mdl":"esp32dev","mf":"Espressif"}}"#,
                ),
                (
                    "homeassistant/sensor/<leaf>/power_l1/config",
                    r#"{"dev_cla":"power","unit_of_meas":"W","stat_cla":"measurement","name":"Power L1",
                    "stat_t":"<topic>/sensor/power_l1/state","uniq_id":"ESPsensor<address>power_l1",
                    "avty_t":"<topic>/status","dev":{"ids":"<address>","name":"<leaf>","sw":"esphome v2026.4.0",
                    "mdl":"esp32dev","mf":"Espressif"}}"#,
                ),
                (
                    "homeassistant/sensor/<leaf>/power_l2/config",
                    r#"{"dev_cla":"power","unit_of_meas":"W","stat_cla":"measurement","name":"Power L2",
                    "stat_t":"<topic>/sensor/power_l2/state","uniq_id":"ESPsensor<address>power_l2",
                    "avty_t":"<topic>/status","dev":{"ids":"<address>","name":"<leaf>","sw":"esphome v2026.4.0",
                    "mdl":"esp32dev","mf":"Espressif"}}"#,
                ),
                (
                    "homeassistant/sensor/<leaf>/power_l3/config",
                    r#"{"dev_cla":"power","unit_of_meas":"W","stat_cla":"measurement","name":"Power L3",
                    "stat_t":"<topic>/sensor/power_l3/state","uniq_id":"ESPsensor<address>power_l3",
                    "avty_t":"<topic>/status","dev":{"ids":"<address>","name":"<leaf>","sw":"esphome v2026.4.0",
                    "mdl":"esp32dev","mf":"Espressif"}}"#,
                ),
            ],
        },
        Group {
            when: When::Power,
            qos: 0,
            retain: true,
            says: &[
                ("<topic>/sensor/power/state", "<power total W .1>"),
                ("<topic>/sensor/power_l1/state", "<power l1 W .1>"),
                ("<topic>/sensor/power_l2/state", "<power l2 W .1>"),
                ("<topic>/sensor/power_l3/state", "<power l3 W .1>"),
            ],
        },
        Group {
            when: When::Counter,
            qos: 0,
            retain: true,
            says: &[
                ("<topic>/sensor/energy/state", "<import total kWh .3>"),
                ("<topic>/sensor/energy_returned/state", "<export total kWh .3>"),
            ],
        },
    ],
};
