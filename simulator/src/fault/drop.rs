//! Messages get lost on the way, each with the same chance.

use super::{Entry, Fault, Way};
use crate::parcel::Parcel;
use crate::scenario::FaultKind;

pub(super) const ENTRY: Entry = Entry {
    kind: FaultKind::Drop,
    fault: |setup| {
        Box::new(Drop {
            probability: setup.probability(),
        })
    },
};

struct Drop {
    probability: f64,
}

impl Fault for Drop {
    fn on_parcel(&mut self, parcel: Parcel, way: &mut Way<'_>, out: &mut Vec<Parcel>) {
        if !way.dice.chance(self.probability) {
            out.push(parcel);
        }
    }
}
