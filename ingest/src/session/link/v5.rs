//! MQTT 5.

use rumqttc::{
    AckMode, AsyncClient, ConnectReturnCode, ConnectionError, DisconnectReasonCode, Event as ClientEvent,
    EventLoop, Incoming, ManualAck, MqttOptions, PersistedAckMode, PersistedSession, PubAck, QoS,
    RetainForwardRule, SessionStore, SessionStoreError, SessionStoreKey, StateError, SubscribeFilter,
    SubscribeReasonCode, Transport,
};

use super::{
    Event, Full, Granted, Keeping, PACKETS_A_READ, REQUESTS_A_WRITE, Trouble, message, password,
    queue_capacity, tls,
};
use crate::session::config::BrokerConfig;

/// We publish nothing; the client looks through all publications that may be under way each time it writes, so they must
/// be few (by default 65535, which took a fifth of a session's time).
const PUBLICATIONS_MAX: u16 = 8;

pub(crate) struct Link {
    eventloop: EventLoop,
    payload_bytes_max: usize,
}

#[derive(Clone)]
pub(crate) struct Sender {
    client: AsyncClient,
}

pub(super) fn open(
    config: &BrokerConfig,
    wire_bytes_max: u32,
    keeping: Keeping,
) -> Result<(Link, Sender), Trouble> {
    let address = config.address().map_err(Trouble::File)?;
    let mut options = MqttOptions::new(config.client_id.clone(), (address.host, address.port));
    options
        .set_keep_alive(config.keep_alive_s)
        .set_receive_maximum(Some(config.receive_maximum))
        .set_max_packet_size(Some(wire_bytes_max))
        .set_ack_mode(AckMode::Manual)
        .set_outgoing_inflight_upper_limit(PUBLICATIONS_MAX)
        .set_max_request_batch(REQUESTS_A_WRITE)
        .set_read_batch_size(PACKETS_A_READ);
    match keeping {
        Keeping::Session => options
            .set_clean_start(false)
            .set_session_expiry_interval(Some(config.session_expiry_s))
            .set_session_store(NothingUnderWay),
        Keeping::Nothing => options.set_clean_start(true).set_session_expiry_interval(Some(0)),
    };
    let mut network = options.network_options();
    network.set_tcp_nodelay(true);
    options.set_network_options(network);
    if !config.username.is_empty() {
        match password(config)? {
            Some(password) => options.set_credentials(config.username.clone(), password),
            None => options.set_username(config.username.clone()),
        };
    }
    if address.is_tls {
        options.set_transport(Transport::tls_with_config(tls::configuration(config)?));
    }
    let (client, eventloop) = AsyncClient::builder(options)
        .capacity(queue_capacity(config))
        .build();
    let payload_bytes_max = usize::try_from(config.packet_bytes_max).unwrap_or(usize::MAX);
    Ok((
        Link {
            eventloop,
            payload_bytes_max,
        },
        Sender { client },
    ))
}

impl Link {
    pub(super) async fn poll(&mut self) -> Result<Event, Trouble> {
        match self.eventloop.poll().await {
            Ok(ClientEvent::Incoming(packet)) => Ok(self.event(packet)),
            Ok(_) => Ok(Event::Other),
            Err(error) => Err(trouble(error)),
        }
    }

    fn event(&mut self, packet: Incoming) -> Event {
        match packet {
            Incoming::Publish(publish) => Event::Message(message(
                &publish.topic,
                &publish.payload,
                publish.qos as u8,
                (publish.retain, publish.dup),
                publish.pkid,
                self.payload_bytes_max,
            )),
            Incoming::ConnAck(connack) => {
                // it has served: from here on the client knows by itself, and saving costs time at every packet
                self.eventloop.options.clear_session_store();
                Event::Connected {
                    is_session_present: connack.session_present,
                }
            }
            Incoming::SubAck(suback) => {
                Event::Subscribed(suback.return_codes.into_iter().map(granted).collect())
            }
            _ => Event::Other,
        }
    }
}

impl Sender {
    pub(super) fn acknowledge(&self, packet_id: u16) -> Result<(), Full> {
        let ack = ManualAck::PubAck(PubAck::new(packet_id, None));
        self.client.try_manual_ack(ack).map_err(|_| Full)
    }

