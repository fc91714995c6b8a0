//! Who is to hear of an alert: the first route that fits, and those after it where it says that others may follow.
//!
//! A route looks at alerts that are raised or reminded, at the instant of that step; how an alert goes on is told to
//! whoever was told of it. Without any route everybody hears of everything.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use analyzer::calendar::OpeningHours;
use analyzer::{AlertEvent, DeviceId, Severity};
use jiff::Timestamp;
use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;

/// Without a route alerts are gathered for so long.
pub(super) const DIGEST_AFTER: Duration = Duration::from_secs(10);

/// Which alerts go to which channels. An empty list asks for nothing.
#[derive(Clone, Debug, Default)]
pub struct Route {
    /// Rules.
    pub rules: Vec<String>,
    /// Devices' ids.
    pub devices: Vec<String>,
    /// Rooms.
    pub rooms: Vec<String>,
    /// Modalities' words.
    pub modalities: Vec<String>,
    /// Only alerts so urgent, or more.
    pub severity_min: Option<Severity>,
    /// When.
    pub hours: Hours,
    /// The channels' names.
    pub channels: Vec<String>,
    /// The routes after it are looked at as well.
    pub continues: bool,
    /// Alerts of so long are gathered into one message.
    pub digest_after: Duration,
}

/// When a route fits, in the site's time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hours {
    /// Within the device's opening hours, or outside of them.
    pub is_open: Option<bool>,
    /// From this time of day until that; past midnight where the second comes first.
    pub window: Option<(Time, Time)>,
    /// The days of the week on which it fits; of a window past midnight, those on which it begins.
    pub weekdays: Vec<Weekday>,
}

/// What routes ask of a device.
#[derive(Clone, Debug)]
pub struct Place {
    /// Where it stands.
    pub room: String,
    /// The modality's word.
    pub modality: String,
    /// When it is meant to be used.
    pub opening: Arc<OpeningHours>,
}

/// All routes, and what they ask of.
#[derive(Clone, Debug)]
pub(super) struct Routes {
    pub(super) routes: Vec<Route>,
    pub(super) places: BTreeMap<DeviceId, Place>,
    pub(super) zone: TimeZone,
}

impl Routes {
    /// For how long an alert is gathered for a channel; none where it is not to hear of it.
    pub(super) fn digest(&self, event: &AlertEvent, channel: &str) -> Option<Duration> {
        if self.routes.is_empty() {
            return Some(DIGEST_AFTER);
        }
        let place = self.places.get(&event.device)?;
        for route in self.routes.iter().filter(|route| self.fits(route, event, place)) {
            if route.channels.iter().any(|name| name == channel) {
                return Some(route.digest_after);
            }
            if !route.continues {
                return None;
            }
        }
        None
    }

    fn fits(&self, route: &Route, event: &AlertEvent, place: &Place) -> bool {
        let asks = |list: &[String], word: &str| list.is_empty() || list.iter().any(|item| item == word);
        asks(&route.rules, &event.rule)
            && asks(&route.devices, &event.device)
            && asks(&route.rooms, &place.room)
            && asks(&route.modalities, &place.modality)
            && route.severity_min.is_none_or(|least| event.severity >= least)
            && self.is_hour(&route.hours, event.at, &place.opening)
    }

    fn is_hour(&self, hours: &Hours, at: Timestamp, opening: &OpeningHours) -> bool {
        let local = at.to_zoned_datetime(self.zone.clone());
        let (time, mut day) = (local.time(), local.weekday());
        let is_in_window = hours.window.is_none_or(|(from, until)| {
            let is_past_midnight = until <= from;
            if is_past_midnight && time < until {
                day = day.previous();
            }
            if is_past_midnight {
                time >= from || time < until
            } else {
                time >= from && time < until
            }
        });
        is_in_window
            && (hours.weekdays.is_empty() || hours.weekdays.contains(&day))
            && hours.is_open.is_none_or(|is_open| opening.is_open(at) == is_open)
    }
}

#[cfg(test)]
mod tests {
    use analyzer::calendar::{WeeklyPlan, Window};

