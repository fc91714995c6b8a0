//! What becomes of a message: told time, a duplicate, a record for the journal; each once, each counted.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::config::BrokerConfig;
use super::duplicate::{DuplicateWindow, fingerprint};
use super::flight::{Arrival, InFlight};
use super::link::Message;
use crate::account::Noted;
use crate::clock::{self, Clock};
use crate::journal::{Ack, Item, Joined, WriterHandle};
use crate::record::Record;

/// Messages this long after a resumed connection may be late by the outage.
const BACKLOG_FOR: Duration = Duration::from_secs(30);

/// Takes the messages of one session.
pub(super) struct Intake {
    broker: u8,
    name: String,
    clock_topic: Option<String>,
    clock: Clock,
    writer: WriterHandle,
    window: DuplicateWindow,
    in_flight: InFlight,
    in_flight_max: usize,
    backlog_until: Option<Instant>,
    has_warned_of_no_time: bool,
    has_news: bool,
    last_message: Option<Timestamp>,
}

impl Intake {
    pub(super) fn new(config: &BrokerConfig, writer: WriterHandle, joined: &Joined) -> Self {
        let in_flight_max = usize::from(config.receive_maximum);
        let mut window = DuplicateWindow::default();
        for (packet_id, fingerprint) in &joined.tail {
            window.remember(*packet_id, *fingerprint);
        }
        Self {
            broker: joined.broker,
            name: config.name.clone(),
            clock_topic: config.clock_topic.clone(),
            clock: writer.clock().clone(),
            writer,
            window,
            in_flight: InFlight::default(),
            in_flight_max,
            backlog_until: None,
            has_warned_of_no_time: false,
            has_news: false,
            last_message: None,
        }
    }

    /// A connection began. `is_late`: after an outage, so what the broker kept for us is late.
    /// `is_forgotten`: the broker had a session of ours.
    pub(super) fn connected(&mut self, is_session_present: bool, is_forgotten: bool, is_late: bool) {
        if is_session_present {
            self.window.resume();
        } else {
            self.window.forget();
            self.writer.inbox().push(Item::SessionBegins {
                broker: self.broker,
                forgotten_by: is_forgotten.then(|| self.name.clone()),
            });
        }
        let has_backlog = is_session_present && is_late && !self.clock.is_playback();
        self.backlog_until = has_backlog.then(|| clock::monotonic() + BACKLOG_FOR);
    }

    /// The connection ended: nothing is to be acknowledged over it any more.
    pub(super) fn lost(&mut self) {
        self.in_flight.clear();
    }

    /// How many messages are not yet acknowledged.
    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    /// When the last message came, by the wall clock, to about the time between two calls.
    pub(super) fn last_message(&mut self) -> Option<Timestamp> {
        if std::mem::take(&mut self.has_news) {
            self.last_message = Some(clock::wall());
        }
        self.last_message
    }

    /// Whether the broker has sent more unacknowledged messages than it may.
    pub(super) fn is_over_full(&self) -> bool {
        self.in_flight.len() > self.in_flight_max
    }

    /// A message was acknowledged over the connection it came over.
    pub(super) fn acknowledged(&mut self, packet_id: u16) {
        self.in_flight.remove(packet_id);
    }

    /// Takes a message that came over connection `epoch`; when stopping, leaves it to come again.
    pub(super) fn take(&mut self, message: Message, epoch: u64, is_stopping: bool) {
        self.has_news = true;
        if is_stopping {
            // unacknowledged, so it comes again; at QoS 0 it is lost
            self.note(Noted {
                qos0_dropped: u64::from(message.qos == 0),
                ..Noted::default()
            });
            return;
        }
        let hash = if message.qos > 0 {
            fingerprint(message.topic.as_bytes(), &message.payload)
        } else {
            0
        };
        let ack = match self.arrive(&message, hash) {
            Arrival::New if message.qos > 0 => Some(Ack {
                broker: self.broker,
                epoch,
                packet_id: message.packet_id,
            }),
            // a clash: one acknowledgement goes out for two messages, so one of them comes once more
            Arrival::New | Arrival::Clash => None,
            Arrival::Repeated => {
                self.writer.inbox().repeat();
                return;
            }
        };
        if let Some(item) = self.told(&message, ack) {
            self.writer.inbox().push(item);
            return;
        }
        if let Some(ack) = ack
            && self
                .window
                .is_duplicate((message.packet_id, hash), message.is_resent)
        {
            self.writer.inbox().push(Item::Duplicate { ack });
            return;
        }
        if message.qos > 0 {
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

    fn arrive(&mut self, message: &Message, hash: u64) -> Arrival {
        match message.qos {
            0 => Arrival::New,
            _ => self.in_flight.insert(message.packet_id, hash),
        }
    }

    /// In playback: the time that a message tells, if it is one of those.
    fn told(&self, message: &Message, ack: Option<Ack>) -> Option<Item> {
        if !self.clock.is_playback() || self.clock_topic.as_deref() != Some(&message.topic) {
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
        let (broker, topic, bytes) = (&self.name, &message.topic, message.payload_bytes);
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

    fn note(&self, noted: Noted) {
        if noted != Noted::default() {
            self.writer.inbox().note(&noted);
        }
    }
}
