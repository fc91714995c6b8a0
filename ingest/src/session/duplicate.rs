//! Recognising messages that a broker sends again because our acknowledgement did not reach it.
//!
//! Kept: packet identifier and hash of topic and payload of the last [`RECENT_MAX`] messages of QoS 1 of one broker,
//! rebuilt from the journal at start. When a session is resumed, a broker sends again, first and in the order of the first
//! time, what it has no acknowledgement of: so what comes again is looked for only behind the last one found, and the
//! search is over when the newest was found, or after `misses_max` messages that were not found.
//!
//! A broker that was killed goes on from what it had saved: it sends again what it had kept but not sent by then, without
//! the flag DUP, and gives out once more the packet identifiers of since then. So without the flag a message is taken for
//! one that comes again only while all before it were, without a gap: one that only looks alike, a meter's same value
//! under the same identifier, is behind the first new one, and new.
//!
//! Our window does not limit how many come again: mosquitto 2.0.11 sends more of a back-log than it may, and when we
//! are killed it throws away, unread, the acknowledgements that wait in its socket.
//!
//! Packet identifiers begin anew with a session, so only messages of the session at hand are compared; the journal
//! remembers where it began.
//!
//! Limits: more than [`RECENT_MAX`] lost acknowledgements are not recognised, nor is what comes again out of order. It
//! is half of all packet identifiers, so that an identifier that is used anew has left the memory long ago. The very first
//! message after a killed broker's return, if nothing comes again, may look like an older one and be thrown away.

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
    run: Run,
}

/// The messages since a resumption.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Run {
    /// None has come.
    Awaited,
    /// All have come before.
    Going,
    /// So many were new.
    Broken(usize),
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
            run: Run::Awaited,
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
        self.run = Run::Awaited;
    }

    /// The broker forgot our session: packet identifiers start anew.
    pub(crate) fn forget(&mut self) {
        self.recent.clear();
        self.expected = VecDeque::new();
    }

    /// Whether this message is one that comes again; each is recognised at most once a resumption. `is_resent`: the broker
    /// says so.
    pub(crate) fn is_duplicate(&mut self, sought: (u16, u64), is_resent: bool) -> bool {
        let Some(next) = self.expected.front() else {
            return false;
        };
        // mostly it is the next one; else the newest of its kind
        let found = match self.run {
            Run::Broken(_) if !is_resent => None,
            _ if *next == sought => Some(0),
            Run::Going if !is_resent => None,
            _ => self.expected.iter().rposition(|known| *known == sought),
        };
        if let Some(place) = found {
            self.expected.drain(..=place);
            if self.run == Run::Awaited {
                self.run = Run::Going;
            }
            return true;
        }
        let misses = match self.run {
            Run::Broken(misses) => misses + 1,
            Run::Awaited | Run::Going => 1,
        };
        self.run = Run::Broken(misses);
        if misses >= self.misses_max {
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
        assert!(!window.is_duplicate((1, 10), true), "not resumed");
        window.resume();
        assert!(window.is_duplicate((1, 10), true));
        assert!(
            !window.is_duplicate((1, 10), true),
            "a second time it is a new message"
        );
        assert!(
            !window.is_duplicate((2, 21), true),
            "same packet identifier, other content"
        );
        assert!(!window.is_duplicate((3, 20), true));
        assert!(window.is_duplicate((2, 20), true));
    }

    #[test]
    fn it_ends_with_the_newest_or_after_as_many_new_ones_as_can_be_under_way() {
        let mut window = window(&[(8, 80), (9, 90)]);
        window.resume();
        for packet_id in 1..=4 {
            assert!(!window.is_duplicate((packet_id, 0), true));
        }
        assert!(!window.is_duplicate((9, 90), true));
        window.resume();
        assert!(window.is_duplicate((9, 90), true));
        assert!(
            !window.is_duplicate((8, 80), true),
            "older than what came again already"
        );
    }

    #[test]
    fn without_the_flag_it_is_one_only_while_all_before_it_were() {
        let taken = [(5, 50), (6, 60), (7, 70), (8, 80)];
        let mut resumed = window(&taken);
        resumed.resume();
        assert!(resumed.is_duplicate((5, 50), false) && resumed.is_duplicate((6, 60), false));
        assert!(!resumed.is_duplicate((7, 71), false), "a new one");
        assert!(
            !resumed.is_duplicate((8, 80), false),
            "an identifier used anew, of a meter that says the same"
        );
        assert!(resumed.is_duplicate((8, 80), true));
        let mut gap = window(&taken);
        gap.resume();
        assert!(gap.is_duplicate((5, 50), false) && !gap.is_duplicate((7, 70), false));
    }

    #[test]
    fn more_than_our_window_come_again() {
        let number = |id: u16| (id, u64::from(id) * 10);
        let taken: Vec<(u16, u64)> = (1..=20_000).map(number).collect();
        let mut window = window(&taken);
        window.resume();
        for (packet_id, fingerprint) in &taken[5_000..] {
            assert!(
                window.is_duplicate((*packet_id, *fingerprint), true),
                "{packet_id}"
            );
        }
        assert!(!window.is_duplicate((1, 10), true), "an identifier used anew");
    }

    #[test]
    fn it_keeps_the_last_ones_and_forgets_with_the_session() {
        let taken: Vec<(u16, u64)> = (0..=u16::MAX).map(|id| (id, 1)).collect();
        let mut kept = window(&taken);
        kept.resume();
        assert!(!kept.is_duplicate((32_767, 1), true) && kept.is_duplicate((32_768, 1), true));
        kept.forget();
        kept.resume();
        assert!(!kept.is_duplicate((40_000, 1), true));
    }

    #[test]
    fn topic_and_payload_do_not_run_into_each_other() {
        assert_ne!(fingerprint(b"ab", b"c"), fingerprint(b"a", b"bc"));
    }
}
