//! Zigbee plug through zigbee2mqtt: `zigbee2mqtt/<topic>`, the whole cached state as JSON.
//!
//! `power` W (whole), `energy` kWh (2 decimals), `voltage` V, `current` A, `last_seen` in ISO 8601 UTC. QoS 0, not
//! retained. `zigbee2mqtt/<topic>/availability` is a JSON object, QoS 1, retained.

use jiff::tz::TimeZone;

use super::{Availability, Context, Due, Entry, Line, WireFormat};
use crate::parcel::{Parcel, put_civil, put_digits, put_field};
use crate::power::timestamp;
use crate::register::Sample;
use crate::scenario::Family;

pub(super) const ENTRY: Entry = Entry {
    family: Family::Zigbee2mqtt,
    phases: 1,
    class_percent: 1.5,
    format: |context: &Context<'_>| {
        let topic = format!("zigbee2mqtt/{}", context.topic());
        Box::new(Zigbee2mqtt {
            availability: Availability {
                line: Line {
                    topic: format!("{topic}/availability").into(),
                    qos: 1,
                    retain: true,
                },
                online: br#"{"state":"online"}"#.into(),
                offline: br#"{"state":"offline"}"#.into(),
            },
            line: context.line(topic, 0, false),
        })
    },
};

struct Zigbee2mqtt {
    line: Line,
    availability: Availability,
}

impl WireFormat for Zigbee2mqtt {
    fn report(&mut self, sample: &Sample, _due: Due, out: &mut Vec<Parcel>) {
        let phase = sample.phase[0];
        let mut text = Vec::with_capacity(220);
        text.push(b'{');
        put_field(&mut text, "current", phase.amperes, 2);
        put_field(&mut text, "energy", phase.import_wh / 1000.0, 2);
        text.extend_from_slice(b",\"last_seen\":\"");
        put_civil(&mut text, TimeZone::UTC.to_datetime(timestamp(sample.stamp_ms)));
        text.push(b'.');
        put_digits(&mut text, sample.stamp_ms.rem_euclid(1000).unsigned_abs(), 3);
        text.extend_from_slice(b"Z\"");
        let quality = 90 + sample.at_ms.div_euclid(60_000).rem_euclid(40);
        text.extend_from_slice(b",\"linkquality\":");
        put_digits(&mut text, quality.unsigned_abs(), 1);
        put_field(&mut text, "power", phase.watts, 0);
        text.extend_from_slice(b",\"power_outage_memory\":\"restore\",\"state\":\"ON\"");
        put_field(&mut text, "voltage", phase.volts, 0);
        text.push(b'}');
        out.push(self.line.say(sample.at_ms, text));
    }

    fn availability(&self) -> Option<&Availability> {
        Some(&self.availability)
    }
}
