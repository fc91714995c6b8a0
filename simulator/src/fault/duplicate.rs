//! Messages come twice, the second one up to two seconds after the first, as after a lost acknowledgement.

use super::{Entry, Fault, Way};
use crate::parcel::Parcel;
use crate::scenario::FaultKind;

pub(super) const ENTRY: Entry = Entry {
    kind: FaultKind::Duplicate,
    fault: |setup| {
        Box::new(Duplicate {
            probability: setup.probability(),
        })
    },
};

struct Duplicate {
    probability: f64,
}

impl Fault for Duplicate {
    fn on_parcel(&mut self, parcel: Parcel, way: &mut Way<'_>, out: &mut Vec<Parcel>) {
        if way.dice.chance(self.probability) {
            let at_ms = parcel.at_ms + way.dice.seconds(0.0, 2.0);
            out.push(Parcel {
                at_ms,
                ..parcel.clone()
            });
        }
        out.push(parcel);
    }
}
