//! `idlewatt discover`: which meters are on this broker, how good are they, and what to write into the configuration?
//!
//! It listens for a while, or reads a recording, and then lists every meter, loads that are heard twice, and what it
//! could not read, with stanzas to paste. Nothing is published, nothing is written to the disk, the broker keeps
//! nothing of us; passwords are never printed. Exit code 0: it listened; 1: no broker let us in, or a file has faults.
//!
//! Times are said in the configuration's zone, without one in UTC; in JSON always in UTC.

mod candidate;
mod guess;
mod json;
mod listening;
mod recording;
mod stanza;
mod text;
mod words;

use std::collections::{BTreeSet, HashMap};
use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use ingest::decode::survey::{Report, Survey, SurveyConfig};
use ingest::decode::{Decoder, DecoderConfig, Message};
use ingest::session::{BrokerConfig, Secret, Version, passing_client_id};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::WrongArguments;
use crate::config::Config;
use crate::progress;
pub(in crate::command) use candidate::{Candidate, Candidates, Said};
pub(in crate::command) use stanza::quoted;

/// Listens to a broker and lists the meters on it, with stanzas for the configuration.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  idlewatt discover --broker mqtt://localhost:1883\n  \
                  idlewatt discover --broker mqtts://broker:8883 --username idlewatt --password-file secret --seconds 600\n  \
                  idlewatt discover -c idlewatt.toml --json\n  \
                  idlewatt discover --from heard.jsonl\n\n\
                  A recording is what `mosquitto_sub -t '#' -F '{\"at\":%U,\"topic\":%j,\"payload\":%j,\"retained\":%r}'` writes.\n\n\
                  Exit codes:\n  0  it listened, also where Ctrl-C ended it earlier\n  \
                  1  no broker let us in, or a file has faults\n  \
                  2  wrong arguments\n\n\
                  With --json:\n  One object: source, listened_s, messages, topics, troubles, meters (meter, family, quality, channels with power_w, energy_wh, …),\n  \
                  duplicates, unread, stanzas (texts to paste). Values in W, Wh, V, A; instants are RFC 3339 in UTC."
)]
pub struct Arguments {
    /// The broker: mqtt://host:1883 or mqtts://host:8883. Left out: those of the configuration
    #[arg(long, value_name = "URL", conflicts_with = "from")]
    broker: Option<String>,
    /// The user at the broker
    #[arg(long, visible_alias = "user", value_name = "NAME", requires = "broker")]
    username: Option<String>,
    /// A file that holds the password and nothing else
    #[arg(
        long,
        value_name = "FILE",
        requires = "username",
        conflicts_with = "password_env"
    )]
    password_file: Option<PathBuf>,
    /// Or the environment variable that holds it
    #[arg(long, value_name = "VARIABLE", requires = "username")]
    password_env: Option<String>,
    /// PEM of the authority that signed the broker's certificate
    #[arg(long, visible_alias = "ca", value_name = "FILE", requires = "broker")]
    ca_file: Option<PathBuf>,
    /// PEM of our own certificate, where the broker asks for one
    #[arg(long, value_name = "FILE", requires = "ca_file", requires = "client_key")]
    client_cert: Option<PathBuf>,
    /// PEM of its key
    #[arg(long, value_name = "FILE", requires = "client_cert")]
    client_key: Option<PathBuf>,
    /// Speak MQTT 3.1.1: for brokers that do not know MQTT 5
    #[arg(long, requires = "broker")]
    mqtt_3: bool,
    /// What to listen to; may be repeated. Left out: everything, or what the configuration says
    #[arg(long, value_name = "FILTER")]
    topics: Vec<String>,
    /// Listen for so long, seconds; Ctrl-C ends it earlier
    #[arg(long, value_name = "SECONDS", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=604_800))]
    seconds: u64,
    /// A configuration: its brokers, mappers, namings and zone are used, its devices' meters are marked
    #[arg(short, long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// A recording instead of a broker: JSON lines as for `idlewatt decode`, with "at" where known; "-" is standard input
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// Say it as one JSON object
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    progress: progress::Asked,
}

/// Decoder and survey, led along together.
struct Discovery {
    decoder: Decoder,
    survey: Survey,
}

impl Discovery {
    fn new(config: &DecoderConfig, has_times: bool) -> anyhow::Result<Self> {
        let survey = SurveyConfig {
            has_times,
            ..SurveyConfig::default()
        };
        Ok(Self {
            decoder: Decoder::new(config)?,
            survey: Survey::new(survey),
        })
    }

    fn hear(&mut self, at: Timestamp, message: &Message<'_>) {
        let decoded = self.decoder.decode(message);
        self.survey.hear(at, message, &decoded);
    }
}

