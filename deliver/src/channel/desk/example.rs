//! Alerts, messages and a receiver for tests.

use std::time::Duration;

use analyzer::{AlertEvent, AlertPhase, Energy, Severity};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::channel::message::Circumstances;
use crate::channel::{HttpTarget, Message, Scribe};
use crate::device::DeviceTags;
use crate::page::{Language, SiteInfo};
use crate::secret::Secret;
use crate::sink::TlsFiles;

/// An instant of Monday, 2026-11-23, in UTC.
pub(in crate::channel) fn at(time: &str) -> Timestamp {
    format!("2026-11-23T{time}Z").parse().unwrap()
}

/// `overnight_idle`, raised at two.
pub(in crate::channel) fn event(device: &str) -> AlertEvent {
    AlertEvent {
        rule: "overnight_idle".to_owned(),
        device: device.into(),
        severity: Severity::Warning,
        phase: AlertPhase::Raised,
        since: at("01:30:00"),
        at: at("02:00:00"),
        energy: Energy::from_wh(1200.0),
        cost: 0.3,
        co2e_g: 60.0,
        detail: String::new(),
        by: String::new(),
        until: None,
    }
}

pub(in crate::channel) fn site(language: Language) -> SiteInfo {
    SiteInfo {
        name: "General".to_owned(),
        zone: TimeZone::get("Europe/Paris").unwrap(),
        language,
        currency: "EUR".to_owned(),
        tariff: String::new(),
        carbon: String::new(),
        household_kwh_per_year: 5200.0,
        household: String::new(),
    }
}

pub(in crate::channel) fn scribe(language: Language, devices: &[(&str, &str)]) -> Scribe {
    let tags = |(id, name): &(&str, &str)| DeviceTags {
        id: (*id).into(),
        name: (*name).to_owned(),
        room: "one".to_owned(),
        modality: "ct".to_owned(),
        site: "General".to_owned(),
    };
    let tags: Vec<DeviceTags> = devices.iter().map(tags).collect();
    Scribe::new(
        site(language),
        &tags,
        Some("https://idlewatt.example/".to_owned()),
    )
}

pub(in crate::channel) const FIRST: Circumstances = Circumstances {
    is_first: true,
    untold: 0,
    power_w: Some(2600.0),
};

/// A message of one alert that is raised, of a device with this name.
pub(in crate::channel) fn message(name: &str) -> Message {
    message_of(name, AlertPhase::Raised, "02:00:00", &["01:30:00"])
}

/// A message of one step; `open` says when what is open began.
pub(in crate::channel) fn message_of(name: &str, phase: AlertPhase, when: &str, open: &[&str]) -> Message {
    let (scribe, now) = (scribe(Language::English, &[("ct-1", name)]), at("04:00:00"));
    let step = AlertEvent {
        phase,
        at: at(when),
        ..event("ct-1")
    };
    let begun = |since: &&str| AlertEvent {
        since: at(since),
        ..event("ct-1")
    };
    let items = vec![scribe.item(&step, FIRST, now)];
    let open = open.iter().map(|since| scribe.item(&begun(since), FIRST, now));
    scribe.alerts("test", items, open.collect(), now)
}

pub(in crate::channel) fn http(url: &str) -> HttpTarget {
    HttpTarget {
        url: url.to_owned(),
        is_secret: false,
        user: String::new(),
        password: Secret::default(),
        token: Secret::default(),
        headers: Vec::new(),
        tls: TlsFiles::default(),
        connect_timeout: Duration::from_secs(5),
        request_timeout: Duration::from_secs(5),
    }
}
