//! Nothing comes between two instants: the meter has lost its power or its network.
//!
//! A minute and a half after the first message that got lost the broker publishes the meter's will; with the first
//! message afterwards the meter says that it is back. A silence shorter than that passes without a will.

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
    fn on_parcel(&mut self, parcel: Parcel, way: &mut Way<'_>, out: &mut Vec<Parcel>) {
        if parcel.at_ms < self.from_ms || (parcel.at_ms >= self.until_ms && !self.lost) {
            out.push(parcel);
        } else if parcel.at_ms < self.until_ms {
            let will_ms = parcel.at_ms + WILL_AFTER_MS;
            if !self.lost && will_ms < self.until_ms {
                self.lost = true;
                out.push(way.availability.offline(will_ms));
            }
        } else {
            self.lost = false;
            out.push(way.availability.online(parcel.at_ms));
            out.push(parcel);
        }
    }
}
