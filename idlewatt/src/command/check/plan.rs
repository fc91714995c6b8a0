//! What would happen with a configuration, for a person and as JSON.

use analyzer::Feed;
use analyzer::band::{Band, Bands};
use analyzer::calendar::OpeningHours;
use analyzer::learn::Pin;
use analyzer::site::Site;
use deliver::channel::ChannelConfig;
use deliver::sink::MqttPublishConfig;
use ingest::session::{BrokerConfig, Version};
use jiff::Timestamp;
use serde::Serialize;

use super::opening::open_hours;
use crate::config::{Config, Database, DeviceConfig, SinkConfig};

/// What would happen.
#[derive(Debug, Serialize)]
pub(super) struct Plan {
    pub(super) site: String,
    pub(super) zone: String,
    /// The local time at which this was said.
    pub(super) now_local: String,
    pub(super) tariff: String,
    pub(super) carbon: String,
    pub(super) brokers: Vec<BrokerPlan>,
    pub(super) mappers: Vec<MapperPlan>,
    pub(super) devices: Vec<DevicePlan>,
    pub(super) sinks: Vec<SinkPlan>,
    /// How people are told of alerts.
    pub(super) channels: Vec<ChannelPlan>,
    /// What is reported, and when.
    pub(super) reports: Vec<String>,
    /// What is published, if anything is.
    pub(super) publish: Option<String>,
    pub(super) page: String,
    /// Who may come in to it.
    pub(super) page_for: String,
    pub(super) state_dir: String,
}

/// What is subscribed at a broker.
#[derive(Debug, Serialize)]
pub(super) struct BrokerPlan {
    pub(super) name: String,
    pub(super) url: String,
    pub(super) version: &'static str,
    pub(super) client_id: String,
    pub(super) topics: Vec<String>,
    /// None with MQTT 3.1.1, where the broker decides.
    pub(super) session_kept_s: Option<u32>,
}

/// What a mapper reads.
#[derive(Debug, Serialize)]
pub(super) struct MapperPlan {
    pub(super) name: String,
    pub(super) topic: String,
    pub(super) values: Vec<String>,
}

/// What would be said of a device.
#[derive(Debug, Serialize)]
pub(super) struct DevicePlan {
    pub(super) id: String,
    pub(super) name: String,
    pub(super) room: String,
    pub(super) modality: &'static str,
    pub(super) feeds: Vec<String>,
    pub(super) bands: Vec<BandPlan>,
    pub(super) bands_from: String,
    /// Its own levels take the place of these bands once they are known.
    pub(super) bands_learned: bool,
    /// Levels that the configuration names.
    pub(super) named: Vec<LevelPlan>,
    pub(super) power_w_max: f64,
    pub(super) open_always: bool,
    /// Local hours; empty: closed all day.
    pub(super) open_today: Vec<String>,
    pub(super) open_tomorrow: Vec<String>,
    pub(super) alert: String,
    /// None: learned from the meter's rhythm.
    pub(super) silent_after_s: Option<i64>,
}

/// What a power means.
#[derive(Debug, Serialize)]
pub(super) struct BandPlan {
    pub(super) state: &'static str,
    pub(super) from_w: f64,
    pub(super) until_w: f64,
}

/// The name of a learned level.
#[derive(Debug, Serialize)]
pub(super) struct LevelPlan {
    pub(super) level_w: f64,
    pub(super) state: &'static str,
    pub(super) label: Option<String>,
}

/// What is written to a database.
#[derive(Debug, Serialize)]
pub(super) struct SinkPlan {
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) url: String,
    pub(super) into: String,
}

/// Who is told of alerts.
#[derive(Debug, Serialize)]
pub(super) struct ChannelPlan {
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) target: String,
    /// Where it is said that this one cannot be reached.
    pub(super) fallback: Option<String>,
}

impl Plan {
    /// What would happen, said at `now`.
    pub(super) fn of(config: &Config, now: Timestamp) -> Self {
        let site = &config.site;
        let zone = site.site.zone.clone();
        Self {
            site: site.name.clone(),
            zone: zone.iana_name().unwrap_or("UTC").to_owned(),
            now_local: now.to_zoned_datetime(zone).strftime("%Y-%m-%d %H:%M").to_string(),
            tariff: site.tariff_in_words(),
            carbon: site.carbon_in_words(),
            brokers: config.brokers.iter().map(broker).collect(),
            mappers: config.decoder.mappers.iter().map(mapper).collect(),
            devices: config
                .devices
                .iter()
                .map(|config| device(config, &site.site, now))
                .collect(),
            sinks: config.sinks.iter().map(sink).collect(),
            channels: config.channels.iter().map(channel).collect(),
            reports: config.reports.iter().map(report).collect(),
            publish: config.publish.as_ref().map(|publish| publishing(config, publish)),
            page: format!("{}://{}", config.page_scheme(), config.page),
            page_for: page_for(config),
            state_dir: config.state_dir.display().to_string(),
        }
    }
}

/// `monthly: every month, as html, csv, of 14 devices, into /srv/reports`.
fn report(plan: &deliver::report::schedule::Plan) -> String {
    let forms: Vec<&str> = plan.formats.iter().map(|format| format.name).collect();
    format!(
        "{}: every {}, as {}, of {} device(s), into {}",
        plan.name,
        plan.every.name(),
        forms.join(", "),
        plan.devices.len(),
        plan.folder.display()
    )
}

