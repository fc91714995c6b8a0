//! Opening hours: when a device is meant to be used, in the hospital's local time, right across clock changes.
//!
//! A window that ends at or before its start runs past midnight and belongs to the day it starts on. On a holiday
//! no window starts. Limits: at most [`WINDOWS_PER_DAY_MAX`] windows a day.

use std::collections::BTreeSet;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};

/// More windows than this on one day are a mistake of configuration.
pub const WINDOWS_PER_DAY_MAX: usize = 8;

/// How far ahead a change of open/closed is looked for: a week and a holiday.
const HORIZON_DAYS: i64 = 9;

/// A window of local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// When it opens.
    pub from: Time,
    /// When it closes; at or before `from` means on the next day (00:00 is the end of the day).
    pub until: Time,
}

/// When a device is meant to be used.
#[derive(Clone, Debug, PartialEq)]
pub enum OpeningHours {
    /// Round the clock: no closed hours, nothing to alert about.
    Always,
    /// By a weekly plan.
    Weekly(WeeklyPlan),
}

/// Windows for each weekday, and the days on which none of them counts.
#[derive(Clone, Debug, PartialEq)]
pub struct WeeklyPlan {
    zone: TimeZone,
    days: [Vec<Window>; 7],
    holidays: BTreeSet<Date>,
}

impl WeeklyPlan {
    /// A plan with no window at all (always closed), in the hospital's zone.
    #[must_use]
    pub fn closed(zone: TimeZone) -> Self {
        Self {
            zone,
            days: Default::default(),
            holidays: BTreeSet::new(),
        }
    }

    /// Adds a window on a weekday. Beyond [`WINDOWS_PER_DAY_MAX`] it is refused with `false`.
    #[must_use]
    pub fn open(&mut self, weekday: Weekday, window: Window) -> bool {
        let windows = &mut self.days[day_index(weekday)];
        let has_room = windows.len() < WINDOWS_PER_DAY_MAX;
        if has_room {
            windows.push(window);
        }
        has_room
    }

    /// Adds a day on which nothing opens.
    pub fn close_on(&mut self, holiday: Date) {
        self.holidays.insert(holiday);
    }

    /// The windows that start on the days around `at`, as instants.
    fn windows_around(
        &self,
        at: Timestamp,
        days_ahead: i64,
    ) -> impl Iterator<Item = (Timestamp, Timestamp)> + '_ {
        let today = at.to_zoned_datetime(self.zone.clone()).date();
        (-1..=days_ahead)
            .filter_map(move |offset| today.checked_add(offset.days()).ok())
            .flat_map(move |date| {
                let windows = &self.days[day_index(date.weekday())];
                let is_holiday = self.holidays.contains(&date);
                windows
                    .iter()
                    .filter(move |_| !is_holiday)
                    .filter_map(move |window| self.instants(date, *window))
            })
    }

    fn instants(&self, date: Date, window: Window) -> Option<(Timestamp, Timestamp)> {
        let last_day = if window.until <= window.from {
            date.tomorrow().ok()?
        } else {
            date
        };
        let from = self.zone.to_timestamp(date.to_datetime(window.from)).ok()?;
        let until = self.zone.to_timestamp(last_day.to_datetime(window.until)).ok()?;
        Some((from, until))
    }
}

impl OpeningHours {
    /// Whether the device is meant to be used at `at`.
    #[must_use]
    pub fn is_open(&self, at: Timestamp) -> bool {
        match self {
            Self::Always => true,
            Self::Weekly(plan) => plan
                .windows_around(at, 0)
                .any(|(from, until)| from <= at && at < until),
        }
    }

    /// The first instant after `at` at which open or closed may change; a plan without changes answers with the
    /// end of the horizon.
    #[must_use]
    pub fn next_change(&self, at: Timestamp) -> Timestamp {
        let horizon = at + SignedDuration::from_hours(24 * (HORIZON_DAYS - 1));
        let Self::Weekly(plan) = self else { return horizon };
        let edges = plan
            .windows_around(at, HORIZON_DAYS)
            .flat_map(|(from, until)| [from, until]);
        edges
            .filter(|edge| *edge > at)
            .min()
            .map_or(horizon, |edge| edge.min(horizon))
    }
}

fn day_index(weekday: Weekday) -> usize {
    usize::try_from(weekday.to_monday_zero_offset()).expect("a weekday's offset is 0..=6")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paris() -> TimeZone {
        TimeZone::get("Europe/Paris").expect("the zone is bundled")
    }

    fn at(text: &str) -> Timestamp {
        text.parse().expect("a test's stamp")
    }

    fn weekdays(from: &str, until: &str) -> OpeningHours {
        let mut plan = WeeklyPlan::closed(paris());
        let window = Window {
            from: from.parse().expect("time"),
            until: until.parse().expect("time"),
        };
        for weekday in [
            Weekday::Monday,
            Weekday::Tuesday,
            Weekday::Wednesday,
            Weekday::Thursday,
            Weekday::Friday,
        ] {
            assert!(plan.open(weekday, window));
        }
        plan.close_on("2026-05-01".parse().expect("date"));
        OpeningHours::Weekly(plan)
    }

    #[test]
    fn local_hours_hold_in_summer_and_winter() {
        let hours = weekdays("07:30", "19:00");
        assert!(hours.is_open(at("2026-07-01T05:30:00Z")));
        assert!(!hours.is_open(at("2026-01-07T05:30:00Z")));
        assert!(hours.is_open(at("2026-01-07T06:30:00Z")));
        assert!(
            !hours.is_open(at("2026-01-07T18:00:00Z")),
            "the end is not part of it"
        );
        assert!(
            !hours.is_open(at("2026-05-01T10:00:00Z")),
            "a holiday, though a Friday"
        );
    }

    #[test]
    fn a_window_past_midnight_belongs_to_the_day_it_starts_on() {
        let hours = weekdays("20:00", "02:00");
        assert!(
            hours.is_open(at("2026-01-09T23:30:00Z")),
            "Friday's window, already Saturday"
        );
        assert!(!hours.is_open(at("2026-01-10T23:30:00Z")));
    }

    #[test]
    fn the_next_change_is_found_across_a_weekend_and_a_clock_change() {
        let hours = weekdays("07:30", "19:00");
        assert_eq!(
            hours.next_change(at("2026-03-27T18:00:00Z")),
            at("2026-03-30T05:30:00Z")
        );
        let always = OpeningHours::Always;
        assert!(always.is_open(at("2026-03-29T01:30:00Z")));
        assert!(always.next_change(at("2026-03-29T01:30:00Z")) > at("2026-04-01T00:00:00Z"));
    }
}
