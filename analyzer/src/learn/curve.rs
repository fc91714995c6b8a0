//! The load-duration curve of one device: how long it has drawn how many watts, and how long it stayed there.
//!
//! A histogram of watts with bins as in an HDR histogram: every octave is cut into 32 equal parts, so a bin is
//! 1.6 to 3.1 % wide from 1 W to the end of the scale, and finding it costs a shift. Only bins that hold something are
//! kept. Seconds fade with a half-life, so the curve is a window over the last weeks without edges.
//!
//! Limits: at most [`BINS_MAX`] bins; beyond, the lightest leave. Negative watts count as the lowest bin.
//! Source: load-duration curves of scanners, Hernandez et al., Med Phys 2024 (10.1002/mp.17327).

use serde::{Deserialize, Serialize};

/// Two to this power are the parts of an octave.
const SUB_BITS: u32 = 5;
/// The bits of a float below those that name the bin.
const SHIFT: u32 = f32::MANTISSA_DIGITS - 1 - SUB_BITS;
/// The bits of 1 W.
const ONE: u32 = 1.0_f32.to_bits() >> SHIFT;
/// The last bin, 25 octaves of 32: 2^25 W = 33 MW.
pub(super) const LAST_BIN: u16 = 800;
/// Some hundred bins hold the curve of a scanner.
pub(super) const BINS_MAX: usize = 384;
/// What has faded to less is forgotten, s.
const SECONDS_MIN: f32 = 0.2;

/// How long a device has drawn how many watts, and at which of them it held still.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Curve {
    all: Bins<Held>,
    still: Bins<Still>,
}

/// Bins that hold something, sorted by number.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Bins<T> {
    bins: Vec<(u16, T)>,
    /// The place where something was added last.
    last: u16,
}

/// Time at the watts of a bin.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Held(f32);

/// Time in stretches that held still with their mean in a bin, and what happened from there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Still {
    pub(super) seconds: f32,
    /// The part of it in short stretches.
    pub(super) brief_s: f32,
    /// Pulses that rose from here and came back.
    pub(super) launches: f32,
    /// Of short stretches: to a level at which the machine is made ready to work.
    pub(super) calls: f32,
    /// Short stretches that went over to a level above or below within moments.
    pub(super) ups: f32,
    pub(super) downs: f32,
    /// The part of its time of which a mean over some cycles is known, and that mean times this, W s.
    pub(super) around_s: f32,
    pub(super) around_ws: f32,
    /// Time at a level above that each time gave way to this one within moments.
    pub(super) upper_s: f32,
}

/// What fades.
trait Fading: Copy + Default {
    fn seconds(&self) -> f32;
    fn fade(&mut self, to: f32);
}

impl Fading for Held {
    fn seconds(&self) -> f32 {
        self.0
    }

    fn fade(&mut self, to: f32) {
        self.0 *= to;
    }
}

impl Fading for Still {
    fn seconds(&self) -> f32 {
        self.seconds
    }

    fn fade(&mut self, to: f32) {
        for value in [
            &mut self.seconds,
            &mut self.brief_s,
            &mut self.launches,
            &mut self.calls,
            &mut self.ups,
            &mut self.downs,
            &mut self.around_s,
            &mut self.around_ws,
            &mut self.upper_s,
        ] {
            *value *= to;
        }
    }
}

/// The bin of a power.
pub(super) fn bin_of(power_w: f64) -> u16 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "four digits of a power are enough here"
    )]
    let power_w = power_w as f32;
    if power_w < 1.0 || power_w.is_nan() {
        return 0;
    }
    let number = (power_w.to_bits() >> SHIFT) - ONE + 1;
    u16::try_from(number).map_or(LAST_BIN, |number| number.min(LAST_BIN))
}

/// The first watt of a bin.
pub(super) fn lower_w(number: u16) -> f64 {
    if number == 0 {
        return 0.0;
    }
    f64::from(f32::from_bits((u32::from(number) - 1 + ONE) << SHIFT))
}

/// The middle of a bin, W.
pub(super) fn middle_w(number: u16) -> f64 {
    f64::midpoint(lower_w(number), lower_w(number + 1))
}

impl<T: Fading> Bins<T> {
    fn at(&mut self, number: u16) -> &mut T {
        let mut place = usize::from(self.last);
        if self.bins.get(place).is_none_or(|bin| bin.0 != number) {
            let found = self.bins.binary_search_by_key(&number, |bin| bin.0);
            place = found.unwrap_or_else(|place| {
                self.bins.insert(place, (number, T::default()));
                place
            });
            self.last = u16::try_from(place).expect("there are fewer bins than that");
        }
        &mut self.bins[place].1
    }

    /// Lets everything fade to this part; what is left of the lightest beyond the limit leaves.
    fn fade(&mut self, to: f32) {
        for (_, bin) in &mut self.bins {
            bin.fade(to);
        }
        self.bins.retain(|(_, bin)| bin.seconds() >= SECONDS_MIN);
        if self.bins.len() > BINS_MAX {
            let mut seconds: Vec<f32> = self.bins.iter().map(|(_, bin)| bin.seconds()).collect();
            seconds.sort_by(|a, b| b.total_cmp(a));
            let least = seconds[BINS_MAX];
            self.bins.retain(|(_, bin)| bin.seconds() > least);
        }
    }
}

impl Curve {
    /// Number and seconds of every bin, from low to high.
    pub(super) fn all(&self) -> impl Iterator<Item = (u16, f32)> + '_ {
        self.all
            .bins
            .iter()
            .map(|&(number, Held(seconds))| (number, seconds))
    }

    /// The bins in which power has held still, from low to high.
    pub(super) fn still(&self) -> &[(u16, Still)] {
        &self.still.bins
    }

    /// Seconds in a bin that were still.
    pub(super) fn still_s(&self, number: u16) -> f32 {
        let found = self.still.bins.binary_search_by_key(&number, |bin| bin.0);
        found.map_or(0.0, |place| self.still.bins[place].1.seconds)
    }

    /// The power held for some seconds.
    pub(super) fn hold(&mut self, power_w: f64, seconds: f32) {
        self.all.at(bin_of(power_w)).0 += seconds;
    }

    /// What is known of a still level.
    pub(super) fn level(&mut self, mean_w: f64) -> &mut Still {
        self.still.at(bin_of(mean_w))
    }

    /// Lets everything fade to this part.
    pub(super) fn fade(&mut self, to: f32) {
        self.all.fade(to);
        self.still.fade(to);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_are_narrow_and_hold_their_watts() {
        assert_eq!(
            (bin_of(-50.0), bin_of(0.0), bin_of(0.9), bin_of(1.0)),
            (0, 0, 0, 1)
        );
        let mut power_w = 1.0;
        while power_w < 3e7 {
            let number = bin_of(power_w);
            let (lower, upper) = (lower_w(number), lower_w(number + 1));
            assert!(
                lower <= power_w * 1.000_001 && power_w < upper * 1.000_001,
                "{power_w}"
            );
            assert!(upper / lower <= 1.032, "{power_w}: {lower} to {upper}");
            power_w *= 1.013;
        }
        assert_eq!(bin_of(1e12), LAST_BIN);
    }

    #[test]
    fn the_lightest_bins_leave_when_there_are_too_many() {
        let mut curve = Curve::default();
        for number in 1..=LAST_BIN {
            curve.hold(middle_w(number), f32::from(number));
        }
        curve.fade(1.0);
        assert!(curve.all().count() <= BINS_MAX);
        assert_eq!(curve.all().last().map(|bin| bin.0), Some(LAST_BIN));
    }
}
