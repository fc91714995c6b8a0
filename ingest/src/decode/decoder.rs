//! The decoder of a stream of messages: configured mappers first, then the families in the order of their table.

use super::clamp::{self, Clamp};
use super::config::{ConfigError, DecoderConfig};
use super::input::Input;
use super::json::Scratch;
use super::lesson::Lessons;
use super::mapper::CompiledMapper;
use super::message::{Decoded, Message, Outcome};
use super::naming::Namings;
use super::stamp::Zone;
use super::{FAMILIES, Family, FamilyEntry, silent};

/// No meter's topic is longer: names are made of topics, and stand in every reading.
const TOPIC_BYTES_MAX: usize = 1024;
/// A longer name of a meter or channel is no name.
const NAME_BYTES_MAX: usize = 256;
/// The name under which configured mappers report.
const MAPPER: &str = "mapper";
const UNKNOWN: &str = "no meter family knows this topic with such a payload; if it carries readings, describe it \
                       with a [[mapper]] in the configuration";

/// Decodes messages one after the other. What partial updates need is remembered from message to message, within
/// [`DecoderConfig::meters_max`].
pub struct Decoder {
    mappers: Vec<CompiledMapper>,
    families: Vec<(&'static str, Box<dyn Family>)>,
    lessons: Lessons,
    clamps: Vec<Clamp>,
    zone: Zone,
    ignored_prefixes: Vec<String>,
    meters_of_devices: Vec<String>,
    payload_bytes_max: usize,
    scratch: Scratch,
}

impl Decoder {
    /// A decoder that has seen nothing yet.
    ///
    /// # Errors
    /// The first fault of the configuration: what, where, how to mend it.
    pub fn new(config: &DecoderConfig) -> Result<Self, ConfigError> {
        Self::of(FAMILIES.iter(), config)
    }

    /// A decoder that asks one family only, for the fuzzers; none where no family has that name.
    ///
    /// # Errors
    /// As [`Decoder::new`].
    pub fn of_family(name: &str, config: &DecoderConfig) -> Result<Option<Self>, ConfigError> {
        let entry = FAMILIES.iter().find(|entry| entry.name == name);
        entry
            .map(|entry| Self::of(std::iter::once(entry), config))
            .transpose()
    }

    fn of<'e>(
        entries: impl Iterator<Item = &'e FamilyEntry>,
        config: &DecoderConfig,
    ) -> Result<Self, ConfigError> {
        for (key, limit) in [
            ("meters_max", config.meters_max),
            ("lessons_max", config.lessons_max),
            ("payload_bytes_max", config.payload_bytes_max),
        ] {
            if limit == 0 {
                return Err(ConfigError::Limit { key });
            }
        }
        Namings::of(&config.namings)?;
        config.clamps.iter().try_for_each(Clamp::check)?;
        Ok(Self {
            mappers: config
                .mappers
                .iter()
                .map(CompiledMapper::of)
                .collect::<Result<_, _>>()?,
            families: entries.map(|entry| (entry.name, (entry.begin)(config))).collect(),
            lessons: Lessons::of(config.lessons_max),
            clamps: config.clamps.clone(),
            zone: Zone(config.zone_of_local_stamps.clone()),
            ignored_prefixes: config.ignored_prefixes.clone(),
            meters_of_devices: config.meters_of_devices.clone(),
            payload_bytes_max: config.payload_bytes_max,
            scratch: Scratch::default(),
        })
    }

    /// What a message says. Never fails, whatever the bytes.
    pub fn decode(&mut self, message: &Message<'_>) -> Decoded {
        let (family, outcome) = match self.refusal(message) {
            Some(outcome) => (None, outcome),
            None => self.outcome(message),
        };
        if outcome.is_lesson {
            self.lessons.keep(message.topic, message.payload);
        }
        let mut decoded = finished(family, outcome);
        clamp::estimate(&self.clamps, &mut decoded.readings);
        decoded
    }

    /// Hears again what an earlier decoder was taught, after a restart: only what it teaches is taken.
    pub fn teach(&mut self, topic: &str, payload: &[u8]) {
        let message = Message {
            topic,
            payload,
            is_retained: true,
            qos: 0,
        };
        let input = Input::new(message, &self.zone).into_lesson();
        let mut families = self.families.iter_mut();
        let outcome = families.find_map(|(_, family)| family.decode(&input));
        if outcome.is_some_and(|outcome| outcome.is_lesson) {
            self.lessons.keep(topic, payload);
        }
    }

    /// The messages without which later ones cannot be read, topic and payload, the oldest first.
    pub fn lessons(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.lessons.all()
    }

    /// How often a meter or a lesson was forgotten because a memory was full.
    #[must_use]
    pub fn forgotten(&self) -> u64 {
        let of_families = self.families.iter().map(|(_, family)| family.forgotten());
        of_families.sum::<u64>() + self.lessons.forgotten()
    }

    /// Why a message is not looked at.
    fn refusal(&self, message: &Message<'_>) -> Option<Outcome> {
        let mut prefixes = self.ignored_prefixes.iter();
        if prefixes.any(|prefix| is_below(message.topic, prefix)) {
            return Some(Outcome::silent(
                "ignored: the configuration lists this topic's prefix",
            ));
        }
        let length = message.topic.len();
        if length > TOPIC_BYTES_MAX {
            return Some(Outcome::malformed(format!(
                "topic of {length} bytes; at most {TOPIC_BYTES_MAX} are read"
            )));
        }
        let (length, max) = (message.payload.len(), self.payload_bytes_max);
        (length > max).then(|| {
            Outcome::malformed(format!(
                "payload of {length} bytes; at most {max} are read (payload_bytes_max)"
            ))
        })
    }

