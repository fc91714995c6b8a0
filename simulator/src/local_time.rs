//! The hospital's local time: civil dates to instants and back, with the zone's offset kept between transitions.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;

use crate::power::timestamp;

/// A zone with the offset in force remembered, since meters ask for local time at every message.
#[derive(Debug, Clone)]
pub(crate) struct LocalTime {
    zone: TimeZone,
    offset_seconds: i32,
    known_from_ms: i64,
    known_until_ms: i64,
}

impl LocalTime {
    pub(crate) fn new(zone: TimeZone) -> Self {
        Self {
            zone,
            offset_seconds: 0,
            known_from_ms: 0,
            known_until_ms: 0,
        }
    }

    /// The instant of a local date and time. In a gap or a fold of the clock, as RFC 5545 says.
    pub(crate) fn instant_ms(&self, date: Date, time: Time) -> i64 {
        let local = date.to_datetime(time);
        self.zone
            .to_ambiguous_timestamp(local)
            .compatible()
            .map_or_else(|_| i64::MAX / 4, Timestamp::as_millisecond)
    }

    /// The local date of an instant.
    pub(crate) fn date(&mut self, at_ms: i64) -> Date {
        self.civil(at_ms).date()
    }

    /// Seconds east of Greenwich at an instant.
    pub(crate) fn offset_seconds(&mut self, at_ms: i64) -> i32 {
        if at_ms < self.known_from_ms || at_ms >= self.known_until_ms {
            let at = timestamp(at_ms);
            self.offset_seconds = self.zone.to_offset(at).seconds();
            // Offsets change on quarter hours of UTC at the finest, in every zone of the database since 1972.
            let quarter = 900_000;
            self.known_from_ms = at_ms.div_euclid(quarter) * quarter;
            self.known_until_ms = self.known_from_ms + quarter;
        }
        self.offset_seconds
    }

    /// The local wall clock of an instant, without its offset.
    pub(crate) fn civil(&mut self, at_ms: i64) -> DateTime {
        let offset_ms = i64::from(self.offset_seconds(at_ms)) * 1000;
        TimeZone::UTC.to_datetime(timestamp(at_ms + offset_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::{date, time};

    #[test]
    fn a_gap_and_a_fold_are_survived() {
        let paris = TimeZone::get("Europe/Paris").unwrap();
        let mut local = LocalTime::new(paris);
        let before = local.instant_ms(date(2026, 3, 28), time(3, 0, 0, 0));
        let after = local.instant_ms(date(2026, 3, 29), time(3, 0, 0, 0));
        assert_eq!(after - before, 23 * 3_600_000);
        assert_eq!(local.civil(after).time(), time(3, 0, 0, 0));
        assert_eq!(local.civil(after - 1000).time(), time(1, 59, 59, 0));
        assert_eq!(local.date(before), date(2026, 3, 28));
    }
}
