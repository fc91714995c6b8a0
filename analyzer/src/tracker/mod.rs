//! All that is remembered of one device, and the way a reading takes through it:
//! feed → decider → booking → ledger, intervals, examinations, alerts.

mod blur;
mod books;
mod context;
mod spent;

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::alert::Alerts;
use crate::band::Bands;
use crate::booking::{Booking, Mark};
use crate::counter::Broken;
use crate::decider::{Decided, Decider, Heard, INSTANT};
use crate::exam::ExamState;
use crate::feed::FeedState;
use crate::finding::{Fault, FaultKind, Finding, Interval, Sample};
use crate::honesty::Honesty;
use crate::learn::{LEAD_MAX, Learned, Learner, Report};
use crate::ledger::Ledger;
use crate::modality::Modality;
use crate::slice::Slice;
use crate::{Action, Device, Energy, LevelWord, Reading, State};

use context::rules;
pub(crate) use context::{Context, Given};
use spent::Spent;

/// Time is held final up to this long before now: a stamped reading may still be on its way.
pub(crate) const LATENESS: SignedDuration = SignedDuration::from_secs(LATENESS_S);
pub(crate) const LATENESS_S: i64 = 10;

/// The memory of one device.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tracker {
    feeds: Vec<FeedState>,
    honesty: Honesty,
    learner: Learner,
    report: Report,
    /// What the learner has brought out last; none while it knows too little.
    learned: Option<Bands>,
    decider: Decider,
    booking: Booking,
    spent: Spent,
    ledger: Ledger,
    intervals: VecDeque<Open>,
    exam: ExamState,
    alerts: Alerts,
    slice: Option<Slice>,
    is_implausible: bool,
    next_rows_at: Option<Timestamp>,
}

/// An interval that still grows, or waits for its energy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Open {
    interval: Interval,
    is_closed: bool,
}

impl Tracker {
    /// Takes one message's readings of the feed number `index`, measured at `at`.
    pub(crate) fn observe(
        &mut self,
        context: Context<'_>,
        (index, at): (usize, Timestamp),
        is_after_outage: bool,
        readings: &[Reading],
        out: &mut Vec<Finding>,
    ) {
        if context.behind.is_some() || self.is_too_late(at) {
            if let Some(feed) = context.device.feeds.get(index) {
                self.say_too_late(context, (&feed.meter, at), out);
            }
        } else if self.hear(context, (index, at), is_after_outage, readings, out) {
            self.sample_if_complete(context, at, out);
        }
    }

    /// The live state.
    pub(crate) fn state(&self) -> State {
        self.decider.state()
    }

    /// Whether an instant lies before what is final.
    pub(crate) fn is_too_late(&self, at: Timestamp) -> bool {
        self.decider.newest().is_some_and(|newest| at < newest)
    }

    /// Says that a reading was too late to be used; how many more were is said with the next that is.
    pub(crate) fn say_too_late(
        &mut self,
        context: Context<'_>,
        (meter, at): (&str, Timestamp),
        out: &mut Vec<Finding>,
    ) {
        let detail = match context.behind {
            None => "the reading is older than what is already final; send readings in order".to_owned(),
            Some(newest) => format!(
                "our own clock was set back: until it is past {newest:.0} again readings are not used, and registers tell \
                 their energy then; keep this machine's clock right (NTP)"
            ),
        };
        self.say(context, meter, at, FaultKind::TooLate, detail, out);
    }

    /// Takes what readings say that are not too late; returns whether a sample may be made of it.
    pub(crate) fn hear(
        &mut self,
        context: Context<'_>,
        (index, at): (usize, Timestamp),
        is_after_outage: bool,
        readings: &[Reading],
        out: &mut Vec<Finding>,
    ) -> bool {
        let device = context.device;
        let Some(feed) = device.feeds.get(index) else {
            return false;
        };
        self.know_feeds(device);
        let is_squeezed = is_after_outage && self.feeds[index].cadence.is_squeezed(at);
        // whether time was told to have gone on before this reading or not, it is no part of what was put together then
        if self.feeds.iter().any(|feed| feed.is_overdue(at)) {
            self.sample_if_complete(context, at, out);
        }
        self.silence_until(context, at, out);
        self.count(context, (index, at), readings, out);
        if self.feeds[index].cadence.heard(at) {
            let detail = "readings are back".to_owned();
            out.push(fault(context, &feed.meter, at, FaultKind::Heard, detail));
            if !self.feeds.iter().any(|feed| feed.cadence.is_silent()) {
                self.alerts.heard(context.watched(), at, out);
            }
        }
        if readings.iter().any(|reading| reading.is_estimated) && self.honesty.is_new_estimate(&feed.meter) {
            let detail = "power is worked out from the current with the configured voltage and power factor"
                .to_owned();
            out.push(fault(context, &feed.meter, at, FaultKind::EstimatedPower, detail));
        }
        !is_squeezed
    }

