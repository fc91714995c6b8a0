//! From the channels of a device's meters to one power and one counted energy.
//!
//! Power and energy often come in different messages, phases in different topics, and meters that report on change
//! state only what changed: the last value of each channel is held. Total and phases are views of one load: only one
//! level is added up.
//!
//! A register that fails is judged by the power of its own channel, so that the others' counted energy stands. A channel
//! with power and no register is estimated beside those that have one.
//!
//! Limits: at most [`CHANNELS_MAX`] channels a feed; more are ignored.

mod channels;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::cadence::Cadence;
use crate::counter::{Amount, Broken, Counter, Value};
use crate::device::Feed;
use crate::draw::{Draw, Drawn};
use crate::{Energy, Reading, is_pair};
use channels::{Channels, ONLY, TOTAL};

/// Readings of a meter's channels that come in separate messages within this belong together.
const ASSEMBLY: SignedDuration = SignedDuration::from_secs(1);

/// What one feed knows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct FeedState {
    /// How often its readings come.
    pub(crate) cadence: Cadence,
    channels: Channels,
    /// When the readings now being put together began; none where all that was said has been used.
    assembling_since: Option<Timestamp>,
    /// Whether the meter has had its first [`ASSEMBLY`] to show which channels it has.
    is_known: bool,
    /// What the whole feed draws.
    draw: Draw,
    /// How much of what registers do not count has been told.
    told: Drawn,
    /// No power has been stated since the meter fell silent: what is held is not what is.
    is_stale: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Channel {
    power_w: Option<f64>,
    counter: Counter,
    has_counter: bool,
    is_fresh: bool,
    /// What it draws; where it is the whole, the feed knows.
    draw: Draw,
    /// How much has been told where there is no register.
    told: Drawn,
}

/// What the counters said in one message.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Counted {
    /// Energy since the last value; none where no register told any.
    pub(crate) energy: Option<Amount>,
    /// Registers that did not go on as they should, by channel.
    pub(crate) faults: Vec<(String, Broken)>,
    /// The first register of this feed was seen.
    pub(crate) is_first: bool,
}

impl FeedState {
    /// Takes one message's readings of this feed's meter; only stated values replace held ones. `running` is the same
    /// instant on a clock that nobody sets back.
    pub(crate) fn observe(
        &mut self,
        feed: &Feed,
        (at, running): (Timestamp, Timestamp),
        readings: &[Reading],
        power_w_max: f64,
    ) -> Counted {
        let mut counted = Counted::default();
        let (has_counter, has_total) = (self.has_counter(), self.has_total_counter());
        self.draw.until(at);
        for reading in readings {
            let key = reading.channel.as_deref().unwrap_or(ONLY);
            let is_listed = if feed.channels.is_empty() {
                !is_pair(Some(key))
            } else {
                feed.channels.iter().any(|channel| channel == key)
            };
            if !is_listed {
                continue;
            }
            if let Some(value_wh) = register(feed, reading) {
                // where the meter's own sum is new, the phases have counted up to here
                let is_summed = !feed.channels.is_empty() || !has_total || key == TOTAL;
                self.count(
                    feed,
                    (key, reading.is_estimated),
                    (at, running, value_wh),
                    power_w_max,
                    is_summed,
                    &mut counted,
                );
            }
            if let Some(power_w) = reading.power_w.filter(|power_w| power_w.is_finite())
                && let Some(channel) = self.channels.entry(key)
            {
                // adding zero makes a negative zero one without sign
                let power_w = power_w * feed.sign + 0.0;
                channel.power_w = Some(power_w);
                if power_w.abs() <= power_w_max && !is_whole(feed, key) {
                    channel.draw.set(at, Some(power_w));
                }
                channel.is_fresh = true;
                self.is_stale = false;
                self.assembling_since.get_or_insert(at);
            }
        }
        if let Some(power_w) = self.power_w(feed).filter(|power_w| power_w.abs() <= power_w_max) {
            self.draw.set(at, Some(power_w));
        }
        if !has_total && has_counter && self.has_total_counter() && feed.channels.is_empty() {
            counted.energy.get_or_insert_default().add(self.untold_phases(at));
        }
        counted.is_first = !has_counter && self.has_counter();
        if counted.is_first {
            let untold = self.draw.until(at).since(self.told);
            counted
                .energy
                .get_or_insert_default()
                .add(Amount::estimated(untold));
            self.uncounted(at);
        }
        counted
    }

