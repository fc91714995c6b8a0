//! From samples of power to states: at once where an exposure begins, after a dwell elsewhere.
//!
//! Samples of which the state is not yet certain wait; when it is, they leave as final segments, in time order. What
//! is said of an instant is final after at most [`FINAL_AFTER`]:
//!
//! * scanning is said with its first sample and certain once there is enough of it; a lone spike is taken back. Weak
//!   acquisitions (a CT's scouts) count, backwards, when a strong one follows within the bridge. Pauses up to the bridge
//!   belong to it, and when it is over its end lies at the last acquisition, not at the end of the wait;
//! * another state begins with its first sample once it has held for its dwell; shorter excursions are absorbed;
//! * where nothing holds for its dwell, the mean power decides (a cycling cryocooler is a level, not two states).
//!
//! Limits: at most [`PENDING_SAMPLES_MAX`] samples wait. Invariant: segments tile time from the first sample on.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::band::Bands;
use crate::modality::{Acquisition, Timing};
use crate::{FINAL_AFTER, State};

/// Twenty samples a second for [`FINAL_AFTER`]; beyond, the oldest is decided early.
pub(crate) const PENDING_SAMPLES_MAX: usize = 2400;
/// A compressor that runs for longer does not cycle: the device is in the state that its power says.
const CYCLE_MAX: SignedDuration = SignedDuration::from_mins(25);
/// A scout is over after this; what is longer is a fan or a heat exchanger.
const SCOUT_MAX: SignedDuration = SignedDuration::from_secs(15);
/// A scout is over when power falls below this part of where it began: noise does not end it.
const WEAK_ENDS: f64 = 0.85;
/// A meter that tells more often than this shows every acquisition with two readings; one alone is a spike, s.
const LONE_S: f64 = 3.5;
/// A pause looks longer than it is by up to an interval at either end, and short exposures inside it are not seen.
const BRIDGE_INTERVALS: f64 = 2.5;
/// A state other than scanning is told by more than one reading.
const DWELL_INTERVALS: f64 = 1.5;
/// No dwell is longer, so that what is said is final in time.
const DWELL_MAX: SignedDuration = SignedDuration::from_secs(115);

/// A stretch of constant power whose state is final.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Segment {
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) state: State,
    /// The power held through it; none while the meter is silent.
    pub(crate) power_w: Option<f64>,
    /// What was said of the sample at `from` when it came; none where the segment does not begin with one.
    pub(crate) said: Option<Said>,
}

/// What was said of a sample at once.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Said {
    pub(crate) state: State,
    /// Whether it could still be corrected.
    pub(crate) is_provisional: bool,
}

/// Where acquisitions begin, and how much of one makes it certain.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Onset {
    /// Acquisition, W.
    pub(crate) strong_w: f64,
    /// Acquisition if a strong one follows, W.
    pub(crate) weak_w: Option<f64>,
    /// So much of it makes it certain, s.
    pub(crate) least_s: f64,
    /// Awaited so long, s.
    pub(crate) wait_s: f64,
    /// A single reading may be a spike.
    pub(crate) is_lone_doubtful: bool,
}

impl Onset {
    /// Acquisition from `strong_w` on; weak from `weak_w` on, if that is lower.
    pub(crate) fn new(acquisition: &Acquisition, strong_w: f64, weak_w: Option<f64>) -> Self {
        Self {
            strong_w,
            weak_w: weak_w.filter(|weak_w| *weak_w < strong_w),
            least_s: acquisition.least_s,
            wait_s: acquisition.wait_s,
            is_lone_doubtful: acquisition.least_s > 0.0,
        }
    }
}

/// The state machine of one device.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Decider {
    /// The state that is certain up to the first pending sample; none before the first sample ever.
    state: Option<State>,
    pending: VecDeque<Pending>,
    /// When power was last in the plain band of the current state.
    plain_at: Option<Timestamp>,
    /// Since when power has been above where scouts begin.
    weak_since: Option<Timestamp>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Pending {
    #[serde(with = "crate::nanoseconds")]
    from: Timestamp,
    power_w: Option<f64>,
    /// What its power means, seen from the state at its time.
    raw: State,
    /// Acquisition, if a strong one follows.
    is_weak: bool,
    said: Option<Said>,
}

