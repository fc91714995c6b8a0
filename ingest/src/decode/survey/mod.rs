//! What is on a broker? Messages in, a list of meters out: what they are, how good they are, what could not be read.
//!
//! ```text
//! Message + Decoded ─▶ Survey ─▶ Report: meters, copies of one load, unread topics with proposals
//! ```
//!
//! Pure: time is an argument, nothing is written. Memory is bounded by [`SurveyConfig`]; beyond it the least recently
//! heard goes, and the report counts it.

mod figure;
mod meter;
mod proposal;
mod quality;
mod report;
mod series;
mod shape;
mod twin;
mod unread;

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use analyzer::FaultKind;
use jiff::Timestamp;

pub use figure::Figure;
pub use proposal::{MapperProposal, NamingProposal};
pub use quality::{Counting, Grade};
pub use report::{ChannelReport, Forgotten, MeterReport, Report, Twin, UnreadReport};
pub use twin::Equal;

use super::recent::Recent;
use super::{Decoded, Decoder, Message, ReasonKind};
use meter::{Coming, Meter, cut};
use unread::Unread;

/// A longer topic is remembered by its beginning.
const TOPIC_BYTES_MAX: usize = 512;
/// Names that want an explanation.
const NAMES_MAX: usize = 500;

/// How much a survey remembers.
#[derive(Clone, Copy, Debug)]
pub struct SurveyConfig {
    /// Meters at most.
    pub meters_max: usize,
    /// Channels of all meters together.
    pub channels_max: usize,
    /// Topics at most.
    pub topics_max: usize,
    /// Shapes of topics that could not be read.
    pub shapes_max: usize,
    /// Whether it is known when messages came; without, no rhythm is told.
    pub has_times: bool,
}

impl Default for SurveyConfig {
    fn default() -> Self {
        Self {
            meters_max: 10_000,
            channels_max: 20_000,
            topics_max: 20_000,
            shapes_max: 1_000,
            has_times: true,
        }
    }
}

/// Listens along with a decoder.
#[derive(Debug)]
pub struct Survey {
    config: SurveyConfig,
    meters: Recent<Meter>,
    channels: usize,
    /// Topic to the meter it belongs to.
    topics: Recent<Option<String>>,
    unread: Unread,
    names: BTreeMap<(&'static str, String), NamingProposal>,
    messages: u64,
    span: Option<(Timestamp, Timestamp)>,
}

impl Survey {
    /// A survey that has heard nothing yet.
    #[must_use]
    pub fn new(config: SurveyConfig) -> Self {
        Self {
            meters: Recent::of(config.meters_max.max(1)),
            channels: 0,
            topics: Recent::of(config.topics_max),
            unread: Unread::of(config.shapes_max),
            names: BTreeMap::new(),
            messages: 0,
            span: None,
            config,
        }
    }

    /// How many messages, topics and meters there are so far.
    #[must_use]
    pub fn so_far(&self) -> (u64, usize, usize) {
        let meters = self
            .meters
            .by_use()
            .filter(|(_, meter)| !meter.channels.is_empty());
        (self.messages, self.topics.by_use().count(), meters.count())
    }

    /// Takes a message and what the decoder made of it.
    pub fn hear(&mut self, at: Timestamp, message: &Message<'_>, decoded: &Decoded) {
        self.messages += 1;
        let (from, until) = self.span.unwrap_or((at, at));
        self.span = Some((from.min(at), until.max(at)));
        let coming = Coming {
            at,
            topic: message.topic,
            topic_id: short(message.topic),
            is_retained: message.is_retained,
        };
        let family = decoded.family.unwrap_or("unknown");
        let key = |meter: &str| format!("{family} {meter}");
        let topic = cut(message.topic, TOPIC_BYTES_MAX);
        if self.topics.get(topic).is_none() {
            self.topics.put(topic, None);
        }
        let mut counted = None;
        for reading in &decoded.readings {
            let meter = self.meter(family, &reading.meter);
            let before = meter.channels.len();
            if counted != Some(&reading.meter) {
                meter.message(coming);
            }
            counted = Some(&reading.meter);
            meter.reading(coming, reading);
            self.channels += self.meter(family, &reading.meter).channels.len() - before;
        }
        for said in &decoded.availability {
            self.meter(family, &said.meter).is_online = Some(said.is_online);
        }
        for notice in &decoded.notices {
            self.meter(family, &notice.meter).notice(notice);
            if notice.kind == FaultKind::UnknownName && self.names.len() < NAMES_MAX {
                let figure = figure::named(quoted(&notice.detail));
                let naming = figure.map(|figure| NamingProposal { family, figure });
                self.names
                    .extend(naming.map(|naming| ((family, naming.figure.name.clone()), naming)));
            }
        }
        match decoded.readings.first() {
            Some(reading) => {
                self.topics.put(topic, Some(key(&reading.meter)));
            }
            None => self.unreadable(coming, message, decoded),
        }
        while self.channels > self.config.channels_max {
            let Some((_, gone)) = self.meters.forget_oldest() else {
                break;
            };
            self.channels -= gone.channels.len();
        }
    }

