//! Messages without which later ones cannot be read: births, discoveries, lists of names. They are kept as they came,
//! one a topic, so that a restart hears them again and a mended decoder understands them anew.
//!
//! Limits: [`DecoderConfig::lessons_max`](super::DecoderConfig::lessons_max) topics and [`BYTES_MAX`] bytes; what was
//! taught or repeated longest ago goes first, and is counted.

use super::recent::Recent;

/// Topics and payloads together.
const BYTES_MAX: usize = 16 << 20;

/// The last lesson of every topic that teaches.
#[derive(Debug)]
pub(super) struct Lessons {
    payloads: Recent<Box<[u8]>>,
    bytes: usize,
}

impl Lessons {
    pub(super) fn of(topics_max: usize) -> Self {
        Self {
            payloads: Recent::of(topics_max),
            bytes: 0,
        }
    }

    /// Keeps a lesson in place of the topic's last one.
    pub(super) fn keep(&mut self, topic: &str, payload: &[u8]) {
        self.forget(topic);
        self.bytes += topic.len() + payload.len();
        if let Some(oldest) = self.payloads.put(topic, payload.into()) {
            self.let_go(&oldest);
        }
        while self.bytes > BYTES_MAX
            && let Some(oldest) = self.payloads.forget_oldest()
        {
            self.let_go(&oldest);
        }
    }

    /// The topic teaches nothing any more.
    pub(super) fn forget(&mut self, topic: &str) {
        if let Some(payload) = self.payloads.forget(topic) {
            self.bytes -= topic.len() + payload.len();
        }
    }

    fn let_go(&mut self, (topic, payload): &(String, Box<[u8]>)) {
        self.bytes -= topic.len() + payload.len();
    }

    pub(super) fn holds(&self, topic: &str) -> bool {
        self.payloads.holds(topic)
    }

    /// Topic and payload of each, the oldest first.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.payloads
            .by_use()
            .map(|(topic, payload)| (topic, payload.as_ref()))
    }

    pub(super) fn forgotten(&self) -> u64 {
        self.payloads.forgotten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn topics(lessons: &Lessons) -> Vec<&str> {
        lessons.all().map(|(topic, _)| topic).collect()
    }

    #[test]
    fn the_last_lesson_of_a_topic_is_kept_within_the_bounds() {
        let mut lessons = Lessons::of(2);
        lessons.keep("a", b"1");
        lessons.keep("b", b"2");
        lessons.keep("a", b"three");
        assert_eq!((topics(&lessons), lessons.bytes), (vec!["b", "a"], 8));
        lessons.keep("c", b"4");
        assert_eq!(
            (topics(&lessons), lessons.bytes, lessons.forgotten()),
            (vec!["a", "c"], 8, 1)
        );
        lessons.forget("a");
        assert!(lessons.holds("c") && !lessons.holds("a"));
        lessons.keep("d", &vec![0; BYTES_MAX]);
        assert_eq!(
            (topics(&lessons), lessons.bytes),
            (vec![], 0),
            "a lesson longer than all is none"
        );
    }
}
