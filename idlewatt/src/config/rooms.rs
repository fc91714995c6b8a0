//! What each of the other rooms is told, in its own types.

use std::collections::BTreeMap;

use analyzer::DeviceId;
use analyzer::report::Facts;
use deliver::channel::{Desk, Place, Scribe};
use deliver::device::DeviceTags;
use deliver::page::{PageDevice, SiteInfo};
use deliver::report::Subject;

use super::value::TopicFilter;
use super::{Config, DeviceConfig, Language, SiteConfig};

impl Config {
    /// What the analyzer is told.
    #[must_use]
    pub fn analyzer(&self) -> analyzer::Config {
        analyzer::Config {
            site: self.site.site.clone(),
            devices: self.devices.iter().map(|device| device.device.clone()).collect(),
        }
    }

    /// `https` where the page has a certificate, else `http`.
    #[must_use]
    pub fn page_scheme(&self) -> &'static str {
        if self.door.tls.is_some() { "https" } else { "http" }
    }

    /// The names that every sink writes beside a finding.
    #[must_use]
    pub fn device_tags(&self) -> Vec<DeviceTags> {
        let tags = |config: &DeviceConfig| DeviceTags {
            id: config.device.id.clone(),
            name: config.device.name.clone(),
            room: config.device.room.clone(),
            modality: config.device.modality.name.to_owned(),
            site: self.site.name.clone(),
        };
        self.devices.iter().map(tags).collect()
    }

    /// What the key figures need to know of each device.
    #[must_use]
    pub fn facts(&self) -> Vec<Facts> {
        let facts = |config: &DeviceConfig| {
            let figures = &config.figures;
            Facts {
                id: config.device.id.clone(),
                room: config.device.room.clone(),
                modality: config.device.modality,
                is_exempt: config.exempt.is_some(),
                target_w: figures.target_w,
                boot: figures.boot,
                shutdown: figures.shutdown,
                stored_tb: figures.stored_tb,
                cools: figures.cools.iter().map(|id| id.as_str().into()).collect(),
            }
        };
        self.devices.iter().map(facts).collect()
    }

    /// Whether some broker's topics bring all that a filter asks for.
    #[must_use]
    pub fn is_subscribed(&self, filter: &str) -> bool {
        let topics = self.brokers.iter().flat_map(|broker| &broker.topics);
        topics
            .filter_map(|topic| topic.parse::<TopicFilter>().ok())
            .any(|topic| topic.covers(filter))
    }

    /// The devices as the page names them, in the order of the file.
    #[must_use]
    pub fn page_devices(&self) -> Vec<PageDevice> {
        let named = |config: &DeviceConfig| PageDevice {
            id: config.device.id.clone(),
            name: config.device.name.clone(),
            room: config.device.room.clone(),
            floor: config.floor.clone(),
            modality: config.device.modality.name,
            modality_label: config.device.modality.label,
            meters: config
                .device
                .feeds
                .iter()
                .map(|feed| feed.meter.clone())
                .collect(),
            opening: config.device.opening.clone(),
            learns: config.device.learns(),
        };
        self.devices.iter().map(named).collect()
    }

    /// Who finds the words of messages.
    #[must_use]
    pub fn scribe(&self) -> Scribe {
        Scribe::new(self.site_info(), &self.device_tags(), self.public_url.clone())
    }

    /// Who decides what the channels say.
    #[must_use]
    pub fn desk(&self) -> Desk {
        let place = |config: &DeviceConfig| {
            let place = Place {
                room: config.device.room.clone(),
                modality: config.device.modality.name.to_owned(),
                opening: config.device.opening.clone(),
            };
            (config.device.id.clone(), place)
        };
        let places: BTreeMap<DeviceId, Place> = self.devices.iter().map(place).collect();
        Desk::new(self.scribe(), &self.channels, self.routes.clone(), places)
    }

    /// The devices as reports name them, in the order of the file.
    #[must_use]
    pub fn subjects(&self) -> Vec<Subject> {
        let named = self.page_devices().into_iter().zip(self.facts());
        let subject = |((device, facts), config): ((PageDevice, Facts), &DeviceConfig)| Subject {
            device,
            facts,
            exempt: config.exempt.clone(),
            bands: config.device.bands.clone(),
        };
        named.zip(&self.devices).map(subject).collect()
    }

    /// The hospital as the page names it.
    #[must_use]
    pub fn site_info(&self) -> SiteInfo {
        SiteInfo {
            name: self.site.name.clone(),
            zone: self.site.site.zone.clone(),
            language: self.site.language.page(),
            currency: self.site.site.tariff.currency.clone(),
            tariff: self.site.tariff_in_words(),
            carbon: self.site.carbon_in_words(),
            household_kwh_per_year: self.site.household_kwh_per_year,
            household: format!("{}, {}", self.site.household_source, self.site.household_year),
        }
    }
}

impl SiteConfig {
    /// The prices with source and year, for people.
    #[must_use]
    pub fn tariff_in_words(&self) -> String {
        let tariff = &self.site.tariff;
        let (day, night, currency) = (
            tariff.day_price_per_kwh,
            tariff.night_price_per_kwh,
            &tariff.currency,
        );
        let (from, until) = (
            tariff.night_from.strftime("%H:%M"),
            tariff.night_until.strftime("%H:%M"),
        );
        let (source, year) = (&tariff.source, tariff.year);
        let has_night = tariff.night_from != tariff.night_until && (day - night).abs() > f64::EPSILON;
        match (has_night, self.language) {
            (false, _) => format!("{day} {currency}/kWh ({source}, {year})"),
            (true, Language::English) => {
                format!("{day} {currency}/kWh, {night} from {from} to {until} ({source}, {year})")
            }
            (true, Language::French) => {
                format!("{day} {currency}/kWh, {night} de {from} à {until} ({source}, {year})")
            }
        }
    }

    /// The carbon factor with source and year, for people.
    #[must_use]
    pub fn carbon_in_words(&self) -> String {
        let carbon = &self.site.carbon;
        format!(
            "{} g CO2e/kWh ({}, {})",
            carbon.g_per_kwh, carbon.source, carbon.year
        )
    }
}
