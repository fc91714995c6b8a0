//! From samples of power to states: at once where an exposure begins, after a dwell elsewhere.
//!
//! Samples of which the state is not yet certain wait; when it is, they leave as final segments, in time order. What
//! is said of an instant is final after at most [`DECIDED_AFTER`]:
//!
//! * scanning is said with its first sample and certain once there is enough of it; a lone spike is taken back. Weak
//!   acquisitions (a CT's scouts) count, backwards, when a strong one follows within the bridge. Pauses up to the bridge
//!   belong to it, and when it is over its end lies at the last acquisition, not at the end of the wait;
//! * another state begins with its first sample once it has held for its dwell; shorter excursions are absorbed;
//! * where nothing holds for its dwell, the mean power decides (a cycling cryocooler is a level, not two states).
//!
//! Limits: at most [`PENDING_SAMPLES_MAX`] samples wait. Invariant: segments tile time from the first sample on.

mod acquisition;
mod cycling;
mod heard;
mod onset;
mod rules;
mod within;

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::{DECIDED_AFTER, State};

use acquisition::Pause;
use cycling::Cycling;
pub(crate) use heard::{Heard, Mean};
use onset::{Judged, Level, Load, Turned};
pub(crate) use onset::{Onset, Rise};
pub(crate) use rules::Rules;
use within::Open;

/// Twenty samples a second for [`DECIDED_AFTER`]; beyond, the oldest is decided early.
pub(crate) const PENDING_SAMPLES_MAX: usize = 2400;

/// The shortest time between two samples.
pub(crate) const INSTANT: SignedDuration = SignedDuration::from_millis(1);

/// A stretch of constant power whose state is final.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Segment {
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
    pub(crate) state: State,
    /// The power held through it; none while the meter is silent.
    pub(crate) power_w: Option<f64>,
    /// Scanning is not claimed, because the meter is too slow, but its power is that of work.
    pub(crate) is_work: bool,
    /// The sample that it begins with, if it does.
    pub(crate) spoken: Option<Spoken>,
}

/// What was said of a sample at once.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Said {
    pub(crate) state: State,
    /// Whether it could still be corrected.
    pub(crate) is_provisional: bool,
    /// How long before its stamp it holds, ms.
    lead_ms: u16,
}

impl Said {
    /// The same of a part that begins so many milliseconds later.
    fn later(self, ms: i128) -> Self {
        let lead_ms = i128::from(self.lead_ms) - ms;
        Self {
            lead_ms: u16::try_from(lead_ms).unwrap_or(0),
            ..self
        }
    }
}

/// A sample, and what was said of it at once.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spoken {
    pub(crate) at: Timestamp,
    pub(crate) power_w: f64,
    pub(crate) said: Said,
}

/// The state machine of one device.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Decider {
    /// The state that is certain up to the first pending sample; none before the first sample ever.
    state: Option<State>,
    pending: VecDeque<Pending>,
    cycle: Cycling,
    level: Level,
    /// The power that became final last.
    last_w: Option<f64>,
    /// The last reading as it was heard, W.
    heard_w: Option<f64>,
    /// Found anew after a restart.
    #[serde(skip)]
    pause: Option<Pause>,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Pending {
    #[serde(with = "crate::nanoseconds")]
    from: Timestamp,
    power_w: Option<f64>,
    /// What its power means, seen from the state at its time.
    raw: State,
    load: Load,
    /// A lone reading that is nobody's power.
    is_spike: bool,
    is_work: bool,
    /// A mean whose acquisition is not placed yet.
    open: Option<Open>,
    said: Option<Said>,
}

