//! The MQTT session with one broker: takes messages, hands them to the journal, acknowledges what is on disk.
//!
//! One task polls the connection and does nothing that waits: not for the disk, not for a queue. Invariants:
//! - a message of QoS 1 is acknowledged after the commit that holds it (or holds its first delivery), in order of
//!   arrival, and only over the connection it came over;
//! - after CONNACK the broker's session has exactly the configured filters, or the status says which it refused;
//! - no error ends a session but a configuration that cannot work: everything else is tried again with back-off.
//!
//! Not promised: QoS 0 before it reaches us, and a broker that drops its own queue (a lost session is counted).

mod attend;
mod backoff;
mod config;
mod duplicate;
mod flight;
mod handshake;
mod intake;
mod link;
mod listen;
mod status;
mod subscription;
mod trouble;

use std::sync::Arc;

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::journal::{JournalError, WriterHandle};

pub use config::{Address, BrokerConfig, Secret, Version};
pub(crate) use duplicate::{RECENT_MAX, fingerprint};
pub(crate) use flight::AckBox;
pub use handshake::{Handshake, explain as explain_handshake};
pub use listen::{Heard, HeardMessage, listen, passing_client_id};
pub use status::{Fault, Phase, SessionStatus};

/// Why a session cannot be run at all.
#[derive(Debug, thiserror::Error)]
pub enum SessionError {
    /// A person has to change the configuration.
    #[error("broker {broker}: {key} {what}; {mend}")]
    GiveUp {
        /// The broker's name.
        broker: String,
        /// The key of the configuration.
        key: &'static str,
        /// What is wrong.
        what: String,
        /// What to do about it.
        mend: &'static str,
    },
    /// The journal cannot be read.
    #[error("the session cannot join the journal")]
    Journal(#[from] JournalError),
}

/// A status to begin with, and both ends of its channel.
pub fn status_channel() -> (watch::Sender<SessionStatus>, watch::Receiver<SessionStatus>) {
    watch::channel(SessionStatus::default())
}

/// Runs the session until `shutdown`: then stops reading, waits (at most 5 s) for the commit of what was read,
/// acknowledges it and disconnects; the broker keeps the session.
///
/// # Errors
/// [`SessionError`] when it could not begin.
pub async fn run(
    config: BrokerConfig,
    writer: WriterHandle,
    shutdown: CancellationToken,
    status: watch::Sender<SessionStatus>,
) -> Result<(), SessionError> {
    if let Some((key, what, mend)) = config.check().into_iter().next() {
        return Err(SessionError::GiveUp {
            broker: config.name,
            key,
            what,
            mend,
        });
    }
    let acks = Arc::new(AckBox::default());
    let joining = {
        let (writer, name, acks) = (writer.clone(), config.name.clone(), Arc::clone(&acks));
        tokio::task::spawn_blocking(move || writer.join(&name, acks))
    };
    let joined = match joining.await {
        Ok(joined) => joined?,
        Err(panic) => std::panic::resume_unwind(panic.into_panic()),
    };
    attend::Session::new(config, writer, acks, joined, status)
        .run(&shutdown)
        .await;
    Ok(())
}
