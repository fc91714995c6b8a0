//! Days, weeks and months of local time. A day has 23, 24 or 25 hours; nothing here counts hours.

use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

/// How a range is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Period {
    /// From local midnight to local midnight.
    Day,
    /// From Monday, numbered as ISO 8601 does.
    Week,
    /// From the first of a month.
    Month,
}

impl Period {
    /// All, the shortest first.
    pub const ALL: [Self; 3] = [Self::Day, Self::Week, Self::Month];

    /// The stable word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
        }
    }

    /// The one of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|period| period.name() == name)
    }

    /// First day of the period that holds a day.
    #[must_use]
    pub fn first_day(self, day: Date) -> Date {
        match self {
            Self::Day => day,
            Self::Week => {
                let since_monday = i64::from(day.weekday().since(Weekday::Monday));
                day.checked_sub(since_monday.days()).unwrap_or(day)
            }
            Self::Month => day.first_of_month(),
        }
    }

    /// First day of the period after the one that begins on `first`.
    #[must_use]
    pub fn next(self, first: Date) -> Date {
        let next = match self {
            Self::Day => first.checked_add(1.day()),
            Self::Week => first.checked_add(7.days()),
            Self::Month => first.checked_add(1.month()),
        };
        next.unwrap_or(Date::MAX)
    }

    /// What people call the period that begins on `first`: `2026-03-29`, `2026-W13`, `2026-03`.
    #[must_use]
    pub fn label(self, first: Date) -> String {
        match self {
            Self::Day => first.to_string(),
            Self::Week => {
                let week = first.iso_week_date();
                format!("{:04}-W{:02}", week.year(), week.week())
            }
            Self::Month => format!("{:04}-{:02}", first.year(), first.month()),
        }
    }
}

/// The first instant of a local day.
pub(super) fn midnight(zone: &TimeZone, day: Date) -> Timestamp {
    // where midnight does not exist, it is the first instant after it
    zone.to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> Date {
        text.parse().expect("a test's date")
    }

    #[test]
    fn weeks_begin_on_monday_and_are_numbered_by_iso() {
        assert_eq!(Period::Week.first_day(date("2027-01-01")), date("2026-12-28"));
        assert_eq!(Period::Week.label(date("2026-12-28")), "2026-W53");
        assert_eq!(Period::Month.next(date("2026-12-01")), date("2027-01-01"));
        assert_eq!(Period::Month.label(date("2026-03-01")), "2026-03");
    }

    #[test]
    fn a_month_with_a_clock_change_is_an_hour_shorter_or_longer() {
        let paris = TimeZone::get("Europe/Paris").expect("bundled");
        let hours = |from: &str, until: &str| {
            let from = midnight(&paris, date(from));
            midnight(&paris, date(until)).duration_since(from).as_hours()
        };
        assert_eq!(hours("2026-03-01", "2026-04-01"), 31 * 24 - 1);
        assert_eq!(hours("2026-10-01", "2026-11-01"), 31 * 24 + 1);
        assert_eq!(hours("2026-03-29", "2026-03-30"), 23);
    }
}
