//! Shelly 3EM, first generation: a bare number per phase and quantity under `shellies/<topic>/emeter/<n>/`.
//!
//! `power` W (2 decimals, signed), `total` and `total_returned` Wh (1 decimal), `voltage`, `current`, `pf`. QoS 0, nothing
//! retained, no stamp, no sum of the phases. `shellies/<topic>/online` is `true` or `false`, not retained either.

use super::{Availability, Context, Due, Entry, Line, WireFormat};
use crate::parcel::{Parcel, put_number};
use crate::register::Sample;
use crate::scenario::Family;

pub(super) const ENTRY: Entry = Entry {
    family: Family::ShellyGen1,
    phases: 3,
    class_percent: 1.0,
    format: |context: &Context<'_>| {
        let device = format!("shellies/{}", context.topic());
        let phase = |phase: usize| {
            QUANTITIES.map(|name| context.line(format!("{device}/emeter/{phase}/{name}"), 0, false))
        };
        Box::new(ShellyGen1 {
            phases: [phase(0), phase(1), phase(2)],
            said: Default::default(),
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

/// Power first: it is reported on its own.
const QUANTITIES: [&str; 6] = ["power", "pf", "current", "voltage", "total", "total_returned"];

struct ShellyGen1 {
    phases: [[Line; 6]; 3],
    /// The last power said of each phase.
    said: [Vec<u8>; 3],
    availability: Availability,
}

impl WireFormat for ShellyGen1 {
    fn report(&mut self, sample: &Sample, due: Due, out: &mut Vec<Parcel>) {
        for (index, phase) in sample.each().iter().enumerate() {
            let values = [
                (phase.watts, 2),
                (phase.power_factor, 2),
                (phase.amperes, 2),
                (phase.volts, 2),
                (phase.import_wh, 1),
                (phase.export_wh, 1),
            ];
            for (quantity, (value, decimals)) in values.into_iter().enumerate() {
                let is_power = quantity == 0;
                if (is_power && !due.power) || (!is_power && !due.counter) {
                    continue;
                }
                let mut text = Vec::with_capacity(12);
                put_number(&mut text, value, decimals);
                if is_power && !due.counter && self.said[index] == text {
                    continue;
                }
                if is_power {
                    self.said[index].clone_from(&text);
                }
                out.push(self.phases[index][quantity].say(sample.at_ms, text));
            }
        }
    }

    fn availability(&self) -> Option<&Availability> {
        Some(&self.availability)
    }
}
