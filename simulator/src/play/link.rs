//! The connection: one task that does nothing but poll the client, and reconnects with growing pauses.

use std::time::Duration;

use rumqttc::{
    AsyncClient, ConnectReturnCode, ConnectionError, Event, EventLoop, Incoming, MqttOptions, SessionMode,
};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};

use super::{BrokerOptions, PlayError};

/// What the polling task knows.
#[derive(Debug, Clone, Default)]
struct Known {
    is_up: bool,
    losses: u64,
    failure: Option<String>,
    is_refused: bool,
}

/// A connection that comes back.
pub(super) struct Link {
    known: watch::Receiver<Known>,
    task: JoinHandle<()>,
}

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

impl Link {
    pub(super) fn open(broker: &BrokerOptions) -> (Self, AsyncClient) {
        let mut options = MqttOptions::new(broker.client_id.clone(), (broker.host.clone(), broker.port));
        options.set_session_mode(SessionMode::Clean);
        options.set_keep_alive(20);
        options.set_outgoing_inflight_upper_limit(broker.in_flight);
        if let Some(username) = &broker.username {
            options.set_credentials(username.clone(), broker.password.clone().unwrap_or_default());
        }
        let room = usize::from(broker.in_flight) * 8 + 8;
        let (client, eventloop) = AsyncClient::builder(options).capacity(room).build();
        let (tell, known) = watch::channel(Known::default());
        let task = tokio::spawn(poll(eventloop, tell));
        (Self { known, task }, client)
    }

    /// Waits for the first connection.
    pub(super) async fn connected(&self, broker: &BrokerOptions) -> Result<(), PlayError> {
        let mut known = self.known.clone();
        let first = timeout(
            broker.connect_within,
            known.wait_for(|known| known.is_up || known.is_refused),
        )
        .await;
        let (host, port) = (broker.host.clone(), broker.port);
        match first {
            Ok(Ok(known)) if known.is_up => Ok(()),
            Ok(Ok(known)) => Err(PlayError::Refused {
                host,
                port,
                reason: known.failure.clone().unwrap_or_default(),
            }),
            _ => {
                let failure = self.known.borrow().failure.clone();
                let reason = failure.unwrap_or_else(|| "no answer".to_owned());
                Err(PlayError::Unreachable {
                    host,
                    port,
                    seconds: broker.connect_within.as_secs(),
                    reason,
                })
            }
        }
    }

    pub(super) fn is_up(&self) -> bool {
        self.known.borrow().is_up
    }

    pub(super) fn losses(&self) -> u64 {
        self.known.borrow().losses
    }

    /// Waits for any change of the connection.
    pub(super) async fn changed(&mut self) {
        if self.known.changed().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    /// Waits for the goodbye to be sent.
    pub(super) async fn close(mut self) {
        if timeout(Duration::from_secs(3), &mut self.task).await.is_err() {
            self.task.abort();
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn poll(mut eventloop: EventLoop, tell: watch::Sender<Known>) {
    let mut pause = FIRST_PAUSE;
    loop {
        match eventloop.poll().await {
            Ok(Event::Incoming(Incoming::ConnAck(_))) => {
                pause = FIRST_PAUSE;
                tell.send_modify(|known| known.is_up = true);
            }
            Ok(Event::Outgoing(rumqttc::Outgoing::Disconnect)) => return,
            Ok(_) => {}
            Err(ConnectionError::RequestsDone) => return,
            Err(error) => {
                let is_refused = is_refusal(&error);
                tell.send_modify(|known| {
                    known.losses += u64::from(known.is_up);
                    known.is_up = false;
                    known.is_refused = is_refused;
                    known.failure = Some(error.to_string());
                });
                tracing::warn!(%error, pause_ms = pause.as_millis(), "connection lost, trying again");
                sleep(pause).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// Trying again would not help.
fn is_refusal(error: &ConnectionError) -> bool {
    use ConnectReturnCode::{
        BadAuthenticationMethod, BadClientId, BadUserNamePassword, Banned, ClientIdentifierNotValid,
        NotAuthorized,
    };
    matches!(
        error,
        ConnectionError::ConnectionRefused(
            BadUserNamePassword
                | NotAuthorized
                | Banned
                | BadClientId
                | ClientIdentifierNotValid
                | BadAuthenticationMethod
        )
    )
}
