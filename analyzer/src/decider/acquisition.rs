//! When an acquisition begins, when it is certain, what belongs to it, and when it is over.
//!
//! A lone reading of a fast meter is a spike. Scouts before and between exposures count, backwards; the anode's spin-up
//! before them does not.

use jiff::{SignedDuration, Timestamp};

use super::onset::Load;
use super::{Decided, Decider, Pending, Rules};
use crate::{DECIDED_AFTER, State};

/// So many scouts near each other are an examination even if no exposure is seen.
const SCOUTS_MIN: usize = 3;
/// One is enough for a meter that looks so rarely that it misses exposures: a short rise is a scout, or the anode that
/// comes up to speed for an exposure.
const SCOUTS_MIN_MISSED: usize = 1;
/// A meter that tells more often than this shows every acquisition with two readings; one alone is a spike, s.
const LONE_S: f64 = 3.5;
/// What rises to less than this part of the acquisition right after it is the anode's spin-up.
const SPIN_UP: f64 = 0.5;

/// A pause between acquisitions of which it is known until when nothing can be decided, as long as nothing but rest is
/// heard: so that not every reading of it looks through all readings of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Pause {
    until: Timestamp,
    /// The bridge by which that was reckoned.
    bridge: SignedDuration,
}

impl Pause {
    fn goes_on(self, rules: Rules<'_>, now: Timestamp) -> bool {
        now < self.until && rules.bridge() == self.bridge
    }
}

impl Pending {
    /// Neither an acquisition nor a scout, and it will not become one.
    fn is_at_rest(&self) -> bool {
        self.raw != State::Scanning && self.load == Load::Rest && self.open.is_none()
    }
}

impl Rules<'_> {
    /// How many scouts are an examination.
    fn scouts_min(&self) -> usize {
        if self.may_miss() && !self.is_mean {
            SCOUTS_MIN_MISSED
        } else {
            SCOUTS_MIN
        }
    }
}

impl Decider {
    /// Scanning goes on, or is over since its last acquisition.
    pub(super) fn decide_scanning(&mut self, rules: Rules<'_>, now: Timestamp, out: &mut Decided) {
        let is_at_rest = self.pending.back().is_some_and(Pending::is_at_rest);
        if is_at_rest && self.pause.is_some_and(|pause| pause.goes_on(rules, now)) {
            return;
        }
        self.pause = None;
        // where in its reading a new acquisition begins is not known yet, nor whether that is within the bridge
        let waits = self.is_newest_open(rules, now)
            && self
                .pending
                .back()
                .and_then(|newest| newest.open)
                .is_some_and(|open| !open.follows);
        let now = match self.pending.back() {
            Some(newest) if waits => newest.from,
            _ => now,
        };
        self.go_on(rules, now, self.pending.len() - usize::from(waits), out);
        let Some(first_other) = self.first_other() else {
            return;
        };
        let left_at = self.pending[first_other].from;
        let next = self.next_acquisition(self.pending.len() - usize::from(waits));
        // scouts in the pause let it go on for as long as another acquisition may follow
        let (paused_at, last_scout) = self.paused_at(rules, now, (first_other, left_at), next);
        // what comes first decides, whenever it is looked at
        let (over_at, final_at) = (paused_at + rules.bridge(), left_at + DECIDED_AFTER);
        if let Some(next) = next {
            self.close_scanning(over_at.min(self.pending[next].from), out);
            return self.decide(rules, now, out);
        }
        if now >= over_at && over_at <= final_at {
            if let Some(last) = last_scout.filter(|_| rules.scouts_min() == 1) {
                self.acquire(last, out);
            }
            self.close_scanning(over_at, out);
            return self.decide_since(rules, (over_at, now), out);
        }
        if now >= final_at {
            // a rise that is not over yet may be a fan
            let is_over = self
                .pending
                .back()
                .is_some_and(|newest| newest.load == Load::Rest);
            match last_scout.filter(|_| is_over && self.scouts() > 1) {
                // they went on through all that time: they are acquisitions
                Some(last) => self.acquire(last, out),
                None => {
                    self.close_scanning(final_at, out);
                    self.decide_since(rules, (final_at, now), out);
                }
            }
            return;
        }
        self.pause = is_at_rest.then(|| Pause {
            until: over_at.min(final_at),
            bridge: rules.bridge(),
        });
    }

