//! A message comes right after the one that followed it. One message is held at a time.

use super::{Entry, Fault, Way};
use crate::parcel::Parcel;
use crate::scenario::FaultKind;

pub(super) const ENTRY: Entry = Entry {
    kind: FaultKind::Reorder,
    fault: |setup| {
        Box::new(Reorder {
            probability: setup.probability(),
            held: None,
        })
    },
};

struct Reorder {
    probability: f64,
    held: Option<Parcel>,
}

impl Fault for Reorder {
    fn on_parcel(&mut self, parcel: Parcel, way: &mut Way<'_>, out: &mut Vec<Parcel>) {
        if let Some(held) = self.held.take() {
            let at_ms = held.at_ms.max(parcel.at_ms);
            out.push(parcel);
            out.push(Parcel { at_ms, ..held });
        } else if way.dice.chance(self.probability) {
            self.held = Some(parcel);
        } else {
            out.push(parcel);
        }
    }
}
