//! Publishes to a real broker and knows what it has acknowledged.

use std::time::Duration;

use anyhow::{Context, bail};
use rumqttc::{AsyncClient, Event, EventLoop, Incoming, MqttOptions, PublishOptions, QoS};

/// Longer than the broker can need, even on a busy machine.
const ACKNOWLEDGED_WITHIN: Duration = Duration::from_secs(120);
const UNDER_WAY_MAX: u16 = 1000;

/// A message to publish.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// Where to.
    pub topic: String,
    /// What.
    pub payload: Vec<u8>,
    /// 0 or 1.
    pub qos: u8,
    /// Whether the broker is to keep it as the topic's last value.
    pub is_retained: bool,
}

impl Outgoing {
    /// A message of QoS 1.
    pub fn new(topic: impl Into<String>, payload: impl Into<Vec<u8>>) -> Self {
        Self {
            topic: topic.into(),
            payload: payload.into(),
            qos: 1,
            is_retained: false,
        }
    }

    /// The same, retained.
    #[must_use]
    pub fn retained(mut self) -> Self {
        self.is_retained = true;
        self
    }

    /// The same, at QoS 0.
    #[must_use]
    pub fn qos0(mut self) -> Self {
        self.qos = 0;
        self
    }
}

/// Publishes everything over one connection; returns when the broker has acknowledged all messages of QoS 1 and the
/// others are sent.
///
/// # Errors
/// When the connection breaks or the broker refuses a message.
pub async fn publish(port: u16, messages: Vec<Outgoing>) -> anyhow::Result<()> {
    send(options(port, "tests-publisher"), messages).await
}

/// The same as a user with a password.
///
/// # Errors
/// As [`publish`].
pub async fn publish_as(
    port: u16,
    (user, password): (&str, &str),
    messages: Vec<Outgoing>,
) -> anyhow::Result<()> {
    let mut options = options(port, "tests-publisher");
    options.set_credentials(user, password.to_owned());
    send(options, messages).await
}

async fn send(options: MqttOptions, messages: Vec<Outgoing>) -> anyhow::Result<()> {
    let wanted = messages.len();
    let (client, mut eventloop) = AsyncClient::builder(options).capacity(1_000).build();
    let sending = async {
        for message in messages {
            let qos = if message.qos == 0 {
                QoS::AtMostOnce
            } else {
                QoS::AtLeastOnce
            };
            let options = PublishOptions::new(qos).retain(message.is_retained);
            client.publish(message.topic, message.payload, options).await?;
        }
        anyhow::Ok(())
    };
    let both = async { tokio::try_join!(sending, done(&mut eventloop, wanted)) };
    tokio::time::timeout(ACKNOWLEDGED_WITHIN, both)
        .await
        .context("not acknowledged in time")??;
    client.disconnect().await?;
    while eventloop.poll().await.is_ok() {}
    Ok(())
}

async fn done(eventloop: &mut EventLoop, wanted: usize) -> anyhow::Result<()> {
    let mut seen = 0;
    while seen < wanted {
        match eventloop.poll().await {
            Ok(Event::Incoming(Incoming::PubAck(ack))) if ack.reason as u8 >= 0x80 => {
                bail!("the broker refuses a message: {:?}", ack.reason);
            }
            Ok(Event::Incoming(Incoming::PubAck(_)) | Event::Outgoing(rumqttc::Outgoing::Publish(0))) => {
                seen += 1;
            }
            Ok(_) => {}
            Err(error) => bail!("after {seen} of {wanted} messages: {error}"),
        }
    }
    Ok(())
}

/// A plain client, of which the test polls the event loop.
pub fn connect(port: u16, client_id: &str) -> (AsyncClient, EventLoop) {
    AsyncClient::builder(options(port, client_id))
        .capacity(1_000)
        .build()
}

fn options(port: u16, client_id: &str) -> MqttOptions {
    let mut options = MqttOptions::new(client_id, ("127.0.0.1", port));
    options
        .set_keep_alive(30)
        .set_max_packet_size(Some(64 << 20))
        .set_max_request_batch(256);
    options.set_outgoing_inflight_upper_limit(UNDER_WAY_MAX);
    options
}
