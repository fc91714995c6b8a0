//! The stretches of time in which a device's ledger key does not change: one local hour, open or closed, one tariff.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::calendar::OpeningHours;
use crate::site::{Site, TariffPeriod};

/// A stretch `from..until` with one ledger key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Slice {
    pub(crate) from: Timestamp,
    pub(crate) until: Timestamp,
    /// Start of the local hour.
    pub(crate) hour: Timestamp,
    pub(crate) is_open: bool,
    pub(crate) tariff: TariffPeriod,
}

impl Slice {
    /// The slice that holds `at`.
    pub(crate) fn around(site: &Site, opening: &OpeningHours, at: Timestamp) -> Self {
        let hour = site.hour_start(at);
        let local = at.to_zoned_datetime(site.zone.clone()).time();
        let next_hour = hour + SignedDuration::from_hours(1);
        let tariff_edges = [site.tariff.night_from, site.tariff.night_until].into_iter();
        let tariff_edges = tariff_edges
            .filter(|edge| edge.hour() == local.hour() && *edge > local)
            .map(|edge| at + edge.duration_since(local));
        let until = tariff_edges.fold(next_hour.min(opening.next_change(at)), Ord::min);
        Self {
            from: at,
            until,
            hour,
            is_open: opening.is_open(at),
            tariff: site.tariff.period(local),
        }
    }

    /// Whether `at` lies in it.
    pub(crate) fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}
