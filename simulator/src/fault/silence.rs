//! Nothing comes between two instants: the meter has lost its power or its network.
//!
//! A minute and a half after the first message that got lost the broker publishes the meter's will, where it left one;
//! before its first message afterwards the meter greets again. A silence shorter than that passes without a will.

use super::{Entry, Fault, Way};
use crate::parcel::Parcel;
use crate::scenario::FaultKind;

pub(super) const ENTRY: Entry = Entry {
    kind: FaultKind::Silence,
    fault: |setup| {
        Box::new(Silence {
            from_ms: setup.instant_ms(setup.spec.from.as_ref(), i64::MAX),
            until_ms: setup.instant_ms(setup.spec.until.as_ref(), i64::MAX),
            lost: false,
        })
    },
};

const WILL_AFTER_MS: i64 = 90_000;

struct Silence {
    from_ms: i64,
    until_ms: i64,
    lost: bool,
}

impl Fault for Silence {
    fn is_back(&mut self, at_ms: i64) -> bool {
        at_ms >= self.until_ms && std::mem::take(&mut self.lost)
    }

    fn on_parcel(&mut self, parcel: Parcel, way: &mut Way<'_>, out: &mut Vec<Parcel>) {
        if !(self.from_ms..self.until_ms).contains(&parcel.at_ms) {
            out.push(parcel);
            return;
        }
        let will_ms = parcel.at_ms + WILL_AFTER_MS;
        if !self.lost && will_ms < self.until_ms {
            self.lost = true;
            out.extend(way.availability.map(|said| said.offline(will_ms)));
        }
    }
}