    pub(super) fn subscribe(&self, filters: &[String]) -> Result<(), Full> {
        let filter = |path: &String| {
            let mut filter = SubscribeFilter::new(path.clone(), QoS::AtLeastOnce);
            filter.retain_forward_rule = RetainForwardRule::OnNewSubscribe;
            filter
        };
        self.client
            .try_subscribe_many(filters.iter().map(filter))
            .map_err(|_| Full)
    }

    pub(super) fn unsubscribe(&self, filters: &[String]) -> Result<(), Full> {
        self.client
            .try_unsubscribe_many(filters.iter().cloned())
            .map_err(|_| Full)
    }

    pub(super) fn disconnect(&self) -> Result<(), Full> {
        self.client.try_disconnect().map_err(|_| Full)
    }
}

fn granted(code: SubscribeReasonCode) -> Granted {
    match code {
        SubscribeReasonCode::Success(qos) => Granted::Qos(qos as u8),
        refused => Granted::Refused(format!("{refused:?}")),
    }
}

fn trouble(error: ConnectionError) -> Trouble {
    match error {
        ConnectionError::ConnectionRefused(code) => match code {
            ConnectReturnCode::BadUserNamePassword
            | ConnectReturnCode::NotAuthorized
            | ConnectReturnCode::Banned
            | ConnectReturnCode::BadAuthenticationMethod => Trouble::NotAuthorised(format!("{code:?}")),
            other => Trouble::Refused(format!("{other:?}")),
        },
        ConnectionError::MqttState(error) => state_trouble(error),
        ConnectionError::Tls(error) => Trouble::Tls(error.to_string()),
        ConnectionError::RequestsDone => Trouble::Finished,
        other => Trouble::Network(other.to_string()),
    }
}

fn state_trouble(error: StateError) -> Trouble {
    use rumqttc::Error::PayloadSizeLimitExceeded;
    match error {
        StateError::ServerDisconnect {
            reason_code: DisconnectReasonCode::SessionTakenOver,
            ..
        } => Trouble::TakenOver { is_certain: true },
        StateError::ServerDisconnect {
            reason_code,
            reason_string,
        } => {
            let words = reason_string
                .map(|words| format!(": {words}"))
                .unwrap_or_default();
            Trouble::Network(format!("the broker ended the connection: {reason_code:?}{words}"))
        }
        StateError::ConnFail { reason } => Trouble::Refused(format!("{reason:?}")),
        StateError::IncomingPacketTooLarge { pkt_size, .. } => Trouble::TooLong { bytes: pkt_size },
        StateError::Deserialization(PayloadSizeLimitExceeded { pkt_size, .. }) => {
            Trouble::TooLong { bytes: pkt_size }
        }
        StateError::Deserialization(rumqttc::Error::Io(error)) | StateError::Io(error) => {
            Trouble::Network(error.to_string())
        }
        StateError::Deserialization(error) => Trouble::Undecodable(error.to_string()),
        other => Trouble::Network(other.to_string()),
    }
}

/// Tells the client, at the first connection of a process, that we have nothing of our own under way in the broker's
/// session. That is true, since this client never publishes; without it the client refuses the session, or
/// subscriptions in it.
#[derive(Debug)]
struct NothingUnderWay;

type StoreFuture<'a, T> = std::pin::Pin<Box<dyn Future<Output = Result<T, SessionStoreError>> + Send + 'a>>;

impl SessionStore for NothingUnderWay {
    fn load<'a>(&'a self, key: &'a SessionStoreKey) -> StoreFuture<'a, Option<PersistedSession>> {
        Box::pin(async move {
            Ok(Some(PersistedSession {
                format_version: 1,
                client_id: key.client_id().to_owned(),
                clean_start: false,
                session_expiry_interval: None,
                outgoing_inflight_upper_limit: Some(PUBLICATIONS_MAX),
                ack_mode: PersistedAckMode::Manual,
                last_pkid: 0,
                last_puback: 0,
                replay: Vec::new(),
                incoming_qos2: Vec::new(),
            }))
        })
    }

    fn save<'a>(&'a self, _: &'a SessionStoreKey, _: &'a PersistedSession) -> StoreFuture<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn clear<'a>(&'a self, _: &'a SessionStoreKey) -> StoreFuture<'a, ()> {
        Box::pin(async { Ok(()) })
    }
}