    fn count(
        &mut self,
        feed: &Feed,
        (key, is_estimated): (&str, bool),
        (at, running, wh): (Timestamp, Timestamp, f64),
        power_w_max: f64,
        is_summed: bool,
        counted: &mut Counted,
    ) {
        let has_others = self.has_counter();
        let Some(channel) = self.channels.entry(key) else {
            return;
        };
        let is_new = !std::mem::replace(&mut channel.has_counter, true);
        let drawn = self.witness(feed, key, at);
        let Some(channel) = self.channels.get_mut(key) else {
            return;
        };
        let step = channel.counter.step(
            Value {
                at: running,
                wh,
                drawn,
            },
            power_w_max,
        );
        if !is_summed {
            return;
        }
        if is_new && has_others && key != TOTAL && key != ONLY {
            let drawn = channel.draw.until(at);
            let untold = drawn.since(std::mem::replace(&mut channel.told, drawn));
            counted
                .energy
                .get_or_insert_default()
                .add(Amount::estimated(untold));
        }
        if let Some(energy) = step.energy {
            let energy = match energy {
                Amount { counted, estimated } if is_estimated => Amount::estimated(counted + estimated),
                counted => counted,
            };
            counted.energy.get_or_insert_default().add(energy);
        }
        counted
            .faults
            .extend(step.fault.map(|fault| (key.to_owned(), fault)));
    }

    /// What has flown past a register by `at`: the power of its own channel, of the feed for a register of the whole,
    /// and an equal part of it where only the whole says its power.
    fn witness(&mut self, feed: &Feed, key: &str, at: Timestamp) -> Drawn {
        if is_whole(feed, key) {
            return self.draw.until(at);
        }
        let registers = self
            .channels
            .all()
            .filter(|(key, channel)| channel.has_counter && *key != TOTAL);
        let registers = registers.count();
        match self
            .channels
            .get_mut(key)
            .filter(|channel| channel.power_w.is_some())
        {
            Some(channel) => channel.draw.until(at),
            None => self.draw.until(at).part(registers),
        }
    }

    /// What the phases have drawn since their registers last spoke.
    fn untold_phases(&mut self, at: Timestamp) -> Amount {
        let whole = self.draw.until(at);
        let phases = self.channels.all_mut().filter(|(key, _)| *key != TOTAL);
        let untold = phases.map(|(key, channel)| {
            let drawn = if key == ONLY {
                whole
            } else {
                channel.draw.until(at)
            };
            if channel.power_w.is_some() {
                channel.counter.untold(drawn)
            } else {
                Energy::ZERO
            }
        });
        Amount::estimated(untold.sum())
    }

    /// What has been drawn past all registers since it was last asked: the whole feed where it has none, else the
    /// channels that have none.
    pub(crate) fn uncounted(&mut self, at: Timestamp) -> Energy {
        let drawn = self.draw.until(at);
        let whole = drawn.since(std::mem::replace(&mut self.told, drawn));
        let has_whole =
            self.has_total_counter() || self.channels.get(ONLY).is_some_and(|only| only.has_counter);
        let has_counter = self.has_counter();
        let mut parts = Energy::ZERO;
        for (key, channel) in self.channels.all_mut() {
            let drawn = channel.draw.until(at);
            let part = drawn.since(std::mem::replace(&mut channel.told, drawn));
            if !channel.has_counter && key != TOTAL && key != ONLY {
                parts += part;
            }
        }
        match (has_counter, has_whole) {
            (false, _) => whole,
            (true, true) => Energy::ZERO,
            (true, false) => parts,
        }
    }

    /// The stream ends: the gaps of registers that waited for their next value.
    pub(crate) fn give_up(&mut self, feed: &Feed) -> Vec<(Timestamp, Amount)> {
        let (has_total, is_listed) = (self.has_total_counter(), !feed.channels.is_empty());
        let summed = self
            .channels
            .all_mut()
            .filter(|(key, _)| is_listed || !has_total || *key == TOTAL);
        summed
            .filter_map(|(_, channel)| channel.counter.give_up())
            .collect()
    }

    /// The meter is not heard: what flows from `at` on is not known.
    pub(crate) fn fall_silent(&mut self, at: Timestamp) {
        self.cadence.silence();
        self.is_stale = true;
        self.draw.set(at, None);
        for (_, channel) in self.channels.all_mut() {
            channel.draw.set(at, None);
        }
    }

    /// Whether any register has been seen.
    pub(crate) fn has_counter(&self) -> bool {
        self.channels.all().any(|(_, channel)| channel.has_counter)
    }

    fn has_total_counter(&self) -> bool {
        self.channels.get(TOTAL).is_some_and(|total| total.has_counter)
    }

