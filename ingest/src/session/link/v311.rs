//! MQTT 3.1.1.

use rumqttc_v4::{
    AckMode, AsyncClient, ConnectReturnCode, ConnectionError, Event as ClientEvent, EventLoop, Incoming,
    ManualAck, MqttOptions, NetworkOptions, PubAck, QoS, StateError, SubscribeFilter, SubscribeReasonCode,
    Transport,
};

use super::{
    Event, Full, Granted, Keeping, PACKETS_A_READ, REQUESTS_A_WRITE, Trouble, message, password,
    queue_capacity, tls,
};
use crate::session::config::BrokerConfig;

/// What we publish: nothing.
const OUTGOING_BYTES_MAX: usize = 1 << 20;

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
        .set_clean_session(keeping == Keeping::Nothing)
        .set_max_packet_size(
            usize::try_from(wire_bytes_max).unwrap_or(usize::MAX),
            OUTGOING_BYTES_MAX,
        )
        .set_ack_mode(AckMode::Manual)
        .set_max_request_batch(REQUESTS_A_WRITE)
        .set_read_batch_size(PACKETS_A_READ);
    if !config.username.is_empty() {
        match password(config)? {
            Some(password) => options.set_credentials(config.username.clone(), password),
            None => options.set_username(config.username.clone()),
        };
    }
    if address.is_tls {
        options.set_transport(Transport::tls_with_config(tls::configuration(config)?));
    }
    let (client, mut eventloop) = AsyncClient::builder(options)
        .capacity(queue_capacity(config))
        .build();
    let mut network = NetworkOptions::new();
    network.set_tcp_nodelay(true);
    eventloop.set_network_options(network);
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

    fn event(&self, packet: Incoming) -> Event {
        match packet {
            Incoming::Publish(publish) => Event::Message(message(
                &publish.topic,
                &publish.payload,
                publish.qos as u8,
                (publish.retain, publish.dup),
                publish.pkid,
                self.payload_bytes_max,
            )),
            Incoming::ConnAck(connack) => Event::Connected {
                is_session_present: connack.session_present,
            },
            Incoming::SubAck(suback) => {
                Event::Subscribed(suback.return_codes.into_iter().map(granted).collect())
            }
            _ => Event::Other,
        }
    }
}

impl Sender {
    pub(super) fn acknowledge(&self, packet_id: u16) -> Result<(), Full> {
        self.client
            .try_manual_ack(ManualAck::PubAck(PubAck::new(packet_id)))
            .map_err(|_| Full)
    }

    pub(super) fn subscribe(&self, filters: &[String]) -> Result<(), Full> {
        let filter = |path: &String| SubscribeFilter::new(path.clone(), QoS::AtLeastOnce);
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
        SubscribeReasonCode::Failure => Granted::Refused("Failure".to_owned()),
    }
}

fn trouble(error: ConnectionError) -> Trouble {
    match error {
        ConnectionError::ConnectionRefused(code) => match code {
            ConnectReturnCode::BadUserNamePassword | ConnectReturnCode::NotAuthorized => {
                Trouble::NotAuthorised(format!("{code:?}"))
            }
            other => Trouble::Refused(format!("{other:?}")),
        },
        ConnectionError::MqttState(error) => state_trouble(error),
        ConnectionError::Tls(error) => Trouble::Tls(error.to_string()),
        ConnectionError::RequestsDone => Trouble::Finished,
        other => Trouble::Network(other.to_string()),
    }
}

fn state_trouble(error: StateError) -> Trouble {
    use rumqttc_v4::Error::{Io, PayloadSizeLimitExceeded};
    match error {
        StateError::Deserialization(PayloadSizeLimitExceeded(bytes)) => Trouble::TooLong { bytes },
        StateError::Deserialization(Io(error)) | StateError::Io(error) => Trouble::Network(error.to_string()),
        StateError::Deserialization(error) => Trouble::Undecodable(error.to_string()),
        other => Trouble::Network(other.to_string()),
    }
}
