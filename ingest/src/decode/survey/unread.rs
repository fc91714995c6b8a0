//! What nobody could read, put together by the shape of its topics, each shape with a reason, a sample and its numbers.
//!
//! Limits: so many shapes as the survey allows, the least recently heard go first; texts and lists are cut.

use super::super::naming::word;
use super::super::recent::Recent;
use super::super::{Decoded, Message, ReasonKind};
use super::figure::{Body, Figure, figures};
use super::meter::cut;
use super::shape::{ANY, Shape};

/// Topics that are told apart in one shape; more are "at least".
const TOPICS_MAX: usize = 256;
/// Numbers that are remembered of one shape.
const FIGURES_MAX: usize = 48;
const TOPIC_BYTES_MAX: usize = 200;
const PAYLOAD_BYTES_MAX: usize = 240;
const REASON_BYTES_MAX: usize = 300;

/// Messages whose topics differ only in names.
#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) shape: Shape,
    pub(super) levels: Vec<Level>,
    pub(super) family: Option<&'static str>,
    pub(super) kind: ReasonKind,
    pub(super) reason: String,
    pub(super) messages: u64,
    pub(super) topics: Vec<u32>,
    pub(super) sample_topic: String,
    pub(super) sample_payload: Vec<u8>,
    pub(super) figures: Vec<Figure>,
    pub(super) is_bare: bool,
}

/// The words that stood at one level.
#[derive(Clone, Debug)]
pub(super) struct Level {
    pub(super) first: String,
    pub(super) varies: bool,
    /// Whether each of them says a channel.
    pub(super) is_channel: bool,
}

/// All that could not be read.
#[derive(Debug)]
pub(super) struct Unread {
    groups: Recent<Group>,
}

impl Unread {
    pub(super) fn of(shapes_max: usize) -> Self {
        Self {
            groups: Recent::of(shapes_max),
        }
    }

    pub(super) fn forgotten(&self) -> u64 {
        self.groups.forgotten()
    }

    /// Takes a message that has no readings.
    pub(super) fn hear(&mut self, topic_id: u32, message: &Message<'_>, decoded: &Decoded) {
        let Some(reason) = &decoded.reason else { return };
        if reason.kind == ReasonKind::NotAReading {
            return;
        }
        let body = Body::of(message);
        let (shape, field) = Shape::of(message.topic, body.is_bare());
        let key = format!(
            "{} {} {:?} {}",
            decoded.family.unwrap_or_default(),
            body.is_bare(),
            reason.kind,
            shape.levels.join("/")
        );
        if self.groups.get(&key).is_none() {
            let mut group = Group {
                levels: Vec::new(),
                family: decoded.family,
                kind: reason.kind,
                reason: cut(&reason.text, REASON_BYTES_MAX).to_owned(),
                messages: 0,
                topics: Vec::new(),
                sample_topic: String::new(),
                sample_payload: Vec::new(),
                figures: Vec::new(),
                is_bare: body.is_bare(),
                shape,
            };
            group.sample(message);
            self.groups.put(&key, group);
        }
        if let Some(group) = self.groups.get(&key) {
            group.heard(topic_id, message.topic);
            let found = figures(message, &body, field);
            if group.figures.is_empty() && !found.is_empty() {
                group.sample(message);
            }
            group.learn(found);
        }
    }

    /// The shapes, those put together that differ in one level only; the most frequent first.
    pub(super) fn groups(&self) -> Vec<Group> {
        let mut merged: Vec<Group> = Vec::new();
        for (_, group) in self.groups.by_use() {
            let place = merged.iter_mut().find_map(|other| {
                let at = other.kin(group)?;
                Some((other, at))
            });
            match place {
                Some((other, at)) => other.merge(group, at),
                None => merged.push(group.clone()),
            }
        }
        merged.sort_by(|one, other| {
            let has_figures = |group: &Group| !group.figures.is_empty();
            let order = has_figures(other).cmp(&has_figures(one));
            order.then(other.messages.cmp(&one.messages))
        });
        merged
    }
}

impl Group {
    /// Takes a message as the sample: the first, or the first with numbers that say something.
    fn sample(&mut self, message: &Message<'_>) {
        cut(message.topic, TOPIC_BYTES_MAX).clone_into(&mut self.sample_topic);
        self.sample_payload = message.payload[..message.payload.len().min(PAYLOAD_BYTES_MAX)].to_vec();
    }

    fn heard(&mut self, topic_id: u32, topic: &str) {
        self.messages += 1;
        let words = topic.split('/').take(self.shape.levels.len());
        for (at, word) in words.enumerate() {
            let is_channel = word::channel(word).is_some();
            match self.levels.get_mut(at) {
                Some(level) => {
                    level.varies |= level.first != cut(word, TOPIC_BYTES_MAX);
                    level.is_channel &= is_channel;
                }
                None => self.levels.push(Level {
                    first: cut(word, TOPIC_BYTES_MAX).to_owned(),
                    varies: false,
                    is_channel,
                }),
            }
        }
        if self.topics.len() < TOPICS_MAX && !self.topics.contains(&topic_id) {
            self.topics.push(topic_id);
        }
    }

    fn learn(&mut self, figures: Vec<Figure>) {
        for figure in figures {
            let is_same = |other: &Figure| (&other.field, &other.pointer) == (&figure.field, &figure.pointer);
            let is_known = self.figures.iter().any(is_same);
            if !is_known && self.figures.len() < FIGURES_MAX {
                self.figures.push(figure);
            }
        }
    }

    /// Where two groups differ, if it is only one level and they say the same kind of thing.
    fn kin(&self, other: &Self) -> Option<usize> {
        let is_alike = (self.family, self.kind, self.is_bare) == (other.family, other.kind, other.is_bare);
        let numbers = |group: &Self| -> Vec<Option<String>> {
            let pointers = group.figures.iter().map(|figure| figure.pointer.clone());
            pointers.collect()
        };
        let says_the_same = (self.is_bare && self.figures.is_empty() == other.figures.is_empty())
            || numbers(self) == numbers(other);
        if !(is_alike && says_the_same) {
            return None;
        }
        let at = self.shape.only_difference(&other.shape)?;
        let mut joined = self.shape.clone();
        ANY.clone_into(&mut joined.levels[at]);
        joined.has_word().then_some(at)
    }

    fn merge(&mut self, other: &Self, at: usize) {
        ANY.clone_into(&mut self.shape.levels[at]);
        self.messages += other.messages;
        for (level, of_other) in self.levels.iter_mut().zip(&other.levels) {
            level.varies |= of_other.varies || level.first != of_other.first;
            level.is_channel &= of_other.is_channel;
        }
        for topic in &other.topics {
            if self.topics.len() < TOPICS_MAX && !self.topics.contains(topic) {
                self.topics.push(*topic);
            }
        }
        self.learn(other.figures.clone());
    }
}
