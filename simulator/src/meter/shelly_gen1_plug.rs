//! Shelly plug, first generation: `shellies/<topic>/relay/0/power` in W and `…/energy` in WATT-MINUTES since boot.
//!
//! QoS 0, nothing retained. The counter begins at 0 because the plug booted when the scenario began.

use super::{Availability, Context, Due, Entry, Line, WireFormat};
use crate::parcel::{Parcel, put_number};
use crate::register::Sample;
use crate::scenario::Family;

pub(super) const ENTRY: Entry = Entry {
    family: Family::ShellyGen1Plug,
    phases: 1,
    class_percent: 1.0,
    format: |context: &Context<'_>| {
        let device = format!("shellies/{}", context.topic());
        Box::new(ShellyGen1Plug {
            power: context.line(format!("{device}/relay/0/power"), 0, false),
            energy: context.line(format!("{device}/relay/0/energy"), 0, false),
            booted_wh: None,
            availability: Availability {
                line: Line {
                    topic: format!("{device}/online").into(),
                    qos: 0,
                    retain: false,
                },
                online: b"true".into(),
                offline: b"false".into(),
            },
        })
    },
};

struct ShellyGen1Plug {
    power: Line,
    energy: Line,
    booted_wh: Option<f64>,
    availability: Availability,
}

impl WireFormat for ShellyGen1Plug {
    fn report(&mut self, sample: &Sample, due: Due, out: &mut Vec<Parcel>) {
        if due.power {
            let mut text = Vec::with_capacity(8);
            put_number(&mut text, sample.watts(), 2);
            out.push(self.power.say(sample.at_ms, text));
        }
        if due.counter {
            let import_wh = sample.import_wh();
            let booted_wh = *self.booted_wh.get_or_insert(import_wh);
            if import_wh < booted_wh {
                self.booted_wh = Some(import_wh);
            }
            let mut text = Vec::with_capacity(12);
            put_number(&mut text, (import_wh - booted_wh).max(0.0) * 60.0, 0);
            out.push(self.energy.say(sample.at_ms, text));
        }
    }

    fn availability(&self) -> Option<&Availability> {
        Some(&self.availability)
    }
}
