//! Recognising messages that a broker sends again because our acknowledgement did not reach it.
//!
//! Kept: packet identifier and hash of topic and payload of the last [`RECENT_MAX`] messages of QoS 1 of one broker,
//! rebuilt from the journal at start. When a session is resumed, a broker sends again, in the order of the first time,
//! what it has no acknowledgement of: so what comes again is looked for only behind the last one found, and the search
//! is over when the newest was found, or after `misses_max` messages that were not found. The flag DUP is not relied on.
//!
//! Our window does not limit how many come again: mosquitto 2.0.11 sends more of a back-log than it may, and when we
//! are killed it throws away, unread, the acknowledgements that wait in its socket.
//!
//! Packet identifiers begin anew with a session, so only messages of the session at hand are compared; the journal
//! remembers where it began.
//!
//! Limits: more than [`RECENT_MAX`] lost acknowledgements are not recognised, nor is what comes again out of order. It
//! is half of all packet identifiers, so that an identifier that is used anew has left the memory long ago.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hasher};

/// How many messages are remembered.
pub(crate) const RECENT_MAX: usize = 32_768;

/// See the module.
#[derive(Debug)]
pub(crate) struct DuplicateWindow {
    misses_max: usize,
    recent: VecDeque<(u16, u64)>,
    /// What may still come again, oldest first; empty when nothing may.
    expected: VecDeque<(u16, u64)>,
    misses: usize,
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
    pub(crate) fn new(misses_max: usize) -> Self {
        Self {
            misses_max,
            recent: VecDeque::new(),
            expected: VecDeque::new(),
            misses: 0,
        }
    }

    /// A message was taken.
    pub(crate) fn remember(&mut self, packet_id: u16, fingerprint: u64) {
        if self.recent.len() >= RECENT_MAX {
            self.recent.pop_front();
        }
        self.recent.push_back((packet_id, fingerprint));
    }

    /// The broker kept our session: what it has no acknowledgement of comes again.
    pub(crate) fn resume(&mut self) {
        self.expected.clone_from(&self.recent);
        self.misses = 0;
    }

    /// The broker forgot our session: packet identifiers start anew.
    pub(crate) fn forget(&mut self) {
        self.recent.clear();
        self.expected = VecDeque::new();
    }

    /// Whether this message is one that comes again; each is recognised at most once a resumption.
    pub(crate) fn is_duplicate(&mut self, packet_id: u16, fingerprint: impl FnOnce() -> u64) -> bool {
        if self.expected.is_empty() {
            return false;
        }
        let sought = (packet_id, fingerprint());
        // mostly it is the next one; else the newest of its kind
        let found = if self.expected.front() == Some(&sought) {
            Some(0)
        } else {
            self.expected.iter().rposition(|known| *known == sought)
        };
        if let Some(place) = found {
            self.expected.drain(..=place);
            return true;
        }
        self.misses += 1;
        if self.misses >= self.misses_max {
            self.expected = VecDeque::new();
        }
        false
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
        assert!(window.is_duplicate(2, || 20));
    }

    #[test]
    fn it_ends_with_the_newest_or_after_as_many_new_ones_as_can_be_under_way() {
        let mut window = window(&[(8, 80), (9, 90)]);
        window.resume();
        for packet_id in 1..=4 {
            assert!(!window.is_duplicate(packet_id, || 0));
        }
        assert!(!window.is_duplicate(9, || 90));
        window.resume();
        assert!(window.is_duplicate(9, || 90));
        assert!(
            !window.is_duplicate(8, || 80),
            "older than what came again already"
        );
    }

    #[test]
    fn more_than_our_window_come_again() {
        let number = |id: u16| (id, u64::from(id) * 10);
        let taken: Vec<(u16, u64)> = (1..=20_000).map(number).collect();
        let mut window = window(&taken);
        window.resume();
        for (packet_id, fingerprint) in &taken[5_000..] {
            assert!(window.is_duplicate(*packet_id, || *fingerprint), "{packet_id}");
        }
        assert!(!window.is_duplicate(1, || 10), "an identifier used anew");
    }

    #[test]
    fn it_keeps_the_last_ones_and_forgets_with_the_session() {
        let taken: Vec<(u16, u64)> = (0..=u16::MAX).map(|id| (id, 1)).collect();
        let mut kept = window(&taken);
        kept.resume();
        assert!(!kept.is_duplicate(32_767, || 1) && kept.is_duplicate(32_768, || 1));
        kept.forget();
        kept.resume();
        assert!(!kept.is_duplicate(40_000, || 1));
    }

    #[test]
    fn topic_and_payload_do_not_run_into_each_other() {
        assert_ne!(fingerprint(b"ab", b"c"), fingerprint(b"a", b"bc"));
    }
}
