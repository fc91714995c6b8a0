//! `/metrics` in the Prometheus (OpenMetrics) text form, and `/health`.
//!
//! The composition root fills plain structs; nothing here counts or keeps anything, so a scrape shows one moment.
//! Label values come from the configuration and from servers: they are bounded and made harmless like tags are.

mod families;
mod health;
#[cfg(test)]
mod tests;

use analyzer::alert::RULES;
use analyzer::{DeviceId, Severity, State};
use prometheus_client::encoding::text::encode;
use prometheus_client::registry::Registry;

use crate::channel::ChannelStatus;
use crate::sink::SinkStatus;
pub use health::{Health, ProblemJson};

/// The content type of [`Scrape::render`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The account of the way from the broker to the findings log. Counters grow since the journal was made or since
/// start, as the composition root can say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PipelineFigures {
    /// Messages received with QoS 0: the broker does not repeat these, so they are counted apart.
    pub received_qos0: u64,
    /// Messages received with QoS 1, each delivery counted.
    pub received_qos1: u64,
    /// Deliveries of a message that was journalled already.
    pub duplicates: u64,
    /// QoS 0 messages dropped because the journal was too slow.
    pub qos0_dropped: u64,
    /// Messages written to the journal.
    pub journalled: u64,
    /// Messages in the journal that are not analyzed yet.
    pub in_journal: u64,
    /// Messages whose findings are in the findings log.
    pub stored: u64,
    /// Messages put aside with a reason.
    pub quarantined: u64,
    /// Messages gone before they were analyzed.
    pub lost: u64,
    /// Messages that the account does not explain.
    pub unexplained: u64,
    /// Messages in quarantine that can be looked at.
    pub quarantine_held: u64,
    /// How much of the journal is analyzed again; none while nothing is.
    pub rebuild_ratio: Option<f64>,
    /// Messages that fell out of a full journal before they were analyzed.
    pub journal_skipped: u64,
    /// Journal commits that failed; the messages stay with the broker.
    pub commits_failed: u64,
    /// Connections to a broker after the first.
    pub reconnects: u64,
    /// Sessions that the broker had forgotten: what it queued is lost.
    pub sessions_lost: u64,
    /// Times that another client took our client id.
    pub taken_over: u64,
    /// Packets that could not be read at all.
    pub poison: u64,
    /// Subscriptions that a broker refused.
    pub subscriptions_refused: u64,
    /// Beacons of the clock in the journal, by which silence is noticed.
    pub clock_beacons: u64,
    /// Meters, births and discoveries that decoders forgot because their memory was full, since the start.
    pub meters_forgotten: u64,
    /// Findings in the findings log, ever.
    pub findings: u64,
    /// Size of the findings log's file, bytes.
    pub findings_log_bytes: u64,
}

/// A broker connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerFigures {
    /// Its name in the configuration.
    pub name: String,
    /// Whether it is connected and subscribed.
    pub is_up: bool,
    /// What is wrong, where something is.
    pub problem: Option<crate::sink::Problem>,
}

/// A device now.
#[derive(Clone, Debug, PartialEq)]
pub struct DeviceFigures {
    /// Its id.
    pub id: DeviceId,
    /// Where it stands.
    pub room: String,
    /// The modality's word.
    pub modality: String,
    /// Its newest power, W.
    pub power_w: Option<f64>,
    /// Its state.
    pub state: State,
    /// Energy of the local day so far by state, Wh.
    pub today_wh: Vec<(State, f64)>,
    /// Alerts open now.
    pub open_alerts: u64,
    /// What is known of its learned levels.
    pub levels: LevelFigures,
}

/// How many levels a device has learned, by how sure they are. All zero before the first is known, and where the
/// configuration fixes its bands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LevelFigures {
    /// By evidence enough.
    pub learned: u64,
    /// More time may still change the name.
    pub provisional: u64,
    /// Named by a person.
    pub pinned: u64,
}

/// What an alert rule has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlertFigures {
    /// The rule's stable word.
    pub rule: &'static str,
    /// How urgent its alerts are.
    pub severity: Severity,
    /// Raised since the start.
    pub raised: u64,
    /// Open now.
    pub open: u64,
    /// Of the open ones, those that a person has acknowledged or snoozed.
    pub attended: u64,
}

impl AlertFigures {
    /// Every rule, of which nothing is counted yet.
    #[must_use]
    pub fn none() -> [Self; RULES.len()] {
        RULES.map(|rule| Self {
            rule: rule.name,
            severity: rule.severity,
            raised: 0,
            open: 0,
            attended: 0,
        })
    }
}

/// Which program this is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BuildFigures {
    /// The version.
    pub version: String,
    /// The commit; empty where not known.
    pub commit: String,
}

/// One moment of everything.
#[derive(Clone, Debug, Default)]
pub struct Scrape {
    /// The account.
    pub pipeline: PipelineFigures,
    /// The brokers.
    pub brokers: Vec<BrokerFigures>,
    /// The sinks.
    pub sinks: Vec<SinkStatus>,
    /// Every channel.
    pub channels: Vec<ChannelStatus>,
    /// The devices.
    pub devices: Vec<DeviceFigures>,
    /// The alert rules.
    pub alerts: Vec<AlertFigures>,
    /// The program.
    pub build: BuildFigures,
}

impl Scrape {
    /// The text for Prometheus.
    #[must_use]
    pub fn render(self) -> String {
        let mut registry = Registry::with_prefix("idlewatt");
        registry.register_collector(Box::new(self));
        let mut text = String::new();
        encode(&mut text, &registry).expect("a string grows");
        text
    }
}
