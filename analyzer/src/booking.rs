//! Books every watt-hour to a state: power says how energy divides, the meter's counter says how much there was.
//!
//! Final segments are integrated into parcels (one per interval and ledger key). When the counter has moved enough to
//! be believed against its resolution, or an hour has passed, its delta is shared out over the parcels in proportion
//! to their integrals; silence gets what power does not explain. Without a counter the integral itself is booked and
//! marked estimated.
//!
//! Limits: a window of parcels is settled at the first counter value after [`WINDOW_MAX`], or estimated when the counter
//! stays away; only silence makes a window longer, up to [`SILENCE_MAX`]. Invariant: shares are whole micro-watt-hours and add up to the counter's delta exactly.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::decider::Segment;
use crate::ledger::Key;
use crate::slice::Slice;
use crate::{Energy, State};

/// A counter must have moved by this many of its steps before its delta is shared out.
const STEPS_MIN: i64 = 20;
/// The longest time between two settlements.
pub(crate) const WINDOW_MAX: SignedDuration = SignedDuration::from_hours(1);
/// A counter that comes back after a longer silence begins anew.
const SILENCE_MAX: SignedDuration = SignedDuration::from_hours(31 * 24);
/// Counter values that wait for their time to become final.
const MARKS_MAX: usize = 4096;

/// The books of one device.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Booking {
    marks: VecDeque<Mark>,
    window: Option<Window>,
    parcels: Vec<Parcel>,
}

/// What a device's counters said at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Mark {
    pub(crate) at: Timestamp,
    /// Counted since the mark before; none where a new epoch begins.
    pub(crate) counted: Option<Energy>,
    /// What no counter has counted meanwhile: gaps of counters that failed, channels without one.
    pub(crate) estimated: Energy,
    /// The counters' resolution.
    pub(crate) resolution: Energy,
}

/// The time since the last settlement, with what was counted in it so far.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Window {
    from: Timestamp,
    counted: Energy,
    /// Told with the counters, not counted by them.
    estimated: Energy,
    /// Integrated since the counter last spoke.
    uncounted: Energy,
}

impl Window {
    const fn from(at: Timestamp) -> Self {
        Self {
            from: at,
            counted: Energy::ZERO,
            estimated: Energy::ZERO,
            uncounted: Energy::ZERO,
        }
    }
}

/// Time and energy of one interval under one ledger key.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Parcel {
    /// Start of the interval it belongs to.
    pub(crate) interval: Timestamp,
    pub(crate) key: Key,
    pub(crate) duration: SignedDuration,
    /// The integral of power; booked as it is where there is no counter.
    pub(crate) integral: Energy,
    /// Energy booked.
    pub(crate) energy: Energy,
    /// The part of `energy` that no counter has counted.
    pub(crate) estimated: Energy,
}

impl Booking {
    /// A counter's word, to be used when time is final up to it. Beyond [`MARKS_MAX`] two are made one.
    pub(crate) fn mark(&mut self, mark: Mark) {
        let is_full = self.marks.len() >= MARKS_MAX;
        match self.marks.back_mut().filter(|last| is_full || last.at == mark.at) {
            Some(last) => {
                let counted = last.counted.zip(mark.counted).map(|(before, now)| before + now);
                let estimated = last.estimated + mark.estimated;
                *last = Mark {
                    counted,
                    estimated,
                    ..mark
                };
            }
            None => self.marks.push_back(mark),
        }
    }

    /// Books a final segment that lies in one `slice` and belongs to the interval begun at `interval`; settled
    /// parcels go to `out`.
    pub(crate) fn book(
        &mut self,
        segment: Segment,
        slice: Slice,
        interval: Timestamp,
        out: &mut Vec<Parcel>,
    ) {
        let mut from = segment.from;
        while let Some(mark) = self
            .marks
            .front()
            .copied()
            .filter(|mark| mark.at <= segment.until)
        {
            self.marks.pop_front();
            let until = mark.at.max(from);
            self.integrate(
                Segment {
                    from,
                    until,
                    ..segment
                },
                slice,
                interval,
            );
            self.settle(mark, out);
            from = until;
        }
        self.integrate(Segment { from, ..segment }, slice, interval);
        if self.window.is_none() || self.is_counter_gone(segment.until) {
            self.close(out);
        }
    }