    use super::*;
    use crate::channel::desk::example::event;

    fn routes(routes: Vec<Route>) -> Routes {
        let zone = TimeZone::get("Europe/Paris").unwrap();
        let mut plan = WeeklyPlan::closed(zone.clone());
        let window = Window {
            from: Time::constant(8, 0, 0, 0),
            until: Time::constant(18, 0, 0, 0),
        };
        assert!(plan.open(Weekday::Monday, window));
        let place = Place {
            room: "one".to_owned(),
            modality: "ct".to_owned(),
            opening: OpeningHours::Weekly(plan).into(),
        };
        Routes {
            routes,
            places: [("ct-1".into(), place)].into(),
            zone,
        }
    }

    fn to(channel: &str) -> Route {
        Route {
            channels: vec![channel.to_owned()],
            ..Route::default()
        }
    }

    /// On Monday, 2026-11-23, at a time of UTC.
    fn on_monday(time: &str) -> AlertEvent {
        AlertEvent {
            at: format!("2026-11-23T{time}:00Z").parse().unwrap(),
            ..event("ct-1")
        }
    }

    #[test]
    fn the_first_that_fits_wins_unless_it_lets_others_follow() {
        let severe = Route {
            severity_min: Some(Severity::Critical),
            ..to("phone")
        };
        let table = routes(vec![severe.clone(), to("mail")]);
        let (warning, critical) = (
            on_monday("10:00"),
            AlertEvent {
                severity: Severity::Critical,
                ..on_monday("10:00")
            },
        );
        assert!(table.digest(&warning, "phone").is_none() && table.digest(&warning, "mail").is_some());
        assert!(table.digest(&critical, "phone").is_some() && table.digest(&critical, "mail").is_none());
        let severe = Route {
            continues: true,
            ..severe
        };
        assert!(
            routes(vec![severe, to("mail")])
                .digest(&critical, "mail")
                .is_some()
        );
        assert!(routes(Vec::new()).digest(&warning, "anybody").is_some());
    }

    #[test]
    fn every_word_of_a_route_counts() {
        let word = |word: &str| vec![word.to_owned()];
        for (route, fits) in [
            (
                Route {
                    rules: word("overnight_idle"),
                    ..to("a")
                },
                true,
            ),
            (
                Route {
                    rules: word("self_wake"),
                    ..to("a")
                },
                false,
            ),
            (
                Route {
                    devices: word("ct-2"),
                    ..to("a")
                },
                false,
            ),
            (
                Route {
                    rooms: word("one"),
                    ..to("a")
                },
                true,
            ),
            (
                Route {
                    rooms: word("two"),
                    ..to("a")
                },
                false,
            ),
            (
                Route {
                    modalities: word("mri"),
                    ..to("a")
                },
                false,
            ),
        ] {
            assert_eq!(
                routes(vec![route.clone()])
                    .digest(&on_monday("10:00"), "a")
                    .is_some(),
                fits,
                "{route:?}"
            );
        }
    }

    #[test]
    fn hours_are_local_and_a_night_belongs_to_the_day_on_which_it_begins() {
        let with = |hours: Hours| routes(vec![Route { hours, ..to("a") }]);
        let closed = with(Hours {
            is_open: Some(false),
            ..Hours::default()
        });
        // Paris is an hour ahead of UTC in winter
        assert!(closed.digest(&on_monday("06:59"), "a").is_some());
        assert!(closed.digest(&on_monday("07:00"), "a").is_none());
        let night = |weekday| {
            with(Hours {
                window: Some((Time::constant(20, 0, 0, 0), Time::constant(7, 0, 0, 0))),
                weekdays: vec![weekday],
                ..Hours::default()
            })
        };
        assert!(night(Weekday::Sunday).digest(&on_monday("05:59"), "a").is_some());
        assert!(night(Weekday::Monday).digest(&on_monday("05:59"), "a").is_none());
        assert!(night(Weekday::Monday).digest(&on_monday("19:00"), "a").is_some());
        assert!(night(Weekday::Sunday).digest(&on_monday("06:00"), "a").is_none());
    }
}
