//! Opening hours: from windows of days to the analyzer's weekly plan.

use analyzer::calendar::{OpeningHours, WINDOWS_PER_DAY_MAX, WeeklyPlan};
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

use crate::config::review::Review;
use crate::config::schema::{Opening, OpeningPlan};
use crate::config::section::Entry;
use crate::config::value::{Day, OpenWindow};

const WEEK: [Weekday; 7] = [
    Weekday::Monday,
    Weekday::Tuesday,
    Weekday::Wednesday,
    Weekday::Thursday,
    Weekday::Friday,
    Weekday::Saturday,
    Weekday::Sunday,
];

/// Builds a plan in the hospital's zone.
pub(crate) fn opening(opening: &Opening, holidays: &[Entry<Day>], zone: &TimeZone) -> OpeningHours {
    let plan = match opening {
        Opening::Always => return OpeningHours::Always,
        Opening::Plan(plan) => plan,
    };
    let mut weekly = WeeklyPlan::closed(zone.clone());
    for weekday in WEEK {
        for window in windows(plan, weekday).into_iter().flatten() {
            // more than the plan holds was said as a fault
            let _has_room = weekly.open(weekday, window.window());
        }
    }
    for holiday in holidays {
        weekly.close_on(holiday.0);
    }
    OpeningHours::Weekly(weekly)
}

/// Says what is wrong with a plan.
pub(crate) fn review_opening(review: &mut Review<'_>, opening: &Opening) {
    let Opening::Plan(plan) = opening else { return };
    for windows in lists(plan).into_iter().filter_map(|list| (**list).as_ref()) {
        if let Some(over) = windows.get(WINDOWS_PER_DAY_MAX) {
            review.fault(
                over.span(),
                format!("this day has {} windows", windows.len()),
                format!("at most {WINDOWS_PER_DAY_MAX} make sense: join some"),
            );
        }
        for (index, window) in windows.iter().enumerate() {
            if let Some(other) = windows[..index].iter().find(|other| other.overlaps(**window)) {
                review.fault(
                    window.span(),
                    format!("\"{}\" overlaps \"{}\"", **window, **other),
                    "join them into one window",
                );
            }
        }
    }
}

const fn lists(plan: &OpeningPlan) -> [&Entry<Option<Vec<Entry<OpenWindow>>>>; 10] {
    [
        &plan.mon_fri,
        &plan.mon_sun,
        &plan.sat_sun,
        &plan.mon,
        &plan.tue,
        &plan.wed,
        &plan.thu,
        &plan.fri,
        &plan.sat,
        &plan.sun,
    ]
}

/// A day of its own replaces the range of five or two, which replaces the range of seven.
fn windows(plan: &OpeningPlan, weekday: Weekday) -> Option<&Vec<Entry<OpenWindow>>> {
    let (day, range) = match weekday {
        Weekday::Monday => (&plan.mon, &plan.mon_fri),
        Weekday::Tuesday => (&plan.tue, &plan.mon_fri),
        Weekday::Wednesday => (&plan.wed, &plan.mon_fri),
        Weekday::Thursday => (&plan.thu, &plan.mon_fri),
        Weekday::Friday => (&plan.fri, &plan.mon_fri),
        Weekday::Saturday => (&plan.sat, &plan.sat_sun),
        Weekday::Sunday => (&plan.sun, &plan.sat_sun),
    };
    let said = |list: &'_ &Entry<Option<Vec<_>>>| list.is_some();
    let found = [day, range, &plan.mon_sun].into_iter().find(said)?;
    (**found).as_ref()
}