    fn know_feeds(&mut self, device: &Device) {
        if self.feeds.len() != device.feeds.len() {
            self.feeds
                .reserve_exact(device.feeds.len().saturating_sub(self.feeds.len()));
            self.feeds.resize(device.feeds.len(), FeedState::default());
        }
    }

    /// Says what is wrong with a meter, unless it has been said just now.
    pub(crate) fn say(
        &mut self,
        context: Context<'_>,
        meter: &str,
        at: Timestamp,
        kind: FaultKind,
        detail: String,
        out: &mut Vec<Finding>,
    ) {
        let detail = self.honesty.tell(meter, at, kind, detail);
        out.extend(detail.map(|detail| fault(context, meter, at, kind, detail)));
    }

    /// Time has gone on to `now`; a reading may still come that is older by up to `lateness`.
    pub(crate) fn advance(
        &mut self,
        context: Context<'_>,
        (now, lateness): (Timestamp, SignedDuration),
        out: &mut Vec<Finding>,
    ) {
        self.sample_if_complete(context, now, out);
        self.silence_until(context, now - lateness, out);
        // a reading that is still on its way may hold from so long before its stamp, and needs an instant of its own
        let until = now - lateness - LEAD_MAX - INSTANT;
        if self.decider.newest().is_some_and(|newest| newest < until) {
            let mut decided = Decided::default();
            self.decider.hold(
                rules((&self.learner, &self.spent), self.learned.as_ref(), context),
                until,
                &mut decided,
            );
            self.follow(context, &mut decided, None, out);
        }
        let is_silent = self.feeds.iter().any(|feed| feed.cadence.is_silent());
        self.alerts.advance(context.watched(), now, is_silent, out);
        self.say_rows(context, now, out);
    }

    /// Takes a person's word on one of its alerts.
    pub(crate) fn act(
        &mut self,
        context: Context<'_>,
        at: Timestamp,
        action: &Action,
        out: &mut Vec<Finding>,
    ) -> bool {
        self.alerts.act(context.watched(), at, action, out)
    }

    /// Takes a person's word on one of its levels. Returns whether anything changed.
    pub(crate) fn name_level(
        &mut self,
        context: Context<'_>,
        at: Timestamp,
        word: &LevelWord,
        out: &mut Vec<Finding>,
    ) -> bool {
        let is_changed = context.device.learns() && self.learner.name_level(word.level_w, word.pin());
        if is_changed {
            self.report.hurry();
            self.look(context, at, out);
        }
        is_changed
    }

    /// The meter of the feed number `index` said that it is away: its values are stale from `at` on.
    pub(crate) fn offline(
        &mut self,
        context: Context<'_>,
        (index, at): (usize, Timestamp),
        out: &mut Vec<Finding>,
    ) {
        self.know_feeds(context.device);
        let Some(feed) = context.device.feeds.get(index) else {
            return;
        };
        let is_known = self.feeds[index].cadence.is_silent();
        if is_known || self.decider.newest().is_none_or(|newest| at < newest) {
            return;
        }
        let detail = "the meter said that it is offline: its state is unknown, not off".to_owned();
        out.push(fault(context, &feed.meter, at, FaultKind::Offline, detail));
        self.fall_silent(context, (index, at), out);
    }