/// What a device is judged by.
#[derive(Clone, Copy)]
pub(crate) struct Rules<'a> {
    pub(crate) bands: &'a Bands,
    pub(crate) timing: Timing,
    /// None where scanning is never claimed.
    pub(crate) onset: Option<Onset>,
    /// How often the meter tells something new, s.
    pub(crate) interval_s: f64,
}

impl Rules<'_> {
    fn dwell(&self, from: State, to: State) -> SignedDuration {
        let dwell = if to > from {
            self.timing.rise_dwell
        } else {
            self.timing.fall_dwell
        };
        let readings = SignedDuration::from_secs_f64(self.interval_s * DWELL_INTERVALS);
        dwell.max(readings.min(DWELL_MAX))
    }

    /// A meter shows pauses longer than they are, by up to its interval.
    fn bridge(&self) -> SignedDuration {
        let seen = self.timing.bridge + SignedDuration::from_secs_f64(self.interval_s * BRIDGE_INTERVALS);
        seen.min(FINAL_AFTER.max(self.timing.bridge))
    }

    fn scout_max(&self) -> SignedDuration {
        SCOUT_MAX.max(SignedDuration::from_secs_f64(self.interval_s * 2.5))
    }
}

/// What a step of the decider brought out.
#[derive(Debug, Default)]
pub(crate) struct Decided {
    /// Final, in time order.
    pub(crate) segments: Vec<Segment>,
    /// Changes of the live state.
    pub(crate) changes: Vec<Change>,
}

/// The live state changed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Change {
    pub(crate) from: State,
    pub(crate) to: State,
    pub(crate) at: Timestamp,
}

impl Decider {
    /// The live state.
    pub(crate) fn state(&self) -> State {
        self.state.unwrap_or(State::Unknown)
    }

    /// The instant of the newest sample; nothing older may come.
    pub(crate) fn newest(&self) -> Option<Timestamp> {
        self.pending.back().map(|pending| pending.from)
    }

    /// Takes a sample that is newer than all before, and says at once what can be said of it.
    pub(crate) fn sample(
        &mut self,
        rules: Rules<'_>,
        at: Timestamp,
        power_w: f64,
        out: &mut Decided,
    ) -> Said {
        self.decide(rules, at, out);
        let raw = match self.state {
            None | Some(State::Unknown) => rules.bands.state_at(power_w),
            Some(current) => {
                if rules.bands.state_at(power_w) == current {
                    self.plain_at = Some(at);
                }
                let may_cycle = self
                    .plain_at
                    .is_some_and(|plain| at.duration_since(plain) <= CYCLE_MAX);
                rules.bands.state_while(power_w, current, may_cycle)
            }
        };
        // a meter that is too slow for acquisitions has no scanning to claim
        let raw = if raw == State::Scanning && rules.onset.is_none() {
            State::Idle
        } else {
            raw
        };
        let is_weak = self.is_weak(rules, at, power_w) && raw != State::Scanning;
        let sample = Pending {
            from: at,
            power_w: Some(power_w),
            raw,
            is_weak,
            said: None,
        };
        self.take(rules, sample, out);
        // an acquisition is said at once, also while a spike is still possible
        let state = if raw == State::Scanning { raw } else { self.state() };
        let said = Said {
            state,
            is_provisional: raw != self.state() || is_weak,
        };
        if let Some(newest) = self.pending.back_mut() {
            newest.said = Some(said);
        }
        said
    }

    /// The meter is silent from `at` on.
    pub(crate) fn silence(&mut self, rules: Rules<'_>, at: Timestamp, out: &mut Decided) {
        self.decide(rules, at, out);
        let silence = Pending {
            from: at,
            power_w: None,
            raw: State::Unknown,
            is_weak: false,
            said: None,
        };
        self.take(rules, silence, out);
    }

    /// Time has gone on to `until` without a sample: what is certain is made final so far.
    pub(crate) fn hold(&mut self, rules: Rules<'_>, until: Timestamp, out: &mut Decided) {
        self.decide(rules, until, out);
        if let Some(newest) = self.pending.back().copied()
            && self.pending.len() == 1
            && Some(newest.raw) == self.state
            && newest.from < until
            && !(newest.is_weak && until.duration_since(newest.from) < rules.bridge())
        {
            self.release(1, until, out);
            self.pending.push_back(Pending {
                from: until,
                is_weak: false,
                said: None,
                ..newest
            });
        }
    }

