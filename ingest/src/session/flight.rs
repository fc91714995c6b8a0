//! Messages between arrival and acknowledgement.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::journal::Ack;

/// Acknowledgements that the writer hands back to a session. Bounded by what the session handed over.
#[derive(Debug, Default)]
pub(crate) struct AckBox {
    due: Mutex<Vec<Ack>>,
    ready: Notify,
}

impl AckBox {
    /// Puts acknowledgements in, in order.
    pub(crate) fn put<'a>(&self, acks: impl Iterator<Item = &'a Ack>) {
        self.due
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(acks);
        self.ready.notify_one();
    }

    /// Takes all that are due, into `into`.
    pub(crate) fn take(&self, into: &mut impl Extend<Ack>) {
        into.extend(self.due.lock().unwrap_or_else(PoisonError::into_inner).drain(..));
    }

    /// Returns when something was put in since the last time.
    pub(crate) async fn ready(&self) {
        self.ready.notified().await;
    }
}

/// The packet identifiers of one connection that are not yet acknowledged, each with its message's fingerprint.
#[derive(Debug, Default)]
pub(crate) struct InFlight {
    messages: HashMap<u16, u64>,
}

/// What a packet identifier says of a message.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// It was free.
    New,
    /// The same message, again, before we have acknowledged it.
    Repeated,
    /// Another message. The protocol forbids it; a broker with more than 65535 messages under way does it.
    Clash,
}

impl InFlight {
    pub(crate) fn insert(&mut self, packet_id: u16, fingerprint: u64) -> Arrival {
        match self.messages.entry(packet_id) {
            Entry::Vacant(free) => {
                free.insert(fingerprint);
                Arrival::New
            }
            Entry::Occupied(taken) if *taken.get() == fingerprint => Arrival::Repeated,
            Entry::Occupied(_) => Arrival::Clash,
        }
    }

    pub(crate) fn remove(&mut self, packet_id: u16) {
        self.messages.remove(&packet_id);
    }

    pub(crate) fn clear(&mut self) {
        self.messages.clear();
    }

    pub(crate) fn len(&self) -> usize {
        self.messages.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_identifier_is_in_flight_once() {
        let mut flight = InFlight::default();
        for packet_id in [1, 63, 64, u16::MAX] {
            assert_eq!(flight.insert(packet_id, 7), Arrival::New);
        }
        assert_eq!(
            (flight.insert(64, 7), flight.insert(64, 8)),
            (Arrival::Repeated, Arrival::Clash)
        );
        assert_eq!(flight.len(), 4);
        flight.remove(64);
        assert_eq!(flight.insert(64, 8), Arrival::New);
        flight.clear();
        assert_eq!((flight.len(), flight.insert(1, 7)), (0, Arrival::New));
    }
}
