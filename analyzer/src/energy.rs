//! Energy in whole micro-watt-hours, so that "energies add up" is an equality and not a tolerance.
//!
//! Limits: ± 9.2 × 10¹² Wh, which is more than a hospital draws in 10 000 years; beyond, it saturates.

use std::iter::Sum;
use std::ops::{Add, AddAssign, Neg, Sub, SubAssign};

use serde::{Deserialize, Serialize};

const MICRO_WH_PER_WH: f64 = 1e6;
const SECONDS_PER_HOUR: f64 = 3600.0;

/// An amount of active energy, signed, exact to 1 µWh.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Energy(i64);

impl Energy {
    /// No energy.
    pub const ZERO: Self = Self(0);

    /// From watt-hours; not finite is zero, too large saturates.
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "float to integer saturates, NaN is 0: the documented limits; where a float has a rest it is exact"
    )]
    pub fn from_wh(wh: f64) -> Self {
        let micro_wh = wh * MICRO_WH_PER_WH;
        let whole = micro_wh as i64;
        // what `round` does, without the call that it is on processors of the oldest kind
        let rest = micro_wh - whole as f64;
        let up = i64::from(rest >= 0.5) - i64::from(rest <= -0.5);
        Self(whole.saturating_add(up))
    }

    /// What `power_w` draws in `seconds`.
    #[must_use]
    pub fn from_power(power_w: f64, seconds: f64) -> Self {
        Self::from_wh(power_w * seconds / SECONDS_PER_HOUR)
    }

    /// From whole micro-watt-hours, the stored form.
    #[must_use]
    pub const fn from_micro_wh(micro_wh: i64) -> Self {
        Self(micro_wh)
    }

    /// Whole micro-watt-hours, the stored form.
    #[must_use]
    pub const fn micro_wh(self) -> i64 {
        self.0
    }

    /// Watt-hours, for people and series.
    #[must_use]
    #[expect(
        clippy::cast_precision_loss,
        reason = "a shown figure; 9 × 10⁹ Wh are still exact to 1 µWh"
    )]
    pub fn wh(self) -> f64 {
        self.0 as f64 / MICRO_WH_PER_WH
    }

    /// Kilowatt-hours, for people and tariffs.
    #[must_use]
    pub fn kwh(self) -> f64 {
        self.wh() / 1000.0
    }

    /// The amount without its sign.
    #[must_use]
    pub const fn magnitude(self) -> Self {
        Self(self.0.saturating_abs())
    }
}

impl Add for Energy {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Sub for Energy {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
}

impl Neg for Energy {
    type Output = Self;
    fn neg(self) -> Self {
        Self(self.0.saturating_neg())
    }
}

impl AddAssign for Energy {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl SubAssign for Energy {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Sum for Energy {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kilowatt_for_an_hour_is_a_kilowatt_hour() {
        assert_eq!(Energy::from_power(1000.0, 3600.0), Energy::from_wh(1000.0));
        assert!((Energy::from_wh(1500.0).kwh() - 1.5).abs() < 1e-12);
    }

    #[test]
    fn not_a_number_is_nothing_and_too_much_saturates() {
        assert_eq!(Energy::from_wh(f64::NAN), Energy::ZERO);
        assert_eq!(
            Energy::from_wh(f64::INFINITY) + Energy::from_wh(1.0),
            Energy::from_micro_wh(i64::MAX)
        );
    }
}
