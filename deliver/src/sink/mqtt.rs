//! Derived states, today's energy and alerts back to an MQTT broker, as retained JSON under a prefix of ours:
//!
//! - `<prefix>/status`: `online`, or `offline` by last will;
//! - `<prefix>/<device>/state`, `<prefix>/<device>/energy`, `<prefix>/alert/<rule>/<device>`: see `docs/series.md`;
//! - where Home Assistant is told of devices, its discovery under its own prefix: see `home_assistant`.
//!
//! A topic shows the latest; what was superseded while the broker was away is not published. The cursor moves after
//! the broker's acknowledgement (QoS 1). After every new connection all topics are published again, for the broker may
//! have forgotten them.

mod board;
mod client;
mod home_assistant;
mod json;
mod link;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::tz::TimeZone;
use tokio::time::timeout;

use super::{Identity, Kind, Outcome, Pace, Prepare, Problem, Rest, Sink, SinkConfigError, TlsFiles};
use crate::device::DeviceTags;
use crate::log::{LogRow, MemoryChange, Rejection};
use crate::rebuild::Rebuild;
use crate::secret::Secret;
use board::{Board, Topic};
use client::{Options, Refusal};
pub use home_assistant::HomeAssistant;
use link::{Link, LinkState, Up};

pub(super) const KIND: Kind = Kind {
    name: "mqtt",
    says: "retained JSON topics at an MQTT broker, version 5 or 3.1.1",
};

/// Publications on their way at once; the client looks through as many each time it writes.
const WINDOW: u16 = 500;
/// What a packet has beside topic and payload, at most: lengths, packet id, properties.
const HEADER_BYTES_MAX: usize = 16;
/// While a back-log is read, at most so many batches pass before the topics are published.
const SILENT_BATCHES_MAX: u32 = 20;

/// Which MQTT is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MqttVersion {
    /// MQTT 5.
    #[default]
    V5,
    /// MQTT 3.1.1, in which a broker cannot say that it refuses a topic.
    V311,
}

/// A broker to publish to.
#[derive(Clone, Debug, PartialEq)]
pub struct MqttPublishConfig {
    /// The broker's host.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Which MQTT it speaks.
    pub version: MqttVersion,
    /// Connect with TLS.
    pub is_tls: bool,
    /// Certificates, for TLS.
    pub tls: TlsFiles,
    /// Our client id; no other client may use it, the one that reads the meters neither.
    pub client_id: String,
    /// The user; empty where the broker asks for none.
    pub user: String,
    /// The user's password.
    pub password: Secret,
    /// First levels of every topic, without a slash at the end.
    pub prefix: String,
    /// Seconds.
    pub keep_alive_s: u16,
    /// A connection that takes longer is given up, and tried again.
    pub connect_timeout: Duration,
    /// Publications that are not acknowledged in this time are published again.
    pub acknowledge_timeout: Duration,
    /// How it is fed.
    pub pace: Pace,
    /// The hospital's zone: "today" is meant in it.
    pub zone: TimeZone,
    /// The currency of costs.
    pub currency: String,
    /// How Home Assistant is told of devices; none: not at all.
    pub home_assistant: Option<HomeAssistant>,
}

impl Default for MqttPublishConfig {
    fn default() -> Self {
        Self {
            host: "127.0.0.1".to_owned(),
            port: 1883,
            version: MqttVersion::default(),
            is_tls: false,
            tls: TlsFiles::default(),
            client_id: "idlewatt-publish".to_owned(),
            user: String::new(),
            password: Secret::default(),
            prefix: "idlewatt".to_owned(),
            keep_alive_s: 15,
            connect_timeout: Duration::from_secs(5),
            acknowledge_timeout: Duration::from_secs(10),
            pace: Pace {
                flush_after: Duration::ZERO,
                ..Pace::default()
            },
            zone: TimeZone::UTC,
            currency: "EUR".to_owned(),
            home_assistant: None,
        }
    }
}

impl MqttPublishConfig {
    fn status_topic(&self) -> String {
        format!("{}/status", self.prefix)
    }