fn page_for(config: &Config) -> String {
    let door = &config.door;
    let place = if config.page.ip().is_loopback() {
        "this machine"
    } else {
        "other machines"
    };
    let proxies: Vec<String> = door.proxies.iter().map(ToString::to_string).collect();
    let proxies = match proxies.as_slice() {
        [] => String::new(),
        proxies => format!(", through the proxy at {}", proxies.join(", ")),
    };
    let login = if door.has_login() {
        "with a login"
    } else {
        "without a login"
    };
    format!("{place}{proxies}, {login}")
}

fn publishing(config: &Config, publish: &MqttPublishConfig) -> String {
    let MqttPublishConfig {
        prefix,
        host,
        port,
        client_id,
        ..
    } = publish;
    let comes_back = if config.is_subscribed(&format!("{prefix}/#")) {
        "; they come back with 'topics', and are passed over"
    } else {
        ""
    };
    format!("{prefix}/… at {host}:{port}, as '{client_id}'{comes_back}")
}

fn broker(config: &BrokerConfig) -> BrokerPlan {
    let is_v5 = config.version == Version::V5;
    BrokerPlan {
        name: config.name.clone(),
        url: config.url.clone(),
        version: if is_v5 { "5" } else { "3.1.1" },
        client_id: config.client_id.clone(),
        topics: config.topics.clone(),
        session_kept_s: is_v5.then_some(config.session_expiry_s),
    }
}

fn mapper(config: &ingest::decode::Mapper) -> MapperPlan {
    let value = |field: &ingest::decode::MapperField| {
        let place = field
            .field
            .as_ref()
            .or(field.pointer.as_ref())
            .map_or("", String::as_str);
        format!("{:?} in {} {place}", field.quantity, field.unit)
            .trim_end()
            .to_owned()
    };
    MapperPlan {
        name: config.name.clone(),
        topic: config.topic.clone(),
        values: config.fields.iter().map(value).collect(),
    }
}

fn device(config: &DeviceConfig, site: &Site, now: Timestamp) -> DevicePlan {
    let device = &config.device;
    let published = device.modality.bands();
    let source = device.modality.source;
    let (bands, bands_from) = match &device.bands {
        Some(bands) => (
            bands,
            "fixed by this configuration, nothing is learned".to_owned(),
        ),
        None if device.modality.names.is_empty() => (&published, format!("published levels: {source}")),
        None => (
            &published,
            format!("published levels, until its own are learned: {source}"),
        ),
    };
    DevicePlan {
        id: device.id.to_string(),
        name: device.name.clone(),
        room: device.room.clone(),
        modality: device.modality.name,
        feeds: device.feeds.iter().map(feed).collect(),
        bands: band_plans(bands),
        bands_from,
        bands_learned: device.learns(),
        named: device.pins.iter().map(level).collect(),
        power_w_max: device.power_w_max,
        open_always: *device.opening == OpeningHours::Always,
        open_today: open_hours(&device.opening, site, now),
        open_tomorrow: open_hours(&device.opening, site, site.next_day_start(now)),
        alert: alert(config),
        silent_after_s: device.silent_after.map(|silence| silence.as_secs()),
    }
}

fn feed(feed: &Feed) -> String {
    let channels = match feed.channels.as_slice() {
        [] => String::new(),
        channels => format!(" ({})", channels.join(" + ")),
    };
    let sign = if feed.sign < 0.0 { ", sign turned" } else { "" };
    format!("{}{channels}{sign}", feed.meter)
}

fn band_plans(bands: &Bands) -> Vec<BandPlan> {
    let plan = |band: &Band| BandPlan {
        state: band.state.name(),
        from_w: band.from_w,
        until_w: band.until_w,
    };
    bands.as_slice().iter().map(plan).collect()
}

fn level(pin: &Pin) -> LevelPlan {
    LevelPlan {
        level_w: pin.level_w,
        state: pin.state.name(),
        label: pin.label.clone(),
    }
}

fn alert(config: &DeviceConfig) -> String {
    match (&config.exempt, config.device.alerts.overnight_idle) {
        (Some(reason), _) => format!("none: exempt ({reason})"),
        (None, None) => "none of idling: overnight_idle does not look at it".to_owned(),
        (None, Some(_)) if *config.device.opening == OpeningHours::Always => {
            "none: it is always open".to_owned()
        }
        (None, Some(rule)) => format!(
            "idle outside these hours for more than {} min, again every {} min",
            rule.grace.as_mins(),
            rule.remind_every.as_mins()
        ),
    }
}

fn channel(config: &ChannelConfig) -> ChannelPlan {
    ChannelPlan {
        name: config.name.clone(),
        kind: config.kind(),
        target: config
            .courier()
            .map_or_else(|error| error.to_string(), |courier| courier.target()),
        fallback: config.fallback.clone(),
    }
}

fn sink(config: &SinkConfig) -> SinkPlan {
    let into = match &config.database {
        Database::InfluxDb1(influx) => format!("database '{}'", influx.database),
        Database::InfluxDb2(influx) if influx.org.is_empty() => format!("database '{}'", influx.bucket),
        Database::InfluxDb2(influx) => format!("bucket '{}' of '{}'", influx.bucket, influx.org),
        Database::VictoriaMetrics(_) => "its one database".to_owned(),
    };
    SinkPlan {
        name: config.name.clone(),
        kind: config.kind,
        url: config.http().url.clone(),
        into,
    }
}
