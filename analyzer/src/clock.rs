//! A meter's own stamps: which instant a message is of, whether the clock can be believed, and whether a message only
//! repeats what was said before (zigbee2mqtt publishes its cache again at every change, with the `last_seen` of old).
//!
//! Limits: one entry a meter that is configured and stamps its messages.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{Arrival, Reading};

/// A meter's own stamp is used when it lies this near to the arrival.
const STAMP_NEAR: SignedDuration = SignedDuration::from_mins(10);
/// The same stamp with the same values, this long after it, is no new measurement.
const REPEATED_AFTER: SignedDuration = SignedDuration::from_secs(10);

/// The stamps of all meters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Clocks(BTreeMap<String, Clock>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Clock {
    last: Timestamp,
    /// Of the values that were said under `last`.
    print: u64,
}

/// Which instant a message is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Instant {
    /// This one.
    At(Timestamp),
    /// That of arrival: the stamp is far from it.
    Wrong(Timestamp),
    /// Nobody can know, or it is known already.
    None,
}

impl Clocks {
    /// The instant of one meter's readings, which share a stamp.
    pub(crate) fn instant(&mut self, arrival: Arrival, readings: &[Reading]) -> Instant {
        let Some((meter, stamp)) = readings
            .first()
            .and_then(|first| Some((&*first.meter, first.stamp?)))
        else {
            return if arrival.is_retained {
                Instant::None
            } else {
                Instant::At(arrival.at)
            };
        };
        let clock = Clock {
            last: stamp,
            print: print(readings),
        };
        let is_same = match self.0.get_mut(meter) {
            Some(known) => std::mem::replace(known, clock) == clock,
            None => self.0.insert(meter.to_owned(), clock).is_some(),
        };
        let age = arrival.at.duration_since(stamp);
        if is_same && age > REPEATED_AFTER {
            return Instant::None;
        }
        if age.abs() <= STAMP_NEAR {
            return Instant::At(stamp.min(arrival.at));
        }
        if arrival.is_retained || arrival.is_after_outage {
            return Instant::None;
        }
        Instant::Wrong(arrival.at)
    }
}

/// Few bits of what is said of power and energy, to know it again (FNV-1a, 64 bits).
fn print(readings: &[Reading]) -> u64 {
    let values = |reading: &Reading| [reading.power_w, reading.energy_wh, reading.energy_export_wh];
    let mut print = 0xcbf2_9ce4_8422_2325_u64;
    for reading in readings {
        let channel = reading.channel.iter().flat_map(|channel| channel.bytes());
        let values = values(reading)
            .into_iter()
            .map(|value| value.map_or(u64::MAX, f64::to_bits));
        for byte in channel.chain(values.flat_map(u64::to_le_bytes)) {
            print = (print ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    print
}
