//! The connection to the broker: a task that does nothing but poll, and connects afresh after every error.
//!
//! Each connection has a client of its own, so nothing queued for a dead one is ever sent on a new one: what was not
//! acknowledged is rendered and published again. Between connections is a pause that doubles while none comes about or
//! another client takes ours away, so that two of one name do not throw each other out many times a second.

use std::path::Path;

use rumqttc::TlsConfiguration;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::MqttPublishConfig;
use super::client::{Client, Ended, Event, Events, Options};
use crate::handshake::{Handshake, explain};
use crate::sink::task::Backoff;
use crate::sink::{Problem, SinkConfigError};

pub(super) const ONLINE: &str = "online";
pub(super) const OFFLINE: &str = "offline";

/// How the connection is.
#[derive(Clone)]
pub(super) enum LinkState {
    /// Not connected yet, or no longer; the words of the last error.
    Down(String),
    /// The broker does not let us in.
    Held(Problem),
    /// Connected.
    Up(Up),
}

/// A live connection.
#[derive(Clone)]
pub(super) struct Up {
    pub(super) client: Client,
    /// Counts the connections.
    pub(super) epoch: u64,
    /// The longest packet that the broker takes, where it says so.
    pub(super) packet_bytes_max: Option<u32>,
}

pub(super) struct Link {
    pub(super) state: watch::Receiver<LinkState>,
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
}

impl Link {
    /// Starts connecting; call it inside a runtime.
    pub(super) fn start(config: &MqttPublishConfig, options: Options, place: String) -> Self {
        let (state, receiver) = watch::channel(LinkState::Down("not connected yet".to_owned()));
        let stop = CancellationToken::new();
        let poll = Poll {
            options,
            status: config.status_topic(),
            place,
            state,
            stop: stop.clone(),
            backoff: Backoff::new(config.pace.retry_after_min, config.pace.retry_after_max),
        };
        Self {
            state: receiver,
            stop,
            task: Some(tokio::spawn(poll.run())),
        }
    }

    /// Says goodbye and ends the task.
    pub(super) async fn close(&mut self, status_topic: String) {
        let state = self.state.borrow().clone();
        if let LinkState::Up(Up { client, .. }) = state {
            if let Ok(notice) = client.publish(status_topic, OFFLINE).await {
                let _ = notice.taken().await;
            }
            client.disconnect().await;
        } else {
            self.stop.cancel();
        }
        if let Some(task) = self.task.take() {
            let _ = task.await;
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

pub(super) fn tls(config: &MqttPublishConfig) -> Result<TlsConfiguration, SinkConfigError> {
    let read = |path: &Path, key: &'static str| {
        std::fs::read(path).map_err(|problem| SinkConfigError {
            key,
            what: format!("{} cannot be read: {problem}", path.display()),
            mend: "name a readable PEM file".to_owned(),
        })
    };
    let client_auth = match &config.tls.client {
        Some(path) => Some(read(path, "tls.client").map(|pem| (pem.clone(), pem))?),
        None => None,
    };
    match &config.tls.ca {
        Some(path) => Ok(TlsConfiguration::Simple {
            ca: read(path, "tls.ca")?,
            alpn: None,
            client_auth,
        }),
        None if client_auth.is_some() => Err(SinkConfigError {
            key: "tls.client",
            what: "a client certificate needs the broker's authority too".to_owned(),
            mend: "set the key tls.ca".to_owned(),
        }),
        None => TlsConfiguration::try_default_rustls().map_err(|problem| SinkConfigError {
            key: "tls",
            what: format!("the system's certificate authorities cannot be used: {problem}"),
            mend: "install the package ca-certificates, or set the key tls.ca".to_owned(),
        }),
    }
}

struct Poll {
    options: Options,
    status: String,
    place: String,
    state: watch::Sender<LinkState>,
    stop: CancellationToken,
    backoff: Backoff,
}

impl Poll {
    async fn run(mut self) {
        let mut epoch = 0;
        loop {
            let (client, events) = self.options.open();
            epoch += 1;
            let ended = tokio::select! {
                () = self.stop.cancelled() => return,
                ended = self.connection(client, events, epoch) => ended,
            };
            let Some(ended) = ended else { return };
            let was_up = matches!(*self.state.borrow(), LinkState::Up(_));
            if was_up && !matches!(ended, Ended::TakenOver) {
                self.backoff.reset();
            }
            self.state.send_replace(self.explain(ended));
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = sleep(self.backoff.next()) => {}
            }
        }
    }

    /// Polls one connection to its end; none where we ended it ourselves.
    async fn connection(&self, client: Client, mut events: Events, epoch: u64) -> Option<Ended> {
        let mut is_leaving = false;
        loop {
            match events.poll().await {
                Ok(Event::Connected { packet_bytes_max }) => {
                    client.say_online(self.status.clone());
                    self.state.send_replace(LinkState::Up(Up {
                        client: client.clone(),
                        epoch,
                        packet_bytes_max,
                    }));
                }
                Ok(Event::Leaving) => is_leaving = true,
                Ok(Event::Other) => {}
                Err(_) if is_leaving => return None,
                Err(ended) => return Some(ended),
            }
        }
    }

    fn explain(&self, ended: Ended) -> LinkState {
        let held = |what: &str, mend: &str| {
            LinkState::Held(Problem {
                what: what.to_owned(),
                place: self.place.clone(),
                mend: mend.to_owned(),
            })
        };
        match ended {
            Ended::Credentials => held(
                "the broker refuses user or password",
                &format!(
                    "check the keys user and password, the broker's password file, and that its access list lets us \
                     write {}",
                    self.status
                ),
            ),
            Ended::ClientId => held(
                "the broker refuses the client id",
                "choose another one in the key client_id",
            ),
            Ended::Banned => held("the broker has banned us", "ask the broker's administrator"),
            Ended::TakenOver => held(
                "another client has connected under our client id, so the broker has ended our connection",
                "find it (a second idlewatt?), or give one of them another client_id in [publish]",
            ),
            Ended::Other(words) => match explain(&words) {
                Some(Handshake { what, mend }) => {
                    held(&format!("no secure connection: {what} ({words})"), mend)
                }
                None => LinkState::Down(format!("no connection to {}: {words}", self.place)),
            },
        }
    }
}
