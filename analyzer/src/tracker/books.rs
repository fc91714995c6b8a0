//! What follows from final segments: corrections, intervals, the ledger, alerts, examinations.

use jiff::{SignedDuration, Timestamp};

use super::{Context, Open, Tracker};
use crate::Energy;
use crate::alert::Piece;
use crate::booking::Parcel;
use crate::decider::{Decided, Segment};
use crate::finding::{Finding, Interval, Sample, StateChange};
use crate::slice::Slice;

impl Tracker {
    /// Books what was decided and says what it means; nothing of it is left.
    pub(super) fn follow(
        &mut self,
        context: Context<'_>,
        decided: &mut Decided,
        power_w: Option<f64>,
        out: &mut Vec<Finding>,
    ) {
        let device = &context.device.id;
        if !decided.segments.is_empty() {
            for segment in decided.segments.drain(..) {
                self.correct(context, &segment, out);
                self.grow_interval(context, &segment);
                self.book(context, segment, out);
            }
            self.say_intervals(context, out);
        }
        out.extend(decided.changes.drain(..).map(|change| {
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
        let Some(spoken) = segment.spoken else { return };
        if spoken.said.is_provisional || spoken.said.state != segment.state {
            out.push(Finding::Sample(Sample {
                device: context.device.id.clone(),
                at: spoken.at,
                power_w: spoken.power_w,
                state: segment.state,
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
        let (mut from, mut parcels) = (segment.from, Vec::new());
        while from < segment.until {
            let slice = match self.slice {
                Some(slice) if slice.holds(from) => slice,
                _ => *self
                    .slice
                    .insert(Slice::around(context.site, &context.device.opening, from)),
            };
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
            if context.device.alerts.looks_at_time() {
                let seconds = until.duration_since(from).as_secs_f64();
                let piece = Piece {
                    from,
                    until,
                    state: segment.state,
                    is_work: segment.is_work,
                    is_open: slice.is_open,
                    tariff: slice.tariff,
                    energy: Energy::from_power(segment.power_w.unwrap_or(0.0), seconds),
                };
                self.alerts.piece(context.watched(), &piece, out);
            }
            from = until;
        }
        self.settle(&parcels);
    }

    pub(super) fn settle(&mut self, parcels: &[Parcel]) {
        for parcel in parcels {
            self.ledger.add(parcel);
            let open = self
                .intervals
                .iter_mut()
                .rev()
                .find(|open| open.interval.from == parcel.interval);
            if let Some(Open { interval, .. }) = open {
                interval.energy += parcel.energy;
                interval.estimated += parcel.estimated;
            }
        }
    }

    /// Says the intervals that are over and of which all energy is booked.
    pub(super) fn say_intervals(&mut self, context: Context<'_>, out: &mut Vec<Finding>) {
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
            let exam = self
                .exam
                .interval(&context.device.id, context.device.modality, &interval);
            out.extend(exam.map(Finding::Exam));
            out.push(Finding::Interval(interval));
        }
    }

    /// Says the ledger's rows once a minute.
    pub(super) fn say_rows(&mut self, context: Context<'_>, now: Timestamp, out: &mut Vec<Finding>) {
        if self.next_rows_at.is_some_and(|next| now < next) {
            return;
        }
        self.next_rows_at = Some(now + SignedDuration::from_mins(1));
        // the last slice that was booked to: the hours before its own are over
        let final_hour = self.slice.map_or(Timestamp::MIN, |slice| slice.hour);
        self.say_ledger(context, final_hour, out);
    }

    /// Says the ledger's news; time is final beyond the hours before `final_hour`.
    pub(super) fn say_ledger(&mut self, context: Context<'_>, final_hour: Timestamp, out: &mut Vec<Finding>) {
        let whose = (context.site, &context.device.id);
        self.ledger
            .news(whose, self.booking.open_parcels(), final_hour, out);
    }
}
