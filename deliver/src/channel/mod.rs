//! Channels: how people are told of alerts. One file a kind, one entry in [`KINDS`]; `desk` decides what each channel
//! has still to say, `sender` says it, `message` finds the words, `route` knows who is to hear of what.
//!
//! The desk is a sink: it reads the findings log behind a cursor of its own and notes, for each channel and alert, the
//! step that is to be told. A sender a channel tells it and notes what its receiver has been told. What differs is
//! waiting, so whatever is outdated when a receiver comes back is one message and not a flood
//! (docs/decisions/0017-channels.md).
//!
//! Invariants:
//! - The cursor moves with the note of what is to be told, in one transaction; the note of what was told follows the
//!   receiver's word. So a step is told at least once, and after a kill between the two it may come twice, under the
//!   same identifier.
//! - A channel that is dead delays no other, and nothing is dropped because a receiver is away or refuses.
//! - While the past is said again nobody is told; afterwards only what is open now and was never told.
//!
//! Limits: one note a channel, rule and device; [`ITEMS_MAX`] alerts in a message, the rest follows in the next.

mod alertmanager;
mod desk;
mod http;
mod mail;
mod message;
mod ntfy;
mod route;
mod sender;
mod webhook;

use std::sync::Arc;
use std::time::Duration;

use analyzer::AlertPhase;
use futures_util::future::BoxFuture;

pub use crate::sink::SinkConfigError as ChannelConfigError;
pub use alertmanager::AlertmanagerConfig;
pub use desk::{CHANNELS_SINK, Desk, DeskSink, Seed};
pub use http::{Header, HttpTarget};
pub use mail::{MailConfig, MailTls};
pub use message::{Message, Scribe};
pub use ntfy::NtfyConfig;
pub use route::{Hours, Place, Route};
pub use sender::{ChannelStatus, Sender, Wall};
pub use webhook::{TEMPLATE_NAME, WebhookConfig};

/// Alerts in one message at most.
pub const ITEMS_MAX: usize = 100;

/// A kind of channel, as the configuration names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// The word in the configuration.
    pub name: &'static str,
    /// What it speaks to.
    pub says: &'static str,
}

/// Every kind of channel.
pub const KINDS: &[Kind] = &[alertmanager::KIND, mail::KIND, ntfy::KIND, webhook::KIND];

/// Where a channel leads to.
#[derive(Clone, Debug)]
pub enum Transport {
    /// A Prometheus Alertmanager.
    Alertmanager(AlertmanagerConfig),
    /// A mail server.
    Mail(MailConfig),
    /// An ntfy server.
    Ntfy(NtfyConfig),
    /// Any HTTP server.
    Webhook(WebhookConfig),
}

/// A channel of the configuration.
#[derive(Clone, Debug)]
pub struct ChannelConfig {
    /// Its name.
    pub name: String,
    /// Where it leads to.
    pub transport: Transport,
    /// Which steps of an alert are told.
    pub steps: Vec<AlertPhase>,
    /// After a message the next one waits for so long, so that what comes meanwhile is one; critical alerts do not wait.
    pub pause: Duration,
    /// The name of the channel on which it is said that this one cannot be reached.
    pub fallback: Option<String>,
    /// It is said when it has failed for so long.
    pub fallback_after: Duration,
}

impl ChannelConfig {
    /// A name of [`KINDS`].
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.transport {
            Transport::Alertmanager(_) => alertmanager::KIND.name,
            Transport::Mail(_) => mail::KIND.name,
            Transport::Ntfy(_) => ntfy::KIND.name,
            Transport::Webhook(_) => webhook::KIND.name,
        }
    }

    /// Host and port of its receiver, for trying out whether it can be reached.
    #[must_use]
    pub fn address(&self) -> Option<(String, u16)> {
        match &self.transport {
            Transport::Alertmanager(AlertmanagerConfig { http, .. })
            | Transport::Ntfy(NtfyConfig { http, .. })
            | Transport::Webhook(WebhookConfig { http, .. }) => http.address(),
            Transport::Mail(config) => Some((config.host.clone(), config.port)),
        }
    }

    /// What carries its messages.
    ///
    /// # Errors
    /// A key cannot work.
    pub fn courier(&self) -> Result<Arc<dyn Courier>, ChannelConfigError> {
        Ok(match &self.transport {
            Transport::Alertmanager(config) => Arc::new(config.courier()?),
            Transport::Mail(config) => Arc::new(config.courier()?),
            Transport::Ntfy(config) => Arc::new(config.courier()?),
            Transport::Webhook(config) => Arc::new(config.courier()?),
        })
    }
}

/// Carries messages to a receiver.
pub trait Courier: Send + Sync + 'static {
    /// Where to, without secrets.
    fn target(&self) -> String;

    /// Hands a message over; gives what the receiver said to it.
    fn deliver<'a>(&'a self, message: &'a Message) -> BoxFuture<'a, Result<String, Failure>>;

    /// What is open is told again after each of these, though nothing has changed: for a receiver that takes silence for the end.
    fn repeats_every(&self) -> Option<Duration> {
        None
    }
}

/// Why a message could not be handed over; it is tried again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// What happened, for a person.
    pub reason: String,
    /// What a person has to mend; none where it mends itself.
    pub mend: Option<String>,
    /// How long the receiver wants to be left alone.
    pub after: Option<Duration>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_kinds_is_the_folder() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/channel");
        let names = std::fs::read_dir(folder).unwrap();
        let names = names.filter_map(|entry| entry.unwrap().file_name().into_string().ok());
        let mut files: Vec<String> = names
            .filter_map(|name| name.strip_suffix(".rs").map(str::to_owned))
            .filter(|name| name != "mod")
            .collect();
        files.sort();
        assert_eq!(files, KINDS.iter().map(|kind| kind.name).collect::<Vec<_>>());
    }
}
