//! Recognising messages that a broker sends again because our acknowledgement did not reach it.
//!
//! Kept: packet identifier and hash of topic and payload of the last `capacity` (the receive maximum) messages of QoS 1
//! of one broker, rebuilt from the journal at start. When a session is resumed, each of them may come once more within
//! the first `capacity` messages; the flag DUP is not relied on. Limit: a broker that gives the same packet identifier
//! to a new message with the same topic and payload within that span has it taken for the old one.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hasher};

/// See the module.
#[derive(Debug)]
pub(crate) struct DuplicateWindow {
    capacity: usize,
    recent: VecDeque<(u16, u64)>,
    expected: HashMap<u16, u64>,
    looked_at: usize,
}

/// The hash that tells messages apart.
pub(crate) fn fingerprint(topic: &[u8], payload: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write_usize(topic.len());
    hasher.write(topic);
    hasher.write(payload);
    hasher.finish()
}

impl DuplicateWindow {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            recent: VecDeque::new(),
            expected: HashMap::new(),
            looked_at: 0,
        }
    }

    /// A message was taken.
    pub(crate) fn remember(&mut self, packet_id: u16, fingerprint: u64) {
        if self.recent.len() >= self.capacity {
            self.recent.pop_front();
        }
        self.recent.push_back((packet_id, fingerprint));
    }

    /// The broker kept our session: what it has no acknowledgement of comes again.
    pub(crate) fn resume(&mut self) {
        self.expected = self.recent.iter().copied().collect();
        self.looked_at = 0;
    }

    /// The broker forgot our session: packet identifiers start anew.
    pub(crate) fn forget(&mut self) {
        self.recent.clear();
        self.expected = HashMap::new();
    }

    /// Whether this message is one that comes again; each is recognised at most once a resumption.
    pub(crate) fn is_duplicate(&mut self, packet_id: u16, fingerprint: impl FnOnce() -> u64) -> bool {
        if self.expected.is_empty() {
            return false;
        }
        self.looked_at += 1;
        if self.looked_at > self.capacity {
            self.expected = HashMap::new();
            return false;
        }
        let is_same = self
            .expected
            .get(&packet_id)
            .is_some_and(|known| *known == fingerprint());
        if is_same {
            self.expected.remove(&packet_id);
        }
        is_same
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(messages: &[(u16, u64)]) -> DuplicateWindow {
        let mut window = DuplicateWindow::new(4);
        for (packet_id, fingerprint) in messages {
            window.remember(*packet_id, *fingerprint);
        }
        window
    }

    #[test]
    fn each_message_is_recognised_once_and_only_after_a_resumption() {
        let mut window = window(&[(1, 10), (2, 20)]);
        assert!(!window.is_duplicate(1, || 10), "not resumed");
        window.resume();
        assert!(window.is_duplicate(1, || 10));
        assert!(
            !window.is_duplicate(1, || 10),
            "a second time it is a new message"
        );
        assert!(
            !window.is_duplicate(2, || 21),
            "same packet identifier, other content"
        );
        assert!(!window.is_duplicate(3, || 20));
    }

    #[test]
    fn it_ends_after_as_many_messages_as_can_be_under_way() {
        let mut window = window(&[(9, 90)]);
        window.resume();
        for packet_id in 1..=4 {
            assert!(!window.is_duplicate(packet_id, || 0));
        }
        assert!(!window.is_duplicate(9, || 90));
    }

    #[test]
    fn it_keeps_the_last_ones_and_forgets_with_the_session() {
        let mut kept = window(&[(1, 10), (2, 20), (3, 30), (4, 40), (5, 50)]);
        kept.resume();
        assert!(!kept.is_duplicate(1, || 10) && kept.is_duplicate(2, || 20));
        kept.forget();
        kept.resume();
        assert!(!kept.is_duplicate(3, || 30));
    }

    #[test]
    fn a_packet_identifier_used_again_counts_with_its_last_content() {
        let mut window = window(&[(1, 10), (1, 11)]);
        window.resume();
        assert!(!window.is_duplicate(1, || 10));
        assert!(window.is_duplicate(1, || 11));
    }

    #[test]
    fn topic_and_payload_do_not_run_into_each_other() {
        assert_ne!(fingerprint(b"ab", b"c"), fingerprint(b"a", b"bc"));
    }
}
