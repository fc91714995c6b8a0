//! From the channels of a device's meters to one power and one counted energy.
//!
//! Power and energy often come in different messages, phases in different topics, and meters that report on change
//! state only what changed: the last value of each channel is held. Total and phases are views of one load: only one
//! level is added up.
//!
//! Limits: at most [`CHANNELS_MAX`] channels a feed; more are ignored.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::counter::{Counter, Step};
use crate::device::Feed;
use crate::{Energy, FaultKind, Reading};

/// More channels than any meter of one device has.
pub(crate) const CHANNELS_MAX: usize = 64;
/// Readings of a meter's channels that come in separate messages within this belong together.
const ASSEMBLY: SignedDuration = SignedDuration::from_secs(1);
/// The name decoders give to a meter's own sum of its channels.
const TOTAL: &str = "total";
/// The key of a channel without a name.
const ONLY: &str = "";

/// What one feed knows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct FeedState {
    channels: BTreeMap<String, Channel>,
    /// When the readings now being put together began; none where all that was said has been used.
    assembling_since: Option<Timestamp>,
    /// Whether the meter has had its first [`ASSEMBLY`] to show which channels it has.
    is_known: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Channel {
    power_w: Option<f64>,
    counter: Counter,
    has_counter: bool,
    is_fresh: bool,
}

/// What the counters said in one message.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Counted {
    /// Energy counted since the last value; none where no register was stated.
    pub(crate) energy: Option<Energy>,
    /// A register was not believed: what, in which channel, before and after, Wh.
    pub(crate) fault: Option<(FaultKind, String, f64, f64)>,
    /// At least one register was seen for the first time.
    pub(crate) is_first: bool,
}

impl FeedState {
    /// Takes one message's readings of this feed's meter; only stated values replace held ones.
    pub(crate) fn observe(
        &mut self,
        feed: &Feed,
        at: Timestamp,
        readings: &[&Reading],
        power_w_max: f64,
    ) -> Counted {
        let mut counted = Counted::default();
        for reading in readings {
            let key = reading.channel.as_deref().unwrap_or(ONLY);
            let is_listed = feed.channels.is_empty() || feed.channels.iter().any(|channel| channel == key);
            let has_room = self.channels.len() < CHANNELS_MAX || self.channels.contains_key(key);
            if !is_listed || !has_room {
                continue;
            }
            let channel = self.channels.entry(key.to_owned()).or_default();
            if let Some(power_w) = reading.power_w {
                channel.power_w = Some(power_w * feed.sign);
                channel.is_fresh = true;
                self.assembling_since.get_or_insert(at);
            }
            let register = if feed.sign < 0.0 {
                reading.energy_export_wh
            } else {
                reading.energy_wh
            };
            if let Some(value_wh) = register {
                channel.has_counter = true;
                let step = channel.counter.step(at, value_wh, power_w_max);
                self.count(feed, key, step, value_wh, &mut counted);
            }
        }
        counted
    }

    fn count(&self, feed: &Feed, key: &str, step: Step, value_wh: f64, counted: &mut Counted) {
        if !self.adds_up(feed, key, |channel| channel.has_counter) {
            return;
        }
        match step {
            Step::First => counted.is_first = true,
            Step::Counted(energy) => *counted.energy.get_or_insert(Energy::ZERO) += energy,
            Step::Broken { kind, before_wh } => {
                counted.fault = Some((kind, key.to_owned(), before_wh, value_wh));
            }
        }
    }

    /// Whether a channel is of the level that is added up, among those of which `has` holds.
    fn adds_up(&self, feed: &Feed, key: &str, has: impl Fn(&Channel) -> bool) -> bool {
        let has_total = self.channels.get(TOTAL).is_some_and(has);
        !feed.channels.is_empty() || !has_total || key == TOTAL
    }

    /// The feed's power once what belongs together is together: at once where one message states all, else when
    /// every channel has spoken or [`ASSEMBLY`] has passed since the first.
    pub(crate) fn take_power(&mut self, feed: &Feed, now: Timestamp) -> Option<Timestamp> {
        let since = self.assembling_since?;
        let has_all = if feed.channels.is_empty() {
            self.is_known || self.channels.contains_key(TOTAL) || self.channels.contains_key(ONLY)
        } else {
            feed.channels.iter().all(|key| self.channels.contains_key(key))
        };
        let is_complete = has_all && self.summed(feed).all(|channel| channel.is_fresh);
        if !is_complete && now.duration_since(since) < ASSEMBLY {
            return None;
        }
        self.is_known = true;
        for channel in self.channels.values_mut() {
            channel.is_fresh = false;
        }
        self.assembling_since = None;
        Some(since)
    }