    /// Whether the counter has been missing for too long while power was stated, or for ever.
    fn is_counter_gone(&self, now: Timestamp) -> bool {
        let waited = self
            .window
            .map_or(SignedDuration::ZERO, |window| now.duration_since(window.from));
        // no parcel is older than its window
        if waited <= WINDOW_MAX * 2 {
            return false;
        }
        let powered = self
            .parcels
            .iter()
            .filter(|parcel| parcel.key.state != State::Unknown);
        let powered: SignedDuration = powered.map(|parcel| parcel.duration).sum();
        powered > WINDOW_MAX * 2 || waited > SILENCE_MAX
    }

    /// Ends the window where no counter value ends it: what was counted is shared out, what came after it estimated.
    pub(crate) fn close(&mut self, out: &mut Vec<Parcel>) {
        match self.window.take() {
            Some(window) if window.counted + window.estimated > Energy::ZERO => {
                self.share_out(window.counted, window.estimated + window.uncounted, out);
            }
            _ => self.estimate(out),
        }
    }

    /// Parcels that are not settled yet.
    pub(crate) fn open_parcels(&self) -> &[Parcel] {
        &self.parcels
    }

    fn integrate(&mut self, segment: Segment, slice: Slice, interval: Timestamp) {
        let duration = segment.until.duration_since(segment.from);
        if duration.is_zero() {
            return;
        }
        let integral = Energy::from_power(segment.power_w.unwrap_or(0.0), duration.as_secs_f64());
        if let Some(window) = &mut self.window {
            window.uncounted += integral;
        }
        let key = Key {
            hour: slice.hour,
            state: segment.state,
            is_open: slice.is_open,
            tariff: slice.tariff,
        };
        match self
            .parcels
            .iter_mut()
            .rev()
            .find(|parcel| parcel.interval == interval && parcel.key == key)
        {
            Some(parcel) => {
                parcel.duration += duration;
                parcel.integral += integral;
            }
            None => self.parcels.push(Parcel {
                interval,
                key,
                duration,
                integral,
                energy: Energy::ZERO,
                estimated: Energy::ZERO,
            }),
        }
    }

    fn settle(&mut self, mark: Mark, out: &mut Vec<Parcel>) {
        let (Some(window), Some(counted)) = (&mut self.window, mark.counted) else {
            self.close(out);
            self.window = Some(Window::from(mark.at));
            return;
        };
        window.counted += counted;
        window.estimated += mark.estimated;
        window.uncounted = Energy::ZERO;
        let told = window.counted + window.estimated;
        let enough = Energy::from_micro_wh(mark.resolution.micro_wh().saturating_mul(STEPS_MIN));
        let is_worth_it = told >= enough && told > Energy::ZERO;
        let is_due = is_worth_it || mark.at.duration_since(window.from) >= WINDOW_MAX;
        if is_due && !self.parcels.is_empty() {
            let (counted, estimated) = (window.counted, window.estimated);
            self.window = Some(Window::from(mark.at));
            self.share_out(counted, estimated, out);
        }
    }

    fn estimate(&mut self, out: &mut Vec<Parcel>) {
        let estimated = |parcel: Parcel| Parcel {
            energy: parcel.integral,
            estimated: parcel.integral,
            ..parcel
        };
        out.extend(self.parcels.drain(..).map(estimated));
    }

    /// Shares what was counted and what was estimated out over the parcels; the rounding goes to the largest.
    fn share_out(&mut self, counted: Energy, estimated: Energy, out: &mut Vec<Parcel>) {
        let whole = counted + estimated;
        let weights = self.weights(whole);
        let sum: f64 = weights.iter().sum();
        let share = |of: Energy, weight: f64| {
            if sum > 0.0 {
                Energy::from_wh(of.wh() * weight / sum)
            } else {
                Energy::ZERO
            }
        };
        let (mut whole_rest, mut estimated_rest, first) = (whole, estimated, out.len());
        for (parcel, weight) in self.parcels.drain(..).zip(weights) {
            let (energy, estimated) = (share(whole, weight), share(estimated, weight));
            whole_rest -= energy;
            estimated_rest -= estimated;
            out.push(Parcel {
                energy,
                estimated,
                ..parcel
            });
        }
        if let Some(largest) = out[first..].iter_mut().max_by_key(|parcel| parcel.energy) {
            largest.energy += whole_rest;
            largest.estimated += estimated_rest;
        }
    }

