//! A message on its way through the families: its topic cut into levels, its JSON read at most once.
//!
//! Limits: the last [`LEVELS_MAX`] levels of a topic are looked at. Nothing is allocated before a family asks for
//! the JSON.

use std::cell::{OnceCell, RefCell};

use super::Message;
use super::json::{Document, Scratch, Value};
use super::stamp::Zone;

/// Deeper topics keep their last levels: what a meter publishes stands at the end.
const LEVELS_MAX: usize = 16;

/// One message, as the families see it.
#[derive(Debug)]
pub struct Input<'m> {
    message: Message<'m>,
    levels: [&'m str; LEVELS_MAX],
    count: usize,
    /// The payload as text, where it is UTF-8, with and without blanks around it.
    whole: Option<&'m str>,
    text: &'m str,
    document: OnceCell<Result<Document<'m>, String>>,
    /// Room for the document, lent by the decoder.
    scratch: RefCell<Scratch>,
    zone: &'m Zone,
    is_lesson: bool,
}

impl<'m> Input<'m> {
    pub(super) fn new(message: Message<'m>, zone: &'m Zone) -> Self {
        let mut levels = [""; LEVELS_MAX];
        let mut count = 0;
        let mut end = Some(message.topic.len());
        while let Some(to) = end
            && count < LEVELS_MAX
        {
            let before = message.topic.get(..to).unwrap_or_default();
            end = before.bytes().rposition(|byte| byte == b'/');
            levels[count] = before.get(end.map_or(0, |slash| slash + 1)..).unwrap_or_default();
            count += 1;
        }
        let whole = std::str::from_utf8(message.payload).ok();
        Self {
            message,
            levels,
            count,
            whole,
            text: whole.map(str::trim).unwrap_or_default(),
            document: OnceCell::new(),
            scratch: RefCell::default(),
            zone,
            is_lesson: false,
        }
    }

    /// The same message, its document in the room of an earlier one.
    pub(super) fn with(self, scratch: Scratch) -> Self {
        self.scratch.replace(scratch);
        self
    }

    /// The room, for the next message.
    pub(super) fn into_scratch(self) -> Scratch {
        match self.document.into_inner() {
            Some(Ok(document)) => document.into_scratch(),
            _ => self.scratch.into_inner(),
        }
    }

    /// The same message, heard again only for what it teaches.
    pub(super) fn into_lesson(mut self) -> Self {
        self.is_lesson = true;
        self
    }

    /// The whole topic.
    pub(super) fn topic(&self) -> &'m str {
        self.message.topic
    }

    /// The topic's level counted from its end: 0 is the last; empty where there is none.
    pub(super) fn level(&self, from_end: usize) -> &'m str {
        self.levels.get(from_end).copied().unwrap_or_default()
    }

    /// Where a level stands, counted from the end; the one nearest to the end.
    pub(super) fn position(&self, is_wanted: impl Fn(&str) -> bool) -> Option<usize> {
        self.levels[..self.count]
            .iter()
            .position(|level| is_wanted(level))
    }

    /// Where a level stands, counted from the end; the one nearest to the beginning.
    pub(super) fn outermost(&self, is_wanted: impl Fn(&str) -> bool) -> Option<usize> {
        self.levels[..self.count]
            .iter()
            .rposition(|level| is_wanted(level))
    }

    /// The topic before its last `levels` levels; none where nothing is left.
    pub(super) fn before(&self, levels: usize) -> Option<&'m str> {
        let tail: usize = self.levels.iter().take(levels).map(|level| level.len() + 1).sum();
        let end = self.message.topic.len().checked_sub(tail)?;
        let before = self.message.topic.get(..end)?;
        (levels < self.count && !before.is_empty()).then_some(before)
    }

    /// The last `levels` levels of the topic.
    pub(super) fn last(&self, levels: usize) -> &'m str {
        let levels = levels.min(self.count);
        let length: usize = self.levels.iter().take(levels).map(|level| level.len() + 1).sum();
        let topic = self.message.topic;
        topic
            .get((topic.len() + 1).saturating_sub(length)..)
            .unwrap_or_default()
    }

    /// The payload as it came.
    pub(super) fn payload(&self) -> &'m [u8] {
        self.message.payload
    }

    /// Whether the broker delivered it from its retained store.
    pub(super) fn is_retained(&self) -> bool {
        self.message.is_retained
    }

    /// Whether it is heard again after a restart, only for what it teaches.
    pub(super) fn is_lesson(&self) -> bool {
        self.is_lesson
    }

    /// The payload as text without blanks around it; empty where it is not UTF-8.
    pub(super) fn text(&self) -> &'m str {
        self.text
    }

    /// Whether the payload can be a JSON object at all.
    pub(super) fn is_object(&self) -> bool {
        self.text().starts_with('{')
    }

    /// The payload as JSON.
    ///
    /// # Errors
    /// What is wrong with it and where, for a person.
    pub(super) fn json(&self) -> Result<Value<'_>, String> {
        match self.document.get_or_init(|| match self.whole {
            Some(text) => Document::parse_text(text, self.scratch.take()),
            None => Document::parse(self.message.payload),
        }) {
            Ok(document) => Ok(document.root()),
            Err(fault) => Err(fault.clone()),
        }
    }

    /// How the meter's stamps are to be read.
    pub(super) fn zone(&self) -> &'m Zone {
        self.zone
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_are_cut_from_their_end() {
        let zone = Zone::default();
        let message = Message {
            topic: "site/b1/pdu/7",
            payload: b" 5 ",
            is_retained: false,
            qos: 0,
        };
        let input = Input::new(message, &zone);
        assert_eq!(
            (input.level(0), input.level(3), input.level(4), input.count),
            ("7", "site", "", 4)
        );
        assert_eq!(
            (input.before(1), input.before(2), input.before(4)),
            (Some("site/b1/pdu"), Some("site/b1"), None)
        );
        assert_eq!(
            (input.last(1), input.last(3), input.last(9)),
            ("7", "b1/pdu/7", "site/b1/pdu/7")
        );
        assert_eq!(input.text(), "5");
        let deep = "x/".repeat(60_000 / 2);
        let input = Input::new(
            Message {
                topic: &deep,
                ..message
            },
            &zone,
        );
        assert_eq!((input.count, input.before(16).map(str::len)), (LEVELS_MAX, None));
    }
}
