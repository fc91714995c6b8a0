//! Listening without a trace: a session that the broker forgets at once, that journals nothing and publishes nothing.
//!
//! Messages are acknowledged as they come: nothing hangs on them. A queue that is full holds the connection back, and
//! MQTT's own window then the broker. A broker that is away is tried again, with the same back-off as a lasting
//! session; one that does not want us, before it ever let us in, ends the listening.

use std::hash::{BuildHasher, RandomState};

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::backoff::Backoff;
use super::config::BrokerConfig;
use super::link::{Event, Granted, Keeping, Link, Sender, Trouble, WIRE_BYTES_CEILING};
use super::status::Fault;
use super::trouble;
use crate::clock;

/// What comes of listening.
#[derive(Debug)]
pub enum Heard {
    /// The broker let us in.
    Connected,
    /// A message.
    Message(HeardMessage),
    /// There is no connection.
    Trouble {
        /// What, where, and how to mend it.
        fault: Fault,
        /// Whether it was given up.
        is_final: bool,
    },
    /// The broker refused a topic filter.
    Refused(Fault),
}

/// A message as it was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeardMessage {
    /// When: by the wall clock, or as the configured clock topic tells it.
    pub at: Timestamp,
    /// Its topic.
    pub topic: String,
    /// Its payload, cut to the configured length.
    pub payload: Vec<u8>,
    /// The quality of service it came with.
    pub qos: u8,
    /// Whether it came from the broker's retained store.
    pub is_retained: bool,
}

/// A client id that nobody else has, short enough for every broker (23 letters).
#[must_use]
pub fn passing_client_id() -> String {
    format!("idlewatt-{:012x}", RandomState::new().hash_one(0) >> 16)
}

/// Why the connection is no longer listened to.
enum Ended {
    Stopped,
    Trouble(Trouble),
}

/// Listens until `shutdown`, or until nobody takes what is heard. Nothing is kept anywhere.
pub async fn listen(config: BrokerConfig, heard: mpsc::Sender<Heard>, shutdown: CancellationToken) {
    let mut ear = Ear {
        told: None,
        was_let_in: false,
        backoff: Backoff::default(),
        config,
        heard,
    };
    ear.run(&shutdown).await;
}

struct Ear {
    config: BrokerConfig,
    heard: mpsc::Sender<Heard>,
    told: Option<Timestamp>,
    was_let_in: bool,
    backoff: Backoff,
}

impl Ear {
    async fn run(&mut self, shutdown: &CancellationToken) {
        loop {
            let ended = match Link::new(&self.config, WIRE_BYTES_CEILING, Keeping::Nothing) {
                Ok((mut link, sender)) => self.attend(&mut link, &sender, shutdown).await,
                Err(trouble) => Ended::Trouble(trouble),
            };
            let Ended::Trouble(trouble) = ended else { return };
            let is_final = !self.was_let_in && needs_person(&trouble);
            let Some(fault) = trouble::fault(&trouble, &self.config) else {
                return;
            };
            let said = self.heard.send(Heard::Trouble { fault, is_final }).await;
            if said.is_err() || is_final {
                return;
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(self.backoff.next()) => {}
            }
        }
    }

    async fn attend(&mut self, link: &mut Link, sender: &Sender, shutdown: &CancellationToken) -> Ended {
        loop {
            // the connection is not used after a poll that was broken off
            let event = tokio::select! {
                () = shutdown.cancelled() => return Ended::Stopped,
                event = link.poll() => event,
            };
            let is_taken = match event {
                Ok(event) => self.take(event, sender).await,
                Err(trouble) => return Ended::Trouble(trouble),
            };
            if !is_taken {
                return Ended::Stopped;
            }
        }
    }

    /// Hands on what came; false where nobody takes it.
    async fn take(&mut self, event: Event, sender: &Sender) -> bool {
        match event {
            Event::Connected { .. } => {
                self.was_let_in = true;
                self.backoff.reset();
                // the queue of a connection that has just begun is empty
                let _ = sender.subscribe(&self.config.filters());
                self.heard.send(Heard::Connected).await.is_ok()
            }
            Event::Message(message) => {
                if message.qos > 0 {
                    // one that is not acknowledged comes again, or not at all: nothing hangs on it
                    let _ = sender.acknowledge(message.packet_id);
                }
                if self.config.clock_topic.as_deref() == Some(&message.topic) {
                    let told = clock::told(&message.payload);
                    let told = told.and_then(|unix_ms| Timestamp::from_millisecond(unix_ms).ok());
                    self.told = self.told.max(told);
                    return true;
                }
                let message = HeardMessage {
                    at: self.told.unwrap_or_else(clock::wall),
                    topic: message.topic,
                    payload: message.payload,
                    qos: message.qos,
                    is_retained: message.is_retained,
                };
                self.heard.send(Heard::Message(message)).await.is_ok()
            }
            Event::Subscribed(granted) => self.granted(granted).await,
            Event::Other => true,
        }
    }

    async fn granted(&self, granted: Vec<Granted>) -> bool {
        for (filter, granted) in self.config.filters().into_iter().zip(granted) {
            let Granted::Refused(code) = granted else { continue };
            let fault = Fault {
                what: format!("the broker refuses the topics {filter:?}: {code}"),
                place: self.config.url.clone(),
                mend: "allow this user to read them, or name topics that it may read".to_owned(),
                at: clock::wall(),
            };
            if self.heard.send(Heard::Refused(fault)).await.is_err() {
                return false;
            }
        }
        true
    }
}

/// Whether trying again changes nothing.
fn needs_person(trouble: &Trouble) -> bool {
    matches!(
        trouble,
        Trouble::NotAuthorised(_) | Trouble::Refused(_) | Trouble::Tls(_) | Trouble::File(_)
    )
}
