//! The period of a report, the one before it, and what both are called.
//!
//! Months and weeks are those of local time; a day has 23, 24 or 25 hours, and nothing here counts hours.

use analyzer::report::Period;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use crate::page::speaker::Speaker;

/// A half-open stretch of time, `from..until`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// First instant.
    pub from: Timestamp,
    /// First instant after.
    pub until: Timestamp,
}

impl Span {
    /// The whole period that begins on a local day.
    #[must_use]
    pub fn of_period(period: Period, first: Date, zone: &TimeZone) -> Self {
        Self {
            from: midnight(first, zone),
            until: midnight(period.next(first), zone),
        }
    }

    /// Days, of 24 hours on the average.
    #[must_use]
    pub fn days(&self) -> f64 {
        self.until.duration_since(self.from).as_secs_f64() / 86_400.0
    }

    /// The span as days, where it begins and ends at local midnights.
    fn dates(&self, zone: &TimeZone) -> Option<(Date, Date)> {
        let dates = [self.from, self.until].map(|at| zone.to_datetime(at).date());
        let is_whole = [self.from, self.until] == dates.map(|date| midnight(date, zone));
        is_whole.then_some((dates[0], dates[1]))
    }

    /// Which single period it is.
    #[must_use]
    pub fn period(&self, zone: &TimeZone) -> Option<Period> {
        let (first, next) = self.dates(zone)?;
        Period::ALL
            .into_iter()
            .find(|period| period.first_day(first) == first && period.next(first) == next)
    }

    /// What it is compared with where nobody says: as many calendar months before it where it is made of them, else as
    /// many days, else as long a time.
    #[must_use]
    pub fn before(&self, zone: &TimeZone) -> Self {
        let from = match self.dates(zone) {
            Some((first, next)) => {
                let months =
                    i64::from(next.year() - first.year()) * 12 + i64::from(next.month() - first.month());
                let is_months = first.day() == 1 && next.day() == 1;
                let earlier = if is_months {
                    first.checked_sub(months.months())
                } else {
                    first
                        .until(next)
                        .and_then(|length| first.checked_sub(i64::from(length.get_days()).days()))
                };
                earlier.map_or(Timestamp::MIN, |earlier| midnight(earlier, zone))
            }
            None => self.from - self.until.duration_since(self.from),
        };
        Self {
            from,
            until: self.from,
        }
    }

    /// `October 2026`, or its first and last day, or its instants.
    #[must_use]
    pub(crate) fn label(&self, speaker: &Speaker, zone: &TimeZone) -> String {
        match (self.period(zone), self.dates(zone)) {
            (Some(Period::Month), _) => speaker.month(self.from),
            (Some(Period::Day), _) => speaker.date(self.from),
            (_, Some(_)) => {
                let last = self.until - jiff::SignedDuration::from_hours(1);
                format!("{} – {}", speaker.date(self.from), speaker.date(last))
            }
            (_, None) => {
                let words = |at| format!("{} {}", speaker.date(at), speaker.clock(at));
                format!("{} – {}", words(self.from), words(self.until))
            }
        }
    }
}

fn midnight(day: Date, zone: &TimeZone) -> Timestamp {
    // where midnight does not exist, it is the first instant after it
    zone.to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paris() -> TimeZone {
        TimeZone::get("Europe/Paris").unwrap()
    }

    fn span(from: &str, until: &str) -> Span {
        let at = |text: &str| midnight(text.parse().unwrap(), &paris());
        Span {
            from: at(from),
            until: at(until),
        }
    }

    #[test]
    fn months_are_compared_with_months_and_days_with_days() {
        let before = |from: &str, until: &str| span(from, until).before(&paris());
        assert_eq!(
            before("2026-10-01", "2026-11-01"),
            span("2026-09-01", "2026-10-01")
        );
        assert_eq!(
            before("2027-01-01", "2027-04-01"),
            span("2026-10-01", "2027-01-01")
        );
        assert_eq!(
            before("2026-03-23", "2026-03-30"),
            span("2026-03-16", "2026-03-23")
        );
        assert_eq!(
            before("2026-03-29", "2026-03-30"),
            span("2026-03-28", "2026-03-29"),
            "23 hours"
        );
        let hours = Span {
            from: "2026-11-02T06:00:00Z".parse().unwrap(),
            until: "2026-11-02T09:00:00Z".parse().unwrap(),
        };
        assert_eq!(hours.before(&paris()).from.to_string(), "2026-11-02T03:00:00Z");
    }

    #[test]
    fn a_month_a_week_and_a_day_are_known_across_clock_changes() {
        let period = |from: &str, until: &str| span(from, until).period(&paris());
        assert_eq!(period("2026-10-01", "2026-11-01"), Some(Period::Month));
        assert_eq!(period("2026-10-19", "2026-10-26"), Some(Period::Week));
        assert_eq!(period("2026-10-25", "2026-10-26"), Some(Period::Day));
        assert_eq!(period("2026-10-20", "2026-10-27"), None);
        assert!((span("2026-10-01", "2026-11-01").days() - (31.0 + 1.0 / 24.0)).abs() < 1e-9);
    }
}
