//! What was sent and is not acknowledged yet, in the order of sending.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;

use jiff::Timestamp;
use rumqttc::{AsyncClient, PublishNotice, PublishNoticeError, PublishOptions, QoS};

use crate::simulation::Message;

/// A message, or a statement of the simulated instant.
#[derive(Debug)]
pub(super) struct Letter {
    pub(super) message: Message,
    pub(super) is_clock: bool,
}

impl Letter {
    pub(super) fn of(message: Message) -> Self {
        Self {
            message,
            is_clock: false,
        }
    }

    pub(super) fn clock(topic: &str, at: Timestamp) -> Self {
        let payload = at.as_millisecond().to_string().into_bytes();
        let message = Message {
            at,
            topic: topic.to_owned(),
            payload,
            qos: 1,
            retain: false,
            sample: None,
        };
        Self {
            message,
            is_clock: true,
        }
    }
}

/// What became of the oldest letter.
#[derive(Debug)]
pub(super) enum Settled {
    Acknowledged(Letter),
    Refused(Letter, String),
    /// The session was lost: everything unacknowledged, oldest first.
    Lost(Vec<Letter>),
}

type Answer = Result<(), PublishNoticeError>;
type Waiting = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// The window.
pub(super) struct Window {
    client: AsyncClient,
    limit: usize,
    /// The oldest, being waited for.
    front: Option<(Letter, Waiting)>,
    rest: VecDeque<(Letter, PublishNotice)>,
}

impl Window {
    pub(super) fn new(client: AsyncClient, limit: usize) -> Self {
        Self {
            client,
            limit,
            front: None,
            rest: VecDeque::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.front.is_none() && self.rest.is_empty()
    }

    /// Room for a message and a statement of the instant.
    pub(super) fn has_room(&self) -> bool {
        self.rest.len() + 3 <= self.limit.max(3)
    }

    /// Hands a letter to the client; false if it does not take it (a topic that cannot be).
    pub(super) async fn send(&mut self, letter: Letter) -> bool {
        let message = &letter.message;
        let qos = match message.qos {
            0 => QoS::AtMostOnce,
            1 => QoS::AtLeastOnce,
            _ => QoS::ExactlyOnce,
        };
        let options = PublishOptions::new(qos).retain(message.retain);
        let sent = self
            .client
            .publish_tracked(message.topic.clone(), message.payload.clone(), options)
            .await;
        match sent {
            Ok(notice) => {
                self.rest.push_back((letter, notice));
                true
            }
            Err(error) => {
                tracing::error!(topic = message.topic, %error, "the client does not take a message");
                false
            }
        }
    }

    /// Waits for the oldest letter. May be dropped and called again.
    pub(super) async fn settle(&mut self) -> Settled {
        if self.front.is_none() {
            let Some((letter, notice)) = self.rest.pop_front() else {
                return std::future::pending().await;
            };
            self.front = Some((letter, Box::pin(notice.wait_completion_async())));
        }
        let answer = match self.front.as_mut() {
            Some((_, waiting)) => waiting.await,
            None => return std::future::pending().await,
        };
        let (letter, _) = self.front.take().expect("just waited for");
        match answer {
            Ok(()) => Settled::Acknowledged(letter),
            Err(error) if is_refusal(&error) => Settled::Refused(letter, error.to_string()),
            Err(_) => {
                let rest = self.rest.drain(..).map(|(letter, _)| letter);
                Settled::Lost(std::iter::once(letter).chain(rest).collect())
            }
        }
    }

    /// Says goodbye to the broker, if it is there.
    pub(super) async fn goodbye(&mut self) {
        if let Err(error) = self
            .client
            .disconnect_with_timeout(std::time::Duration::from_secs(2))
            .await
        {
            tracing::debug!(%error, "no goodbye");
        }
    }
}

/// Sending again would not help.
fn is_refusal(error: &PublishNoticeError) -> bool {
    matches!(
        error,
        PublishNoticeError::V5PubAck(_)
            | PublishNoticeError::V5PubRec(_)
            | PublishNoticeError::V5PubComp(_)
            | PublishNoticeError::RetainNotSupported
    )
}
