//! The values of one payload, put together to one reading a channel.
//!
//! A payload may hold a metric several times (a store-and-forward buffer that is emptied) and back-filled beside
//! current values. What is current wins over what is back-filled, then the newest wins; of two metrics that say the same
//! of one channel the first wins. A current reading has the newest stamp of its values; a back-filled one holds only
//! values of one and the same moment.

use std::borrow::Cow;
use std::collections::BTreeMap;

use analyzer::Reading;
use jiff::Timestamp;

use super::super::super::collect::{self, Quantity};

/// One value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample<'s> {
    pub(super) quantity: Quantity,
    /// W, Wh, V or A.
    pub(super) value: f64,
    pub(super) stamp: Option<Timestamp>,
    pub(super) is_historical: bool,
    pub(super) source: Source<'s>,
}

/// Which metric a value is of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Source<'s> {
    Known(usize),
    Named(&'s str),
}

/// The values that are left, by channel.
#[derive(Debug, Default)]
pub(super) struct Samples<'s> {
    /// Never more than one of a quantity.
    channels: BTreeMap<Option<Cow<'s, str>>, Vec<Sample<'s>>>,
}

impl<'s> Samples<'s> {
    pub(super) fn add(&mut self, channel: Option<Cow<'s, str>>, new: Sample<'s>) {
        let kept = self.channels.entry(channel).or_default();
        if new.is_historical {
            if kept.iter().any(|old| !old.is_historical || old.stamp > new.stamp) {
                return;
            }
            kept.retain(|old| old.stamp == new.stamp);
        } else {
            kept.retain(|old| !old.is_historical);
        }
        match kept.iter_mut().find(|old| old.quantity == new.quantity) {
            Some(old) if old.source == new.source && old.stamp <= new.stamp => *old = new,
            Some(_) => {}
            None => kept.push(new),
        }
    }

    pub(super) fn readings(self, meter: &str) -> Vec<Reading> {
        let reading = |(channel, samples): (Option<Cow<'_, str>>, Vec<Sample<'_>>)| {
            let mut reading = Reading::of(meter, channel.as_deref());
            for sample in samples {
                collect::put(&mut reading, sample.quantity, sample.value);
                reading.stamp = reading.stamp.max(sample.stamp);
                reading.is_historical = sample.is_historical;
            }
            reading
        };
        self.channels.into_iter().map(reading).collect()
    }
}
