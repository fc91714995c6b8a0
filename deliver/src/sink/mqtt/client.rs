//! The MQTT client in either version of the protocol, as far as publishing needs it.
//!
//! Limit: a broker of MQTT 3.1.1 acknowledges what an access list or a limit forbids, and drops it (mosquitto does); only
//! MQTT 5 can say so.

use rumqttc::{ConnectReturnCode as Code5, DisconnectReasonCode, PubAckReason, StateError};
use rumqttc_v4::ConnectReturnCode as Code4;

use super::MqttVersion;
use super::link::{OFFLINE, ONLINE};
use super::{MqttPublishConfig, SinkConfigError, WINDOW, link};

/// Requests that wait for the event loop.
const QUEUE: usize = 256;
/// No topic of ours is longer.
const PACKET_BYTES_MAX: usize = 1 << 20;

/// Options of connections.
#[derive(Clone)]
pub(super) enum Options {
    V5(Box<rumqttc::MqttOptions>),
    V311(Box<rumqttc_v4::MqttOptions>, rumqttc_v4::NetworkOptions),
}

/// Hands requests to one connection.
#[derive(Clone)]
pub(super) enum Client {
    V5(rumqttc::AsyncClient),
    V311(rumqttc_v4::AsyncClient),
}

/// One connection.
pub(super) enum Events {
    V5(Box<rumqttc::EventLoop>),
    V311(Box<rumqttc_v4::EventLoop>),
}

/// Will tell what became of a publication.
pub(super) enum Notice {
    V5(rumqttc::PublishNotice),
    V311(rumqttc_v4::PublishNotice),
}

/// What a connection brings.
pub(super) enum Event {
    /// The broker took us in; the longest packet that it takes, where it says so.
    Connected { packet_bytes_max: Option<u32> },
    /// We have said goodbye.
    Leaving,
    /// Nothing of interest.
    Other,
}

/// Why a connection ended or did not begin.
pub(super) enum Ended {
    Credentials,
    ClientId,
    Banned,
    TakenOver,
    Other(String),
}

/// Why a publication was not taken.
#[derive(Debug)]
pub(super) enum Refusal {
    /// The access list forbids it.
    NotAuthorized,
    /// The broker keeps nothing.
    NoRetained,
    /// Never will it take this topic or payload.
    Unfit(String),
    /// It will not, and a person has to find out why: a limit, a quota.
    Unwilling(String),
    /// Nobody knows: once more.
    Again(String),
}

impl Options {
    pub(super) fn new(config: &MqttPublishConfig) -> Result<Self, SinkConfigError> {
        let (id, address) = (config.client_id.clone(), (config.host.clone(), config.port));
        let topic = config.status_topic();
        let tls = if config.is_tls {
            Some(link::tls(config)?)
        } else {
            None
        };
        let password = || config.password.expose().to_owned();
        match config.version {
            MqttVersion::V5 => {
                let will = rumqttc::LastWill::new(topic, OFFLINE, rumqttc::QoS::AtLeastOnce, true, None);
                let mut options = rumqttc::MqttOptions::new(id, address);
                let mut network = options.network_options();
                network.set_tcp_nodelay(true);
                options
                    .set_network_options(network)
                    .set_clean_start(true)
                    .set_outgoing_inflight_upper_limit(WINDOW)
                    .set_keep_alive(config.keep_alive_s)
                    .set_connect_timeout(config.connect_timeout)
                    .set_last_will(will);
                if !config.user.is_empty() {
                    options.set_credentials(config.user.clone(), password());
                }
                if let Some(tls) = tls {
                    options.set_transport(rumqttc::Transport::Tls(tls));
                }
                Ok(Self::V5(Box::new(options)))
            }
            MqttVersion::V311 => {
                let will = rumqttc_v4::LastWill::new(topic, OFFLINE, rumqttc_v4::QoS::AtLeastOnce, true);
                let mut options = rumqttc_v4::MqttOptions::new(id, address);
                options
                    .set_clean_session(true)
                    .set_keep_alive(config.keep_alive_s)
                    .set_max_packet_size(PACKET_BYTES_MAX, PACKET_BYTES_MAX)
                    .set_last_will(will);
                if !config.user.is_empty() {
                    options.set_credentials(config.user.clone(), password());
                }
                if let Some(tls) = tls {
                    options.set_transport(rumqttc_v4::Transport::Tls(tls));
                }
                let mut network = rumqttc_v4::NetworkOptions::new();
                network.set_connection_timeout(config.connect_timeout.as_secs().max(1));
                network.set_tcp_nodelay(true);
                Ok(Self::V311(Box::new(options), network))
            }
        }
    }

    /// A new connection, not made yet.
    pub(super) fn open(&self) -> (Client, Events) {
        match self {
            Self::V5(options) => {
                let builder = rumqttc::AsyncClient::builder((**options).clone());
                let (client, events) = builder.capacity(QUEUE).build();
                (Client::V5(client), Events::V5(Box::new(events)))
            }
            Self::V311(options, network) => {
                let builder = rumqttc_v4::AsyncClient::builder((**options).clone());
                let (client, mut events) = builder.capacity(QUEUE).build();
                events.set_network_options(network.clone());
                (Client::V311(client), Events::V311(Box::new(events)))
            }
        }
    }
}

