//! Shelly Pro 3EM through status topics: `<topic>/status/em:0` (W, V, A) and `<topic>/status/emdata:0` (Wh), each the
//! whole component.
//!
//! QoS 1, not retained, no stamp. `<topic>/online` is `true` or `false`, QoS 0, not retained.

use super::{Availability, Context, Due, Entry, Line, WireFormat};
use crate::parcel::{Parcel, put_key, put_number};
use crate::register::Sample;
use crate::scenario::Family;

pub(super) const ENTRY: Entry = Entry {
    family: Family::ShellyGen2Status,
    phases: 3,
    class_percent: 1.0,
    format: |context: &Context<'_>| {
        let prefix = context.topic();
        Box::new(ShellyGen2Status {
            power: context.line(format!("{prefix}/status/em:0"), 1, false),
            energy: context.line(format!("{prefix}/status/emdata:0"), 1, false),
            availability: Availability {
                line: Line {
                    topic: format!("{prefix}/online").into(),
                    qos: 0,
                    retain: false,
                },
                online: b"true".into(),
                offline: b"false".into(),
            },
        })
    },
};

/// Keys with their values as written.
pub(super) type Fields = Vec<(&'static str, Vec<u8>)>;

const POWER_KEYS: [[&str; 6]; 3] = [
    [
        "a_act_power",
        "a_aprt_power",
        "a_current",
        "a_voltage",
        "a_pf",
        "a_freq",
    ],
    [
        "b_act_power",
        "b_aprt_power",
        "b_current",
        "b_voltage",
        "b_pf",
        "b_freq",
    ],
    [
        "c_act_power",
        "c_aprt_power",
        "c_current",
        "c_voltage",
        "c_pf",
        "c_freq",
    ],
];
const COUNTER_KEYS: [[&str; 2]; 3] = [
    ["a_total_act_energy", "a_total_act_ret_energy"],
    ["b_total_act_energy", "b_total_act_ret_energy"],
    ["c_total_act_energy", "c_total_act_ret_energy"],
];

fn number(value: f64, decimals: u32) -> Vec<u8> {
    let mut text = Vec::with_capacity(12);
    put_number(&mut text, value, decimals);
    text
}

/// The component `em:0`.
pub(super) fn powers(sample: &Sample) -> Fields {
    let mut fields = Vec::with_capacity(20);
    let (mut watts, mut amperes) = (0.0, 0.0);
    for (phase, keys) in sample.each().iter().zip(POWER_KEYS) {
        let apparent = phase.volts * phase.amperes;
        let values = [
            (phase.watts, 1),
            (apparent, 1),
            (phase.amperes, 3),
            (phase.volts, 1),
            (phase.power_factor, 2),
            (50.0, 1),
        ];
        for (key, (value, decimals)) in keys.into_iter().zip(values) {
            fields.push((key, number(value, decimals)));
        }
        watts += phase.watts;
        amperes += phase.amperes;
    }
    fields.push(("total_current", number(amperes, 3)));
    fields.push(("total_act_power", number(watts, 3)));
    fields
}

/// The component `emdata:0`.
pub(super) fn counters(sample: &Sample) -> Fields {
    let mut fields = Vec::with_capacity(8);
    let (mut import_wh, mut export_wh) = (0.0, 0.0);
    for (phase, keys) in sample.each().iter().zip(COUNTER_KEYS) {
        fields.push((keys[0], number(phase.import_wh, 2)));
        fields.push((keys[1], number(phase.export_wh, 2)));
        import_wh += phase.import_wh;
        export_wh += phase.export_wh;
    }
    fields.push(("total_act", number(import_wh, 2)));
    fields.push(("total_act_ret", number(export_wh, 2)));
    fields
}

struct ShellyGen2Status {
    power: Line,
    energy: Line,
    availability: Availability,
}

fn whole(fields: Fields) -> Vec<u8> {
    let mut text = Vec::with_capacity(420);
    text.extend_from_slice(b"{\"id\":0");
    for (key, value) in fields {
        put_key(&mut text, key);
        text.extend_from_slice(&value);
    }
    text.push(b'}');
    text
}

impl WireFormat for ShellyGen2Status {
    fn report(&mut self, sample: &Sample, due: Due, out: &mut Vec<Parcel>) {
        if due.power {
            out.push(self.power.say(sample.at_ms, whole(powers(sample))));
        }
        if due.counter {
            out.push(self.energy.say(sample.at_ms, whole(counters(sample))));
        }
    }

    fn availability(&self) -> Option<&Availability> {
        Some(&self.availability)
    }
}
