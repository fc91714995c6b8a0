//! Whether a meter's readings are means over its interval or momentary values: nobody says so, but acquisitions show it.
//!
//! Two readings in a row within one acquisition are equally high where they are momentary values. Where they are means,
//! the first and the last hold a part of the acquisition only, so that neighbours differ. A register tells more: what it
//! counted between two readings is the mean that the later one says, or the earlier one, or neither.
//!
//! Limits: three readings in memory. Without a register a mean is taken to be stamped at the end of its interval, as
//! meters do that send what they have just measured.

use serde::{Deserialize, Serialize};

use crate::decider::{Mean, Onset};

/// Neighbours are uneven where the lower one is below this part of the other, above rest.
const EVEN: f64 = 0.7;
/// A meter whose neighbours are uneven more often than this tells means: of momentary values 3 in 100 are, of means 25
/// to 80 (seen in simulated devices of 5 and 10 s).
const UNEVEN_MIN: f64 = 0.15;
/// So many neighbours must have been seen.
const PAIRS_MIN: u16 = 12;
/// The newest of so many count.
const PAIRS_MAX: u16 = 200;
/// How fast it is learned which reading the register agrees with, and how often it must.
const VOTE_RATE: f64 = 0.05;
const VOTES_MIN: f64 = 0.7;
/// Register and reading agree within this part of the reading.
const AGREES: f64 = 0.05;

/// What a reading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A momentary value, as far as is known.
    Moment,
    /// The mean since the reading before.
    MeanBefore,
    /// The mean until the next reading.
    MeanAfter,
}

/// What the readings so far have shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Blur {
    /// The two readings before, W.
    before_w: [f64; 2],
    rest_w: f64,
    pairs: u16,
    uneven: f64,
    /// How often the register agrees with the later and with the earlier reading where they differ.
    agrees_later: f64,
    agrees_earlier: f64,
}

impl Blur {
    /// A reading came.
    pub(super) fn reading(&mut self, onset: &Onset, interval_s: f64, power_w: f64) {
        let [first_w, second_w] = self.before_w;
        let above_w = |power_w: f64| power_w - self.rest_w;
        let edge_w = onset.rises_w(self.rest_w, interval_s);
        let (is_before, is_now) = (above_w(second_w) >= edge_w, above_w(power_w) >= edge_w);
        // the first two of an acquisition; the last two are known when it is over
        let pair_w = match (above_w(first_w) >= edge_w, is_before, is_now) {
            (false, true, true) => Some((second_w, power_w)),
            (true, true, false) => Some((first_w, second_w)),
            _ => None,
        };
        if let Some((one_w, other_w)) = pair_w {
            let (one_w, other_w) = (above_w(one_w), above_w(other_w));
            self.pairs = (self.pairs + 1).min(PAIRS_MAX);
            let is_uneven = one_w.min(other_w) < one_w.max(other_w) * EVEN;
            self.uneven += (f64::from(u8::from(is_uneven)) - self.uneven) / f64::from(self.pairs);
        }
        if !is_now {
            self.rest_w = power_w;
        }
        self.before_w = [second_w, power_w];
    }

    /// What the register says of the time between two readings.
    pub(super) fn counted(&mut self, mean: Mean, earlier_w: f64, later_w: f64) {
        let room_w = |power_w: f64| mean.doubt_w + power_w.abs() * AGREES;
        if (earlier_w - later_w).abs() < room_w(earlier_w) + room_w(later_w) {
            return;
        }
        let vote = |votes: &mut f64, power_w: f64| {
            let agrees = (mean.power_w - power_w).abs() <= room_w(power_w);
            *votes += (f64::from(u8::from(agrees)) - *votes) * VOTE_RATE;
        };
        vote(&mut self.agrees_later, later_w);
        vote(&mut self.agrees_earlier, earlier_w);
    }

    /// What readings are, as far as is known.
    pub(super) fn kind(&self) -> Kind {
        if self.agrees_later >= VOTES_MIN {
            Kind::MeanBefore
        } else if self.agrees_earlier >= VOTES_MIN {
            Kind::MeanAfter
        } else if self.pairs >= PAIRS_MIN && self.uneven >= UNEVEN_MIN {
            Kind::MeanBefore
        } else {
            Kind::Moment
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modality::Modality;

    /// An exposure of 60 kW as 20 examinations show it to a meter with these readings of it.
    fn seen(exposure_w: &[f64]) -> Kind {
        let ct = Modality::named("ct").expect("known");
        let onset = ct.onset(&ct.bands()).expect("a CT acquires");
        let mut blur = Blur::default();
        for _ in 0..20 {
            for &power_w in [2_500.0; 3].iter().chain(exposure_w) {
                blur.reading(&onset, 10.0, power_w);
            }
        }
        blur.kind()
    }

    #[test]
    fn neighbours_within_an_acquisition_tell_means_from_momentary_values() {
        assert_eq!(seen(&[60_000.0, 60_500.0]), Kind::Moment);
        assert_eq!(seen(&[21_000.0, 47_000.0]), Kind::MeanBefore);
        assert_eq!(
            seen(&[21_000.0]),
            Kind::Moment,
            "nothing is known of lone readings"
        );
    }

    #[test]
    fn a_register_tells_which_time_a_mean_is_of() {
        let mut blur = Blur::default();
        let mean = Mean {
            since: jiff::Timestamp::UNIX_EPOCH,
            power_w: 30_000.0,
            doubt_w: 360.0,
            is_placed: true,
        };
        for _ in 0..40 {
            blur.counted(mean, 30_000.0, 2_500.0);
        }
        assert_eq!(blur.kind(), Kind::MeanAfter);
    }
}
