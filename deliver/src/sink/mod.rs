//! Sinks: where findings go. One file a kind, one entry in [`KINDS`]; `task` runs any of them, `http` is what the
//! time-series databases share.
//!
//! Invariants:
//! - A sink's cursor moves when its server has taken, or refused for good, everything up to it; never before.
//! - Whatever is refused for good is kept with its reason (`rejected` in the findings log) and counted.
//! - Nothing is dropped because a server is away, slow, full, or does not let us in.
//! - Rows are delivered in order, each at least once. What is shown of the newest before its turn counts for nothing: it
//!   moves no cursor and is delivered again in its turn.
//! - Each sink has a task, a reader and a cursor of its own; one that is dead delays no other.

mod http;
mod influxdb1;
mod influxdb2;
mod mqtt;
mod task;
mod victoriametrics;

use std::sync::Arc;
use std::time::Duration;

use crate::log::{LogRow, MemoryChange, Rejection};
use crate::rebuild::Rebuild;

pub use http::{HttpConfig, HttpSink, LineBatch, SinkConfigError, TlsFiles};
pub(crate) use http::{causes, parse_url, retry_after, unanswered, with_tls};
pub use influxdb1::InfluxDb1Config;
pub use influxdb2::InfluxDb2Config;
pub use mqtt::{HomeAssistant, MqttPublish, MqttPublishConfig, MqttVersion};
pub(crate) use task::Backoff;
pub use task::{SinkState, SinkStatus, SinkTask, SinkWatch, run_sink};
pub use victoriametrics::{VictoriaMetricsConfig, WritePath};

/// A kind of sink, as the configuration names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The word in the configuration.
    pub name: &'static str,
    /// What it writes to.
    pub says: &'static str,
}

/// Every kind of sink.
pub const KINDS: &[Kind] = &[
    influxdb1::KIND,
    influxdb2::KIND,
    mqtt::KIND,
    victoriametrics::KIND,
];

/// Who a sink is, for its cursor, its status and messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Its name in the configuration: the name of its cursor.
    pub name: String,
    /// A name of [`KINDS`].
    pub kind: &'static str,
    /// Where it writes to, without secrets.
    pub target: String,
}

/// How a sink wants to be fed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Findings in a batch at most; a single row of the log may have more.
    pub batch_findings_max: usize,
    /// A batch that is not full is sent when its first finding has waited so long.
    pub flush_after: Duration,
    /// Pause after a fault that a person has to mend.
    pub held_retry_after: Duration,
    /// First pause after a failure that mends itself; doubles with each, with jitter.
    pub retry_after_min: Duration,
    /// Longest such pause.
    pub retry_after_max: Duration,
    /// While a back-log is delivered, what is newest is shown besides, about so often ([`Sink::shows_newest`]).
    pub show_newest_every: Duration,
    /// At shutdown, deliver for at most so long; the rest stays in the log.
    pub flush_at_shutdown: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            batch_findings_max: 5000,
            flush_after: Duration::from_secs(1),
            held_retry_after: Duration::from_secs(30),
            retry_after_min: Duration::from_millis(250),
            retry_after_max: Duration::from_secs(30),
            show_newest_every: Duration::from_secs(1),
            flush_at_shutdown: Duration::from_secs(5),
        }
    }
}

/// A fault for a person: what, where, and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong.
    pub what: String,
    /// Where.
    pub place: String,
    /// How to mend it.
    pub mend: String,
}

/// What one attempt at a batch came to. Items it does not name are still to be delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Findings the server took in this attempt.
    pub accepted: u64,
    /// Items it refused for good in this attempt.
    pub rejected: Vec<Rejection>,
    /// What about the rest of the batch.
    pub rest: Rest,
}

/// What is to be done about what is left of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rest {
    /// Nothing is left.
    Nothing,
    /// Try again by yourself: after `after` where the server named it, else after the next pause.
    Retry {
        /// What happened, for a person.
        reason: String,
        /// How long the server wants to be left alone.
        after: Option<Duration>,
    },
    /// A person has to mend something; try again slowly, drop nothing.
    Held(Problem),
}

/// Makes a batch of rows. Runs on a thread that may block.
pub type Prepare<Batch> = Arc<dyn Fn(Vec<LogRow>) -> Batch + Send + Sync>;

/// Somewhere to deliver to.
pub trait Sink: Send + 'static {
    /// Rows made ready for [`Sink::attempt`].
    type Batch: Send + 'static;

    /// Who it is.
    fn identity(&self) -> Identity;

    /// How it wants to be fed.
    fn pace(&self) -> Pace;

    /// What makes rows ready: encoding, packing.
    fn prepare(&self) -> Prepare<Self::Batch>;

    /// Tries to deliver what is left of the batch. May be dropped at any await and called again with the same batch.
    /// `is_behind`: a full batch is waiting behind this one.
    fn attempt(&mut self, batch: &mut Self::Batch, is_behind: bool) -> impl Future<Output = Outcome> + Send;

    /// Whether, while it is behind, it is given the newest rows besides, before their turn comes: for a server where
    /// writing a finding twice overwrites it, and where people look at what is now.
    fn shows_newest(&self) -> bool {
        false
    }

    /// Takes away what is to be written again. Where its server cannot do that, what stays behind is told and the rest
    /// goes on.
    ///
    /// # Errors
    /// It is to be asked again: [`Rest::Retry`] or [`Rest::Held`].
    fn clear(&mut self, _rebuild: &Rebuild) -> impl Future<Output = Result<Option<Rejection>, Rest>> + Send {
        async { Ok(None) }
    }

    /// The rows up to this batch of the journal tell of the past: whoever shows only the present is quiet about them.
    fn past_until(&mut self, _journal_seq: u64) {}

    /// What changes in what it remembers; kept in one transaction with the cursor, after each batch.
    fn memory_changes(&mut self) -> Vec<MemoryChange> {
        Vec::new()
    }

    /// Gets back all that it remembered, before the first batch.
    fn recall(&mut self, _memory: Vec<(String, Vec<u8>)>) {}

    /// Says goodbye.
    fn close(&mut self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_kinds_is_the_folder() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/sink");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .filter_map(|entry| {
                entry
                    .unwrap()
                    .file_name()
                    .to_str()?
                    .strip_suffix(".rs")
                    .map(str::to_owned)
            })
            .filter(|name| name != "mod")
            .collect();
        files.sort();
        assert_eq!(files, KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>());
    }
}
