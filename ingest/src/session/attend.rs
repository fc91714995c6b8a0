//! The task of one session: polls the connection, hands messages over, sends acknowledgements that are due.

use std::collections::VecDeque;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::backoff::Backoff;
use super::config::BrokerConfig;
use super::duplicate::{DuplicateWindow, fingerprint};
use super::flight::{AckBox, InFlight};
use super::link::{Event, Link, Message, Sender, Trouble, WIRE_BYTES_CEILING};
use super::status::{Phase, SessionStatus};
use super::subscription::Subscriptions;
use super::trouble;
use crate::account::Noted;
use crate::clock::{self, Clock};
use crate::journal::{Ack, Item, Joined, WriterHandle};
use crate::record::Record;

/// An outage shorter than this leaves no back-log worth marking.
const OUTAGE_MIN: Duration = Duration::from_secs(5);
/// Messages this long after a resumed connection may be late by the outage.
const BACKLOG_FOR: Duration = Duration::from_secs(30);
/// A connection that lasted this long was a good one: the back-off starts anew.
const STEADY_AFTER: Duration = Duration::from_secs(10);
/// A connection that ends sooner than this after CONNACK was perhaps ended by another client with our client id.
const SHORT_LIVED: Duration = Duration::from_secs(3);
/// … if it happens this often in a row.
const SHORT_LIVED_MAX: u32 = 3;
/// A stop waits this long for the commit, then for the disconnection.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// See the module.
pub(super) struct Session {
    config: BrokerConfig,
    writer: WriterHandle,
    clock: Clock,
    acks: Arc<AckBox>,
    status: watch::Sender<SessionStatus>,
    broker: u8,
    subscriptions: Subscriptions,
    window: DuplicateWindow,
    in_flight: InFlight,
    due: VecDeque<Ack>,
    backoff: Backoff,
    epoch: u64,
    wire_bytes_max: u32,
    is_stopping: bool,
    is_disconnecting: bool,
    connected_at: Option<Instant>,
    lost_at: Option<Instant>,
    has_connected_before: bool,
    backlog_until: Option<Instant>,
    short_lived: u32,
    undecodable: u32,
    has_warned_of_no_time: bool,
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
        let mut window = DuplicateWindow::new(usize::from(config.receive_maximum));
        for record in &joined.tail {
            window.remember(
                record.packet_id,
                fingerprint(record.topic.as_bytes(), &record.payload),
            );
        }
        status.send_modify(|status| {
            status.broker.clone_from(&config.name);
            status.url.clone_from(&config.url);
            status.since = Some(clock::wall());
        });
        Self {
            clock: writer.clock().clone(),
            subscriptions: Subscriptions::new(config.filters(), joined.filters),
            broker: joined.broker,
            wire_bytes_max: config.packet_bytes_max.saturating_mul(4).min(WIRE_BYTES_CEILING),
            config,
            writer,
            acks,
            status,
            window,
            in_flight: InFlight::default(),
            due: VecDeque::new(),
            backoff: Backoff::default(),
            epoch: 0,
            is_stopping: false,
            is_disconnecting: false,
            connected_at: None,
            lost_at: None,
            has_connected_before: false,
            backlog_until: None,
            short_lived: 0,
            undecodable: 0,
            has_warned_of_no_time: false,
        }
    }

    pub(super) async fn run(mut self, shutdown: &CancellationToken) {
        'link: loop {
            let opened = Link::new(&self.config, self.wire_bytes_max);
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
        loop {
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
                        () = passed(&mut deadline) => return Ended::Stopped,
                    }
                }
            };
            match outcome {
                Ok(Event::Message(message)) => self.take(message),
                Ok(Event::Connected { is_session_present }) => self.connected(is_session_present, sender),
                Ok(Event::Subscribed(granted)) => self.subscribed(granted),
                Ok(Event::Other) => {}
                Err(Trouble::Finished) => return Ended::Stopped,
                Err(trouble) => return Ended::Trouble(trouble),
            }
        }
    }

    fn connected(&mut self, is_session_present: bool, sender: &Sender) {
        let now = clock::monotonic();
        let outage = self.lost_at.map(|lost_at| now.saturating_duration_since(lost_at));
        let is_late = !self.has_connected_before || outage.is_some_and(|outage| outage >= OUTAGE_MIN);
        self.backlog_until =
            (is_session_present && is_late && !self.clock.is_playback()).then(|| now + BACKLOG_FOR);
        let mut noted = Noted::default();
        let expected_session = self.has_connected_before || !self.subscriptions.held().is_empty();
        if is_session_present {
            self.window.resume();
        } else {
            self.window.forget();
            if expected_session {
                noted.sessions_lost = 1;
                tracing::error!(
                    broker = self.config.name,
                    "the broker has lost our session: what was published meanwhile is lost; subscribing again"
                );
            }
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
            status.fault = None;
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
        self.in_flight.clear();
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
            Some(lasted) if lasted >= STEADY_AFTER => {
                self.backoff.reset();
                (self.short_lived, self.undecodable) = (0, 0);
            }
            Some(lasted) if lasted < SHORT_LIVED && matches!(trouble, Trouble::Network(_)) => {
                self.short_lived += 1
            }
            _ => {}
        }
        let is_taken_over = *trouble == Trouble::TakenOver || self.short_lived >= SHORT_LIVED_MAX;
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
            &Trouble::TakenOver
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
            status.is_taken_over = is_taken_over;
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

    fn take(&mut self, message: Message) {
        let is_new = message.qos == 0 || self.in_flight.insert(message.packet_id);
        let ack = (message.qos > 0 && is_new).then_some(Ack {
            broker: self.broker,
            epoch: self.epoch,
            packet_id: message.packet_id,
        });
        if self.is_stopping {
            // unacknowledged, so it comes again; at QoS 0 it is lost
            if let Some(ack) = ack {
                self.in_flight.remove(ack.packet_id);
            }
            self.note(Noted {
                qos0_dropped: u64::from(message.qos == 0),
                ..Noted::default()
            });
            return;
        }
        if let Some(item) = self.told(&message, ack) {
            self.writer.inbox().push(item);
            return;
        }
        if message.qos > 0 {
            let hash = fingerprint(message.topic.as_bytes(), &message.payload);
            // without: it is in flight over this very connection, and the broker repeats itself
            let Some(ack) = ack else {
                self.writer.inbox().repeat();
                return;
            };
            if self.window.is_duplicate(message.packet_id, || hash) {
                self.writer.inbox().push(Item::Duplicate { ack });
                return;
            }
            self.window.remember(message.packet_id, hash);
        }
        let poison = self.poison(&message);
        let record = Record {
            received: self.clock.now(),
            topic: message.topic,
            payload: message.payload,
            qos: message.qos,
            is_retained: message.is_retained,
            is_after_outage: self.is_backlog(),
            packet_id: message.packet_id,
            broker: self.broker,
        };
        self.warn_of_no_time(&record);
        if !self.writer.inbox().push(Item::Message { record, poison, ack }) {
            self.note(Noted {
                qos0_dropped: 1,
                ..Noted::default()
            });
        }
    }

    /// In playback: the time that a message tells, if it is one of those.
    fn told(&self, message: &Message, ack: Option<Ack>) -> Option<Item> {
        if !self.clock.is_playback() || self.config.clock_topic.as_deref() != Some(&message.topic) {
            return None;
        }
        if let Some(unix_ms) = clock::told(&message.payload) {
            return Some(Item::Tick {
                at: self.clock.tell(unix_ms),
                ack,
            });
        }
        tracing::warn!(
            topic = message.topic,
            "tells no time: unix milliseconds are expected"
        );
        Some(Item::Tick {
            at: self.clock.now(),
            ack,
        })
    }

    fn poison(&self, message: &Message) -> Option<String> {
        let kept = message.payload.len();
        if message.payload_bytes <= kept {
            return None;
        }
        let (broker, topic, bytes) = (&self.config.name, &message.topic, message.payload_bytes);
        tracing::error!(
            broker,
            topic,
            bytes,
            kept,
            "poison message: longer than packet_bytes_max, cut, quarantined"
        );
        Some(format!(
            "{bytes} bytes are more than packet_bytes_max: cut to {kept}"
        ))
    }

    fn is_backlog(&mut self) -> bool {
        match self.backlog_until {
            Some(until) if clock::monotonic() < until => true,
            Some(_) => {
                self.backlog_until = None;
                false
            }
            None => false,
        }
    }

    fn warn_of_no_time(&mut self, record: &Record) {
        if self.clock.is_playback() && record.received.as_millisecond() == 0 && !self.has_warned_of_no_time {
            self.has_warned_of_no_time = true;
            tracing::warn!(
                topic = record.topic,
                "messages come before any time was told: stamped 1970"
            );
        }
    }

    /// Sends the acknowledgements that are due, those of this connection; ends the connection when stopping is done.
    fn settle(&mut self, sender: &Sender) {
        self.acks.take(&mut self.due);
        let is_news = !self.due.is_empty();
        while let Some(ack) = self.due.front() {
            if ack.epoch == self.epoch && self.connected_at.is_some() {
                if sender.acknowledge(ack.packet_id).is_err() {
                    break;
                }
                self.in_flight.remove(ack.packet_id);
            }
            self.due.pop_front();
        }
        if is_news {
            self.status.send_modify(|status| {
                status.in_flight = self.in_flight.len();
                status.last_message = Some(clock::wall());
            });
        }
        if self.is_stopping && !self.is_disconnecting && self.in_flight.len() == 0 && self.due.is_empty() {
            self.is_disconnecting = sender.disconnect().is_ok();
        }
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
