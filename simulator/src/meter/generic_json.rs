//! A Modbus gateway's JSON: one object with all values, kW and kWh, names as a site chose them.
//!
//! `<topic>`: `P_total_kW` (3 decimals), `E_import_kWh` and `E_export_kWh` (3 decimals), `U_L1`… V, `I_L1`… A, and
//! `time` in unix milliseconds where the scenario says `stamped`. QoS 1, not retained; `<topic>/status` is retained.

use super::{Availability, Context, Due, Entry, Line, WireFormat};
use crate::parcel::{Parcel, put_digits, put_field, put_key};
use crate::register::Sample;
use crate::scenario::Family;

pub(super) const ENTRY: Entry = Entry {
    family: Family::GenericJson,
    phases: 3,
    class_percent: 0.5,
    format: |context: &Context<'_>| {
        Box::new(GenericJson {
            line: context.line(context.topic().to_owned(), 1, false),
            availability: Availability {
                line: Line {
                    topic: format!("{}/status", context.topic()).into(),
                    qos: 1,
                    retain: true,
                },
                online: b"online".into(),
                offline: b"offline".into(),
            },
            stamped: context.device.meter.stamped,
        })
    },
};

struct GenericJson {
    line: Line,
    availability: Availability,
    stamped: bool,
}

const VOLTAGE: [&str; 3] = ["U_L1", "U_L2", "U_L3"];
const CURRENT: [&str; 3] = ["I_L1", "I_L2", "I_L3"];

impl WireFormat for GenericJson {
    fn report(&mut self, sample: &Sample, _due: Due, out: &mut Vec<Parcel>) {
        let mut text = Vec::with_capacity(192);
        text.push(b'{');
        if self.stamped {
            put_key(&mut text, "time");
            put_digits(&mut text, sample.stamp_ms.unsigned_abs(), 1);
        }
        put_field(&mut text, "P_total_kW", sample.watts() / 1000.0, 3);
        put_field(&mut text, "E_import_kWh", sample.import_wh() / 1000.0, 3);
        let export_wh: f64 = sample.each().iter().map(|phase| phase.export_wh).sum();
        put_field(&mut text, "E_export_kWh", export_wh / 1000.0, 3);
        for (phase, (volts, amperes)) in sample.each().iter().zip(VOLTAGE.into_iter().zip(CURRENT)) {
            put_field(&mut text, volts, phase.volts, 1);
            put_field(&mut text, amperes, phase.amperes, 2);
        }
        text.push(b'}');
        out.push(self.line.say(sample.at_ms, text));
    }

    fn availability(&self) -> Option<&Availability> {
        Some(&self.availability)
    }
}