/// What is found, and what it is to be said with.
struct Found {
    report: Report,
    /// Where it was heard.
    source: String,
    /// How long we listened, seconds; none for a recording.
    listened_s: Option<u64>,
    /// What went wrong while listening.
    troubles: Vec<String>,
    zone: TimeZone,
    now: Timestamp,
    /// Meters that feed devices of the configuration: their devices' ids.
    feeding: HashMap<String, String>,
    /// Ids that the configuration has given away.
    ids: BTreeSet<String>,
}

/// Listens or reads, and says what was found on `out`.
///
/// # Errors
/// The arguments or the configuration have faults, a recording cannot be read, no broker lets us in, or writing fails.
pub fn run(arguments: &Arguments, input: &mut dyn BufRead, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let config = arguments.config.as_deref().map(Config::load).transpose()?;
    let config = config.map(|loaded| loaded.config);
    let decoder = config
        .as_ref()
        .map(|config| config.decoder.clone())
        .unwrap_or_default();
    let (discovery, source, listened_s, troubles) = match &arguments.from {
        Some(path) => {
            let (discovery, troubles) = recording::read(path, input, &decoder)?;
            (discovery, path.display().to_string(), None, troubles)
        }
        None => {
            let brokers = brokers(arguments, config.as_ref())?;
            let urls: Vec<&str> = brokers.iter().map(|broker| broker.url.as_str()).collect();
            let source = urls.join(", ");
            let mut discovery = Discovery::new(&decoder, true)?;
            let heard = listening::listen(&mut discovery, brokers, arguments.seconds, arguments.progress)?;
            (discovery, source, Some(heard.listened_s), heard.troubles)
        }
    };
    let found = Found {
        report: discovery.survey.report(&discovery.decoder),
        source,
        listened_s,
        troubles,
        zone: config
            .as_ref()
            .map_or(TimeZone::UTC, |config| config.site.site.zone.clone()),
        now: ingest::clock::wall(),
        feeding: feeding(config.as_ref()),
        ids: ids(config.as_ref()),
    };
    if arguments.json {
        writeln!(out, "{:#}", json::of(&found))?;
    } else {
        text::write(&found, out)?;
    }
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// The brokers to listen to, each under a name of our own that nobody else has.
fn brokers(arguments: &Arguments, config: Option<&Config>) -> anyhow::Result<Vec<BrokerConfig>> {
    let mut brokers = match (&arguments.broker, config) {
        (Some(url), _) => vec![named(arguments, url)?],
        (None, Some(config)) => config.brokers.clone(),
        (None, None) => {
            let what = "nothing to listen to; name a broker with --broker mqtt://host:1883, a configuration with -c, \
                        or a recording with --from";
            return Err(WrongArguments(what.to_owned()).into());
        }
    };
    for broker in &mut brokers {
        broker.client_id = passing_client_id();
        if !arguments.topics.is_empty() {
            broker.topics.clone_from(&arguments.topics);
        }
        if let Some((key, what, mend)) = broker.check().into_iter().next() {
            anyhow::bail!("broker {}: {key} {what}; {mend}", broker.url);
        }
    }
    Ok(brokers)
}

fn named(arguments: &Arguments, url: &str) -> anyhow::Result<BrokerConfig> {
    // whatever stands before it may be a password, and is not repeated
    anyhow::ensure!(
        !url.contains('@'),
        "--broker holds more than host and port; say the user with --username, the password with --password-file"
    );
    let from_variable = |name: &String| {
        let password = std::env::var(name);
        password.map_err(|_| {
            anyhow::anyhow!("--password-env: the environment has no {name}; set it, or use --password-file")
        })
    };
    Ok(BrokerConfig {
        name: "discover".to_owned(),
        url: url.to_owned(),
        version: if arguments.mqtt_3 {
            Version::V311
        } else {
            Version::V5
        },
        username: arguments.username.clone().unwrap_or_default(),
        password: arguments
            .password_env
            .as_ref()
            .map(from_variable)
            .transpose()?
            .map(Secret::new),
        password_file: arguments.password_file.clone(),
        ca_file: arguments.ca_file.clone(),
        client_cert_file: arguments.client_cert.clone(),
        client_key_file: arguments.client_key.clone(),
        ..BrokerConfig::default()
    })
}

fn feeding(config: Option<&Config>) -> HashMap<String, String> {
    let devices = config.into_iter().flat_map(|config| &config.devices);
    let feeds = devices.flat_map(|device| {
        let feeds = device.device.feeds.iter();
        feeds.map(|feed| (feed.meter.clone(), device.device.id.to_string()))
    });
    feeds.collect()
}

fn ids(config: Option<&Config>) -> BTreeSet<String> {
    let devices = config.into_iter().flat_map(|config| &config.devices);
    devices.map(|device| device.device.id.to_string()).collect()
}

#[cfg(test)]
mod tests;
