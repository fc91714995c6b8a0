//! Plays messages to a real broker (MQTT v5), at any speed, and accounts for every one.
//!
//! - Done means acknowledged: it returns when every QoS 1 message has its PUBACK (QoS 2: PUBCOMP; QoS 0: handed to the
//!   network). What the broker refuses is counted, with the reason in the log.
//! - It reconnects for ever once it has been connected; what was not acknowledged is sent again, in order. So the broker
//!   may see a message twice, never not at all.
//! - With a clock topic it states the simulated instant (unix milliseconds, QoS 1) before every message whose instant
//!   differs from the last stated one, and again after a reconnection. On one ordered connection a subscriber thus knows
//!   the simulated time of each message; played-back traffic has no true arrival time.
//!
//! Bounds: `in_flight` unacknowledged messages on the network (or the broker's receive maximum, if smaller), eight times
//! as many in the window that waits for them. The pace uses tokio's clock, the only clock in this crate.

mod link;
mod window;

use std::collections::VecDeque;
use std::future::Future;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::{Instant, sleep_until};

use crate::simulation::Message;
use link::Link;
use window::{Letter, Settled, Window};

/// Where to play to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BrokerOptions {
    /// Host name or address.
    pub host: String,
    /// TCP port.
    pub port: u16,
    /// Client id; two players need two.
    pub client_id: String,
    /// User, if the broker asks for one.
    pub username: Option<String>,
    /// Password of that user.
    pub password: Option<String>,
    /// Most unacknowledged messages at once. Mosquitto's own limit is 20; QoS 2 beyond it loses messages.
    pub in_flight: u16,
    /// Give up if there is no connection after so long.
    pub connect_within: Duration,
}

impl BrokerOptions {
    /// A broker without a login.
    #[must_use]
    pub fn new(host: impl Into<String>, port: u16, client_id: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port,
            client_id: client_id.into(),
            username: None,
            password: None,
            in_flight: 20,
            connect_within: Duration::from_secs(15),
        }
    }
}

/// How fast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Speed {
    /// So many simulated seconds a second; 1 is real time.
    Times(f64),
    /// As fast as the broker acknowledges.
    AsFastAsPossible,
}

/// How to play.
#[derive(Debug, Clone, PartialEq)]
pub struct PlayOptions {
    /// How fast.
    pub speed: Speed,
    /// Topic on which the simulated instant is stated.
    pub clock_topic: Option<String>,
    /// Publish everything at QoS 1, whatever the meter would do.
    pub force_qos_1: bool,
    /// How often, in messages, progress is reported.
    pub progress_every: u64,
}

impl Default for PlayOptions {
    fn default() -> Self {
        Self {
            speed: Speed::AsFastAsPossible,
            clock_topic: None,
            force_qos_1: false,
            progress_every: 10_000,
        }
    }
}

/// The account of a play. `published` and `acknowledged` are per QoS and do not count the clock.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Played {
    /// Messages of the simulation handed to the client.
    pub published: [u64; 3],
    /// Of these: acknowledged (QoS 0: written to the network).
    pub acknowledged: [u64; 3],
    /// Refused by the broker with a reason, for good.
    pub refused: u64,
    /// Statements of the simulated instant, acknowledged.
    pub clock_statements: u64,
    /// Sent again after a lost connection.
    pub resent: u64,
    /// Connections lost.
    pub reconnections: u64,
    /// Instant of the last message published.
    pub simulated: Option<Timestamp>,
    /// Ended by the shutdown future, not by the end of the messages.
    pub interrupted: bool,
}

impl Played {
    /// Messages published, all QoS together.
    #[must_use]
    pub fn published_total(&self) -> u64 {
        self.published.iter().sum()
    }

    /// Messages published and not accounted for: neither acknowledged nor refused. 0 unless interrupted.
    #[must_use]
    pub fn outstanding(&self) -> u64 {
        self.published_total() - self.acknowledged.iter().sum::<u64>() - self.refused
    }
}

/// Why playing failed.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// No connection in time.
    #[error(
        "no connection to {host}:{port} within {seconds} s: {reason}\nmend: is the broker running there, and may this machine reach it?"
    )]
    Unreachable {
        /// Host asked for.
        host: String,
        /// Port asked for.
        port: u16,
        /// How long it was tried.
        seconds: u64,
        /// The last failure.
        reason: String,
    },
    /// The broker does not let us in.
    #[error("{host}:{port} refuses the connection: {reason}\nmend: check user, password and client id")]
    Refused {
        /// Host asked for.
        host: String,
        /// Port asked for.
        port: u16,
        /// The broker's reason.
        reason: String,
    },
    /// An option that cannot be.
    #[error("{what}\nmend: {mend}")]
    Option {
        /// What is wrong.
        what: String,
        /// How to mend it.
        mend: String,
    },
}

/// Plays `messages` until they end or `shutdown` completes; see the module.
///
/// Pass `simulation.by_ref()` to keep the simulation and its truth.
///
/// # Errors
/// [`PlayError`]: options that cannot be, a broker that cannot be reached or refuses us at the start.
pub async fn play(
    messages: impl Iterator<Item = Message>,
    broker: &BrokerOptions,
    options: &PlayOptions,
    shutdown: impl Future<Output = ()>,
    progress: impl FnMut(&Played),
) -> Result<Played, PlayError> {
    check(broker, options)?;
    let mut shutdown = std::pin::pin!(shutdown);
    let (link, client) = Link::open(broker);
    let mut played = Played::default();
    tokio::select! {
        connected = link.connected(broker) => connected?,
        () = &mut shutdown => {
            played.interrupted = true;
            return Ok(played);
        }
    }
    let window = Window::new(client, usize::from(broker.in_flight) * 8);
    let mut player = Player {
        link,
        window,
        options,
        progress,
        played,
        stated: None,
        backlog: VecDeque::new(),
    };
    player.run(messages, shutdown).await;
    Ok(player.close().await)
}