    /// The sink, under its name in the configuration. Call it inside a runtime: it connects at once.
    ///
    /// # Errors
    /// Where a key cannot work.
    pub fn sink(&self, name: &str, devices: &[DeviceTags]) -> Result<MqttPublish, SinkConfigError> {
        let is_level = |level: &str| !level.is_empty() && !level.contains(['+', '#', '\0']);
        if !self.prefix.split('/').all(is_level) || self.prefix.starts_with('$') {
            return Err(SinkConfigError {
                key: "prefix",
                what: format!("'{}' is no topic to publish under", self.prefix),
                mend: "write levels without + and #, no slash at either end, e.g. idlewatt".to_owned(),
            });
        }
        let target = format!(
            "mqtt{}://{}:{}/{}",
            if self.is_tls { "s" } else { "" },
            self.host,
            self.port,
            self.prefix
        );
        let place = format!("sink {name} ({target})");
        let discovery = self.home_assistant.as_ref();
        let discovery = discovery.map(|told| told.messages(&self.prefix, devices));
        let devices: BTreeSet<String> = devices.iter().map(|device| device.id.to_string()).collect();
        let board = Board::new(self.zone.clone(), self.currency.clone(), devices);
        Ok(MqttPublish {
            identity: Identity {
                name: name.to_owned(),
                kind: KIND.name,
                target,
            },
            link: Link::start(self, Options::new(self)?, place.clone()),
            board: match discovery {
                Some(messages) => board.with_discovery(messages),
                None => board,
            },
            config: self.clone(),
            place,
            epoch: 0,
            silent_batches: 0,
            refused: Vec::new(),
            past_until: 0,
        })
    }
}

/// The sink that publishes to MQTT.
pub struct MqttPublish {
    identity: Identity,
    config: MqttPublishConfig,
    place: String,
    link: Link,
    board: Board,
    /// The connection that the topics were published on.
    epoch: u64,
    silent_batches: u32,
    /// What the broker refused of the batch so far.
    refused: Vec<Rejection>,
    /// Rows up to this batch of the journal tell of the past: the topics wait for what is true now.
    past_until: u64,
}

/// Rows, and whether the board has them already.
pub struct MqttBatch {
    rows: Vec<LogRow>,
    is_folded: bool,
}

enum Failure {
    Retry(String),
    Held(Problem),
}

impl MqttPublish {
    /// A live connection.
    fn up(&mut self) -> Result<Up, Failure> {
        match &*self.link.state.borrow() {
            LinkState::Down(reason) => Err(Failure::Retry(reason.clone())),
            LinkState::Held(problem) => Err(Failure::Held(problem.clone())),
            LinkState::Up(up) => {
                if up.epoch != self.epoch {
                    self.epoch = up.epoch;
                    self.board.publish_all();
                }
                Ok(up.clone())
            }
        }
    }

    /// Publishes what is not published, in windows.
    async fn publish(&mut self) -> Result<(), Failure> {
        while !self.board.unpublished.is_empty() {
            let up = self.up()?;
            let window: Vec<Topic> = self
                .board
                .unpublished
                .iter()
                .take(usize::from(WINDOW))
                .cloned()
                .collect();
            let patience = self.config.acknowledge_timeout;
            let answers = timeout(patience, self.publish_window(&up, &window))
                .await
                .map_err(|_| {
                    Failure::Retry(format!(
                        "no acknowledgement within {} s from {}",
                        patience.as_secs(),
                        self.place
                    ))
                })??;
            for (topic, answer) in window.into_iter().zip(answers) {
                if let Err(refusal) = answer {
                    let rejection = self.judge(&topic, refusal)?;
                    self.refused.push(rejection);
                }
                self.board.unpublished.remove(&topic);
            }
        }
        Ok(())
    }

    /// Below which we need the right to publish a topic.
    fn first_levels(&self, topic: &Topic) -> &str {
        match (topic, &self.config.home_assistant) {
            (Topic::Discovery { .. }, Some(told)) => &told.prefix,
            _ => &self.config.prefix,
        }
    }

    fn path(&self, topic: &Topic) -> String {
        match topic {
            Topic::Discovery { path, .. } => path.clone(),
            ours => format!("{}/{}", self.config.prefix, ours.path()),
        }
    }

    async fn publish_window(&self, up: &Up, window: &[Topic]) -> Result<Vec<Result<(), Refusal>>, Failure> {
        let mut notices = Vec::with_capacity(window.len());
        for topic in window {
            let (path, payload) = (self.path(topic), self.board.payload(topic));
            self.check_length(up, &path, payload.len())?;
            let notice = up.client.publish(path, payload).await;
            notices.push(notice.map_err(|error| Failure::Retry(format!("{}: {error}", self.place)))?);
        }
        let mut answers = Vec::with_capacity(window.len());
        for notice in notices {
            answers.push(notice.taken().await);
        }
        Ok(answers)
    }

