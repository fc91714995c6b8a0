//! All that is remembered of one device, and the way a reading takes through it:
//! feed → decider → booking → ledger, intervals, examinations, alerts.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::alert::{OvernightIdleContext, OvernightIdleState, Piece};
use crate::band::Bands;
use crate::booking::{Booking, Mark, Parcel};
use crate::decider::{Decided, Decider, Rules, Segment};
use crate::exam::ExamState;
use crate::feed::FeedState;
use crate::finding::{Fault, FaultKind, Finding, Interval, Sample, StateChange};
use crate::honesty::Honesty;
use crate::ledger::Ledger;
use crate::site::Site;
use crate::slice::Slice;
use crate::{Arrival, Device, Energy, Reading};

/// Time is held final up to this long before now: a stamped reading may still be on its way.
const LATENESS: SignedDuration = SignedDuration::from_secs(10);

/// A device as it is judged.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    pub(crate) site: &'a Site,
    pub(crate) device: &'a Device,
    pub(crate) bands: &'a Bands,
}

impl<'a> Context<'a> {
    fn rules(self) -> Rules<'a> {
        Rules {
            bands: self.bands,
            timing: self.device.modality.timing,
        }
    }
}

/// The memory of one device.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tracker {
    feeds: Vec<FeedState>,
    honesty: Honesty,
    decider: Decider,
    booking: Booking,
    ledger: Ledger,
    intervals: VecDeque<Open>,
    exam: ExamState,
    overnight_idle: OvernightIdleState,
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
        arrival: Arrival,
        readings: &[&Reading],
        out: &mut Vec<Finding>,
    ) {
        let device = context.device;
        let Some(feed) = device.feeds.get(index) else {
            return;
        };
        self.feeds.resize(device.feeds.len(), FeedState::default());
        if self.decider.newest().is_some_and(|newest| at < newest) {
            let detail = "the reading is older than what is already final; send readings in order".to_owned();
            self.say(context, &feed.meter, at, FaultKind::TooLate, detail, out);
            return;
        }
        let is_squeezed = arrival.is_after_outage && self.feeds[index].cadence.is_squeezed(at);
        self.silence_until(context, at, out);
        self.count(context, (index, at), readings, out);
        if self.feeds[index].cadence.heard(at) {
            let detail = "readings are back".to_owned();
            out.push(fault(context, &feed.meter, at, FaultKind::Heard, detail));
        }
        if readings.iter().any(|reading| reading.is_estimated) && self.honesty.is_new_estimate(&feed.meter) {
            let detail = "power is worked out from the current with the configured voltage and power factor"
                .to_owned();
            out.push(fault(context, &feed.meter, at, FaultKind::EstimatedPower, detail));
        }
        if !is_squeezed {
            self.sample_if_complete(context, at, out);
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

    /// Time has gone on to `now`.
    pub(crate) fn advance(&mut self, context: Context<'_>, now: Timestamp, out: &mut Vec<Finding>) {
        self.sample_if_complete(context, now, out);
        let until = now - LATENESS;
        self.silence_until(context, until, out);
        if self.decider.newest().is_some_and(|newest| newest < until) {
            let mut decided = Decided::default();
            self.decider.hold(context.rules(), until, &mut decided);
            self.follow(context, &decided, None, out);
        }
        self.say_rows(context, now, out);
    }

    /// The meter of the feed number `index` said that it is away: its values are stale from `at` on.
    pub(crate) fn offline(
        &mut self,
        context: Context<'_>,
        (index, at): (usize, Timestamp),
        out: &mut Vec<Finding>,
    ) {
        self.feeds
            .resize(context.device.feeds.len(), FeedState::default());
        let is_known = self.feeds[index].cadence.is_silent();
        if is_known || self.decider.newest().is_none_or(|newest| at < newest) {
            return;
        }
        let detail = "the meter said that it is offline: its state is unknown, not off".to_owned();
        let meter = &context.device.feeds[index].meter;
        out.push(fault(context, meter, at, FaultKind::Offline, detail));
        self.fall_silent(context, (index, at), out);
    }

    /// The stream ends at `until`: everything that waits is made final and said.
    pub(crate) fn finish(&mut self, context: Context<'_>, until: Timestamp, out: &mut Vec<Finding>) {
        self.sample_if_complete(context, until + LATENESS, out);
        for (feed, state) in context.device.feeds.iter().zip(&mut self.feeds) {
            for (at, amount) in state.give_up(feed) {
                self.booking.mark(Mark {
                    at,
                    counted: Some(amount.counted),
                    estimated: amount.estimated,
                    resolution: Energy::ZERO,
                });
            }
        }
        let mut decided = Decided::default();
        self.decider.finish(context.rules(), until, &mut decided);
        self.follow(context, &decided, None, out);
        let mut parcels = Vec::new();
        self.booking.close(&mut parcels);
        self.settle(&parcels);
        if let Some(open) = self.intervals.back_mut() {
            (open.is_closed, open.interval.until) = (true, until);
        }
        self.say_intervals(context, out);
        out.extend(self.exam.close(&context.device.id).map(Finding::Exam));
        self.next_rows_at = None;
        self.say_rows(context, until, out);
    }

    /// Takes what the readings hold, and marks what the registers counted.
    fn count(
        &mut self,
        context: Context<'_>,
        (index, at): (usize, Timestamp),
        readings: &[&Reading],
        out: &mut Vec<Finding>,
    ) {
        let device = context.device;
        let feed = &device.feeds[index];
        let has_counted = self.feeds.iter().any(FeedState::has_counter);
        let counted = self.feeds[index].observe(feed, at, readings, device.power_w_max);
        let lines = self
            .honesty
            .registers(context.site, &feed.meter, at, &counted.faults);
        for (kind, detail) in lines {
            self.say(context, &feed.meter, at, kind, detail, out);
        }
        if !counted.is_first && counted.energy.is_none() {
            return;
        }
        let amount = counted.energy.unwrap_or_default();
        let uncounted: Energy = self.feeds.iter_mut().map(|feed| feed.uncounted(at)).sum();
        let resolution = self.feeds.iter().filter_map(FeedState::resolution).max();
        self.booking.mark(Mark {
            at,
            counted: has_counted.then_some(amount.counted),
            estimated: amount.estimated + uncounted,
            resolution: resolution.unwrap_or(Energy::ZERO),
        });
    }

    /// Makes a sample of the feeds' powers once one of them has put its channels together.
    fn sample_if_complete(&mut self, context: Context<'_>, now: Timestamp, out: &mut Vec<Finding>) {
        let device = context.device;
        let feeds = || device.feeds.iter();
        let taken = self
            .feeds
            .iter_mut()
            .zip(feeds())
            .filter_map(|(state, feed)| state.take_power(feed, now))
            .max();
        let Some(at) = taken else { return };
        let powers: Option<Vec<f64>> = self
            .feeds
            .iter()
            .zip(feeds())
            .map(|(state, feed)| state.power_w(feed))
            .collect();
        let Some(power_w) = powers.map(|powers| powers.iter().sum::<f64>()) else {
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
        let said = self.decider.sample(context.rules(), at, power_w, &mut decided);
        self.follow(context, &decided, Some(power_w), out);
        let (device, state, is_provisional) = (device.id.clone(), said.state, said.is_provisional);
        out.push(Finding::Sample(Sample {
            device,
            at,
            power_w,
            state,
            is_provisional,
        }));
    }

    /// Feeds that have not been heard for too long by `now` fall silent.
    fn silence_until(&mut self, context: Context<'_>, now: Timestamp, out: &mut Vec<Finding>) {
        for index in 0..self.feeds.len() {
            let limit = context.device.silent_after;
            let Some(at) = self.feeds[index].cadence.silent_since(now, limit) else {
                continue;
            };
            let detail =
                "no reading for longer than the silence limit: the state is unknown, not off".to_owned();
            let meter = &context.device.feeds[index].meter;
            out.push(fault(context, meter, at, FaultKind::Silent, detail));
            self.fall_silent(context, (index, at), out);
        }
    }

    /// While one of its meters is silent, nobody knows what the device does.
    fn fall_silent(&mut self, context: Context<'_>, (index, at): (usize, Timestamp), out: &mut Vec<Finding>) {
        let was_silent = self.feeds.iter().any(|feed| feed.cadence.is_silent());
        self.feeds[index].fall_silent(at);
        let Some(newest) = self.decider.newest().filter(|_| !was_silent) else {
            return;
        };
        let mut decided = Decided::default();
        self.decider
            .silence(context.rules(), at.max(newest), &mut decided);
        self.follow(context, &decided, None, out);
    }

    /// Books what was decided and says what it means.
    fn follow(
        &mut self,
        context: Context<'_>,
        decided: &Decided,
        power_w: Option<f64>,
        out: &mut Vec<Finding>,
    ) {
        let device = &context.device.id;
        for segment in &decided.segments {
            self.correct(context, segment, out);
            self.grow_interval(context, segment);
            self.book(context, *segment, out);
        }
        self.say_intervals(context, out);
        out.extend(decided.changes.iter().map(|change| {
            let (device, at) = (device.clone(), change.at);
            Finding::StateChange(StateChange {
                device,
                at,
                from: change.from,
                to: change.to,
                power_w,
            })
        }));
    }

    /// Says again what was said too early.
    fn correct(&self, context: Context<'_>, segment: &Segment, out: &mut Vec<Finding>) {
        let (Some(said), Some(power_w)) = (segment.said, segment.power_w) else {
            return;
        };
        if said.is_provisional || said.state != segment.state {
            let (device, at, state) = (context.device.id.clone(), segment.from, segment.state);
            out.push(Finding::Sample(Sample {
                device,
                at,
                power_w,
                state,
                is_provisional: false,
            }));
        }
    }

    fn grow_interval(&mut self, context: Context<'_>, segment: &Segment) {
        if segment.until == segment.from {
            return;
        }
        match self.intervals.back_mut() {
            Some(open) if !open.is_closed && open.interval.state == segment.state => {
                open.interval.until = segment.until;
            }
            last => {
                if let Some(open) = last {
                    open.is_closed = true;
                }
                let interval = Interval {
                    device: context.device.id.clone(),
                    from: segment.from,
                    until: segment.until,
                    state: segment.state,
                    energy: Energy::ZERO,
                    estimated: Energy::ZERO,
                };
                self.intervals.push_back(Open {
                    interval,
                    is_closed: false,
                });
            }
        }
    }

    /// Cuts a segment at the ledger's edges and books each piece.
    fn book(&mut self, context: Context<'_>, segment: Segment, out: &mut Vec<Finding>) {
        let Some(interval) = self.intervals.back().map(|open| open.interval.from) else {
            return;
        };
        let (mut from, mut parcels, mut events) = (segment.from, Vec::new(), Vec::new());
        while from < segment.until {
            let slice = self.slice.filter(|slice| slice.holds(from));
            let slice = slice.unwrap_or_else(|| Slice::around(context.site, &context.device.opening, from));
            self.slice = Some(slice);
            let until = slice.until.min(segment.until);
            self.booking.book(
                Segment {
                    from,
                    until,
                    ..segment
                },
                slice,
                interval,
                &mut parcels,
            );
            if let Some(limits) = context.device.overnight_idle {
                let seconds = until.duration_since(from).as_secs_f64();
                let energy = Energy::from_power(segment.power_w.unwrap_or(0.0), seconds);
                let Slice { is_open, tariff, .. } = slice;
                let piece = Piece {
                    from,
                    until,
                    state: segment.state,
                    is_open,
                    tariff,
                    energy,
                };
                let rule = OvernightIdleContext {
                    site: context.site,
                    device: &context.device.id,
                    limits,
                };
                self.overnight_idle.piece(rule, &piece, &mut events);
            }
            from = until;
        }
        self.settle(&parcels);
        out.extend(events.into_iter().map(Finding::Alert));
    }

    fn settle(&mut self, parcels: &[Parcel]) {
        for parcel in parcels {
            self.ledger.add(parcel);
            let open = self
                .intervals
                .iter_mut()
                .find(|open| open.interval.from == parcel.interval);
            if let Some(Open { interval, .. }) = open {
                interval.energy += parcel.energy;
                interval.estimated += parcel.estimated;
            }
        }
    }

    /// Says the intervals that are over and of which all energy is booked.
    fn say_intervals(&mut self, context: Context<'_>, out: &mut Vec<Finding>) {
        while let Some(first) = self.intervals.front() {
            let from = first.interval.from;
            if !first.is_closed
                || self
                    .booking
                    .open_parcels()
                    .iter()
                    .any(|parcel| parcel.interval == from)
            {
                return;
            }
            let Some(Open { interval, .. }) = self.intervals.pop_front() else {
                return;
            };
            if let Some(gap) = context.device.modality.exam_gap {
                out.extend(
                    self.exam
                        .interval(&context.device.id, gap, &interval)
                        .map(Finding::Exam),
                );
            }
            out.push(Finding::Interval(interval));
        }
    }

    /// Says the ledger's rows once a minute.
    fn say_rows(&mut self, context: Context<'_>, now: Timestamp, out: &mut Vec<Finding>) {
        if self.next_rows_at.is_some_and(|next| now < next) {
            return;
        }
        self.next_rows_at = Some(now + SignedDuration::from_mins(1));
        let rows = self
            .ledger
            .changed_rows(context.site, &context.device.id, self.booking.open_parcels());
        out.extend(rows.into_iter().map(Finding::Ledger));
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
