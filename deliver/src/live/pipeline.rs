//! The pipeline's account as the page shows it. The composition root fills it; nothing here is counted.

use jiff::Timestamp;

/// Where every message went, and how far each sink is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PipelineFigures {
    /// Messages the broker gave us.
    pub messages_received: u64,
    /// Of these, put into the journal.
    pub messages_stored: u64,
    /// Of these, seen before and dropped.
    pub messages_duplicate: u64,
    /// Of these, not storable or not ours; kept aside for a look.
    pub messages_quarantined: u64,
    /// Stored messages that no meter family could read.
    pub messages_unread: u64,
    /// Readings decoded from them.
    pub readings: u64,
    /// Findings said of them.
    pub findings: u64,
    /// Whether the session with the broker is up; none without a broker.
    pub is_broker_connected: Option<bool>,
    /// Every sink.
    pub sinks: Vec<SinkFigures>,
    /// Every meter.
    pub meters: Vec<MeterFigures>,
}

/// A sink's place in the findings log.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SinkFigures {
    /// Its name from the configuration.
    pub name: String,
    /// Its kind, e.g. `influxdb2`.
    pub kind: String,
    /// Findings delivered.
    pub delivered: u64,
    /// Findings it refused for good.
    pub rejected: u64,
    /// Findings still to deliver.
    pub behind: u64,
    /// What went wrong last, while it still does.
    pub last_error: Option<String>,
}

/// How well a meter reports.
#[derive(Clone, Debug, Default, PartialEq)]
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

impl PipelineFigures {
    /// Messages that the account does not explain; 0 when it balances.
    #[must_use]
    pub fn unaccounted(&self) -> u64 {
        let explained = self.messages_stored + self.messages_duplicate + self.messages_quarantined;
        self.messages_received.abs_diff(explained)
    }
}