    /// What was found; `decoder` is the one that has decoded.
    #[must_use]
    pub fn report(&self, decoder: &Decoder) -> Report {
        let mut heard: Vec<&Meter> = self.meters.by_use().map(|(_, meter)| meter).collect();
        heard.sort_by_key(|meter| (meter.family, meter.name.as_str()));
        let (heard, silent): (Vec<&Meter>, Vec<&Meter>) =
            heard.into_iter().partition(|meter| !meter.channels.is_empty());
        let mut meters: Vec<MeterReport> = heard.iter().map(|meter| self.meter_report(meter)).collect();
        let twins = report::twins(&heard, &mut meters);
        let groups = self.unread.groups();
        let mut namings: Vec<NamingProposal> = groups.iter().flat_map(proposal::namings).collect();
        namings.extend(self.names.values().cloned());
        namings.dedup_by(|one, other| (one.family, &one.figure.name) == (other.family, &other.figure.name));
        let topics = self.topics.by_use().filter(|(_, meter)| meter.is_some());
        let read: Vec<&str> = topics.map(|(topic, _)| topic).collect();
        Report {
            messages: self.messages,
            topics: self.topics.by_use().count(),
            span: self.span.filter(|_| self.config.has_times),
            meters,
            only_availability: silent
                .into_iter()
                .filter_map(|meter| Some((meter.name.clone(), meter.is_online?)))
                .collect(),
            twins,
            unread: groups.iter().map(|group| report::unread(group, &read)).collect(),
            namings,
            forgotten: Forgotten {
                meters: self.meters.forgotten(),
                topics: self.topics.forgotten(),
                shapes: self.unread.forgotten(),
                decoder: decoder.forgotten(),
            },
        }
    }

    fn meter(&mut self, family: &'static str, name: &str) -> &mut Meter {
        let key = format!("{family} {name}");
        if !self.meters.holds(&key)
            && let Some((_, gone)) = self.meters.put(&key, Meter::of(family, name))
        {
            self.channels -= gone.channels.len();
        }
        self.meters
            .get(&key)
            .expect("it was put there just now, and a limit of zero is raised to one")
    }

    fn unreadable(&mut self, coming: Coming<'_>, message: &Message<'_>, decoded: &Decoded) {
        let Some(reason) = &decoded.reason else { return };
        let topic = cut(message.topic, TOPIC_BYTES_MAX);
        if reason.kind == ReasonKind::Malformed
            && let Some(Some(key)) = self.topics.get(topic).cloned()
            && let Some(meter) = self.meters.get(&key)
        {
            meter.malformed += 1;
            cut(&reason.text, TOPIC_BYTES_MAX).clone_into(&mut meter.malformed_reason);
        }
        self.unread.hear(coming.topic_id, message, decoded);
    }

    fn meter_report(&self, meter: &Meter) -> MeterReport {
        report::meter(meter, self.config.has_times)
    }
}

/// A short name of a topic: two topics of one meter hardly share it.
fn short(topic: &str) -> u32 {
    let mut hasher = DefaultHasher::new();
    topic.hash(&mut hasher);
    #[expect(clippy::cast_possible_truncation, reason = "half of a hash is a hash")]
    let short = hasher.finish() as u32;
    short
}

/// The name in a notice: what stands between quotes, else the whole of it.
fn quoted(detail: &str) -> &str {
    let between = detail.split(['"', '\'', '“', '”']).nth(1);
    cut(between.unwrap_or(detail), 200)
}

#[cfg(test)]
mod tests;
