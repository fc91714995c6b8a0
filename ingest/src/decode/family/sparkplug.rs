//! Sparkplug B: `spBv1.0/<group>/<type>/<edge_node>[/<device>]`, protobuf or a JSON rendering of it.
//!
//! Written after the specification 3.0 (<https://sparkplug.eclipse.org/specification/>, chapters 4 to 6) and
//! `sparkplug_b.proto` of <https://github.com/eclipse-tahu/tahu>. The meter is `group/edge_node/device`, or
//! `group/edge_node` for what the edge node states of itself.
//!
//! - A birth names its metrics and gives them aliases; data carry aliases alone, often without a type. So births are
//!   lessons, and deaths too: heard again in their order, they leave what was known. A death, or the edge node's birth,
//!   ends what was known of its devices, and nothing is read until the next birth. Only of a device that never had a
//!   birth, data that carry names are read as they come.
//! - Whoever misses a birth could ask for it again, by writing to the plant. **This decoder never does**, and neither
//!   does the program: it reads. It says that a name is unknown, and waits for the birth.
//! - Numbers run 0 to 255 over all messages of an edge node. A gap is said once to all of its meters; names are kept.
//!   Retained and remembered messages are out of that order.
//! - A death of the edge node makes all of its meters offline, unless its `bdSeq` is not the living session's.
//! - Null, NaN, a bad or stale `Quality` and transient metrics (never to be stored, and everything is stored here) are
//!   no values. A metric's stamp beats the payload's.
//! - What a name means: see `name.rs`; what becomes of several values of a channel: `sample.rs`; bounds: `session.rs`,
//!   `payload.rs`.

mod birth;
mod name;
mod payload;
mod proto;
mod rendering;
mod sample;
mod session;
mod topic;

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use analyzer::{Availability, FaultKind, Notice};

use super::super::naming::Namings;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome};
use payload::Payload;
use sample::{Sample, Samples, Source};
use session::{Device, Lookup, Sessions};
use topic::{Found, Kind, Topic};

const NO_METER: &str = "Sparkplug: no metric with a value of a meter";

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "sparkplug",
    title: "Sparkplug B",
    begin,
    reads: "spBv1.0/<group>/NBIRTH|NDATA|NDEATH/<edge_node> and …/DBIRTH|DDATA|DDEATH/<edge_node>/<device>, protobuf or JSON: \
            power, energy, export, voltage, current of the meter group/edge_node/device. Names are free: [[naming]] (family = \
            \"sparkplug\") wins, else the property engUnit and the words of the name; without any unit W and kWh. Channels: total, \
            l1 to l3, an outlet's number; with several loads in one device the load's name, Meter1, Meter1/l1. Deaths are offline",
    leaves_out: &[
        "templates (UDTs), data sets and arrays",
        "transient metrics, and values of bad or stale quality",
        "a register called net or received: import to one vendor, export to another; give it a [[naming]]",
        "of several back-filled values of a channel in one payload all but the newest, and all beside a current one",
        "data by alias before a birth was heard; no rebirth is ever asked for, since that writes to the plant",
        "compressed payloads; Sparkplug A",
    ],
    evidence: Evidence::Documentation,
    samples: SAMPLES,
};