    /// The stream ends at `until`: everything that waits is made final and said.
    pub(crate) fn finish(&mut self, context: Context<'_>, until: Timestamp, out: &mut Vec<Finding>) {
        self.sample_if_complete(context, until + LATENESS, out);
        for (feed, state) in context.device.feeds.iter().zip(&mut self.feeds) {
            for (at, amount) in state.give_up(feed) {
                self.booking.mark(Mark {
                    at: context.told(at),
                    counted: Some(amount.counted),
                    estimated: amount.estimated,
                    resolution: Energy::ZERO,
                });
            }
        }
        let mut decided = Decided::default();
        self.decider.finish(
            rules((&self.learner, &self.spent), self.learned.as_ref(), context),
            until,
            &mut decided,
        );
        self.follow(context, &mut decided, None, out);
        let mut parcels = Vec::new();
        self.booking.close(&mut parcels);
        self.settle(&parcels);
        if let Some(open) = self.intervals.back_mut() {
            (open.is_closed, open.interval.until) = (true, until);
        }
        self.say_intervals(context, out);
        out.extend(
            self.exam
                .close(&context.device.id, context.device.modality)
                .map(Finding::Exam),
        );
        self.say_ledger(context, Timestamp::MAX, out);
    }

    /// Takes what the readings hold, and marks what the registers counted.
    fn count(
        &mut self,
        context: Context<'_>,
        (index, at): (usize, Timestamp),
        readings: &[Reading],
        out: &mut Vec<Finding>,
    ) {
        let device = context.device;
        let feed = &device.feeds[index];
        let has_counted = self.feeds.iter().any(FeedState::has_counter);
        let instants = (at, context.running(at));
        let counted = self.feeds[index].observe(feed, instants, readings, device.power_w_max);
        if !counted.faults.is_empty() {
            self.say_registers(context, (&feed.meter, at), &counted.faults, out);
        }
        if !counted.is_first && counted.energy.is_none() {
            return;
        }
        let amount = counted.energy.unwrap_or_default();
        let uncounted: Energy = self.feeds.iter_mut().map(|feed| feed.uncounted(at)).sum();
        let resolution = self.feeds.iter().filter_map(FeedState::resolution).max();
        let mark = Mark {
            at,
            counted: has_counted.then_some(amount.counted),
            estimated: amount.estimated + uncounted,
            resolution: resolution.unwrap_or(Energy::ZERO),
        };
        self.spent.mark(&mark, context.set_back);
        self.booking.mark(mark);
    }

    /// Says which registers did not go on as they should.
    fn say_registers(
        &mut self,
        context: Context<'_>,
        (meter, at): (&str, Timestamp),
        faults: &[(String, Broken)],
        out: &mut Vec<Finding>,
    ) {
        let lines = self.honesty.registers(context.site, meter, at, faults);
        for (kind, detail) in &lines {
            self.say(context, meter, at, *kind, detail.clone(), out);
        }
        for kind in lines.into_keys() {
            self.alerts.fault(context.watched(), (kind, at), meter, out);
        }
    }

    /// Makes a sample of the feeds' powers once one of them has put its channels together.
    pub(crate) fn sample_if_complete(
        &mut self,
        context: Context<'_>,
        now: Timestamp,
        out: &mut Vec<Finding>,
    ) {
        let device = context.device;
        let feeds = || device.feeds.iter();
        let taken = self
            .feeds
            .iter_mut()
            .zip(feeds())
            .filter_map(|(state, feed)| state.take_power(feed, now))
            .max();
        let Some(at) = taken else { return };
        let powers = self.feeds.iter().zip(feeds());
        let powers = powers.map(|(state, feed)| state.power_w(feed));
        let Some(power_w) = powers.sum::<Option<f64>>() else {
            return;
        };
        if self.decider.newest().is_some_and(|newest| at <= newest) {
            return;
        }
        if !power_w.is_finite() || power_w.abs() > device.power_w_max {
            if !self.is_implausible {
                let detail = format!(
                    "{power_w} W is beyond the plausible {} W; it is not used",
                    device.power_w_max
                );
                let meter = &device.feeds[0].meter;
                self.say(context, meter, at, FaultKind::ImplausiblePower, detail, out);
            }
            self.is_implausible = true;
            return;
        }
        self.is_implausible = false;
        let mut decided = Decided::default();
        // what the time before this reading decides is decided by what was known before it
        let before = rules((&self.learner, &self.spent), self.learned.as_ref(), context);
        let heard = Heard {
            at,
            lead: self.learner.lead(),
            power_w,
            mean: self.spent.reading(before, at, power_w),
        };
        if !self.decider.is_settled() {
            self.decider.decide(before, heard.from(), &mut decided);
            self.follow(context, &mut decided, Some(power_w), out);
        }
        self.learner.sample(device.modality, at, power_w);
        self.look(context, at, out);
        let said = self.decider.sample(
            rules((&self.learner, &self.spent), self.learned.as_ref(), context),
            heard,
            &mut decided,
        );
        self.follow(context, &mut decided, Some(power_w), out);
        self.watch_sample(context, (at, power_w), said.state, out);
        let (device, state, is_provisional) = (device.id.clone(), said.state, said.is_provisional);
        out.push(Finding::Sample(Sample {
            device,
            at,
            power_w,
            state,
            is_provisional,
        }));
    }