    /// A packet that the broker does not take would end the connection, and again, and again.
    fn check_length(&self, up: &Up, path: &str, payload_bytes: usize) -> Result<(), Failure> {
        let bytes = path.len() + payload_bytes + HEADER_BYTES_MAX;
        let bytes_max = up.packet_bytes_max.and_then(|max| usize::try_from(max).ok());
        match bytes_max.filter(|max| bytes > *max) {
            None => Ok(()),
            Some(max) => Err(self.held(
                format!("the broker takes no packet longer than {max} bytes; {path} needs {bytes}"),
                "let longer packets in (mosquitto: max_packet_size)".to_owned(),
            )),
        }
    }

    fn held(&self, what: String, mend: String) -> Failure {
        let place = self.place.clone();
        Failure::Held(Problem { what, place, mend })
    }

    /// A topic that the broker will never take, or why to stop and try again.
    fn judge(&self, topic: &Topic, refusal: Refusal) -> Result<Rejection, Failure> {
        let path = self.path(topic);
        match refusal {
            Refusal::NotAuthorized => Err(self.held(
                format!("the broker does not let us publish {path}"),
                format!("allow it in the broker's access list: topic write {}/#", self.first_levels(topic)),
            )),
            Refusal::NoRetained => Err(self.held(
                "the broker keeps no retained messages".to_owned(),
                "allow them (mosquitto: retain_available true)".to_owned(),
            )),
            Refusal::Unwilling(reason) => Err(self.held(
                format!("the broker does not take {path}: {reason}"),
                "look into the broker's log; a limit is too low (mosquitto: message_size_limit) or a quota is used up"
                    .to_owned(),
            )),
            Refusal::Unfit(reason) => Ok(Rejection {
                item: format!("{path} {}", String::from_utf8_lossy(&self.board.payload(topic))),
                reason,
            }),
            Refusal::Again(reason) => Err(Failure::Retry(format!("{}: {reason}", self.place))),
        }
    }
}

impl Sink for MqttPublish {
    type Batch = MqttBatch;

    fn identity(&self) -> Identity {
        self.identity.clone()
    }

    fn pace(&self) -> Pace {
        self.config.pace
    }

    fn prepare(&self) -> Prepare<MqttBatch> {
        Arc::new(|rows| MqttBatch {
            rows,
            is_folded: false,
        })
    }

    async fn attempt(&mut self, batch: &mut MqttBatch, is_behind: bool) -> Outcome {
        if !batch.is_folded {
            for finding in batch.rows.iter().flat_map(|row| &row.findings) {
                self.board.fold(finding);
            }
            batch.is_folded = true;
        }
        let accepted = batch.rows.iter().map(|row| row.findings.len() as u64).sum();
        let is_past = batch
            .rows
            .last()
            .is_some_and(|row| row.journal_seq < self.past_until);
        if is_past || is_behind && self.silent_batches < SILENT_BATCHES_MAX {
            self.silent_batches += 1;
            return Outcome {
                accepted,
                rejected: Vec::new(),
                rest: Rest::Nothing,
            };
        }
        let (accepted, rejected, rest) = match self.publish().await {
            Ok(()) => (accepted, std::mem::take(&mut self.refused), Rest::Nothing),
            Err(Failure::Retry(reason)) => (0, Vec::new(), Rest::Retry { reason, after: None }),
            Err(Failure::Held(problem)) => (0, Vec::new(), Rest::Held(problem)),
        };
        if rest == Rest::Nothing {
            self.silent_batches = 0;
        }
        Outcome {
            accepted,
            rejected,
            rest,
        }
    }

    /// Retained topics show the present alone: alerts that are not said again are cleared with the next publication.
    async fn clear(&mut self, _rebuild: &Rebuild) -> Result<Option<Rejection>, Rest> {
        self.board.forget_alerts();
        Ok(None)
    }

    fn past_until(&mut self, journal_seq: u64) {
        self.past_until = journal_seq;
    }

    fn memory_changes(&mut self) -> Vec<MemoryChange> {
        self.board.memory_changes()
    }

    fn recall(&mut self, memory: Vec<(String, Vec<u8>)>) {
        self.board.recall(memory);
    }

    async fn close(&mut self) {
        self.link.close(self.config.status_topic()).await;
    }
}
