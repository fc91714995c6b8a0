//! From samples of power to states: at once where an exposure begins, after a dwell elsewhere.
//!
//! Samples of which the state is not yet certain wait; when it is, they leave as final segments, in time order. What
//! is said of an instant is final after at most [`FINAL_AFTER`]:
//!
//! * scanning begins with its first sample; pauses up to the modality's bridge belong to it, and when it is over its
//!   end lies at the last acquisition, not at the end of the wait;
//! * another state begins with its first sample once it has held for its dwell; shorter excursions are absorbed;
//! * where nothing holds for its dwell, the mean power decides (a cycling cryocooler is a level, not two states).
//!
//! Limits: at most [`PENDING_SAMPLES_MAX`] samples wait. Invariant: segments tile time from the first sample on.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::band::Bands;
use crate::modality::Timing;
use crate::{FINAL_AFTER, State};

/// Twenty samples a second for [`FINAL_AFTER`]; beyond, the oldest is decided early.
pub(crate) const PENDING_SAMPLES_MAX: usize = 2400;

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

/// The state machine of one device.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Decider {
    /// The state that is certain up to the first pending sample; none before the first sample ever.
    state: Option<State>,
    pending: VecDeque<Pending>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Pending {
    from: Timestamp,
    power_w: Option<f64>,
    /// What its power means, seen from the state at its time.
    raw: State,
    said: Option<Said>,
}

/// What a device is judged by.
#[derive(Clone, Copy)]
pub(crate) struct Rules<'a> {
    pub(crate) bands: &'a Bands,
    pub(crate) timing: Timing,
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
            Some(current) => rules.bands.state_from(power_w, current),
        };
        self.take(
            rules,
            Pending {
                from: at,
                power_w: Some(power_w),
                raw,
                said: None,
            },
            out,
        );
        let state = self.state();
        let said = Said {
            state,
            is_provisional: raw != state,
        };
        if let Some(newest) = self.pending.back_mut() {
            newest.said = Some(said);
        }
        said
    }

    /// The meter is silent from `at` on.
    pub(crate) fn silence(&mut self, rules: Rules<'_>, at: Timestamp, out: &mut Decided) {
        self.decide(rules, at, out);
        self.take(
            rules,
            Pending {
                from: at,
                power_w: None,
                raw: State::Unknown,
                said: None,
            },
            out,
        );
    }

    /// Time has gone on to `until` without a sample: what is certain is made final so far.
    pub(crate) fn hold(&mut self, rules: Rules<'_>, until: Timestamp, out: &mut Decided) {
        self.decide(rules, until, out);
        if let Some(newest) = self.pending.back().copied()
            && self.pending.len() == 1
            && Some(newest.raw) == self.state
            && newest.from < until
        {
            self.release(1, until, out);
            self.pending.push_back(Pending {
                from: until,
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
        if newest.raw == state {
            return self.release_before_newest(out);
        }
        // silence is certain at once, and so is what follows it; an exposure lasts seconds
        if newest.power_w.is_none() || state == State::Unknown || newest.raw == State::Scanning {
            if newest.power_w.is_none() {
                self.close_scanning(newest.from, out);
            }
            self.release_before_newest(out);
            return self.enter(newest.raw, newest.from, out);
        }
        let Some(left_at) = self.left_at() else { return };
        if state == State::Scanning {
            if now.duration_since(left_at) >= rules.timing.bridge {
                self.close_scanning(now, out);
            }
            return;
        }
        let run = self
            .pending
            .iter()
            .rposition(|pending| pending.raw != newest.raw)
            .map_or(0, |other| other + 1);
        let run_from = self.pending[run].from;
        let dwell = if newest.raw > state {
            rules.timing.rise_dwell
        } else {
            rules.timing.fall_dwell
        };
        if now.duration_since(run_from) >= dwell {
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
