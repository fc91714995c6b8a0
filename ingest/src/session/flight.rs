//! Messages between arrival and acknowledgement.

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

/// The packet identifiers of one connection that are not yet acknowledged.
#[derive(Debug)]
pub(crate) struct InFlight {
    bits: Box<[u64; 1024]>,
    count: usize,
}

impl Default for InFlight {
    fn default() -> Self {
        Self {
            bits: Box::new([0; 1024]),
            count: 0,
        }
    }
}

impl InFlight {
    /// False when it was in flight already.
    pub(crate) fn insert(&mut self, packet_id: u16) -> bool {
        let (word, bit) = place(packet_id);
        let is_new = self.bits[word] & bit == 0;
        self.bits[word] |= bit;
        self.count += usize::from(is_new);
        is_new
    }

    /// False when it was not in flight.
    pub(crate) fn remove(&mut self, packet_id: u16) -> bool {
        let (word, bit) = place(packet_id);
        let was_there = self.bits[word] & bit != 0;
        self.bits[word] &= !bit;
        self.count -= usize::from(was_there);
        was_there
    }

    pub(crate) fn clear(&mut self) {
        self.bits.fill(0);
        self.count = 0;
    }

    pub(crate) fn len(&self) -> usize {
        self.count
    }
}

fn place(packet_id: u16) -> (usize, u64) {
    (usize::from(packet_id >> 6), 1 << (packet_id & 63))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packet_identifier_is_in_flight_once() {
        let mut flight = InFlight::default();
        for packet_id in [1, 63, 64, u16::MAX] {
            assert!(flight.insert(packet_id) && !flight.insert(packet_id));
        }
        assert_eq!(flight.len(), 4);
        assert!(flight.remove(64) && !flight.remove(64));
        assert_eq!(flight.len(), 3);
        flight.clear();
        assert!(flight.len() == 0 && !flight.remove(1));
    }
}