/// What a step of the decider brought out.
#[derive(Clone, Debug, Default, PartialEq)]
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

    /// Whether nothing waits to be decided, however time goes on: all that is known is of the certain state.
    pub(crate) fn is_settled(&self) -> bool {
        self.pending.len() == 1 && self.is_plain()
    }

    /// Whether all that waits is of the certain state, and nothing of it may turn out to be another.
    fn is_plain(&self) -> bool {
        let is_plain = |pending: &Pending| {
            let usual = if pending.raw == State::Scanning {
                Load::Strong
            } else {
                Load::Rest
            };
            let is_known = pending.power_w.is_some() && pending.open.is_none();
            is_known && pending.load == usual && Some(pending.raw) == self.state
        };
        self.pending.iter().all(is_plain)
    }

    /// Takes a reading that is newer than all before, and says at once what can be said of it.
    pub(crate) fn sample(&mut self, rules: Rules<'_>, heard: Heard, out: &mut Decided) -> Said {
        // after silence nothing is known of the time before it
        let from = match self.pending.back() {
            Some(Pending { power_w: Some(_), .. }) => heard.from(),
            _ => heard.at,
        };
        let earliest = self.newest().map_or(heard.at, |newest| newest + INSTANT);
        let at = from.max(earliest).min(heard.at);
        self.decide(rules, at, out);
        let power_w = heard.held_w();
        let judged = Judged {
            at,
            power_w,
            is_mean: heard.mean.is_some(),
            ends_w: self.heard_w.unwrap_or(power_w).max(heard.power_w),
            interval_s: rules.interval_s,
        };
        let load = self.load(rules, judged);
        self.place_newest(rules, at, power_w, load);
        let open = heard
            .mean
            .filter(|_| load > Load::Rest)
            .map(|mean| self.open(heard, mean.is_placed));
        let raw = self.raw(rules, at, power_w, load);
        let sample = Pending {
            from: at,
            power_w: Some(power_w),
            raw,
            load,
            is_spike: false,
            is_work: rules.work_from_w.is_some_and(|work_w| power_w >= work_w),
            open,
            said: None,
        };
        self.take(rules, sample, out);
        // an acquisition is said at once, also while a spike is still possible
        let state = if load >= Load::Medium {
            State::Scanning
        } else {
            self.state()
        };
        let said = Said {
            state,
            is_provisional: state != self.state() || raw != state || load == Load::Weak,
            lead_ms: u16::try_from(heard.at.duration_since(at).as_millis()).unwrap_or(u16::MAX),
        };
        if let Some(newest) = self.pending.back_mut() {
            newest.said = Some(said);
        }
        self.heard_w = Some(heard.power_w);
        said
    }

    /// What is known of the place of an acquisition with its first reading.
    fn open(&self, heard: Heard, is_placed: bool) -> Open {
        let before = self.pending.back();
        Open {
            is_placed,
            follows: before.is_some_and(|before| before.load > Load::Rest),
            shown_w: before
                .and_then(|before| before.power_w)
                .unwrap_or(0.0)
                .max(heard.power_w)
                .max(self.heard_w.unwrap_or(0.0)),
        }
    }

    /// How much of an acquisition a reading is; what it says of those before it is put right there.
    fn load(&mut self, rules: Rules<'_>, judged: Judged) -> Load {
        let Some(onset) = rules.onset else {
            return Load::Rest;
        };
        let verdict = self.level.judge(&onset, judged);
        if let Some((since, turned)) = verdict.since {
            let risen = self
                .pending
                .iter_mut()
                .rev()
                .take_while(|pending| pending.from >= since);
            for pending in risen.filter(|pending| pending.load < Load::Strong) {
                match turned {
                    Turned::Pulse if pending.load == Load::Medium => {
                        (pending.load, pending.raw) = (Load::Strong, State::Scanning);
                    }
                    Turned::Pulse => {}
                    Turned::Fan => pending.load = Load::Rest,
                }
            }
        }
        verdict.load
    }

    /// What a power means, seen from the state at its time.
    fn raw(&mut self, rules: Rules<'_>, at: Timestamp, power_w: f64, load: Load) -> State {
        if load == Load::Strong {
            return State::Scanning;
        }
        let raw = match self.state {
            None | Some(State::Unknown) => rules.bands.state_at(power_w),
            Some(current) => rules.bands.state_from(power_w, current),
        };
        let raw = match rules.bands.cycle() {
            Some(cycle) => self.cycle.judge(cycle, at, power_w, raw, self.state()),
            None => raw,
        };
        // what is not an acquisition, by how it rose or because the meter is too slow to tell, is readiness
        if raw == State::Scanning { State::Idle } else { raw }
    }

    /// The meter is silent from `at` on.
    pub(crate) fn silence(&mut self, rules: Rules<'_>, at: Timestamp, out: &mut Decided) {
        self.decide(rules, at, out);
        self.level.forget();
        self.cycle.forget();
        let silence = Pending {
            from: at,
            power_w: None,
            raw: State::Unknown,
            load: Load::Rest,
            is_spike: false,
            is_work: false,
            open: None,
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
            && !self.is_newest_open(rules, until)
            && self.first_open(rules, until).is_none()
        {
            self.release(1, until, out);
            self.pending.push_back(Pending {
                from: until,
                load: if newest.raw == State::Scanning {
                    Load::Strong
                } else {
                    Load::Rest
                },
                open: None,
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
    pub(crate) fn decide(&mut self, rules: Rules<'_>, now: Timestamp, out: &mut Decided) {
        let Some(newest) = self.pending.back().copied() else {
            return;
        };
        if self.is_plain() {
            return self.release(self.pending.len() - 1, newest.from, out);
        }
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
            let certain = self.first_open(rules, now).unwrap_or(self.pending.len() - 1);
            if let Some(until) = self.pending.get(certain).map(|pending| pending.from) {
                self.release(certain, until, out);
            }
            return;
        }
        self.decide_rest(rules, now, newest, out);
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
        // what comes first decides, whenever it is looked at
        let (held_at, final_at) = (run_from + rules.dwell(state, newest.raw), left_at + DECIDED_AFTER);
        if now >= held_at && held_at <= final_at {
            self.release(run, run_from, out);
            self.enter(newest.raw, run_from, out);
        } else if now >= final_at {
            self.release(self.first_other().unwrap_or(0), left_at, out);
            let mean_w = self.mean_power_w(final_at);
            let next = mean_w.map_or(State::Unknown, |mean_w| rules.bands.state_from(mean_w, state));
            self.enter(next, left_at, out);
            for pending in &mut self.pending {
                pending.raw = next;
            }
        }
    }

    /// Ends scanning at the last acquisition, if pauses have followed it, by what was known at `now`.
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

    /// The state that most of the pending time up to `now`, or to the next acquisition, was spent in.
    fn longest_raw(&self, now: Timestamp) -> State {
        let mut times: Vec<(State, SignedDuration)> = Vec::new();
        let pause = self
            .spans(now)
            .take_while(|(pending, _)| pending.raw != State::Scanning && pending.from <= now);
        for (pending, until) in pause {
            let time = until.min(now).duration_since(pending.from);
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
            let Pending { from, said, .. } = sample;
            let power_w = if sample.is_spike {
                self.last_w
            } else {
                sample.power_w
            };
            self.last_w = power_w;
            let spoken = said.zip(sample.power_w).map(|(said, power_w)| Spoken {
                at: from + SignedDuration::from_millis(i64::from(said.lead_ms)),
                power_w,
                said,
            });
            out.segments.push(Segment {
                from,
                until,
                state,
                power_w,
                is_work: sample.is_work && !sample.is_spike,
                spoken,
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
            work_from_w: None,
            interval_s: 5.0,
            is_mean: false,
        };
        let (mut decider, mut out) = (Decider::default(), Decided::default());
        for &(second, power_w) in samples {
            let heard = Heard {
                at: at(second),
                lead: SignedDuration::ZERO,
                power_w,
                mean: None,
            };
            decider.sample(rules, heard, &mut out);
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
    fn an_exposure_lies_where_the_readings_around_its_interval_put_it() {
        let ct = Modality::named("ct").expect("known");
        let bands = ct.bands();
        let onset = Onset {
            typical_w: Some(60_000.0),
            ..ct.onset(&bands).expect("a CT acquires")
        };
        let rules = Rules {
            bands: &bands,
            timing: ct.timing,
            onset: Some(onset),
            work_from_w: None,
            interval_s: 10.0,
            is_mean: true,
        };
        let (mut decider, mut out) = (Decider::default(), Decided::default());
        // it begins 5 s before the second of two intervals and ends 5 s into it
        let means_w = [2_000.0, 2_000.0, 31_000.0, 31_000.0, 2_000.0, 2_000.0];
        for (second, power_w) in (10..).step_by(10).zip(means_w) {
            let mean = Mean {
                since: at(second - 10),
                power_w,
                doubt_w: 0.0,
                is_placed: true,
            };
            let heard = Heard {
                at: at(second),
                lead: SignedDuration::ZERO,
                power_w,
                mean: Some(mean),
            };
            decider.sample(rules, heard, &mut out);
        }
        decider.finish(rules, at(60), &mut out);
        let scanning = out
            .segments
            .iter()
            .filter(|segment| segment.state == State::Scanning);
        let spans: Vec<_> = scanning
            .map(|segment| (segment.from, segment.until, segment.power_w))
            .collect();
        let full_w = Some(60_000.0);
        assert_eq!(spans, [(at(25), at(30), full_w), (at(30), at(35), full_w)]);
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