    /// How much of the whole each parcel deserves: its integral; silent ones share what is left by time; where there
    /// is no power at all, time alone.
    fn weights(&self, whole: Energy) -> Vec<f64> {
        let explained: Energy = self.parcels.iter().map(|parcel| parcel.integral).sum();
        let is_silent =
            |parcel: &Parcel| parcel.key.state == State::Unknown && parcel.integral == Energy::ZERO;
        let silent = self.parcels.iter().filter(|parcel| is_silent(parcel));
        let silence_s: f64 = silent.map(|parcel| parcel.duration.as_secs_f64()).sum();
        let left_wh = (whole - explained).wh().max(0.0);
        let weigh = |parcel: &Parcel| match (is_silent(parcel), explained > Energy::ZERO || silence_s > 0.0) {
            (true, _) => left_wh * parcel.duration.as_secs_f64() / silence_s,
            (false, true) => parcel.integral.wh().max(0.0),
            (false, false) => parcel.duration.as_secs_f64(),
        };
        self.parcels.iter().map(weigh).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::site::TariffPeriod;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn segment(from: i64, until: i64, state: State, power_w: Option<f64>) -> Segment {
        Segment {
            from: at(from),
            until: at(until),
            state,
            power_w,
            is_work: false,
            spoken: None,
        }
    }

    /// Books segments against counter marks (second, Wh since the last) and returns (state, booked Wh, estimated).
    fn booked(segments: &[Segment], marks: &[(i64, Option<f64>)]) -> Vec<(State, f64, bool)> {
        let whole = Slice {
            from: at(0),
            until: at(9_999),
            hour: at(0),
            is_open: true,
            tariff: TariffPeriod::Day,
        };
        let (mut booking, mut out) = (Booking::default(), Vec::new());
        for &(second, wh) in marks {
            booking.mark(Mark {
                at: at(second),
                counted: wh.map(Energy::from_wh),
                estimated: Energy::ZERO,
                resolution: Energy::ZERO,
            });
        }
        for &segment in segments {
            booking.book(segment, whole, segment.from, &mut out);
        }
        booking.close(&mut out);
        out.iter()
            .map(|parcel| {
                (
                    parcel.key.state,
                    parcel.energy.wh(),
                    parcel.estimated > Energy::ZERO,
                )
            })
            .collect()
    }

    #[test]
    fn the_counter_says_how_much_and_power_says_how_it_divides() {
        let states = [
            segment(0, 1800, State::Idle, Some(2_000.0)),
            segment(1800, 1836, State::Scanning, Some(50_000.0)),
        ];
        let shares = booked(&states, &[(0, None), (1836, Some(1_800.0))]);
        assert_eq!(
            shares,
            [(State::Idle, 1_200.0, false), (State::Scanning, 600.0, false)]
        );
    }

    #[test]
    fn silence_gets_what_power_does_not_explain() {
        let states = [
            segment(0, 3600, State::Idle, Some(1_000.0)),
            segment(3600, 7200, State::Unknown, None),
        ];
        let shares = booked(&states, &[(0, None), (7200, Some(2_500.0))]);
        assert_eq!(
            shares,
            [(State::Idle, 1_000.0, false), (State::Unknown, 1_500.0, false)]
        );
    }

    #[test]
    fn without_a_counter_or_across_a_reset_the_integral_is_booked_and_says_so() {
        let idle = [segment(0, 3600, State::Idle, Some(1_000.0))];
        assert_eq!(booked(&idle, &[]), [(State::Idle, 1_000.0, true)]);
        assert_eq!(
            booked(&idle, &[(0, None), (3600, None)]),
            [(State::Idle, 1_000.0, true)]
        );
    }
}
