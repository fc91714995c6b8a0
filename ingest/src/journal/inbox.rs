//! What waits for the disk: filled by the sessions, which never wait; emptied by the writer, a batch at a time.
//!
//! Limits: messages of QoS 0 by `qos0_waiting_max` (a full inbox refuses them, the session counts them). Messages of
//! QoS 1 by the session, which stops reading when more than its receive maximum are unacknowledged; so they need no
//! refusal, and a stopped disk cannot fill the memory: the receive maximum times the longest message waits at most (by
//! default 2000 x 256 KiB, if someone sends that).

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::account::Noted;
use crate::clock;
use crate::record::Record;

/// Which message of which connection is to be acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Ack {
    pub(crate) broker: u8,
    /// The connection it came over. Another connection must not hear of it.
    pub(crate) epoch: u64,
    pub(crate) packet_id: u16,
}

/// Something for the next commit.
#[derive(Debug)]
pub(crate) enum Item {
    /// A message to be stored. `poison`: why it is quarantined as well.
    Message {
        record: Record,
        poison: Option<String>,
        ack: Option<Ack>,
    },
    /// A redelivered message that the journal, or the inbox before this, holds already.
    Duplicate { ack: Ack },
    /// Told time, in playback.
    Tick { at: Timestamp, ack: Option<Ack> },
    /// A broker has begun a new session with us: packet identifiers of messages before this say nothing any more.
    SessionBegins {
        broker: u8,
        /// The broker had a session of ours and has forgotten it; its name.
        forgotten_by: Option<String>,
    },
    /// The subscriptions that a broker's session now has.
    Subscribed { broker: u8, filters: Vec<String> },
}

#[derive(Debug, Default)]
struct Waiting {
    items: VecDeque<Item>,
    /// When the first of them came, or one before it that was taken.
    since: Option<Instant>,
    bytes: usize,
    qos0: usize,
    noted: Noted,
    repeats: u64,
    is_closing: bool,
    is_abandoned: bool,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Inbox {
    waiting: Mutex<Waiting>,
    ready: Condvar,
    full_items: usize,
    full_bytes: usize,
    qos0_max: usize,
}

/// What the writer took.
pub(crate) struct Taken {
    pub(crate) items: Vec<Item>,
    /// What is to be counted with the next commit.
    pub(crate) noted: Noted,
    /// Messages that a broker repeated over one connection before we had acknowledged them.
    pub(crate) repeats: u64,
    /// When the first of the messages that still wait was received.
    pub(crate) next_received: Option<Timestamp>,
    pub(crate) is_closing: bool,
    pub(crate) is_abandoned: bool,
}

impl Inbox {
    pub(crate) fn new(full_items: usize, full_bytes: usize, qos0_max: usize) -> Self {
        Self {
            waiting: Mutex::default(),
            ready: Condvar::new(),
            full_items: full_items.max(1),
            full_bytes: full_bytes.max(1),
            qos0_max,
        }
    }

    /// Queues an item; false when it came at QoS 0 and there is no room for it. Never waits for the disk.
    pub(crate) fn push(&self, item: Item) -> bool {
        let mut waiting = self.lock();
        if is_qos0(&item) {
            if waiting.qos0 >= self.qos0_max {
                return false;
            }
            waiting.qos0 += 1;
        }
        waiting.bytes += bytes_of(&item);
        waiting.items.push_back(item);
        let is_first = waiting.items.len() == 1;
        if is_first {
            waiting.since = Some(clock::monotonic());
        }
        if is_first || waiting.items.len() == self.full_items || waiting.bytes >= self.full_bytes {
            self.ready.notify_one();
        }
        true
    }

    /// Something to be counted with the next commit; does not cause one.
    pub(crate) fn note(&self, noted: &Noted) {
        self.lock().noted.add(noted);
    }

    /// A message was repeated over one connection before we had acknowledged it: counted as a duplicate.
    pub(crate) fn repeat(&self) {
        self.lock().repeats += 1;
    }

    /// Waits up to `idle` for a first item, then, until the first has waited for `fill`, for a full batch; takes at most a
    /// full batch. What came while the disk was busy has waited already.
    pub(crate) fn take(&self, idle: Duration, fill: Duration) -> Taken {
        let is_full = |waiting: &Waiting| {
            waiting.is_closing || waiting.items.len() >= self.full_items || waiting.bytes >= self.full_bytes
        };
        let waiting = self.lock();
        let (mut waiting, _) = self
            .ready
            .wait_timeout_while(waiting, idle, |waiting| {
                waiting.items.is_empty() && !waiting.is_closing
            })
            .unwrap_or_else(PoisonError::into_inner);
        if waiting.items.is_empty() {
            return waiting.taken(Vec::new());
        }
        let waited = waiting
            .since
            .map_or(fill, |since| clock::monotonic().saturating_duration_since(since));
        let (mut waiting, _) = self
            .ready
            .wait_timeout_while(waiting, fill.saturating_sub(waited), |waiting| !is_full(waiting))
            .unwrap_or_else(PoisonError::into_inner);
        let mut items = Vec::with_capacity(waiting.items.len().min(self.full_items));
        let mut bytes = 0;
        while items.len() < self.full_items && bytes < self.full_bytes {
            // a session begins with a batch, so that the batch's number tells its messages from those before
            let next_begins = matches!(waiting.items.front(), Some(Item::SessionBegins { .. }));
            if next_begins && !items.is_empty() {
                break;
            }
            let Some(item) = waiting.items.pop_front() else {
                break;
            };
            bytes += bytes_of(&item);
            if is_qos0(&item) {
                waiting.qos0 -= 1;
            }
            items.push(item);
        }
        waiting.bytes -= bytes;
        waiting.taken(items)
    }

