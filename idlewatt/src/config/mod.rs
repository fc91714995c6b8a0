//! The configuration: one TOML file, read as a whole, checked as a whole, and handed to each room in its own words.
//!
//! Unknown keys are refused, every fault carries file, line and mend, and all of them are said at once. Reading goes
//! in three steps: [`document`] (text to tree), [`shape`] (tree to sections: unknown keys, wrong kinds), [`build`]
//! (sections to what the rooms are told: what is missing, contradictory, doubtful). Secrets come from files or the
//! environment and print as stars.

mod build;
mod document;
mod fault;
mod print;
mod review;
mod rooms;
mod schema;
mod secret;
mod section;
mod shape;
mod value;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use deliver::channel::{ChannelConfig, Route};
use deliver::history::HistoryConfig;
use deliver::log::LogConfig;
use deliver::page::DoorConfig;
use deliver::report::schedule::Plan;
use deliver::sink::MqttPublishConfig;
use ingest::decode::DecoderConfig;
use ingest::journal::JournalConfig;
use ingest::session::BrokerConfig;

pub use build::{Database, DeviceConfig, DeviceFigures, SinkConfig, SiteConfig};
pub use fault::{Fault, Faults};
pub use print::print_config;
pub use value::Language;
pub(crate) use value::{HttpUrl, MqttUrl, OpenWindow, SinkKind, Zone};

use document::Document;
use review::Review;
use section::Entry;

/// A whole configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// The hospital.
    pub site: SiteConfig,
    /// The devices.
    pub devices: Vec<DeviceConfig>,
    /// The folder in which everything is kept.
    pub state_dir: PathBuf,
    /// Where the page listens.
    pub page: SocketAddr,
    /// Where people reach it; none where that is not said.
    pub public_url: Option<String>,
    /// Who may come in to it.
    pub door: DoorConfig,
    /// The brokers to listen to.
    pub brokers: Vec<BrokerConfig>,
    /// The journal of raw messages.
    pub journal: JournalConfig,
    /// The findings log.
    pub findings: LogConfig,
    /// The local history.
    pub history: HistoryConfig,
    /// What the decoders are told.
    pub decoder: DecoderConfig,
    /// How people are told of alerts.
    pub channels: Vec<ChannelConfig>,
    /// Who hears of what.
    pub routes: Vec<Route>,
    /// The databases to write to.
    pub sinks: Vec<SinkConfig>,
    /// The reports that the service writes by itself.
    pub reports: Vec<Plan>,
    /// The topic on which people speak of alerts.
    pub act_topic: String,
    /// The broker at which they do, by its place among `brokers`; none where there is no broker.
    pub act_broker: Option<usize>,
    /// Where our own topics go; none where nothing is published.
    pub publish: Option<MqttPublishConfig>,
}

/// A configuration that can be used, and what is worth a look in it.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The configuration.
    pub config: Config,
    /// What is worth a look.
    pub warnings: Vec<Fault>,
}

impl Config {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// All that is wrong with it, each with its line and mend.
    pub fn load(path: &Path) -> Result<Loaded, Faults> {
        match std::fs::read_to_string(path) {
            Ok(text) => Self::parse(path, &text),
            Err(error) => {
                let fault = Fault {
                    file: path.to_owned(),
                    line: 0,
                    column: 0,
                    path: String::new(),
                    subject: String::new(),
                    what: format!("the file cannot be read ({error})"),
                    mend: "name another with -c, or write one: idlewatt check --print-config > idlewatt.toml"
                        .to_owned(),
                };
                Err(Faults {
                    faults: vec![fault],
                    warnings: Vec::new(),
                })
            }
        }
    }

    /// Checks a text as if it stood in a file.
    ///
    /// # Errors
    /// All that is wrong with it, each with its line and mend.
    pub fn parse(path: &Path, text: &str) -> Result<Loaded, Faults> {
        let document = Document::parse(path, text).map_err(|faults| Faults {
            faults,
            warnings: Vec::new(),
        })?;
        let mut review = Review::new(&document);
        let config = Self::build(&mut review);
        let warnings = review.finish()?;
        let config = config.expect("what could not be built was said as a fault");
        Ok(Loaded { config, warnings })
    }

    fn build(review: &mut Review<'_>) -> Option<Self> {
        let file: Entry<schema::File> = Entry::preset(shape::read(review));
        let site = build::site(review, &file);
        // faults of the devices are looked for even where the zone is not known
        let zone = site
            .as_ref()
            .map_or(jiff::tz::TimeZone::UTC, |site| site.site.zone.clone());
        let devices = build::devices(review, &file, &zone);
        let mut brokers = build::brokers(review, &file);
        let mut decoder = build::decoder(review, &file, &brokers, &devices);
        let publish = build::publish(review, &file, &brokers, site.as_ref());
        let channels = build::channels(review, &file);
        let routes = build::routes(review, &file, &channels, &devices);
        let (act_topic, act_broker) = build::act(&file, &mut brokers);
        // what we publish comes back where the topics cover it
        decoder.ignored_prefixes = publish.iter().map(|publish| publish.prefix.clone()).collect();
        for told in publish
            .iter()
            .filter_map(|publish| publish.home_assistant.as_ref())
        {
            let topics = devices.iter().map(|device| told.topic(&device.device.id));
            decoder.ignored_prefixes.extend(topics);
        }
        let public_url = file.page.public_url.as_ref().map(ToString::to_string);
        let state_dir = build::state_dir(review, &file);
        let reports = build::reports(review, &file, site.as_ref(), &devices, &state_dir);
        Some(Self {
            reports,
            decoder,
            act_topic,
            act_broker,
            publish,
            public_url,
            channels,
            routes,
            devices,
            state_dir,
            page: build::page(&file),
            door: build::door(review, &file),
            brokers,
            journal: build::journal(review, &file),
            findings: build::findings(review, &file),
            history: build::history(review, &file),
            sinks: build::sinks(review, &file),
            site: site?,
        })
    }
}

#[cfg(test)]
mod tests;