    /// Mappers, then the topics that never carry readings, then the families.
    fn outcome(&mut self, message: &Message<'_>) -> (Option<&'static str>, Outcome) {
        let input = Input::new(*message, &self.zone).with(std::mem::take(&mut self.scratch));
        let answer = 'answer: {
            if let Some(outcome) = self.mappers.iter().find_map(|mapper| mapper.decode(&input)) {
                break 'answer (Some(MAPPER), outcome);
            }
            if message.payload.trim_ascii().is_empty() {
                const EMPTY: &str = "empty payload: a request or a cleared retained message";
                if self.lessons.holds(message.topic) {
                    self.lessons.forget(message.topic);
                    for (_, family) in &mut self.families {
                        family.unlearn(message.topic);
                    }
                }
                break 'answer (None, Outcome::silent(EMPTY));
            }
            if let Some(text) = silent::reason(&input) {
                break 'answer (None, Outcome::silent(text));
            }
            for (name, family) in &mut self.families {
                if let Some(outcome) = family.decode(&input) {
                    break 'answer (Some(*name), outcome);
                }
            }
            (None, self.unknown(&input))
        };
        self.scratch = input.into_scratch();
        answer
    }

    /// Whether a topic feeds a configured device: a mapper matches it, or it names one of the devices' meters.
    #[must_use]
    pub fn feeds(&self, topic: &str) -> bool {
        self.mappers.iter().any(|mapper| mapper.matches(topic))
            || self.meters_of_devices.iter().any(|meter| has_name(topic, meter))
    }

    fn unknown(&self, input: &Input<'_>) -> Outcome {
        if matches!(input.text().as_bytes().first(), Some(b'{' | b'['))
            && self.feeds(input.topic())
            && let Err(fault) = input.json()
        {
            return Outcome::malformed(format!("a configured meter's message is {fault}"));
        }
        Outcome::unmapped(UNKNOWN)
    }
}

/// Keeps what is a reading; where none is left there is a reason.
fn finished(family: Option<&'static str>, outcome: Outcome) -> Decoded {
    let Outcome {
        mut readings,
        mut availability,
        mut notices,
        reason,
        ..
    } = outcome;
    let is_name = |name: &str| !name.is_empty() && name.len() <= NAME_BYTES_MAX;
    readings.retain(|reading| {
        reading.has_value() && is_name(&reading.meter) && reading.channel.as_deref().is_none_or(is_name)
    });
    availability.retain(|said| is_name(&said.meter));
    notices.retain(|notice| is_name(&notice.meter));
    let reason = readings.is_empty().then_some(reason);
    Decoded {
        family,
        readings,
        availability,
        notices,
        reason,
    }
}

/// Whether a topic is a prefix's or below it, whole levels compared.
fn is_below(topic: &str, prefix: &str) -> bool {
    let prefix = prefix.trim_end_matches(['#', '/']);
    let rest = topic.strip_prefix(prefix);
    !prefix.is_empty() && rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Whether a name of one or more levels stands in a topic, whole levels compared.
fn has_name(topic: &str, name: &str) -> bool {
    !name.is_empty()
        && topic.match_indices(name).any(|(at, _)| {
            let (before, after) = (&topic[..at], &topic[at + name.len()..]);
            (before.is_empty() || before.ends_with('/')) && (after.is_empty() || after.starts_with('/'))
        })
}

#[cfg(test)]
mod tests {
    use super::super::message::{Reason, ReasonKind};
    use super::*;

    fn decode(decoder: &mut Decoder, topic: &str, payload: &[u8]) -> Reason {
        let message = Message {
            topic,
            payload,
            is_retained: false,
            qos: 0,
        };
        decoder.decode(&message).reason.expect("no reading")
    }

    #[test]
    fn a_limit_of_zero_is_refused() {
        let fault = Decoder::new(&DecoderConfig {
            meters_max: 0,
            ..DecoderConfig::default()
        })
        .err();
        assert!(fault.unwrap().to_string().starts_with("meters_max is 0"));
    }

    #[test]
    fn what_no_family_knows_is_said_so() {
        let config = DecoderConfig {
            ignored_prefixes: vec!["zoo".to_owned(), "cafe/#".to_owned()],
            meters_of_devices: vec!["ct1".to_owned(), "b2/mri".to_owned()],
            payload_bytes_max: 100,
            ..DecoderConfig::default()
        };
        let mut decoder = Decoder::new(&config).unwrap();
        for (topic, payload, kind) in [
            ("zoo/ape", "{", ReasonKind::NotAReading),
            ("cafe", "{", ReasonKind::NotAReading),
            ("zoology", "{", ReasonKind::UnknownTopic),
            ("a/ct1/b", "{", ReasonKind::Malformed),
            ("a/ct11/b", "{", ReasonKind::UnknownTopic),
            ("a/b2/mri", "[1,", ReasonKind::Malformed),
            ("a/b2/mri", "[1]", ReasonKind::UnknownTopic),
            ("a/b2/mri", " ", ReasonKind::NotAReading),
        ] {
            assert_eq!(
                decode(&mut decoder, topic, payload.as_bytes()).kind,
                kind,
                "{topic} {payload}"
            );
        }
        let reason = decode(&mut decoder, &"z/".repeat(600), b"1");
        assert_eq!(reason.text, "topic of 1200 bytes; at most 1024 are read");
        let reason = decode(&mut decoder, "zebra", &[b'1'; 101]);
        assert_eq!(
            reason.text,
            "payload of 101 bytes; at most 100 are read (payload_bytes_max)"
        );
    }
}
