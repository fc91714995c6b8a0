//! Messages come late, by up to `seconds`; those sent meanwhile overtake them.

use super::{Entry, Fault, Way};
use crate::parcel::Parcel;
use crate::scenario::FaultKind;

pub(super) const ENTRY: Entry = Entry {
    kind: FaultKind::Delay,
    fault: |setup| {
        Box::new(Delay {
            probability: setup.probability(),
            seconds: setup.spec.seconds.unwrap_or(0.0),
        })
    },
};

struct Delay {
    probability: f64,
    seconds: f64,
}

impl Fault for Delay {
    fn on_parcel(&mut self, mut parcel: Parcel, way: &mut Way<'_>, out: &mut Vec<Parcel>) {
        if way.dice.chance(self.probability) {
            parcel.at_ms += way.dice.seconds(0.0, self.seconds);
        }
        out.push(parcel);
    }
}
