//! The connection to the broker: a task that does nothing but poll, and connects afresh after every error.
//!
//! Each connection has a client of its own, so nothing queued for a dead one is ever sent on a new one: what was not
//! acknowledged is rendered and published again.

use std::path::Path;
use std::time::Duration;

use rumqttc::{
    AsyncClient, ConnectReturnCode, ConnectionError, Event, EventLoop, Incoming, LastWill, MqttOptions,
    PublishOptions, QoS, TlsConfiguration, Transport,
};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::{MqttPublishConfig, WINDOW};
use crate::handshake::{Handshake, explain};
use crate::sink::{Problem, SinkConfigError};

pub(super) const ONLINE: &str = "online";
pub(super) const OFFLINE: &str = "offline";
/// Pause between connections; the sink's own pauses come on top.
const RECONNECT_AFTER: Duration = Duration::from_millis(500);
/// Requests that wait for the event loop.
const QUEUE: usize = 256;

/// How the connection is.
#[derive(Clone)]
pub(super) enum LinkState {
    /// Not connected yet, or no longer; the words of the last error.
    Down(String),
    /// The broker does not let us in.
    Held(Problem),
    /// Connected; `epoch` counts the connections.
    Up { client: AsyncClient, epoch: u64 },
}

pub(super) struct Link {
    pub(super) state: watch::Receiver<LinkState>,
    stop: CancellationToken,
    task: Option<JoinHandle<()>>,
}

impl Link {
    /// Starts connecting; call it inside a runtime.
    pub(super) fn start(config: &MqttPublishConfig, options: MqttOptions, place: String) -> Self {
        let (state, receiver) = watch::channel(LinkState::Down("not connected yet".to_owned()));
        let stop = CancellationToken::new();
        let poll = Poll {
            options,
            status: config.status_topic(),
            place,
            state,
            stop: stop.clone(),
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
        if let LinkState::Up { client, .. } = state {
            if let Ok(notice) = client.publish_tracked(status_topic, OFFLINE, retained()).await {
                let _ = notice.wait_completion_async().await;
            }
            let _ = client.disconnect().await;
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

pub(super) const fn retained() -> PublishOptions {
    PublishOptions::new(QoS::AtLeastOnce).retained()
}

/// Connection options of a configuration.
pub(super) fn options(config: &MqttPublishConfig) -> Result<MqttOptions, SinkConfigError> {
    let mut options = MqttOptions::new(config.client_id.clone(), (config.host.clone(), config.port));
    let will = LastWill::new(config.status_topic(), OFFLINE, QoS::AtLeastOnce, true, None);
    options
        .set_clean_start(true)
        .set_outgoing_inflight_upper_limit(WINDOW)
        .set_keep_alive(config.keep_alive_s)
        .set_connect_timeout(config.connect_timeout)
        .set_last_will(will);
    if !config.user.is_empty() {
        options.set_credentials(config.user.clone(), config.password.expose().to_owned());
    }
    if config.is_tls {
        options.set_transport(Transport::Tls(tls(config)?));
    }
    Ok(options)
}

fn tls(config: &MqttPublishConfig) -> Result<TlsConfiguration, SinkConfigError> {
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
    options: MqttOptions,
    status: String,
    place: String,
    state: watch::Sender<LinkState>,
    stop: CancellationToken,
}

impl Poll {
    async fn run(self) {
        let mut epoch = 0;
        loop {
            let (client, events) = AsyncClient::builder(self.options.clone()).capacity(QUEUE).build();
            epoch += 1;
            let ended = tokio::select! {
                () = self.stop.cancelled() => return,
                ended = self.connection(client, events, epoch) => ended,
            };
            let Some(state) = ended else { return };
            self.state.send_replace(state);
            tokio::select! {
                () = self.stop.cancelled() => return,
                () = sleep(RECONNECT_AFTER) => {}
            }
        }
    }

    /// Polls one connection to its end; none where we ended it ourselves.
    async fn connection(&self, client: AsyncClient, mut events: EventLoop, epoch: u64) -> Option<LinkState> {
        let mut is_leaving = false;
        loop {
            match events.poll().await {
                Ok(Event::Incoming(Incoming::ConnAck(_))) => {
                    let online = client.try_publish(self.status.clone(), ONLINE, retained());
                    online.expect("the queue of a new connection has room");
                    self.state.send_replace(LinkState::Up {
                        client: client.clone(),
                        epoch,
                    });
                }
                Ok(Event::Outgoing(rumqttc::Outgoing::Disconnect)) => is_leaving = true,
                Ok(_) => {}
                Err(_) if is_leaving => return None,
                Err(error) => return Some(self.explain(&error)),
            }
        }
    }

    fn explain(&self, error: &ConnectionError) -> LinkState {
        use ConnectReturnCode as Code;
        let held = |what: &str, mend: &str| {
            LinkState::Held(Problem {
                what: what.to_owned(),
                place: self.place.clone(),
                mend: mend.to_owned(),
            })
        };
        match error {
            ConnectionError::ConnectionRefused(Code::BadUserNamePassword | Code::NotAuthorized) => held(
                "the broker refuses user or password",
                &format!(
                    "check the keys user and password, the broker's password file, and that its access list lets us \
                     write {}",
                    self.status
                ),
            ),
            ConnectionError::ConnectionRefused(Code::ClientIdentifierNotValid) => held(
                "the broker refuses the client id",
                "choose another one in the key client_id",
            ),
            ConnectionError::ConnectionRefused(Code::Banned) => {
                held("the broker has banned us", "ask the broker's administrator")
            }
            other => {
                let words = other.to_string();
                match explain(&words) {
                    Some(Handshake { what, mend }) => {
                        held(&format!("no secure connection: {what} ({words})"), mend)
                    }
                    None => LinkState::Down(format!("no connection to {}: {words}", self.place)),
                }
            }
        }
    }
}
