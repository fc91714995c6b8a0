//! One connection to a broker, whichever protocol it speaks: the small type that hides the MQTT client.
//!
//! [`Link::poll`] connects, reads and writes; the future it returns must be polled to its end or dropped for good
//! (dropped half-way it can swallow an acknowledgement). Everything else goes through the [`Sender`], which never
//! waits. The client queues, replays and reconnects only within one call of `poll` that ends in an error, and throws
//! away queued acknowledgements then; so an acknowledgement given to the sender between two calls of `poll` can only
//! reach the connection that the session knows.

mod tls;
mod v311;
mod v5;

use super::config::{BrokerConfig, Version};

/// Above this many bytes not even a cut message is taken.
pub(crate) const WIRE_BYTES_CEILING: u32 = 64 << 20;

/// What a connection brings.
#[derive(Debug)]
pub(crate) enum Event {
    /// The broker accepted us.
    Connected { is_session_present: bool },
    /// A message.
    Message(Message),
    /// The answer to a subscription, filter by filter in the order asked.
    Subscribed(Vec<Granted>),
    /// Nothing of interest.
    Other,
}

/// A message as delivered.
#[derive(Debug)]
pub(crate) struct Message {
    pub(crate) topic: String,
    pub(crate) payload: Vec<u8>,
    /// How long the payload was before it was cut.
    pub(crate) payload_bytes: usize,
    pub(crate) qos: u8,
    pub(crate) is_retained: bool,
    /// The broker says that it has sent it before (the flag DUP).
    pub(crate) is_resent: bool,
    pub(crate) packet_id: u16,
}

/// What a broker said to one filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Granted {
    Qos(u8),
    Refused(String),
}

/// Why a connection ended or did not begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// The broker does not want us: bad credentials, no permission, banned.
    NotAuthorised(String),
    /// The broker refuses for another reason.
    Refused(String),
    /// Another client connected with our client id; not certain when connections only end as if.
    TakenOver { is_certain: bool },
    /// A packet longer than the limit for the wire.
    TooLong { bytes: usize },
    /// A packet that is no MQTT.
    Undecodable(String),
    /// Certificates, handshake.
    Tls(String),
    /// A file named in the configuration cannot be used.
    File(String),
    /// No connection, or it broke.
    Network(String),
    /// We ended it.
    Finished,
}

/// What the broker is to keep of us while we are away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keeping {
    /// Our session: subscriptions and what comes meanwhile.
    Session,
    /// Nothing, and what it had under our client id is thrown away.
    Nothing,
}

/// A connection, polled by one task.
pub(crate) enum Link {
    V5(Box<v5::Link>),
    V311(Box<v311::Link>),
}

/// Hands requests to a connection without waiting.
#[derive(Clone)]
pub(crate) enum Sender {
    V5(v5::Sender),
    V311(v311::Sender),
}

/// The request queue is full: later.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Full;

impl Link {
    /// Prepares a connection; nothing happens before it is polled. `wire_bytes_max`: the longest packet taken.
    pub(crate) fn new(
        config: &BrokerConfig,
        wire_bytes_max: u32,
        keeping: Keeping,
    ) -> Result<(Self, Sender), Trouble> {
        match config.version {
            Version::V5 => {
                let (link, sender) = v5::open(config, wire_bytes_max, keeping)?;
                Ok((Self::V5(Box::new(link)), Sender::V5(sender)))
            }
            Version::V311 => {
                let (link, sender) = v311::open(config, wire_bytes_max, keeping)?;
                Ok((Self::V311(Box::new(link)), Sender::V311(sender)))
            }
        }
    }

    /// The next event; connects first, if need be.
    pub(crate) async fn poll(&mut self) -> Result<Event, Trouble> {
        match self {
            Self::V5(link) => link.poll().await,
            Self::V311(link) => link.poll().await,
        }
    }
}

impl Sender {
    /// Acknowledges a message of QoS 1.
    pub(crate) fn acknowledge(&self, packet_id: u16) -> Result<(), Full> {
        match self {
            Self::V5(sender) => sender.acknowledge(packet_id),
            Self::V311(sender) => sender.acknowledge(packet_id),
        }
    }

    /// Subscribes at QoS 1, without retained messages where the subscription exists already (MQTT 5).
    pub(crate) fn subscribe(&self, filters: &[String]) -> Result<(), Full> {
        match self {
            Self::V5(sender) => sender.subscribe(filters),
            Self::V311(sender) => sender.subscribe(filters),
        }
    }

    /// Ends subscriptions.
    pub(crate) fn unsubscribe(&self, filters: &[String]) -> Result<(), Full> {
        match self {
            Self::V5(sender) => sender.unsubscribe(filters),
            Self::V311(sender) => sender.unsubscribe(filters),
        }
    }

    /// Ends the connection after all that was handed over before; the broker keeps the session.
    pub(crate) fn disconnect(&self) -> Result<(), Full> {
        match self {
            Self::V5(sender) => sender.disconnect(),
            Self::V311(sender) => sender.disconnect(),
        }
    }
}

/// How many requests the client's queue holds: every acknowledgement that can be due, and some.
fn queue_capacity(config: &BrokerConfig) -> usize {
    usize::from(config.receive_maximum) + 64
}

/// How many acknowledgements go out with one write.
const REQUESTS_A_WRITE: usize = 256;
/// How many packets are taken from one read.
const PACKETS_A_READ: usize = 128;

fn message(
    topic: &[u8],
    payload: &[u8],
    qos: u8,
    (is_retained, is_resent): (bool, bool),
    packet_id: u16,
    payload_bytes_max: usize,
) -> Message {
    Message {
        topic: String::from_utf8_lossy(topic).into_owned(),
        payload: payload[..payload.len().min(payload_bytes_max)].to_vec(),
        payload_bytes: payload.len(),
        qos,
        is_retained,
        is_resent,
        packet_id,
    }
}

fn password(config: &BrokerConfig) -> Result<Option<String>, Trouble> {
    if let Some(path) = &config.password_file {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Trouble::File(format!("password_file {}: {error}", path.display())))?;
        return Ok(Some(text.lines().next().unwrap_or_default().to_owned()));
    }
    Ok(config
        .password
        .as_ref()
        .map(|password| password.reveal().to_owned()))
}
