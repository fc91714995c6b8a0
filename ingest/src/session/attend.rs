//! The task of one session: polls the connection, hands messages over, sends acknowledgements that are due.

use std::collections::VecDeque;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::backoff::Backoff;
use super::config::BrokerConfig;
use super::flight::AckBox;
use super::intake::Intake;
use super::link::{Event, Keeping, Link, Sender, Trouble, WIRE_BYTES_CEILING};
use super::status::{Phase, SessionStatus};
use super::subscription::Subscriptions;
use super::trouble;
use crate::account::Noted;
use crate::clock;
use crate::journal::{Ack, Item, Joined, WriterHandle};

/// An outage shorter than this leaves no back-log worth marking.
const OUTAGE_MIN: Duration = Duration::from_secs(5);
/// A connection that lasted this long was a good one: the back-off starts anew.
const STEADY_AFTER: Duration = Duration::from_secs(10);
/// A connection that ends sooner than this after CONNACK was perhaps ended by another client with our client id.
const SHORT_LIVED: Duration = Duration::from_secs(3);
/// … if it happens this often in a row.
const SHORT_LIVED_MAX: u32 = 3;
/// How often the figures of the status are brought up to date.
const REFRESH_EVERY: Duration = Duration::from_secs(1);
/// A stop waits this long for the commit, then for the disconnection.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// See the module.
pub(super) struct Session {
    config: BrokerConfig,
    writer: WriterHandle,
    acks: Arc<AckBox>,
    status: watch::Sender<SessionStatus>,
    broker: u8,
    subscriptions: Subscriptions,
    intake: Intake,
    due: VecDeque<Ack>,
    backoff: Backoff,
    epoch: u64,
    wire_bytes_max: u32,
    is_stopping: bool,
    is_disconnecting: bool,
    connected_at: Option<Instant>,
    lost_at: Option<Instant>,
    has_connected_before: bool,
    short_lived: u32,
    undecodable: u32,
}

/// Why the connection is no longer attended.
enum Ended {
    Stopped,
    Trouble(Trouble),
}

impl Session {
    pub(super) fn new(
        config: BrokerConfig,
        writer: WriterHandle,
        acks: Arc<AckBox>,
        joined: Joined,
        status: watch::Sender<SessionStatus>,
    ) -> Self {
        let intake = Intake::new(&config, writer.clone(), &joined);
        status.send_modify(|status| {
            status.broker.clone_from(&config.name);
            status.url.clone_from(&config.url);
            status.since = Some(clock::wall());
        });
        Self {
            subscriptions: Subscriptions::new(config.filters(), joined.filters),
            broker: joined.broker,
            wire_bytes_max: config.packet_bytes_max.saturating_mul(4).min(WIRE_BYTES_CEILING),
            config,
            writer,
            acks,
            status,
            intake,
            due: VecDeque::new(),
            backoff: Backoff::default(),
            epoch: 0,
            is_stopping: false,
            is_disconnecting: false,
            connected_at: None,
            lost_at: None,
            has_connected_before: false,
            short_lived: 0,
            undecodable: 0,
        }
    }