    /// The feed's power once what belongs together is together: at once where one message states all, else when
    /// every channel has spoken or [`ASSEMBLY`] has passed since the first.
    pub(crate) fn take_power(&mut self, feed: &Feed, now: Timestamp) -> Option<Timestamp> {
        let since = self.assembling_since?;
        let has_all = if feed.channels.is_empty() {
            self.is_known || self.channels.get(TOTAL).is_some() || self.channels.get(ONLY).is_some()
        } else {
            feed.channels.iter().all(|key| self.channels.get(key).is_some())
        };
        let is_complete = has_all && self.summed(feed).all(|channel| channel.is_fresh);
        if !is_complete && !self.is_overdue(now) {
            return None;
        }
        self.is_known = true;
        for (_, channel) in self.channels.all_mut() {
            channel.is_fresh = false;
        }
        self.assembling_since = None;
        Some(since)
    }

    /// Whether what is being put together by `now` is as complete as it will be.
    pub(crate) fn is_overdue(&self, now: Timestamp) -> bool {
        self.assembling_since
            .is_some_and(|since| now.duration_since(since) >= ASSEMBLY)
    }

    /// The channels of the level that is added up, as far as they have said their power.
    fn summed<'a>(&'a self, feed: &Feed) -> impl Iterator<Item = &'a Channel> + use<'a> {
        let has_total = || {
            self.channels
                .get(TOTAL)
                .is_some_and(|total| total.power_w.is_some())
        };
        let is_total_alone = feed.channels.is_empty() && has_total();
        let channels = self.channels.all();
        channels
            .filter(move |(key, channel)| channel.power_w.is_some() && (!is_total_alone || *key == TOTAL))
            .map(|(_, channel)| channel)
    }

    /// The sum of the held signed powers, W; none while a listed channel has not said its power, or since silence.
    pub(crate) fn power_w(&self, feed: &Feed) -> Option<f64> {
        if self.is_stale {
            return None;
        }
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

    /// The held powers of the three phases, W; none where the meter has not stated each of them, or since silence. Phases
    /// that the feed does not list are not its own.
    pub(crate) fn phases_w(&self, feed: &Feed) -> Option<[f64; 3]> {
        let phase = |name: &str| {
            let is_ours = feed.channels.is_empty()
                || feed
                    .channels
                    .iter()
                    .any(|channel| channel == name || channel == TOTAL);
            self.channels.get(name).filter(|_| is_ours)?.power_w
        };
        if self.is_stale {
            return None;
        }
        Some([phase("l1")?, phase("l2")?, phase("l3")?])
    }

    /// The coarsest register's resolution, where any is known.
    pub(crate) fn resolution(&self) -> Option<Energy> {
        self.channels
            .all()
            .filter_map(|(_, channel)| channel.counter.resolution())
            .max()
    }
}

/// Whether a channel is all that flows through the feed: what it draws is what the feed draws.
fn is_whole(feed: &Feed, key: &str) -> bool {
    feed.channels.is_empty() && (key.is_empty() || key == TOTAL)
}

/// The register that counts what the device draws, Wh.
fn register(feed: &Feed, reading: &Reading) -> Option<f64> {
    let register = if feed.sign < 0.0 {
        reading.energy_export_wh
    } else {
        reading.energy_wh
    };
    register.filter(|wh| wh.is_finite() && *wh >= 0.0)
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
            state.observe(feed, (at(second), at(second)), readings, 1e6);
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
        let clamps = [
            power(Some("a"), 100.0),
            power(Some("ab"), 150.0),
            power(Some("b"), 50.0),
        ];
        check(&feed(&[], 1.0), &[&clamps], Some(150.0));
        check(&feed(&["ab"], 1.0), &[&clamps], Some(150.0));
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
        for (second, export_wh, counted_wh) in [(0, 10.0, 0.0), (60, 42.0, 32.0)] {
            reading.energy_export_wh = Some(export_wh);
            let counted = state.observe(
                &feed,
                (at(second), at(second)),
                std::slice::from_ref(&reading),
                1e6,
            );
            assert_eq!(counted.energy, Some(Amount::counted(Energy::from_wh(counted_wh))));
        }
        assert_eq!(state.power_w(&feed), Some(1_900.0));
    }

    #[test]
    fn power_is_taken_when_all_have_spoken_or_after_a_second() {
        let feed = feed(&["l1", "l2"], 1.0);
        let mut state = FeedState::default();
        for key in ["l1", "l2"] {
            assert_eq!(state.take_power(&feed, at(10)), None);
            state.observe(&feed, (at(10), at(10)), &[power(Some(key), 1.0)], 1e6);
        }
        assert_eq!(state.take_power(&feed, at(10)), Some(at(10)));
        state.observe(&feed, (at(12), at(12)), &[power(Some("l1"), 2.0)], 1e6);
        assert_eq!(
            state.take_power(&feed, at(12)),
            None,
            "the other phase may follow"
        );
        assert_eq!(state.take_power(&feed, at(13)), Some(at(12)));
    }
}