/// Two loads, one with a unit and a quality; a null, a text, a template; back-filled, transient and unknown metrics.
const SAMPLES: &[(&str, &[u8])] = &[
    (
        "spBv1.0/plant/NBIRTH/edge5",
        b"\x08\x80\xd8\xc1\xa2\x8c4\x12\x0b\x0a\x05bdSeq \x08X\x05\x12\x11\x0a\x05Power\x10\x05 \x03P\xf0\
          \xfc\xff\xff\x0f\x18\x00",
    ),
    (
        "spBv1.0/plant/DBIRTH/edge5/ct",
        b"\x08\x80\xd8\xc1\xa2\x8c4\x122\x0a\x04M1/P\x10\x01 \x09J!\x0a\x07engUnit\x0a\x07Quality\x12\x06\
          \x08\x0cB\x02kW\x12\x05\x08\x03\x18\xc0\x01e\x00\x00\xb4A\x12\x11\x0a\x09M2/Energy\x10\x02 \x0a8\
          \x01\x12\x18\x0a\x0dM2/Voltage/L1\x10\x03 \x0cz\x03230\x12\x10\x0a\x03UDT\x10\x04 \x13\x92\x01\
          \x04\x0a\x02v1\x18\x01",
    ),
    (
        "spBv1.0/plant/DDATA/edge5/ct",
        b"\x08\x80\xd8\xc1\xa2\x8c4\x12\x12\x10\x01\x18\xf0\x89\xc1\xa2\x8c4i\x00\x00\x00\x00\x00\x00\x16\
          \xc0\x12\x0d\x10\x01(\x01i\x00\x00\x00\x00\x00\x00\x14@\x12\x06\x10\x02(\x01X7\x12\x06\x10\x090\
          \x01P\x05\x18\x02",
    ),
    (
        "spBv1.0/plant/DDEATH/edge5/ct",
        b"\x08\x80\xd8\xc1\xa2\x8c4\x18\x03",
    ),
    (
        "spBv1.0/plant/NDEATH/edge5",
        b"\x12\x0b\x0a\x05bdSeq \x08X\x05",
    ),
    (
        "spBv1.0/plant/DDATA/edge5/mr",
        br#"{"timestamp":"1790000000000","metrics":[{"name":"M1/Power","alias":"5","datatype":3,"intValue":4294966296,
            "properties":{"keys":["engUnit"],"values":[{"stringValue":"kW"}]}},{"name":"M2/Power","dataType":"Double","value":"1.5",
            "isHistorical":true,"properties":{"Quality":{"value":192}}}],"seq":"5"}"#,
    ),
    ("spBv1.0/STATE/host", br#"{"online":true,"timestamp":1790000000000}"#),
    ("STATE/host", b"ONLINE"),
    ("spBv1.0/plant/DCMD/edge5/ct", b"\x08\x01"),
];

struct Sparkplug {
    namings: Namings,
    sessions: Sessions,
}

fn begin(config: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Sparkplug {
        // The decoder has refused namings that cannot be meant.
        namings: Namings::of(&config.namings).unwrap_or_default(),
        sessions: Sessions::of(config.meters_max),
    })
}

/// One message of an edge node.
struct Heard<'h> {
    node: String,
    meter: String,
    is_of_node: bool,
    payload: &'h Payload,
    /// Retained, or a broker's copy: out of the order of messages.
    is_stored: bool,
    is_lesson: bool,
}

impl Family for Sparkplug {
    fn decode(&mut self, input: &Input<'_>) -> Option<Outcome> {
        // A look at the levels costs less than a search through the topic.
        if input.position(|level| level == topic::ROOT).is_none() {
            return old_state(input);
        }
        let topic = match Topic::find(input.topic()) {
            Some(Found::Message(topic)) => topic,
            Some(Found::Host) => return Some(Outcome::silent("Sparkplug: the state of a host application")),
            None => return old_state(input),
        };
        match topic.kind {
            Kind::Command => return Some(Outcome::silent("Sparkplug: a command to the plant")),
            Kind::Data | Kind::Death if topic.is_certificate => {
                return Some(Outcome::silent("Sparkplug: a broker's copy that is no birth"));
            }
            Kind::Birth | Kind::Data | Kind::Death => {}
        }
        let payload = match read(input) {
            Ok(payload) => payload,
            Err(fault) => return Some(Outcome::malformed(format!("Sparkplug B: {fault}"))),
        };
        let heard = Heard {
            node: topic.node(),
            meter: topic.meter(),
            is_of_node: topic.device.is_none(),
            payload: &payload,
            is_stored: topic.is_certificate || (input.is_retained() && !input.is_lesson()),
            is_lesson: input.is_lesson(),
        };
        let lost = self.follow(&heard, topic.kind);
        let outcome = match topic.kind {
            Kind::Birth => self.birth(&heard),
            Kind::Death => self.death(&heard),
            Kind::Data | Kind::Command => self.data(&heard),
        };
        Some(if topic.is_certificate {
            Outcome::silent("Sparkplug: the broker's copy of a birth, for its names only").taught()
        } else {
            outcome.noting(lost)
        })
    }

