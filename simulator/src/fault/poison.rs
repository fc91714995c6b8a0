//! Broken payloads: cut in the middle, with a bare NaN for its first number, with bytes that are no text, or empty.

use super::{Entry, Fault, Way};
use crate::parcel::Parcel;
use crate::scenario::FaultKind;

pub(super) const ENTRY: Entry = Entry {
    kind: FaultKind::Poison,
    fault: |setup| {
        Box::new(Poison {
            probability: setup.probability(),
        })
    },
};

struct Poison {
    probability: f64,
}

impl Fault for Poison {
    fn on_parcel(&mut self, mut parcel: Parcel, way: &mut Way<'_>, out: &mut Vec<Parcel>) {
        if way.dice.chance(self.probability) {
            match way.dice.count(0, 3) {
                0 if parcel.payload.len() > 12 => parcel.payload.truncate(parcel.payload.len() / 2),
                1 => parcel.payload.splice(0..0, [0xff, 0xfe, 0x00]).for_each(drop),
                2 => parcel.payload = with_nan(&parcel.payload),
                _ => parcel.payload.clear(),
            }
        }
        out.push(parcel);
    }
}

/// The payload with its first JSON number, or the whole of a bare number, replaced by `NaN`.
fn with_nan(payload: &[u8]) -> Vec<u8> {
    let Some(colon) = payload
        .windows(2)
        .position(|pair| pair[0] == b':' && pair[1].is_ascii_digit())
    else {
        return b"NaN".to_vec();
    };
    let rest = &payload[colon + 1..];
    let length = rest
        .iter()
        .take_while(|byte| byte.is_ascii_digit() || **byte == b'.')
        .count();
    [&payload[..=colon], b"NaN", &rest[length..]].concat()
}