    /// Waits for `time`, or less when the inbox closes meanwhile; says whether it is closing.
    pub(crate) fn pause(&self, time: Duration) -> bool {
        let (waiting, _) = self
            .ready
            .wait_timeout_while(self.lock(), time, |waiting| !waiting.is_closing)
            .unwrap_or_else(PoisonError::into_inner);
        waiting.is_closing
    }

    /// Lets the writer take what is there, and end.
    pub(crate) fn close(&self) {
        self.lock().is_closing = true;
        self.ready.notify_all();
    }

    /// Lets the writer end without what is there.
    pub(crate) fn abandon(&self) {
        self.lock().is_abandoned = true;
        self.close();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn taken(&mut self, items: Vec<Item>) -> Taken {
        let next_received = self.items.iter().find_map(|item| match item {
            Item::Message { record, .. } => Some(record.received),
            _ => None,
        });
        Taken {
            items,
            next_received,
            noted: std::mem::take(&mut self.noted),
            repeats: std::mem::take(&mut self.repeats),
            is_closing: self.is_closing && self.items.is_empty(),
            is_abandoned: self.is_abandoned,
        }
    }
}

fn is_qos0(item: &Item) -> bool {
    match item {
        Item::Message { record, .. } => record.qos == 0,
        Item::Tick { ack, .. } => ack.is_none(),
        Item::Duplicate { .. } | Item::SessionBegins { .. } | Item::Subscribed { .. } => false,
    }
}

fn bytes_of(item: &Item) -> usize {
    match item {
        Item::Message { record, .. } => record.topic.len() + record.payload.len() + 64,
        _ => 64,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(packet_id: u16) -> Item {
        let ack = (packet_id > 0).then_some(Ack {
            broker: 0,
            epoch: 1,
            packet_id,
        });
        let record = Record {
            received: Timestamp::UNIX_EPOCH,
            topic: "t".to_owned(),
            payload: vec![0; 10],
            qos: u8::from(packet_id > 0),
            is_retained: false,
            is_after_outage: false,
            packet_id,
            broker: 0,
        };
        Item::Message {
            record,
            poison: None,
            ack,
        }
    }

    #[test]
    fn qos0_has_a_limit_and_qos1_goes_past_it() {
        let inbox = Inbox::new(100, 1 << 20, 2);
        assert!(inbox.push(message(0)) && inbox.push(message(0)));
        assert!(!inbox.push(message(0)));
        assert!(inbox.push(message(7)));
        assert_eq!(inbox.take(Duration::ZERO, Duration::ZERO).items.len(), 3);
        assert!(inbox.push(message(0)), "there is room again");
    }

    #[test]
    fn a_batch_is_at_most_full_and_keeps_the_order() {
        let inbox = Inbox::new(4, 1 << 20, 0);
        for packet_id in 1..=6 {
            inbox.push(message(packet_id));
        }
        let ids = |taken: &Taken| -> Vec<u16> {
            let id = |item: &Item| match item {
                Item::Message { record, .. } => record.packet_id,
                _ => 0,
            };
            taken.items.iter().map(id).collect()
        };
        assert_eq!(ids(&inbox.take(Duration::ZERO, Duration::ZERO)), [1, 2, 3, 4]);
        inbox.close();
        let rest = inbox.take(Duration::ZERO, Duration::ZERO);
        assert_eq!(ids(&rest), [5, 6]);
        assert!(rest.is_closing);
    }

    #[test]
    fn a_session_begins_with_a_batch() {
        let inbox = Inbox::new(100, 1 << 20, 0);
        inbox.push(message(8));
        inbox.push(Item::SessionBegins {
            broker: 0,
            forgotten_by: None,
        });
        inbox.push(message(1));
        assert_eq!(inbox.take(Duration::ZERO, Duration::ZERO).items.len(), 1);
        let taken = inbox.take(Duration::ZERO, Duration::ZERO);
        assert_eq!(taken.items.len(), 2);
        assert!(matches!(taken.items[0], Item::SessionBegins { broker: 0, .. }));
    }

    #[test]
    fn what_came_while_the_disk_was_busy_waits_no_longer() {
        let inbox = Inbox::new(100, 1 << 20, 100);
        inbox.push(message(1));
        let hour = Duration::from_secs(3600);
        let mut waiting = inbox.lock();
        waiting.since = waiting.since.and_then(|since| since.checked_sub(hour));
        assert!(waiting.since.is_some());
        drop(waiting);
        inbox.push(message(2));
        assert_eq!(inbox.take(Duration::ZERO, hour).items.len(), 2);
    }

    #[test]
    fn bytes_fill_a_batch_too() {
        let inbox = Inbox::new(100, 150, 100);
        for packet_id in 1..=4 {
            inbox.push(message(packet_id));
        }
        assert_eq!(inbox.take(Duration::ZERO, Duration::ZERO).items.len(), 2);
    }
}