    /// Shows the alert rules a sound sample and the phases behind it.
    fn watch_sample(
        &mut self,
        context: Context<'_>,
        (at, power_w): (Timestamp, f64),
        state: State,
        out: &mut Vec<Finding>,
    ) {
        let watched = context.watched();
        self.alerts
            .sample(watched, (at, power_w), self.learner.base_w(), out);
        let feeds = context.device.feeds.iter().zip(&self.feeds);
        let meters = feeds
            .filter(|_| state != State::Off)
            .filter_map(|(feed, memory)| Some((feed.meter.as_str(), memory.phases_w(feed)?)));
        self.alerts.phases(watched, at, meters, out);
    }

    /// What is known of the device's levels.
    pub(crate) fn learned(&self, modality: &Modality) -> Learned {
        self.learner.learned(modality)
    }

    /// What its power means by what was learned.
    pub(crate) fn learned_bands(&self) -> Option<&Bands> {
        self.learned.as_ref()
    }

    /// Lets the learner look at its curve when it is time.
    fn look(&mut self, context: Context<'_>, now: Timestamp, out: &mut Vec<Finding>) {
        if let Some(look) = self.learner.look(context.device, now) {
            self.learned = look.bands;
            self.report.look(context.device, &self.learner, now, out);
            for moved in &look.moved {
                self.alerts.level_moved(context.watched(), now, moved, out);
            }
        }
    }

    /// Feeds that have not been heard for too long by `now` fall silent, the first one first, whenever it is looked at.
    fn silence_until(&mut self, context: Context<'_>, now: Timestamp, out: &mut Vec<Finding>) {
        while let Some((at, index)) = self.first_silent(context, now) {
            let detail =
                "no reading for longer than the silence limit: the state is unknown, not off".to_owned();
            let meter = &context.device.feeds[index].meter;
            out.push(fault(context, meter, at, FaultKind::Silent, detail));
            self.fall_silent(context, (index, at), out);
        }
    }

    fn first_silent(&self, context: Context<'_>, now: Timestamp) -> Option<(Timestamp, usize)> {
        let limit = context.device.silent_after;
        let feeds = self.feeds.iter().zip(0..context.device.feeds.len());
        let due = feeds.filter_map(|(feed, index)| Some((feed.cadence.silent_since(now, limit)?, index)));
        due.min()
    }

    /// While one of its meters is silent, nobody knows what the device does.
    fn fall_silent(&mut self, context: Context<'_>, (index, at): (usize, Timestamp), out: &mut Vec<Finding>) {
        let was_silent = self.feeds.iter().any(|feed| feed.cadence.is_silent());
        self.feeds[index].fall_silent(at);
        self.learner.silence();
        let meter = &context.device.feeds[index].meter;
        self.alerts.silent(context.watched(), (meter, at), out);
        let Some(newest) = self.decider.newest().filter(|_| !was_silent) else {
            return;
        };
        let mut decided = Decided::default();
        self.decider.silence(
            rules((&self.learner, &self.spent), self.learned.as_ref(), context),
            at.max(newest),
            &mut decided,
        );
        self.follow(context, &mut decided, None, out);
    }
}

fn fault(context: Context<'_>, meter: &str, at: Timestamp, kind: FaultKind, detail: String) -> Finding {
    Finding::Fault(Fault {
        device: context.device.id.clone(),
        meter: meter.to_owned(),
        at,
        kind,
        detail,
    })
}
