//! Shelly plug of a later generation: `<topic>/status/switch:0`, the whole component.
//!
//! `apower` W (1 decimal), `aenergy.total` Wh (3 decimals). QoS 1, not retained, no stamp of the sample.

use super::{Availability, Context, Due, Entry, Line, WireFormat};
use crate::parcel::{Parcel, put_digits, put_field};
use crate::register::Sample;
use crate::scenario::Family;

pub(super) const ENTRY: Entry = Entry {
    family: Family::ShellyGen2Plug,
    phases: 1,
    class_percent: 1.0,
    format: |context: &Context<'_>| {
        let prefix = context.topic();
        Box::new(ShellyGen2Plug {
            line: context.line(format!("{prefix}/status/switch:0"), 1, false),
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

struct ShellyGen2Plug {
    line: Line,
    availability: Availability,
}

impl WireFormat for ShellyGen2Plug {
    fn report(&mut self, sample: &Sample, _due: Due, out: &mut Vec<Parcel>) {
        let phase = sample.phase[0];
        let mut text = Vec::with_capacity(220);
        text.extend_from_slice(br#"{"id":0,"source":"init","output":true"#);
        put_field(&mut text, "apower", phase.watts, 1);
        put_field(&mut text, "voltage", phase.volts, 1);
        put_field(&mut text, "current", phase.amperes, 3);
        put_field(&mut text, "pf", phase.power_factor, 2);
        text.extend_from_slice(br#","aenergy":{"#);
        put_field(&mut text, "total", phase.import_wh, 3);
        text.extend_from_slice(br#","minute_ts":"#);
        let minute = sample.stamp_ms.div_euclid(60_000) * 60;
        put_digits(&mut text, minute.unsigned_abs(), 1);
        text.extend_from_slice(br#"},"temperature":{"tC":31.5,"tF":88.7}}"#);
        out.push(self.line.say(sample.at_ms, text));
    }

    fn availability(&self) -> Option<&Availability> {
        Some(&self.availability)
    }
}