    pub(super) async fn run(mut self, shutdown: &CancellationToken) {
        'link: loop {
            let opened = Link::new(&self.config, self.wire_bytes_max, Keeping::Session);
            let (mut link, sender) = match opened {
                Ok(opened) => opened,
                Err(trouble) => {
                    self.lost(&trouble);
                    if self.pause(shutdown).await {
                        continue 'link;
                    }
                    break 'link;
                }
            };
            loop {
                match self.attend(&mut link, &sender, shutdown).await {
                    Ended::Stopped => break 'link,
                    Ended::Trouble(trouble) => {
                        let wire_bytes_max = self.wire_bytes_max;
                        self.lost(&trouble);
                        if self.is_stopping || !self.pause(shutdown).await {
                            break 'link;
                        }
                        if wire_bytes_max != self.wire_bytes_max {
                            continue 'link;
                        }
                    }
                }
            }
        }
        self.set_phase(Phase::Stopped);
    }

    /// Waits out the back-off; false when it is time to stop.
    async fn pause(&mut self, shutdown: &CancellationToken) -> bool {
        tokio::select! {
            () = shutdown.cancelled() => false,
            () = tokio::time::sleep(self.backoff.next()) => true,
        }
    }

    /// Polls until the connection ends. A future of `poll` is never dropped half-way, unless for good.
    async fn attend(&mut self, link: &mut Link, sender: &Sender, shutdown: &CancellationToken) -> Ended {
        let acks = Arc::clone(&self.acks);
        let mut deadline: Option<Pin<Box<tokio::time::Sleep>>> = None;
        let mut refresh = tokio::time::interval(REFRESH_EVERY);
        refresh.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            self.hold(sender, shutdown).await;
            let outcome = {
                let mut poll = pin!(link.poll());
                loop {
                    self.settle(sender);
                    tokio::select! {
                        biased;
                        outcome = &mut poll => break outcome,
                        () = acks.ready() => {}
                        () = shutdown.cancelled(), if !self.is_stopping => {
                            self.is_stopping = true;
                            deadline = Some(Box::pin(tokio::time::sleep(STOP_WITHIN)));
                            if self.connected_at.is_none() {
                                return Ended::Stopped;
                            }
                        }
                        _ = refresh.tick() => self.refresh(),
                        () = passed(&mut deadline) => return Ended::Stopped,
                    }
                }
            };
            match outcome {
                Ok(Event::Message(message)) => self.intake.take(message, self.epoch, self.is_stopping),
                Ok(Event::Connected { is_session_present }) => self.connected(is_session_present, sender),
                Ok(Event::Subscribed(granted)) => self.subscribed(granted),
                Ok(Event::Other) => {}
                Err(Trouble::Finished) => return Ended::Stopped,
                Err(trouble) => return Ended::Trouble(trouble),
            }
        }
    }

    /// Waits for commits while the broker has sent more than it may. (mosquitto 2.0.11 sends its whole back-log once
    /// the first window is acknowledged.) Its packets wait in the network; once in a while one is taken all the same,
    /// so that a dead connection is noticed.
    async fn hold(&mut self, sender: &Sender, shutdown: &CancellationToken) {
        let acks = Arc::clone(&self.acks);
        self.settle(sender);
        while self.intake.is_over_full() && !self.is_stopping {
            tokio::select! {
                biased;
                () = acks.ready() => self.settle(sender),
                () = shutdown.cancelled() => return,
                () = tokio::time::sleep(REFRESH_EVERY) => {
                    self.refresh();
                    return;
                }
            }
        }
    }

    fn connected(&mut self, is_session_present: bool, sender: &Sender) {
        let now = clock::monotonic();
        let outage = self.lost_at.map(|lost_at| now.saturating_duration_since(lost_at));
        let is_late = !self.has_connected_before || outage.is_some_and(|outage| outage >= OUTAGE_MIN);
        let mut noted = Noted::default();
        let expected_session = self.has_connected_before || !self.subscriptions.held().is_empty();
        let is_forgotten = expected_session && !is_session_present;
        self.intake
            .connected(is_session_present, is_forgotten, is_late);
        if is_forgotten {
            noted.sessions_lost = 1;
            tracing::error!(
                broker = self.config.name,
                "the broker has lost our session: what was published meanwhile is lost; subscribing again"
            );
        }
        noted.reconnects = u64::from(self.has_connected_before);
        self.note(noted);
        self.has_connected_before = true;
        self.connected_at = Some(now);
        let change = self.subscriptions.connected(is_session_present);
        // a fresh connection's queue is empty, so there is room for these two
        if !change.unsubscribe.is_empty() && sender.unsubscribe(&change.unsubscribe).is_err() {
            tracing::warn!(
                broker = self.config.name,
                "filters that are no longer configured stay subscribed"
            );
        }
        if !change.subscribe.is_empty() && sender.subscribe(&change.subscribe).is_err() {
            tracing::error!(broker = self.config.name, filters = ?change.subscribe, "not subscribed");
        } else if change.subscribe.is_empty() && !change.unsubscribe.is_empty() {
            self.remember_subscriptions();
        }
        tracing::info!(
            broker = self.config.name,
            url = self.config.url,
            is_session_present,
            "connected"
        );
        self.status.send_modify(|status| {
            status.is_session_present = is_session_present;
            status.epoch = self.epoch;
            if !status.is_taken_over {
                status.fault = None;
            }
            if change.subscribe.is_empty() {
                status.subscribed = self.subscriptions.held().to_vec();
            }
        });
        self.set_phase(Phase::Connected);
    }

    fn subscribed(&mut self, granted: Vec<super::link::Granted>) {
        let answer = self.subscriptions.answered(granted);
        for fault in &answer.refused {
            tracing::error!(
                broker = self.config.name,
                filter = fault.place,
                what = fault.what,
                mend = fault.mend,
                "a subscription is not as asked"
            );
        }
        let refused = u64::try_from(answer.refused.len()).unwrap_or(u64::MAX);
        self.note(Noted {
            subscriptions_refused: refused,
            ..Noted::default()
        });
        self.remember_subscriptions();
        self.status.send_modify(|status| {
            status.subscribed = answer.held;
            status.refused = answer.refused;
        });
    }

    fn remember_subscriptions(&self) {
        let filters = self.subscriptions.held().to_vec();
        self.writer.inbox().push(Item::Subscribed {
            broker: self.broker,
            filters,
        });
    }

    /// The connection is gone, or never was: raises the epoch, says why.
    fn lost(&mut self, trouble: &Trouble) {
        self.epoch += 1;
        self.intake.lost();
        self.is_disconnecting = false;
        let now = clock::monotonic();
        let lasted = self
            .connected_at
            .take()
            .map(|since| now.saturating_duration_since(since));
        if lasted.is_some() {
            self.lost_at = Some(now);
        }
        match lasted {
            Some(lasted) if lasted < SHORT_LIVED && matches!(trouble, Trouble::Network(_)) => {
                self.short_lived += 1;
            }
            Some(_) => self.short_lived = 0,
            None => {}
        }
        let is_certain = matches!(trouble, Trouble::TakenOver { .. });
        let is_taken_over = is_certain || self.short_lived >= SHORT_LIVED_MAX;
        if is_taken_over {
            self.short_lived = 0;
            self.backoff.slow();
            self.note(Noted {
                taken_over: 1,
                ..Noted::default()
            });
        }
        if let Trouble::TooLong { bytes } = trouble {
            self.make_room(*bytes);
        }
        let seen = if is_taken_over {
            &Trouble::TakenOver { is_certain }
        } else {
            trouble
        };
        let Some(fault) = trouble::fault(seen, &self.config) else {
            return;
        };
        self.say(seen, &fault.what, &fault.mend);
        self.status.send_modify(|status| {
            status.epoch = self.epoch;
            status.in_flight = 0;
            status.is_taken_over |= is_taken_over;
            status.fault = Some(fault);
        });
        self.set_phase(Phase::Connecting);
    }

    fn say(&mut self, trouble: &Trouble, what: &str, mend: &str) {
        let (broker, url) = (&self.config.name, &self.config.url);
        self.undecodable = if matches!(trouble, Trouble::Undecodable(_)) {
            self.undecodable + 1
        } else {
            0
        };
        let needs_person = match trouble {
            Trouble::Network(_) => false,
            Trouble::Undecodable(_) => self.undecodable >= 2,
            _ => true,
        };
        if needs_person {
            tracing::error!(broker, url, what, mend, "no session");
        } else {
            tracing::warn!(broker, url, what, mend, "no session for now");
        }
    }

    /// The next connection takes packets of this length, so that what follows the poison comes through.
    fn make_room(&mut self, bytes: usize) {
        let needed = u32::try_from(bytes.saturating_add(1024)).unwrap_or(u32::MAX);
        self.wire_bytes_max = self
            .wire_bytes_max
            .max(needed.saturating_mul(2).min(WIRE_BYTES_CEILING));
    }

    /// Sends the acknowledgements that are due, those of this connection; ends the connection when stopping is done.
    fn settle(&mut self, sender: &Sender) {
        self.acks.take(&mut self.due);
        while let Some(ack) = self.due.front() {
            if ack.epoch == self.epoch && self.connected_at.is_some() {
                if sender.acknowledge(ack.packet_id).is_err() {
                    break;
                }
                self.intake.acknowledged(ack.packet_id);
            }
            self.due.pop_front();
        }
        if self.is_stopping && !self.is_disconnecting && self.intake.in_flight() == 0 && self.due.is_empty() {
            self.is_disconnecting = sender.disconnect().is_ok();
        }
    }

    fn refresh(&mut self) {
        let lasts = self
            .connected_at
            .map(|since| clock::monotonic().saturating_duration_since(since));
        if lasts.is_some_and(|lasts| lasts >= STEADY_AFTER) {
            self.backoff.reset();
            (self.short_lived, self.undecodable) = (0, 0);
            self.status.send_if_modified(|status| {
                let was_taken_over = std::mem::take(&mut status.is_taken_over);
                if was_taken_over {
                    status.fault = None;
                }
                was_taken_over
            });
        }
        let (in_flight, last_message) = (self.intake.in_flight(), self.intake.last_message());
        self.status.send_if_modified(|status| {
            let is_change = status.in_flight != in_flight || status.last_message != last_message;
            status.in_flight = in_flight;
            status.last_message = last_message;
            is_change
        });
    }

    fn note(&self, noted: Noted) {
        if noted != Noted::default() {
            self.writer.inbox().note(&noted);
        }
    }

    fn set_phase(&self, phase: Phase) {
        self.status.send_if_modified(|status| {
            let is_change = status.phase != phase;
            if is_change {
                status.phase = phase;
                status.since = Some(clock::wall());
            }
            is_change
        });
    }
}

/// Returns when the deadline has passed; never when there is none.
async fn passed(deadline: &mut Option<Pin<Box<tokio::time::Sleep>>>) {
    match deadline {
        Some(deadline) => deadline.await,
        None => std::future::pending().await,
    }
}