fn check(broker: &BrokerOptions, options: &PlayOptions) -> Result<(), PlayError> {
    let wrong = |what: &str, mend: &str| {
        Err(PlayError::Option {
            what: what.to_owned(),
            mend: mend.to_owned(),
        })
    };
    if matches!(options.speed, Speed::Times(times) if !(times.is_finite() && times > 0.0)) {
        return wrong(
            "the speed is not a positive number",
            "write how many simulated seconds pass in a second",
        );
    }
    if broker.in_flight == 0 {
        return wrong("in_flight is 0", "write at least 1");
    }
    if options
        .clock_topic
        .as_ref()
        .is_some_and(|topic| topic.is_empty() || topic.contains(['+', '#']))
    {
        return wrong(
            "the clock topic is empty or a filter",
            "write a topic without + and #",
        );
    }
    Ok(())
}

struct Player<'a, P> {
    link: Link,
    window: Window,
    options: &'a PlayOptions,
    progress: P,
    played: Played,
    stated: Option<Timestamp>,
    /// Lost with a connection, oldest first, to be sent again.
    backlog: VecDeque<Message>,
}

impl<P: FnMut(&Played)> Player<'_, P> {
    async fn run(
        &mut self,
        mut messages: impl Iterator<Item = Message>,
        mut shutdown: std::pin::Pin<&mut impl Future<Output = ()>>,
    ) {
        let mut pace = Pace {
            speed: self.options.speed,
            begun: None,
        };
        let mut next = messages.next();
        loop {
            let fresh_due = next.as_ref().map(|message| pace.due(message.at));
            let due = if self.backlog.is_empty() {
                fresh_due
            } else {
                Some(None)
            };
            if due.is_none() && self.window.is_empty() {
                return;
            }
            let may_send = due.is_some() && self.window.has_room() && self.link.is_up();
            tokio::select! {
                biased;
                () = &mut shutdown => {
                    self.played.interrupted = true;
                    return;
                }
                () = reached(due.flatten()), if may_send => {
                    if let Some(message) = self.backlog.pop_front() {
                        self.played.resent += 1;
                        self.send(message).await;
                    } else if let Some(message) = next.take() {
                        self.publish(message).await;
                        next = messages.next();
                    }
                }
                settled = self.window.settle(), if !self.window.is_empty() => self.account(settled),
                () = self.link.changed(), if !self.link.is_up() => {}
            }
        }
    }

    async fn publish(&mut self, message: Message) {
        let qos = if self.options.force_qos_1 {
            1
        } else {
            message.qos.min(2)
        };
        self.played.published[usize::from(qos)] += 1;
        self.played.simulated = Some(message.at);
        self.send(Message { qos, ..message }).await;
        if self
            .played
            .published_total()
            .is_multiple_of(self.options.progress_every.max(1))
        {
            self.played.reconnections = self.link.losses();
            (self.progress)(&self.played);
        }
    }

    /// States the instant if need be, then sends.
    async fn send(&mut self, message: Message) {
        if let Some(topic) = &self.options.clock_topic
            && self.stated != Some(message.at)
        {
            self.stated = Some(message.at);
            self.window.send(Letter::clock(topic, message.at)).await;
        }
        if !self.window.send(Letter::of(message)).await {
            self.played.refused += 1;
        }
    }

    fn account(&mut self, settled: Settled) {
        match settled {
            Settled::Acknowledged(letter) if letter.is_clock => self.played.clock_statements += 1,
            Settled::Acknowledged(letter) => {
                self.played.acknowledged[usize::from(letter.message.qos)] += 1;
            }
            Settled::Refused(letter, reason) => {
                tracing::warn!(
                    topic = letter.message.topic,
                    reason,
                    "the broker refused a message"
                );
                self.played.refused += u64::from(!letter.is_clock);
            }
            // All of it again, in order, with the instant stated anew.
            Settled::Lost(letters) => {
                self.stated = None;
                let lost = letters.into_iter().filter(|letter| !letter.is_clock);
                let later = std::mem::take(&mut self.backlog);
                self.backlog = lost.map(|letter| letter.message).chain(later).collect();
            }
        }
    }

    /// Waits a little for what is still on its way (only after an interruption), then says goodbye.
    async fn close(mut self) -> Played {
        let deadline = Instant::now() + Duration::from_secs(3);
        while !self.window.is_empty() {
            tokio::select! {
                settled = self.window.settle() => {
                    self.account(settled);
                }
                () = sleep_until(deadline) => break,
            }
        }
        self.played.reconnections = self.link.losses();
        self.window.goodbye().await;
        self.link.close().await;
        (self.progress)(&self.played);
        self.played
    }
}

/// Simulated instants to instants of this machine.
struct Pace {
    speed: Speed,
    begun: Option<(Timestamp, Instant)>,
}

impl Pace {
    /// When a message is due; `None` is at once.
    fn due(&mut self, at: Timestamp) -> Option<Instant> {
        let Speed::Times(times) = self.speed else {
            return None;
        };
        let (first, begun) = *self.begun.get_or_insert_with(|| (at, Instant::now()));
        let seconds = at.duration_since(first).as_secs_f64().max(0.0) / times;
        // A play slower than a year a message would never go on: that far ahead the sum would overflow.
        Some(begun + Duration::from_secs_f64(seconds.min(3.2e7)))
    }
}

async fn reached(due: Option<Instant>) {
    if let Some(due) = due {
        sleep_until(due).await;
    }
}
