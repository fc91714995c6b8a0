//! Clocks: a meter's, and our own.
//!
//! A meter's own stamps say which instant a message is of, whether the clock can be believed, and whether a message only
//! repeats what was said before (zigbee2mqtt publishes its cache again at every change, with the `last_seen` of old).
//!
//! A clock that is some seconds off is corrected by its *lag*: the least age that its stamps have had at their arrival
//! lately. A late message is older than that and stays late; a slow clock is as old every time. Stamps that are far off
//! are not used at all.
//!
//! Our own clock may be set back while we run. Then nothing is final again: readings are too late until it has caught up,
//! and registers, which go on counting, are believed as if no time had been taken away ([`Own::set_back`]).
//!
//! Limits: one entry a meter that is configured and stamps its messages.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::tracker::LATENESS;
use crate::{Arrival, Reading};

/// A meter's own stamp is used when it lies this near to the arrival.
const STAMP_NEAR: SignedDuration = SignedDuration::from_mins(10);
/// The same stamp with the same values, this long after it, is no new measurement.
const REPEATED_AFTER: SignedDuration = SignedDuration::from_secs(10);
/// A clock that is off by no more is right, or its messages are on their way for so long: they are waited for anyway.
const SOUND: SignedDuration = LATENESS;
/// So many messages in a row that are older than the lag show that the clock has become slower, if they are about
/// equally old,
const RUN_MIN: u32 = 3;
/// and so many where the network does not let them be.
const RUN_SURE: u32 = 20;
/// About equally.
const RUN_SPREAD: SignedDuration = SignedDuration::from_secs(5);
/// A run is at least so long: a burst of late messages comes at once.
const RUN_SPAN: SignedDuration = SignedDuration::from_secs(30);
/// Arrivals are out of order by no more, with several brokers.
const ARRIVAL_ORDER: SignedDuration = SignedDuration::from_secs(2);
/// Our own clock was not set back but had been nonsense (a flat battery): what it told is not waited for.
const NONSENSE: SignedDuration = SignedDuration::from_hours(12);

/// The stamps of all meters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Clocks(BTreeMap<String, Clock>);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Clock {
    last: Timestamp,
    /// Of the values that were said under `last`.
    print: u64,
    /// How old its stamps are at their arrival, at least.
    lag: SignedDuration,
    run: Option<Run>,
}

/// Messages in a row that were older than the lag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Run {
    since: Timestamp,
    count: u32,
    least: SignedDuration,
    most: SignedDuration,
}

/// Which instant a message is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Instant {
    /// This one.
    At(Timestamp),
    /// This one, by stamps that are behind by the second.
    Corrected(Timestamp, SignedDuration),
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
        let print = print(readings);
        let mut new = None;
        let clock = match self.0.get_mut(meter) {
            Some(known) => known,
            None => new.insert(Clock {
                last: Timestamp::MIN,
                print,
                lag: SignedDuration::ZERO,
                run: None,
            }),
        };
        let has_moved = clock.last != stamp;
        let is_same = !has_moved && clock.print == print;
        (clock.last, clock.print) = (stamp, print);
        let instant = clock.instant(arrival, stamp, (has_moved, is_same));
        if let Some(new) = new {
            self.0.insert(meter.to_owned(), new);
        }
        instant
    }
}

impl Clock {
    fn instant(&mut self, arrival: Arrival, stamp: Timestamp, (has_moved, is_same): (bool, bool)) -> Instant {
        let age = arrival.at.duration_since(stamp);
        if is_same && age > REPEATED_AFTER {
            return Instant::None;
        }
        let is_late = arrival.is_retained || arrival.is_after_outage;
        if age.abs() > STAMP_NEAR {
            return if is_late {
                Instant::None
            } else {
                Instant::Wrong(arrival.at)
            };
        }
        if !is_late && has_moved {
            self.learn(arrival.at, age);
        }
        if !has_moved && !is_late && age > self.lag + LATENESS {
            return Instant::Wrong(arrival.at);
        }
        if self.lag.abs() <= SOUND {
            return Instant::At(stamp.min(arrival.at));
        }
        Instant::Corrected((stamp + self.lag).min(arrival.at), self.lag)
    }

    /// A live message came at `at`, its stamp so old.
    fn learn(&mut self, at: Timestamp, age: SignedDuration) {
        if age <= self.lag {
            (self.lag, self.run) = (age, None);
            // nothing is younger than it is where clocks are right
            if self.lag.abs() <= SOUND {
                self.lag = self.lag.max(SignedDuration::ZERO);
            }
            return;
        }
        let run = self.run.get_or_insert(Run {
            since: at,
            count: 0,
            least: age,
            most: age,
        });
        run.count = run.count.saturating_add(1);
        (run.least, run.most) = (run.least.min(age), run.most.max(age));
        let is_long = at.duration_since(run.since) >= RUN_SPAN;
        let is_even = run.most - run.least <= RUN_SPREAD;
        if is_long && (run.count >= RUN_SURE || (run.count >= RUN_MIN && is_even)) {
            self.lag = run.least;
            self.run = None;
        } else if !is_even && run.count < RUN_SURE && is_long {
            self.run = None;
        }
    }
}

/// Our own clock, as the arrivals show it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Own {
    last: Option<Timestamp>,
    /// What it has to catch up with, where it was set back.
    pub(crate) behind: Option<Timestamp>,
    /// How much time was taken away, in all.
    pub(crate) set_back: SignedDuration,
}

/// What an arrival shows of our own clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Course {
    /// It goes on, or was set back by little enough to be waited for.
    On,
    /// What it told until this was nonsense.
    Anew(Timestamp),
}

impl Own {
    /// A message arrived at `at`.
    pub(crate) fn arrived(&mut self, at: Timestamp) -> Course {
        let last = self.last.replace(at).unwrap_or(at);
        let taken = last.duration_since(at);
        if taken > ARRIVAL_ORDER {
            self.set_back += taken;
            self.behind = self.behind.max(Some(last));
        }
        self.behind = self.behind.filter(|newest| at < *newest);
        match self.behind.filter(|newest| newest.duration_since(at) > NONSENSE) {
            Some(newest) => {
                *self = Self {
                    last: Some(at),
                    ..Self::default()
                };
                Course::Anew(newest)
            }
            None => Course::On,
        }
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