    fn unlearn(&mut self, topic: &str) {
        if let Some(Found::Message(topic)) = Topic::find(topic)
            && topic.kind == Kind::Birth
        {
            self.sessions.end(&topic.meter());
        }
    }

    fn forgotten(&self) -> u64 {
        self.sessions.forgotten()
    }
}

/// Host applications of version 2.2.
fn old_state(input: &Input<'_>) -> Option<Outcome> {
    let is_state = input
        .topic()
        .strip_prefix("STATE/")
        .is_some_and(|host| !host.contains('/'));
    (is_state && matches!(input.payload(), b"ONLINE" | b"OFFLINE"))
        .then(|| Outcome::silent("Sparkplug: the state of a host application"))
}

fn read(input: &Input<'_>) -> Result<Payload, String> {
    if input.is_object() {
        rendering::read(input.json()?)
    } else {
        proto::read(input.payload())
    }
}

impl Sparkplug {
    /// Follows the edge node's numbers; what its meters should know of a gap.
    fn follow(&mut self, heard: &Heard<'_>, kind: Kind) -> Vec<Notice> {
        if heard.is_stored || heard.is_lesson {
            self.sessions.unfollow(&heard.node);
            return Vec::new();
        }
        let (is_node_birth, is_will) = match kind {
            Kind::Birth => (heard.is_of_node, false),
            Kind::Death => (false, heard.is_of_node),
            Kind::Data | Kind::Command => (false, false),
        };
        // A birth of the edge node begins the numbers; its will was written before any of them.
        if is_node_birth || is_will {
            return Vec::new();
        }
        let Some((last, seq)) = self.sessions.follow(&heard.node, heard.payload.seq) else {
            return Vec::new();
        };
        let detail = format!(
            "edge node {}: message number {seq} came after {last}; what lay between is lost, and if it was a birth, names may \
             have changed",
            heard.node
        );
        let mut meters = self.sessions.meters_of(&heard.node);
        if !meters.contains(&heard.meter) {
            meters.push(heard.meter.clone());
        }
        let notice = |meter| notice(meter, FaultKind::MessageLost, detail.clone());
        meters.into_iter().map(notice).collect()
    }

    fn birth(&mut self, heard: &Heard<'_>) -> Outcome {
        if heard.is_of_node {
            let seq = u8::try_from(heard.payload.seq.unwrap_or_default()).ok();
            let seq = seq.filter(|_| !(heard.is_stored || heard.is_lesson));
            self.sessions.begin(&heard.node, seq, heard.payload.bd_seq());
            // Retained births come in any order, and end nothing.
            if !heard.is_stored {
                for meter in self.sessions.meters_of(&heard.node) {
                    self.sessions.end(&meter);
                }
            }
        }
        let told = match self.sessions.device(&heard.meter) {
            Some(device) => std::mem::take(&mut device.told),
            None => Vec::new(),
        };
        let (mut device, notices) = birth::learned(&self.namings, heard);
        device.told = notices.iter().map(|notice| notice.detail.clone()).collect();
        let new = notices
            .into_iter()
            .filter(|notice| !told.contains(&notice.detail));
        let samples = samples(&device, &self.namings, heard).0;
        let readings = samples.readings(&heard.meter);
        let is_unnamed = device.is_nobodys() && birth::has_numbers(heard.payload);
        self.sessions.keep(&heard.meter, device);
        let mut outcome = if is_unnamed {
            Outcome::unmapped(birth::unnamed(heard.payload))
        } else {
            Outcome::readings(readings, NO_METER)
        };
        outcome.availability = availability([heard.meter.clone()], true);
        outcome.noting(new).taught()
    }

