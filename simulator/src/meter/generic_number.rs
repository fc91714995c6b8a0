//! A controller's bare numbers: `<topic>/power_kw` (3 decimals) and `<topic>/energy_kwh` (2 decimals), one value each.
//!
//! QoS 1, not retained, no stamp; `<topic>/online` is `1` or `0`, retained.

use super::{Availability, Context, Due, Entry, Line, WireFormat};
use crate::parcel::{Parcel, put_number};
use crate::register::Sample;
use crate::scenario::Family;

pub(super) const ENTRY: Entry = Entry {
    family: Family::GenericNumber,
    phases: 3,
    class_percent: 0.5,
    format: |context: &Context<'_>| {
        let topic = context.topic();
        Box::new(GenericNumber {
            power: context.line(format!("{topic}/power_kw"), 1, false),
            energy: context.line(format!("{topic}/energy_kwh"), 1, false),
            availability: Availability {
                line: Line {
                    topic: format!("{topic}/online").into(),
                    qos: 1,
                    retain: true,
                },
                online: b"1".into(),
                offline: b"0".into(),
            },
        })
    },
};

struct GenericNumber {
    power: Line,
    energy: Line,
    availability: Availability,
}

impl WireFormat for GenericNumber {
    fn report(&mut self, sample: &Sample, due: Due, out: &mut Vec<Parcel>) {
        if due.power {
            let mut text = Vec::with_capacity(8);
            put_number(&mut text, sample.watts() / 1000.0, 3);
            out.push(self.power.say(sample.at_ms, text));
        }
        if due.counter {
            let mut text = Vec::with_capacity(12);
            put_number(&mut text, sample.import_wh() / 1000.0, 2);
            out.push(self.energy.say(sample.at_ms, text));
        }
    }

    fn availability(&self) -> Option<&Availability> {
        Some(&self.availability)
    }
}