    /// The stream ends at `until`: all that waits is final as it would be if nothing changed any more.
    pub(crate) fn finish(&mut self, rules: Rules<'_>, until: Timestamp, out: &mut Decided) {
        self.decide(rules, until, out);
        self.close_scanning(until, out);
        self.release(self.pending.len(), until, out);
    }

    fn take(&mut self, rules: Rules<'_>, sample: Pending, out: &mut Decided) {
        self.pending.push_back(sample);
        self.decide(rules, sample.from, out);
        while self.pending.len() > PENDING_SAMPLES_MAX {
            self.release(1, self.pending[1].from, out);
        }
    }

    /// Releases what has become certain by `now`.
    fn decide(&mut self, rules: Rules<'_>, now: Timestamp, out: &mut Decided) {
        let Some(newest) = self.pending.back().copied() else {
            return;
        };
        let Some(state) = self.state else {
            return self.enter(newest.raw, newest.from, out);
        };
        // silence is certain at once, and so is what follows it
        if newest.power_w.is_none() || state == State::Unknown {
            if newest.power_w.is_none() {
                self.close_scanning(newest.from, out);
            }
            self.release_before_newest(out);
            return self.enter(newest.raw, newest.from, out);
        }
        if state == State::Scanning {
            return self.decide_scanning(rules, now, out);
        }
        if self.is_acquisition_open(rules, now, out) {
            return;
        }
        // what was a spike is one no longer
        let newest = self.pending.back().copied().unwrap_or(newest);
        if newest.raw == state {
            let certain = self.first_scout(rules, now).unwrap_or(self.pending.len() - 1);
            if let Some(until) = self.pending.get(certain).map(|pending| pending.from) {
                self.release(certain, until, out);
            }
            return;
        }
        self.decide_rest(rules, now, newest, out);
    }

    /// Scanning goes on, or is over since its last acquisition.
    fn decide_scanning(&mut self, rules: Rules<'_>, now: Timestamp, out: &mut Decided) {
        let is_acquiring = self
            .pending
            .back()
            .is_some_and(|newest| newest.raw == State::Scanning);
        if is_acquiring {
            return self.release_before_newest(out);
        }
        let Some(left_at) = self.left_at() else { return };
        // a scout in the pause lets it go on, if another acquisition follows
        let mut paused_at = left_at;
        for (pending, until) in self.spans(now).filter(|(pending, _)| pending.is_weak) {
            if pending.from.duration_since(paused_at) < rules.bridge() {
                paused_at = until;
            }
        }
        let is_over = now.duration_since(paused_at) >= rules.bridge();
        if is_over || now.duration_since(left_at) >= FINAL_AFTER {
            self.close_scanning(now, out);
        }
    }

    /// Whether an acquisition has begun that is not certain yet; makes it certain, or a spike, when it is time.
    fn is_acquisition_open(&mut self, rules: Rules<'_>, now: Timestamp, out: &mut Decided) -> bool {
        let Some(onset) = rules.onset else { return false };
        let Some(first) = self
            .pending
            .iter()
            .position(|pending| pending.raw == State::Scanning)
        else {
            return false;
        };
        let (mut strong, mut weak, mut last) = (SignedDuration::ZERO, 0_u32, first);
        let mut readings = 0_u32;
        for (number, (pending, until)) in self.spans(now).enumerate() {
            if pending.raw == State::Scanning {
                strong += until.duration_since(pending.from);
                readings += 1;
                last = number;
            } else if pending.is_weak {
                weak += 1;
            }
        }
        let strong_s = strong.as_secs_f64();
        let is_seen_twice = !onset.is_lone_doubtful
            || readings + weak >= 2
            || rules.interval_s > LONE_S
            || strong_s >= rules.interval_s * 3.0;
        if strong_s >= onset.least_s && is_seen_twice {
            let begin = self.look_back(rules, first);
            let begin_at = self.pending[begin].from;
            self.release(begin, begin_at, out);
            self.enter(State::Scanning, begin_at, out);
            let last_at = self.pending[last - begin].from;
            self.release(last - begin, last_at, out);
            return true;
        }
        let waited = now.duration_since(self.pending[first].from);
        if waited.as_secs_f64() < onset.wait_s {
            return true;
        }
        let state = self.state();
        for pending in self
            .pending
            .iter_mut()
            .filter(|pending| pending.raw == State::Scanning)
        {
            pending.raw = state;
        }
        false
    }