    fn data(&mut self, heard: &Heard<'_>) -> Outcome {
        let Some(device) = self.sessions.device(&heard.meter) else {
            return Outcome::silent(NO_METER);
        };
        let (samples, unknown) = samples(device, &self.namings, heard);
        let outcome = Outcome::readings(samples.readings(&heard.meter), NO_METER);
        match unknown {
            Some(unknown) if !device.is_unknown_told => {
                let detail = format!(
                    "{unknown} is in no birth of this session that was heard; it is read after the next one"
                );
                device.is_unknown_told = true;
                outcome.noting([notice(heard.meter.clone(), FaultKind::UnknownName, detail)])
            }
            _ => outcome,
        }
    }

    fn death(&mut self, heard: &Heard<'_>) -> Outcome {
        let mut meters = vec![heard.meter.clone()];
        if heard.is_of_node {
            if !self.sessions.is_of_session(&heard.node, heard.payload.bd_seq()) {
                return Outcome::silent(
                    "Sparkplug: the death of an earlier session, which no longer matters",
                );
            }
            self.sessions.unfollow(&heard.node);
            let others = self.sessions.meters_of(&heard.node);
            meters.extend(others.into_iter().filter(|meter| *meter != heard.meter));
        }
        for meter in &meters {
            self.sessions.end(meter);
        }
        let mut outcome =
            Outcome::silent("availability: the death of an edge node or a device, its last values are stale");
        outcome.availability = availability(meters, false);
        outcome.taught()
    }
}

fn availability(meters: impl IntoIterator<Item = String>, is_online: bool) -> Vec<Availability> {
    let said = |meter| Availability { meter, is_online };
    meters.into_iter().map(said).collect()
}

fn notice(meter: String, kind: FaultKind, detail: String) -> Notice {
    Notice { meter, kind, detail }
}

/// The values of a payload as far as they are understood, and what is not: a name or an alias.
fn samples<'s>(device: &'s Device, namings: &Namings, heard: &'s Heard<'_>) -> (Samples<'s>, Option<String>) {
    let (mut samples, mut unknown) = (Samples::default(), None);
    for metric in &heard.payload.metrics {
        let name = metric.name.as_deref();
        let sample = |quantity, value, source| Sample {
            quantity,
            value,
            stamp: metric.stamp.or(heard.payload.stamp),
            is_historical: metric.is_historical,
            source,
        };
        match (device.find(name, metric.alias), name) {
            (Lookup::Reading(at, known), _) => {
                if let Some(value) = metric.value(known.datatype) {
                    let sample = sample(known.quantity, value * known.factor, Source::Known(at));
                    samples.add(known.channel.as_deref().map(Cow::Borrowed), sample);
                }
            }
            // A device that never sends births, but names: nobody knows what else it will name.
            (Lookup::Unknown, Some(name)) if !device.has_births => {
                let meaning = name::meaning(namings, &heard.meter, name, metric.property.unit.as_deref());
                if let Some((meaning, value)) = meaning.zip(metric.value(0)) {
                    let sample = sample(meaning.quantity, value * meaning.factor, Source::Named(name));
                    samples.add(meaning.of.channel(0).map(Cow::Owned), sample);
                }
            }
            (Lookup::Unknown, Some(name)) => {
                if unknown.is_none() && name::meaning(namings, &heard.meter, name, None).is_some() {
                    unknown = Some(format!("metric {name}"));
                }
            }
            (Lookup::Unknown, None) => {
                if let Some(alias) = metric.alias {
                    unknown.get_or_insert_with(|| format!("alias {alias}"));
                }
            }
            (Lookup::NoReading, _) => {}
        }
    }
    (samples, unknown)
}