    /// Scanning was over at an instant before `now`: what still waits is looked at by what was known then, or it would
    /// depend on when that is done.
    fn decide_since(&mut self, rules: Rules<'_>, (over_at, now): (Timestamp, Timestamp), out: &mut Decided) {
        self.decide(rules, over_at, out);
        if over_at < now {
            self.decide(rules, now, out);
        }
    }

    /// All up to the last of the first `seen` pending samples that is reached from acquisition to acquisition by pauses
    /// within the bridge is scanning.
    fn go_on(&mut self, rules: Rules<'_>, now: Timestamp, seen: usize, out: &mut Decided) {
        let mut last = None;
        for number in 0..seen {
            if self.pending[number].raw != State::Scanning {
                continue;
            }
            let paused = last.map_or(0, |last: usize| last + 1);
            if paused < number {
                let left_at = self.pending[paused].from;
                let (paused_at, _) = self.paused_at(rules, now, (paused, left_at), Some(number));
                if self.pending[number].from >= paused_at + rules.bridge() {
                    break;
                }
            }
            last = Some(number);
        }
        if let Some(last) = last {
            self.acquire(last, out);
        }
    }

    /// The first acquisition after a pause, among the first `seen` pending samples.
    fn next_acquisition(&self, seen: usize) -> Option<usize> {
        let first_other = self.first_other()?;
        (first_other..seen).find(|number| self.pending[*number].raw == State::Scanning)
    }

    /// Until when scouts have let a pause go on that began at `left_at`, and the last of them.
    fn paused_at(
        &self,
        rules: Rules<'_>,
        now: Timestamp,
        (first, left_at): (usize, Timestamp),
        next: Option<usize>,
    ) -> (Timestamp, Option<usize>) {
        let (mut paused_at, mut last_scout) = (left_at, None);
        let spans = self
            .spans(now)
            .enumerate()
            .take(next.unwrap_or(usize::MAX))
            .skip(first);
        for (number, (pending, until)) in spans {
            if pending.load > Load::Rest && pending.from.duration_since(paused_at) < rules.bridge() {
                (paused_at, last_scout) = (until, Some(number));
            }
        }
        (paused_at, last_scout)
    }

    /// Whether an acquisition has begun that is not certain yet; makes it certain, or a spike, when it is time.
    pub(super) fn is_acquisition_open(
        &mut self,
        rules: Rules<'_>,
        now: Timestamp,
        out: &mut Decided,
    ) -> bool {
        let Some(onset) = rules.onset else { return false };
        let first = self
            .pending
            .iter()
            .position(|pending| pending.raw == State::Scanning);
        let Some(first) = first else {
            return self.are_scouts_enough(rules, now, out);
        };
        if first + 1 == self.pending.len() && self.is_newest_open(rules, now) {
            return true;
        }
        let (mut strong, mut seen, mut last) = (SignedDuration::ZERO, 0_u32, first);
        for (number, (pending, until)) in self.spans(now).enumerate() {
            if pending.raw == State::Scanning {
                strong += until.duration_since(pending.from);
                last = number;
            }
            seen += u32::from(pending.load > Load::Rest);
        }
        let strong_s = strong.as_secs_f64();
        let is_seen_twice = !onset.is_lone_doubtful
            || seen >= 2
            || rules.interval_s > LONE_S
            || strong_s >= LONE_S.min(rules.interval_s * 3.0);
        if strong_s >= onset.least_s && is_seen_twice {
            self.begin(self.look_back(rules, first), last, out);
            return true;
        }
        if now.duration_since(self.pending[first].from).as_secs_f64() < onset.wait_s {
            return true;
        }
        let (state, is_lone) = (self.state(), onset.is_lone_doubtful && seen < 2);
        for pending in self
            .pending
            .iter_mut()
            .filter(|pending| pending.raw == State::Scanning)
        {
            (pending.raw, pending.load, pending.is_spike) = (state, Load::Rest, is_lone);
        }
        false
    }

