//! Says a person's word at the configured broker, where the service hears it like any other message: so it goes through the
//! journal, and a replay says the same.
//!
//! A connection of its own for each word, gone when the broker has acknowledged it: nothing waits and nothing is kept.
//! Limits: MQTT 5 alone; [`WITHIN`] for all of it.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context, bail};
use deliver::act::ActMessage;
use ingest::session::{BrokerConfig, Version};
use rumqttc::{AsyncClient, Event, Incoming, PublishOptions, QoS};

use crate::command::check::client_options;

/// Longer than this nobody waits for an answer.
const WITHIN: Duration = Duration::from_secs(10);

/// Words of this process: two at once must not share a client id, or the broker closes the first.
static WORDS: AtomicU32 = AtomicU32::new(0);

/// Publishes the word; comes back once the broker has it.
///
/// # Errors
/// Why it could not be said, for a person.
pub(crate) async fn say(broker: &BrokerConfig, topic: &str, message: &ActMessage) -> anyhow::Result<()> {
    if broker.version == Version::V311 {
        bail!(
            "broker '{}' is spoken to in MQTT 3.1.1, and this needs 5: publish it by hand",
            broker.name
        );
    }
    let word = WORDS.fetch_add(1, Ordering::Relaxed);
    let options = client_options(
        broker,
        &format!("{}-act-{}-{word}", broker.client_id, std::process::id()),
    )
    .map_err(|(what, mend)| anyhow::anyhow!("{what}; {mend}"))?;
    let (client, mut events) = AsyncClient::builder(options).capacity(1).build();
    client
        .publish(
            topic,
            serde_json::to_vec(message)?,
            PublishOptions::new(QoS::AtLeastOnce),
        )
        .await?;
    let acknowledged = async {
        loop {
            if let Event::Incoming(Incoming::PubAck(_)) = events.poll().await? {
                return anyhow::Ok(());
            }
        }
    };
    tokio::time::timeout(WITHIN, acknowledged)
        .await
        .context("the broker does not acknowledge it")?
        .context("the broker cannot be spoken to")
}
