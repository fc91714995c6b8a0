//! The pipeline's account, for the page, `/api/status` and whoever asks. The composition root fills it; nothing here is
//! counted.
//!
//! Two equations hold at every moment, each side counted by someone else. Of messages: received = stored + duplicates +
//! set aside + waiting + lost. Of findings, for each sink: all = written + refused + left out + skipped + waiting.

use jiff::Timestamp;
use serde::Serialize;

use crate::channel::ChannelStatus;

/// Where every message and every finding went.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PipelineFigures {
    /// The account of messages.
    pub messages: MessageAccount,
    /// What is in quarantine.
    pub quarantine: QuarantineFigures,
    /// Readings decoded, since the start.
    pub readings: u64,
    /// Findings said, since the findings log was begun.
    pub findings: u64,
    /// When the pipeline was started; none where that is not known.
    pub started: Option<Timestamp>,
    /// Every broker that is listened to.
    pub brokers: Vec<BrokerFigures>,
    /// Whether the session with the broker is up; none without a broker.
    pub is_broker_connected: Option<bool>,
    /// Every sink; the local history is the first.
    pub sinks: Vec<SinkFigures>,
    /// Every channel.
    pub channels: Vec<ChannelStatus>,
    /// Every meter.
    pub meters: Vec<MeterFigures>,
    /// What was lost, or nearly; newest first.
    pub incidents: Vec<IncidentFigures>,
    /// What could not be read among the newest messages in quarantine, by reason; the most frequent first.
    pub unreadable: Vec<UnreadableFigures>,
    /// The past that is being analyzed again; none while nothing is.
    pub rebuild: Option<RebuildFigures>,
}

/// A broker that is listened to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BrokerFigures {
    /// Its name in the configuration.
    pub name: String,
    /// Whether we are connected and subscribed.
    pub is_up: bool,
}

/// The account of messages, since the journal was begun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MessageAccount {
    /// Deliveries at QoS 0: a broker does not repeat these, so what it loses nobody knows.
    pub received_qos0: u64,
    /// Deliveries at QoS 1.
    pub received_qos1: u64,
    /// Analyzed, their findings in the findings log.
    pub stored: u64,
    /// Deliveries of what the journal had already.
    pub duplicates: u64,
    /// Put aside with a reason.
    pub quarantined: u64,
    /// In the journal, not analyzed yet.
    pub waiting: u64,
    /// Gone before they were analyzed: taken by retention, or in a damaged batch.
    pub lost: u64,
    /// Not among the received: QoS 0 that was dropped because the disk was too slow.
    pub qos0_dropped: u64,
    /// Times that a broker had forgotten our session: what was published meanwhile is unknown.
    pub sessions_lost: u64,
}

/// What is in quarantine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct QuarantineFigures {
    /// Messages that can be looked at.
    pub held: u64,
    /// Messages that gave way to newer ones.
    pub evicted: u64,
    /// Messages that a person threw away.
    pub dropped: u64,
}

/// A sink's account of findings, since it was made.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SinkFigures {
    /// Its name from the configuration.
    pub name: String,
    /// Its kind, e.g. `influxdb2`.
    pub kind: String,
    /// Where it writes to, without secrets.
    pub target: String,
    /// All findings.
    pub findings: u64,
    /// Findings its server took.
    pub delivered: u64,
    /// Findings its server refused for good.
    pub rejected: u64,
    /// Findings that it has nothing to write for, or that were damaged.
    pub left_out: u64,
    /// Findings that went before it had read them.
    pub skipped: u64,
    /// Findings still to deliver.
    pub behind: u64,
    /// Findings that its figures do not explain.
    pub unexplained: u64,
    /// When the newest delivered finding was received.
    pub delivered_until: Option<Timestamp>,
    /// What went wrong last, while it still does.
    pub last_error: Option<String>,
}

/// How well a meter reports.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct MeterFigures {
    /// Its name, as its decoder says it.
    pub name: String,
    /// The decoder's family.
    pub family: String,
    /// Readings heard.
    pub readings: u64,
    /// The newest reading's instant.
    pub heard_at: Option<Timestamp>,
    /// Faults found in it.
    pub faults: u64,
}

/// Something that was lost, or nearly.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IncidentFigures {
    /// When it was noticed.
    pub at: Timestamp,
    /// Its kind's stable word.
    pub kind: String,
    /// Where.
    #[serde(rename = "where")]
    pub place: String,
    /// What happened.
    pub what: String,
    /// Messages or findings that are gone, as far as they can be counted.
    pub lost: u64,
    /// What a person can do about it.
    pub mend: String,
}

/// Messages that could not be read for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UnreadableFigures {
    /// Why.
    pub reason: String,
    /// How many, among the newest.
    pub messages: u64,
    /// When the newest came.
    pub last: Timestamp,
    /// The topic of the newest.
    pub topic: String,
}

/// How far the past is analyzed again.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct RebuildFigures {
    /// It is written again from here on.
    pub since: Timestamp,
    /// How much of the journal is through, 0 to 1.
    pub fraction: f64,
}

impl MessageAccount {
    /// All deliveries.
    #[must_use]
    pub const fn received(&self) -> u64 {
        self.received_qos0 + self.received_qos1
    }

    /// Messages that the account does not explain; 0 when it balances.
    #[must_use]
    pub const fn unexplained(&self) -> u64 {
        let explained = self.stored + self.duplicates + self.quarantined + self.waiting + self.lost;
        self.received().abs_diff(explained)
    }
}

impl PipelineFigures {
    /// Messages and findings that no account explains; 0 when all balance.
    #[must_use]
    pub fn unexplained(&self) -> u64 {
        let sinks = self.sinks.iter().map(|sink| sink.unexplained);
        self.messages.unexplained() + sinks.sum::<u64>()
    }
}