    /// Where an acquisition that is certain from `first` on began: with the scouts before it.
    fn look_back(&self, rules: Rules<'_>, first: usize) -> usize {
        let mut begin = first;
        for number in (0..first).rev() {
            let pause = self.pending[begin]
                .from
                .duration_since(self.pending[number + 1].from);
            if pause > rules.bridge() {
                break;
            }
            if self.pending[number].is_weak {
                begin = number;
            }
        }
        begin
    }

    /// The first sample that may still turn out to be a scout.
    fn first_scout(&self, rules: Rules<'_>, now: Timestamp) -> Option<usize> {
        rules.onset?.weak_w?;
        let may_be = |pending: &Pending| pending.is_weak && now.duration_since(pending.from) < rules.bridge();
        self.pending.iter().position(may_be)
    }

    /// Whether a power may be a scout's. What lasts longer than one is a fan or a heat exchanger, and so is what came
    /// before it without a break.
    fn is_weak(&mut self, rules: Rules<'_>, at: Timestamp, power_w: f64) -> bool {
        let Some(weak_w) = rules.onset.and_then(|onset| onset.weak_w) else {
            return false;
        };
        let edge_w = if self.weak_since.is_some() {
            weak_w * WEAK_ENDS
        } else {
            weak_w
        };
        if power_w < edge_w {
            self.weak_since = None;
            return false;
        }
        let since = *self.weak_since.get_or_insert(at);
        let is_scout = at.duration_since(since) <= rules.scout_max();
        if !is_scout {
            for pending in self
                .pending
                .iter_mut()
                .rev()
                .take_while(|pending| pending.from >= since)
            {
                pending.is_weak = false;
            }
        }
        is_scout
    }

    /// A state other than scanning begins once it has held for its dwell.
    fn decide_rest(&mut self, rules: Rules<'_>, now: Timestamp, newest: Pending, out: &mut Decided) {
        let Some(left_at) = self.left_at() else { return };
        let state = self.state();
        let run = self
            .pending
            .iter()
            .rposition(|pending| pending.raw != newest.raw)
            .map_or(0, |other| other + 1);
        let run_from = self.pending[run].from;
        if now.duration_since(run_from) >= rules.dwell(state, newest.raw) {
            self.release(run, run_from, out);
            self.enter(newest.raw, run_from, out);
        } else if now.duration_since(left_at) >= FINAL_AFTER {
            self.release(self.first_other().unwrap_or(0), left_at, out);
            let mean_w = self.mean_power_w(now);
            let next = mean_w.map_or(State::Unknown, |mean_w| rules.bands.state_from(mean_w, state));
            self.enter(next, left_at, out);
            for pending in &mut self.pending {
                pending.raw = next;
            }
        }
    }

    /// Ends scanning at the last acquisition, if pauses have followed it.
    fn close_scanning(&mut self, now: Timestamp, out: &mut Decided) {
        if let (Some(State::Scanning), Some(first_other), Some(left_at)) =
            (self.state, self.first_other(), self.left_at())
        {
            self.release(first_other, left_at, out);
            self.enter(self.longest_raw(now), left_at, out);
        }
    }

    fn enter(&mut self, to: State, at: Timestamp, out: &mut Decided) {
        let from = self.state();
        self.state = Some(to);
        if from != to {
            out.changes.push(Change { from, to, at });
        }
    }

    /// The first pending sample that is not of the certain state.
    fn first_other(&self) -> Option<usize> {
        let state = self.state();
        self.pending.iter().position(|pending| pending.raw != state)
    }

    fn left_at(&self) -> Option<Timestamp> {
        self.first_other().map(|first| self.pending[first].from)
    }

    /// The state that most of the pending time up to `now` was spent in.
    fn longest_raw(&self, now: Timestamp) -> State {
        let mut times: Vec<(State, SignedDuration)> = Vec::new();
        for (pending, until) in self.spans(now) {
            let time = until.duration_since(pending.from);
            match times.iter_mut().find(|(state, _)| *state == pending.raw) {
                Some((_, sum)) => *sum += time,
                None => times.push((pending.raw, time)),
            }
        }
        times
            .into_iter()
            .max_by_key(|(_, time)| *time)
            .map_or(State::Unknown, |(state, _)| state)
    }