impl Client {
    /// Queues a retained publication of QoS 1; waits while the queue is full.
    pub(super) async fn publish(&self, topic: String, payload: impl Into<Vec<u8>>) -> Result<Notice, String> {
        let payload: Vec<u8> = payload.into();
        match self {
            Self::V5(client) => {
                let options = rumqttc::PublishOptions::new(rumqttc::QoS::AtLeastOnce).retained();
                let notice = client.publish_tracked(topic, payload, options).await;
                notice.map(Notice::V5).map_err(|error| error.to_string())
            }
            Self::V311(client) => {
                let options = rumqttc_v4::PublishOptions::new(rumqttc_v4::QoS::AtLeastOnce).retained();
                let notice = client.publish_tracked(topic, payload, options).await;
                notice.map(Notice::V311).map_err(|error| error.to_string())
            }
        }
    }

    /// Says on a connection that is new, with room in its queue, that we are there.
    pub(super) fn say_online(&self, topic: String) {
        let is_queued = match self {
            Self::V5(client) => {
                let options = rumqttc::PublishOptions::new(rumqttc::QoS::AtLeastOnce).retained();
                client.try_publish(topic, ONLINE, options).is_ok()
            }
            Self::V311(client) => {
                let options = rumqttc_v4::PublishOptions::new(rumqttc_v4::QoS::AtLeastOnce).retained();
                client.try_publish(topic, ONLINE, options).is_ok()
            }
        };
        assert!(is_queued, "the queue of a new connection has room");
    }

    /// Ends the connection after all that was queued before.
    pub(super) async fn disconnect(&self) {
        let _ = match self {
            Self::V5(client) => client.disconnect().await.is_ok(),
            Self::V311(client) => client.disconnect().await.is_ok(),
        };
    }
}

impl Notice {
    /// Waits for the broker's word.
    pub(super) async fn taken(self) -> Result<(), Refusal> {
        match self {
            Self::V5(notice) => notice.wait_completion_async().await.map_err(refusal),
            Self::V311(notice) => {
                let taken = notice.wait_completion_async().await;
                taken.map_err(|error| Refusal::Again(error.to_string()))
            }
        }
    }
}

fn refusal(error: rumqttc::PublishNoticeError) -> Refusal {
    use rumqttc::PublishNoticeError as Error;
    match error {
        Error::V5PubAck(PubAckReason::NotAuthorized) => Refusal::NotAuthorized,
        Error::RetainNotSupported => Refusal::NoRetained,
        Error::V5PubAck(reason @ (PubAckReason::TopicNameInvalid | PubAckReason::PayloadFormatInvalid)) => {
            Refusal::Unfit(format!("{reason:?}"))
        }
        Error::V5PubAck(reason) => Refusal::Unwilling(format!("{reason:?}")),
        other => Refusal::Again(other.to_string()),
    }
}

impl Events {
    /// The next event; connects first.
    pub(super) async fn poll(&mut self) -> Result<Event, Ended> {
        match self {
            Self::V5(events) => match events.poll().await {
                Ok(rumqttc::Event::Incoming(rumqttc::Incoming::ConnAck(connack))) => {
                    let limits = connack.properties.as_ref();
                    Ok(Event::Connected {
                        packet_bytes_max: limits.and_then(|limits| limits.max_packet_size),
                    })
                }
                Ok(rumqttc::Event::Outgoing(rumqttc::Outgoing::Disconnect)) => Ok(Event::Leaving),
                Ok(_) => Ok(Event::Other),
                Err(error) => Err(ended5(&error)),
            },
            Self::V311(events) => match events.poll().await {
                Ok(rumqttc_v4::Event::Incoming(rumqttc_v4::Incoming::ConnAck(_))) => Ok(Event::Connected {
                    packet_bytes_max: None,
                }),
                Ok(rumqttc_v4::Event::Outgoing(rumqttc_v4::Outgoing::Disconnect)) => Ok(Event::Leaving),
                Ok(_) => Ok(Event::Other),
                Err(error) => Err(ended4(&error)),
            },
        }
    }
}

fn ended5(error: &rumqttc::ConnectionError) -> Ended {
    use rumqttc::ConnectionError as Error;
    match error {
        Error::ConnectionRefused(Code5::BadUserNamePassword | Code5::NotAuthorized) => Ended::Credentials,
        Error::ConnectionRefused(Code5::ClientIdentifierNotValid) => Ended::ClientId,
        Error::ConnectionRefused(Code5::Banned) => Ended::Banned,
        Error::MqttState(StateError::ServerDisconnect {
            reason_code: DisconnectReasonCode::SessionTakenOver,
            ..
        }) => Ended::TakenOver,
        other => Ended::Other(other.to_string()),
    }
}

fn ended4(error: &rumqttc_v4::ConnectionError) -> Ended {
    use rumqttc_v4::ConnectionError as Error;
    match error {
        Error::ConnectionRefused(Code4::BadUserNamePassword | Code4::NotAuthorized) => Ended::Credentials,
        Error::ConnectionRefused(Code4::BadClientId) => Ended::ClientId,
        other => Ended::Other(other.to_string()),
    }
}