    fn summed<'a>(&'a self, feed: &'a Feed) -> impl Iterator<Item = &'a Channel> {
        let channels = self.channels.iter();
        channels
            .filter(|(key, channel)| {
                channel.power_w.is_some() && self.adds_up(feed, key, |total| total.power_w.is_some())
            })
            .map(|(_, channel)| channel)
    }

    /// The sum of the held signed powers, W; none while a listed channel has not said its power.
    pub(crate) fn power_w(&self, feed: &Feed) -> Option<f64> {
        let said = |key: &String| {
            self.channels
                .get(key)
                .is_some_and(|channel| channel.power_w.is_some())
        };
        if !feed.channels.iter().all(said) {
            return None;
        }
        let mut powers = self.summed(feed).filter_map(|channel| channel.power_w).peekable();
        powers.peek()?;
        Some(powers.sum())
    }

    /// The coarsest register's resolution, where any is known.
    pub(crate) fn resolution(&self) -> Option<Energy> {
        self.channels
            .values()
            .filter_map(|channel| channel.counter.resolution())
            .max()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn power(channel: Option<&str>, power_w: f64) -> Reading {
        Reading {
            power_w: Some(power_w),
            ..Reading::of("m", channel)
        }
    }

    fn feed(channels: &[&str], sign: f64) -> Feed {
        Feed {
            meter: "m".to_owned(),
            channels: channels.iter().map(|&c| c.to_owned()).collect(),
            sign,
        }
    }

    /// The power after each message in turn.
    fn check(feed: &Feed, messages: &[&[Reading]], expected: Option<f64>) {
        let mut state = FeedState::default();
        for (readings, second) in messages.iter().zip(0..) {
            let readings: Vec<&Reading> = readings.iter().collect();
            state.observe(feed, at(second), &readings, 1e6);
        }
        assert_eq!(state.power_w(feed), expected);
    }

    #[test]
    fn total_and_phases_are_never_added_twice() {
        let all = [
            power(Some("l1"), 100.0),
            power(Some("l2"), 50.0),
            power(Some("total"), 151.0),
        ];
        check(&feed(&[], 1.0), &[&all], Some(151.0));
        check(&feed(&["l1", "l2"], 1.0), &[&all], Some(150.0));
        check(&feed(&[], 1.0), &[&all[..2]], Some(150.0));
    }

    #[test]
    fn phases_in_separate_messages_are_held_and_a_missing_one_is_no_zero() {
        let (l1, l2) = ([power(Some("l1"), 100.0)], [power(Some("l2"), 50.0)]);
        check(&feed(&["l1", "l2"], 1.0), &[&l1], None);
        check(&feed(&["l1", "l2"], 1.0), &[&l1, &l2], Some(150.0));
    }

    #[test]
    fn a_reversed_clamp_is_turned_by_configuration_and_counts_its_export_register() {
        let feed = feed(&[], -1.0);
        let mut state = FeedState::default();
        let mut reading = power(None, -1_900.0);
        for (second, export_wh) in [(0, 10.0), (60, 42.0)] {
            reading.energy_export_wh = Some(export_wh);
            let counted = state.observe(&feed, at(second), &[&reading], 1e6);
            assert_eq!(counted.energy, (second > 0).then(|| Energy::from_wh(32.0)));
        }
        assert_eq!(state.power_w(&feed), Some(1_900.0));
    }

    #[test]
    fn power_is_taken_when_all_have_spoken_or_after_a_second() {
        let feed = feed(&["l1", "l2"], 1.0);
        let mut state = FeedState::default();
        for key in ["l1", "l2"] {
            assert_eq!(state.take_power(&feed, at(10)), None);
            state.observe(&feed, at(10), &[&power(Some(key), 1.0)], 1e6);
        }
        assert_eq!(state.take_power(&feed, at(10)), Some(at(10)));
        state.observe(&feed, at(12), &[&power(Some("l1"), 2.0)], 1e6);
        assert_eq!(
            state.take_power(&feed, at(12)),
            None,
            "the other phase may follow"
        );
        assert_eq!(state.take_power(&feed, at(13)), Some(at(12)));
    }
}
