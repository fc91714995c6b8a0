//! Recognising messages that a broker sends again because our acknowledgement did not reach it.
//!
//! Kept: packet identifier and hash of topic and payload of the last [`RECENT_MAX`] messages of QoS 1 of one broker,
//! rebuilt from the journal at start. When a session is resumed, a broker sends again, first and in the order of the first
//! time, what it has no acknowledgement of. What we hold is a beginning of what it has sent: so what comes again is a run
//! without a gap, and over with the first message that is not known. A broker that puts new ones between is believed on
//! its word, the flag DUP, and only for the next of the run.
//!
//! A broker that was killed goes on from what it had saved: it sends again what it had kept but not sent by then, without
//! the flag, and gives out once more the identifiers of since then. Of a broker that counts its identifiers, a step back
//! says so, and those are forgotten: a new message would look like an old one, a meter's same value under the same
//! identifier.
//!
//! Our window does not limit how many come again: mosquitto 2.0.11 sends more of a back-log than it may, and when we
//! are killed it throws away, unread, the acknowledgements that wait in its socket.
//!
//! Packet identifiers begin anew with a session, so only messages of the session at hand are compared; the journal
//! remembers where it began.
//!
//! Limits: more than [`RECENT_MAX`] lost acknowledgements are not recognised, nor is what comes again out of order. It
//! is half of all packet identifiers, so that an identifier that is used anew has left the memory long ago. A broker that
//! is killed again and again, sooner than it saves, sends what it once had under way once more each time; when so many
//! messages have come in between, that is stored twice. One message after a killed broker's return, the first new one,
//! may look like an older one and be thrown away.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hasher};

/// How many messages are remembered.
pub(crate) const RECENT_MAX: usize = 32_768;
/// After so many identifiers without a step back a broker counts them; one that gives out the lowest that is free takes
/// a step back as often as it is acknowledged.
const COUNTS_AFTER: usize = 1_000;

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct DuplicateWindow {
    recent: VecDeque<(u16, u64)>,
    /// Identifiers since the last step back.
    counted: usize,
    /// What may still come again, oldest first; empty when nothing may.
    expected: VecDeque<(u16, u64)>,
    run: Run,
}

/// The messages since a resumption.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Run {
    /// None has come.
    #[default]
    Awaited,
    /// All have come before.
    Going,
    /// New ones have come too.
    Broken,
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
    /// A message was taken.
    pub(crate) fn remember(&mut self, packet_id: u16, fingerprint: u64) {
        let is_behind = |known: u16| known.wrapping_sub(packet_id) < u16::MAX / 2;
        let is_step_back = self.recent.back().is_some_and(|(last, _)| is_behind(*last));
        if is_step_back && self.counted >= COUNTS_AFTER {
            while self.recent.pop_back_if(|(known, _)| is_behind(*known)).is_some() {}
        }
        self.counted = if is_step_back { 0 } else { self.counted + 1 };
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
        *self = Self::default();
    }

    /// Whether this message is one that comes again; each is recognised at most once a resumption. `is_resent`: the broker
    /// says so.
    pub(crate) fn is_duplicate(&mut self, sought: (u16, u64), is_resent: bool) -> bool {
        let Some(next) = self.expected.front() else {
            return false;
        };
        let is_next = *next == sought;
        let found = match self.run {
            Run::Awaited if is_next => Some(0),
            Run::Awaited => self.expected.iter().rposition(|known| *known == sought),
            Run::Going if is_next => Some(0),
            Run::Broken if is_next && is_resent => Some(0),
            Run::Going | Run::Broken => None,
        };
        if let Some(place) = found {
            self.expected.drain(..=place);
            if self.run == Run::Awaited {
                self.run = Run::Going;
            }
            return true;
        }
        if self.run == Run::Awaited {
            self.expected = VecDeque::new();
        }
        self.run = Run::Broken;
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(messages: &[(u16, u64)]) -> DuplicateWindow {
        let mut window = DuplicateWindow::default();
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
        assert!(!window.is_duplicate((2, 20), false), "a new one came between");
        assert!(window.is_duplicate((2, 20), true), "but the broker says so");
    }

    #[test]
    fn it_is_over_with_the_newest_or_the_first_that_is_not_known() {
        let mut window = window(&[(8, 80), (9, 90)]);
        window.resume();
        assert!(!window.is_duplicate((10, 100), true) && !window.is_duplicate((9, 90), true));
        window.resume();
        assert!(window.is_duplicate((9, 90), true));
        assert!(
            !window.is_duplicate((8, 80), true),
            "older than what came again already"
        );
    }

    #[test]
    fn what_comes_again_has_no_gap_and_needs_no_flag() {
        let taken = [(5, 50), (6, 60), (7, 70), (8, 80)];
        let mut resumed = window(&taken);
        resumed.resume();
        assert!(resumed.is_duplicate((6, 60), false) && resumed.is_duplicate((7, 70), false));
        assert!(!resumed.is_duplicate((8, 81), false), "a new one");
        let mut gap = window(&taken);
        gap.resume();
        assert!(gap.is_duplicate((5, 50), false) && !gap.is_duplicate((7, 70), false));
    }

    #[test]
    fn what_a_broker_has_forgotten_is_forgotten_when_it_numbers_anew() {
        let number = |id: u16| (id, u64::from(id) * 10);
        let taken: Vec<(u16, u64)> = (60_000..=u16::MAX).chain(1..=3_000).map(number).collect();
        let mut window = window(&taken);
        // it goes on from 62 001 as it did when it saved that
        window.remember(62_001, 7);
        window.resume();
        assert!(
            !window.is_duplicate(number(62_002), true),
            "another message, as it happens alike"
        );
        window.resume();
        assert!(window.is_duplicate(number(62_000), true) && window.is_duplicate((62_001, 7), true));
    }

    #[test]
    fn a_broker_that_gives_out_the_lowest_free_number_has_forgotten_nothing() {
        let mut window = DuplicateWindow::default();
        for round in 0..100 {
            for id in 1..=50 {
                window.remember(id, round);
            }
        }
        window.remember(1, 100);
        window.resume();
        assert!(window.is_duplicate((40, 99), true));
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
        assert!(!kept.is_duplicate((32_767, 1), true));
        kept.resume();
        assert!(kept.is_duplicate((32_768, 1), true));
        kept.forget();
        kept.resume();
        assert!(!kept.is_duplicate((40_000, 1), true));
    }

    #[test]
    fn topic_and_payload_do_not_run_into_each_other() {
        assert_ne!(fingerprint(b"ab", b"c"), fingerprint(b"a", b"bc"));
    }
}