    /// Whether several scouts are an examination of which no exposure is seen.
    fn are_scouts_enough(&mut self, rules: Rules<'_>, now: Timestamp, out: &mut Decided) -> bool {
        let Some(first) = self.first_open(rules, now) else {
            return false;
        };
        let is_scout = |pending: &Pending| pending.load == Load::Weak;
        let last = self
            .pending
            .iter()
            .rposition(is_scout)
            .filter(|last| *last >= first);
        // a rise that is not over yet may be a fan
        let is_over = self
            .pending
            .back()
            .is_some_and(|newest| newest.load == Load::Rest);
        let min = rules.scouts_min();
        let Some(last) = last.filter(|_| self.scouts() >= min && (is_over || min > 1)) else {
            return false;
        };
        self.begin(first, last, out);
        true
    }

    /// How many separate scouts wait.
    fn scouts(&self) -> usize {
        let is_scout = |place: usize| self.pending[place].load > Load::Rest;
        let begins = |place: &usize| is_scout(*place) && (*place == 0 || !is_scout(place - 1));
        (0..self.pending.len()).filter(begins).count()
    }

    /// Scanning begins with the pending sample `begin` and has been seen up to `last`.
    fn begin(&mut self, begin: usize, last: usize, out: &mut Decided) {
        let begin = self.after_spin_up(begin, last);
        let begin_at = self.pending[begin].from;
        self.release(begin, begin_at, out);
        self.enter(State::Scanning, begin_at, out);
        self.acquire(last - begin, out);
    }

    /// Where the acquisition itself begins in a rise that begins at `begin`: the anode comes up to speed before it.
    fn after_spin_up(&self, begin: usize, last: usize) -> usize {
        let power_w = |number: usize| self.pending[number].power_w.unwrap_or(0.0);
        let run = (begin..=last).take_while(|number| self.pending[*number].load > Load::Rest);
        let level_w = if begin > 0 {
            power_w(begin - 1)
        } else {
            self.last_w.unwrap_or(0.0)
        };
        let height_w = |number: usize| power_w(number) - level_w;
        let highest_w = run.clone().map(height_w).fold(0.0, f64::max);
        run.into_iter()
            .find(|number| height_w(*number) >= highest_w * SPIN_UP)
            .unwrap_or(begin)
    }

    /// All up to the pending sample `last` is scanning.
    fn acquire(&mut self, last: usize, out: &mut Decided) {
        let last_at = self.pending[last].from;
        (self.pending[last].raw, self.pending[last].load) = (State::Scanning, Load::Strong);
        self.release(last, last_at, out);
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
            if self.pending[number].load > Load::Rest {
                begin = number;
            }
        }
        begin
    }

    /// The first sample that may still turn out to be part of an acquisition: a rise that is not over, or a scout that
    /// others may follow.
    pub(super) fn first_open(&self, rules: Rules<'_>, now: Timestamp) -> Option<usize> {
        rules.onset?.rise?;
        if self.pending.iter().all(|pending| pending.load == Load::Rest) {
            return None;
        }
        let bridge = rules.bridge();
        let (mut open_from, mut first) = (now, None);
        for number in (0..self.pending.len()).rev() {
            let until = self.pending.get(number + 1).map_or(now, |next| next.from);
            if open_from.duration_since(until) >= bridge {
                break;
            }
            if self.pending[number].load > Load::Rest
                && now.duration_since(self.pending[number].from) < DECIDED_AFTER
            {
                (open_from, first) = (self.pending[number].from, Some(number));
            }
        }
        first
    }
}
