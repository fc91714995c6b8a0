//! A hospital of one device.

use std::sync::Arc;

use analyzer::alert::AlertPlan;
use analyzer::calendar::{OpeningHours, WeeklyPlan, Window};
use analyzer::modality::Modality;
use analyzer::site::{CarbonFactor, Site, Tariff};
use analyzer::{Config, Device, Feed, Limits};
use jiff::civil::{Weekday, time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// A test's stamp.
#[allow(dead_code, reason = "each test file uses its own part of this module")]
pub(crate) fn stamp(text: &str) -> Timestamp {
    text.parse().expect("a test's stamp")
}

/// One device `d` of a modality, fed by the meter `m`, open 07:30 to 19:00 every day.
pub(crate) fn config_of(modality: &str) -> Config {
    let zone = TimeZone::get("Europe/Paris").expect("bundled");
    let mut plan = WeeklyPlan::closed(zone.clone());
    for weekday in Weekday::Monday.cycle_forward().take(7) {
        assert!(plan.open(
            weekday,
            Window {
                from: time(7, 30, 0, 0),
                until: time(19, 0, 0, 0)
            }
        ));
    }
    let tariff = Tariff {
        currency: "EUR".to_owned(),
        day_price_per_kwh: 0.2,
        night_price_per_kwh: 0.1,
        night_from: time(22, 30, 0, 0),
        night_until: time(6, 0, 0, 0),
        source: "test".to_owned(),
        year: 2026,
    };
    let carbon = CarbonFactor {
        g_per_kwh: 50.0,
        source: "test".to_owned(),
        year: 2026,
    };
    let minutes = SignedDuration::from_mins;
    let device = Device {
        id: Arc::from("d"),
        name: "D".to_owned(),
        room: "R".to_owned(),
        modality: Modality::named(modality).expect("a known modality"),
        feeds: vec![Feed {
            meter: "m".to_owned(),
            channels: vec![],
            sign: 1.0,
        }],
        opening: OpeningHours::Weekly(plan).into(),
        bands: None,
        pins: Vec::new(),
        power_w_max: 300_000.0,
        silent_after: None,
        alerts: AlertPlan {
            overnight_idle: Some(Limits {
                grace: minutes(30),
                remind_every: minutes(120),
                settle: minutes(0),
            }),
            ..AlertPlan::default()
        }
        .into(),
    };
    Config {
        site: Site { zone, tariff, carbon },
        devices: vec![device],
    }
}
