//! The hospital: its zone, its prices, its carbon factor. Every factor carries its source and year.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use crate::Energy;

/// What holds for every device.
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// The hospital's local zone: opening hours, nights, days and tariffs are meant in it.
    pub zone: TimeZone,
    /// What a kilowatt-hour costs.
    pub tariff: Tariff,
    /// What a kilowatt-hour emits.
    pub carbon: CarbonFactor,
}

/// Which of the two prices applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TariffPeriod {
    /// Outside the night window.
    Day,
    /// Inside the night window.
    Night,
}

impl TariffPeriod {
    /// The stable word used in series.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Night => "night",
        }
    }
}

/// Two prices, because idle hours are mostly night hours.
#[derive(Clone, Debug, PartialEq)]
pub struct Tariff {
    /// ISO 4217, e.g. `EUR`.
    pub currency: String,
    /// Price of a kilowatt-hour by day.
    pub day_price_per_kwh: f64,
    /// Price of a kilowatt-hour in the night window.
    pub night_price_per_kwh: f64,
    /// Local start of the night window.
    pub night_from: Time,
    /// Local end of the night window; before `night_from` means past midnight; equal means no night.
    pub night_until: Time,
    /// Where the prices come from.
    pub source: String,
    /// The year they hold for.
    pub year: i16,
}

impl Tariff {
    /// Which price applies at a local time of day.
    #[must_use]
    pub fn period(&self, local: Time) -> TariffPeriod {
        let (from, until) = (self.night_from, self.night_until);
        let is_night = if from <= until {
            (from..until).contains(&local)
        } else {
            local >= from || local < until
        };
        if is_night {
            TariffPeriod::Night
        } else {
            TariffPeriod::Day
        }
    }

    /// The price of one kilowatt-hour.
    #[must_use]
    pub const fn price_per_kwh(&self, period: TariffPeriod) -> f64 {
        match period {
            TariffPeriod::Day => self.day_price_per_kwh,
            TariffPeriod::Night => self.night_price_per_kwh,
        }
    }
}

/// Grams of CO2 equivalent for a kilowatt-hour.
#[derive(Clone, Debug, PartialEq)]
pub struct CarbonFactor {
    /// g CO2e per kWh.
    pub g_per_kwh: f64,
    /// Where the factor comes from, and by which method.
    pub source: String,
    /// The year it holds for.
    pub year: i16,
}

impl CarbonFactor {
    /// What `energy` emits, in grams.
    #[must_use]
    pub fn co2e_g(&self, energy: Energy) -> f64 {
        energy.kwh() * self.g_per_kwh
    }
}

impl Site {
    /// Start of the local hour that holds `at`, as an instant.
    #[must_use]
    pub fn hour_start(&self, at: Timestamp) -> Timestamp {
        let local = at.to_zoned_datetime(self.zone.clone());
        let into_hour = local.time().duration_since(Time::constant(local.hour(), 0, 0, 0));
        at - into_hour
    }

    /// Start of the local day that holds `at`, as an instant; days of 23 and 25 hours included.
    #[must_use]
    pub fn day_start(&self, at: Timestamp) -> Timestamp {
        at.to_zoned_datetime(self.zone.clone())
            .start_of_day()
            .map_or(at, |day| day.timestamp())
    }

    /// Start of the next local day after `at`.
    #[must_use]
    pub fn next_day_start(&self, at: Timestamp) -> Timestamp {
        let today = at.to_zoned_datetime(self.zone.clone());
        let next = today
            .checked_add(1.day())
            .and_then(|tomorrow| tomorrow.start_of_day());
        next.map_or(at, |day| day.timestamp())
    }
}