    fn mean_power_w(&self, now: Timestamp) -> Option<f64> {
        let (mut watt_seconds, mut seconds) = (0.0, 0.0);
        for (pending, until) in self.spans(now) {
            let span = until.duration_since(pending.from).as_secs_f64();
            watt_seconds += pending.power_w? * span;
            seconds += span;
        }
        (seconds > 0.0).then(|| watt_seconds / seconds)
    }

    /// Each pending sample and the instant until which it holds.
    fn spans(&self, now: Timestamp) -> impl Iterator<Item = (&Pending, Timestamp)> {
        let next = self.pending.iter().skip(1).map(|pending| pending.from);
        self.pending.iter().zip(next.chain(std::iter::once(now)))
    }

    fn release_before_newest(&mut self, out: &mut Decided) {
        if let Some(newest) = self.newest() {
            self.release(self.pending.len() - 1, newest, out);
        }
    }

    /// The first `count` pending samples become final in the certain state; where none follows, the last of them
    /// holds until `until`.
    fn release(&mut self, count: usize, until: Timestamp, out: &mut Decided) {
        let state = self.state();
        for _ in 0..count {
            let Some(sample) = self.pending.pop_front() else {
                return;
            };
            let until = self.pending.front().map_or(until, |next| next.from);
            let Pending {
                from, power_w, said, ..
            } = sample;
            out.segments.push(Segment {
                from,
                until,
                state,
                power_w,
                said,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modality::Modality;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    /// Plays (second, watts) through a modality's rules; the final states as (from, until, state), merged.
    fn states(modality: &str, samples: &[(i64, f64)], until: i64) -> Vec<(i64, i64, State)> {
        let modality = Modality::named(modality).expect("known");
        let (bands, timing) = (modality.bands(), modality.timing);
        let rules = Rules {
            bands: &bands,
            timing,
            onset: modality.onset(&bands),
            interval_s: 5.0,
        };
        let (mut decider, mut out) = (Decider::default(), Decided::default());
        for &(second, power_w) in samples {
            decider.sample(rules, at(second), power_w, &mut out);
        }
        decider.finish(rules, at(until), &mut out);
        let mut merged: Vec<(i64, i64, State)> = Vec::new();
        for segment in out.segments.iter().filter(|segment| segment.until > segment.from) {
            let (from, until) = (segment.from.as_second(), segment.until.as_second());
            match merged.last_mut() {
                Some(last) if last.2 == segment.state && last.1 == from => last.1 = until,
                _ => merged.push((from, until, segment.state)),
            }
        }
        merged
    }

    #[test]
    fn two_exposures_of_one_exam_are_one_scan_that_ends_with_the_last() {
        let ct = [
            (0, 2_600.0),
            (100, 60_000.0),
            (105, 2_900.0),
            (140, 70_000.0),
            (150, 3_500.0),
            (400, 2_600.0),
        ];
        let expected = [
            (0, 100, State::Idle),
            (100, 150, State::Scanning),
            (150, 500, State::Idle),
        ];
        assert_eq!(states("ct", &ct, 500), expected);
    }

    #[test]
    fn rotor_spin_up_and_heat_exchangers_are_not_scanning() {
        let ct = [
            (0, 2_600.0),
            (10, 6_500.0),
            (14, 2_700.0),
            (60, 9_500.0),
            (200, 2_600.0),
        ];
        assert_eq!(states("ct", &ct, 300), [(0, 300, State::Idle)]);
    }

    #[test]
    fn short_excursions_are_absorbed_and_lasting_ones_begin_with_their_first_sample() {
        let ct = [
            (0, 2_600.0),
            (50, 900.0),
            (80, 2_600.0),
            (200, 900.0),
            (230, 905.0),
            (400, 900.0),
        ];
        assert_eq!(
            states("ct", &ct, 500),
            [(0, 200, State::Idle), (200, 500, State::Standby)]
        );
    }

    #[test]
    fn what_never_holds_is_judged_by_its_mean_within_the_stated_lag() {
        let cycling: Vec<(i64, f64)> = (0..60)
            .map(|n| (n * 20, if n % 2 == 0 { 5_200.0 } else { 7_600.0 }))
            .collect();
        let said = states("mri", &cycling, 1200);
        assert!(
            said.iter().all(|(_, _, state)| *state == State::Standby),
            "{said:?}"
        );
    }
}
