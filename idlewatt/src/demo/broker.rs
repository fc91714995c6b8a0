//! The embedded MQTT broker of the demo: nothing on disk, reachable from this machine only.

use std::net::{Ipv4Addr, SocketAddr};

use anyhow::Context;
use mqtt5::broker::config::{BrokerConfig, StorageConfig};
use mqtt5::broker::{BrokerShutdownHandle, MqttBroker};
use tokio::task::JoinHandle;

/// Messages waiting for one client.
const CLIENT_QUEUE: usize = 10_000;

/// A broker in this process.
pub struct EmbeddedBroker {
    address: SocketAddr,
    stop: BrokerShutdownHandle,
    task: JoinHandle<()>,
}

impl EmbeddedBroker {
    /// Starts it on a port of the kernel's choice.
    ///
    /// # Errors
    /// When the port cannot be opened.
    pub async fn start() -> anyhow::Result<Self> {
        let config = BrokerConfig::new()
            .with_bind_address((Ipv4Addr::LOCALHOST, 0))
            .with_storage(StorageConfig {
                enable_persistence: false,
                ..StorageConfig::default()
            })
            .with_client_channel_capacity(CLIENT_QUEUE);
        let mut broker = MqttBroker::with_config(config)
            .await
            .context("the embedded broker does not start")?;
        let address = broker
            .local_addr()
            .context("the embedded broker has no address")?;
        let stop = broker.shutdown_handle();
        let task = tokio::spawn(async move {
            if let Err(error) = broker.run().await {
                tracing::error!(%error, "the embedded broker has stopped");
            }
        });
        Ok(Self { address, stop, task })
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops it.
    pub async fn stop(self) {
        self.stop.shutdown();
        let _ = self.task.await;
    }
}
