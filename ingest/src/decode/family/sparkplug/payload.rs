//! What a payload states, whether it came as protobuf or as its JSON rendering, and what a value is in numbers.
//!
//! Limits: [`METRICS_MAX`] metrics a payload, about a megabyte while it is read; longer ones are refused whole.

use jiff::Timestamp;

use super::super::super::{number, stamp};

/// A payload of the usual 256 KiB holds no more metrics that have a name.
pub(super) const METRICS_MAX: usize = 8192;
pub(super) const TOO_MANY: &str = "more than 8192 metrics; let the edge node publish smaller devices";

/// The types by their number in the protocol, small letters.
const DATATYPES: [&str; 12] = [
    "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float", "double", "boolean",
    "string",
];
/// `Text`, which is read like a string.
const TEXT: u32 = 14;

/// One message's content.
#[derive(Debug, Default)]
pub(super) struct Payload {
    pub(super) stamp: Option<Timestamp>,
    pub(super) seq: Option<u64>,
    pub(super) metrics: Vec<Metric>,
}

impl Payload {
    /// The number of the edge node's session.
    pub(super) fn bd_seq(&self) -> Option<u64> {
        let is_it = |metric: &&Metric| metric.name.as_deref() == Some("bdSeq");
        match self.metrics.iter().find(is_it)?.raw {
            Raw::Whole(number) => Some(number),
            _ => None,
        }
    }
}

/// One metric of a payload.
#[derive(Debug)]
pub(super) struct Metric {
    pub(super) name: Option<String>,
    pub(super) alias: Option<u64>,
    /// Its own; it beats the payload's.
    pub(super) stamp: Option<Timestamp>,
    /// 0 where it states none.
    pub(super) datatype: u32,
    pub(super) is_historical: bool,
    /// Null, or transient: not to be stored, and everything is stored here.
    pub(super) is_without_value: bool,
    pub(super) property: Property,
    pub(super) raw: Raw,
}

impl Metric {
    /// The value as a number. Its own type wins over the birth's; without either, a number that could be a negative
    /// one is none.
    pub(super) fn value(&self, datatype_of_birth: u32) -> Option<f64> {
        if self.is_without_value || self.property.is_bad {
            return None;
        }
        let datatype = match self.datatype {
            0 => datatype_of_birth,
            stated => stated,
        };
        match &self.raw {
            _ if !can_be_number(datatype) => None,
            Raw::Whole(bits) => whole(*bits, datatype),
            Raw::Float(number) => Some(*number).filter(|number| number.is_finite()),
            Raw::Text(text) => number::of_text(text),
            Raw::Nothing => None,
        }
    }

    /// Whether it states a number.
    pub(super) fn is_number(&self) -> bool {
        self.can_be_number() && matches!(self.raw, Raw::Whole(_) | Raw::Float(_))
    }

    /// Whether it is of a type that can carry a reading: a flag called `Power` is none.
    pub(super) fn can_be_number(&self) -> bool {
        can_be_number(self.datatype)
    }
}

/// Integers, floats, texts, and what states no type; no flags, times, arrays, data sets, templates.
fn can_be_number(datatype: u32) -> bool {
    matches!(datatype, 0..=10 | 12 | TEXT)
}

/// The value before its type is known.
#[derive(Debug, PartialEq)]
pub(super) enum Raw {
    /// Signed types travel as their two's complement.
    Whole(u64),
    Float(f64),
    Text(String),
    /// None, or a kind that is no number: boolean, bytes, data set, template.
    Nothing,
}

/// What a metric's properties say: its unit, its quality.
#[derive(Debug, Default)]
pub(super) struct Property {
    pub(super) unit: Option<String>,
    pub(super) is_bad: bool,
}

impl Property {
    /// What Ignition and Tahu write, and the spelling of those who copied it.
    pub(super) const KEYS: [&str; 4] = ["engUnit", "EngUnit", "engUnits", "Quality"];

    pub(super) fn take(&mut self, key: &[u8], text: Option<String>, number: Option<u64>) {
        if key == b"Quality" {
            self.is_bad |= number.is_some_and(is_bad);
        } else if let Some(unit) = text.filter(|unit| !unit.trim().is_empty()) {
            self.unit.get_or_insert(unit);
        }
    }
}

/// 192 is good, 0 bad, 500 stale (Sparkplug 3.0, chapter 6); Ignition's own bad codes have the sign bit of 32 bits or
/// stand between 512 and 1023. What is uncertain is still the last known value.
fn is_bad(quality: u64) -> bool {
    matches!(quality, 0..=63 | 500 | 512..=1023) || quality & (1 << 31) != 0
}

#[expect(clippy::cast_precision_loss, reason = "a reading has 53 bits")]
fn whole(bits: u64, datatype: u32) -> Option<f64> {
    let [a, b, c, d, ..] = bits.to_le_bytes();
    Some(match datatype {
        1 => f64::from(i8::from_le_bytes([a])),
        2 => f64::from(i16::from_le_bytes([a, b])),
        3 => f64::from(i32::from_le_bytes([a, b, c, d])),
        4 => bits.cast_signed() as f64,
        // Nobody has said whether it is signed.
        0 if matches!(bits, 0x8000_0000..=0xFFFF_FFFF | 0x8000_0000_0000_0000..) => return None,
        _ => bits as f64,
    })
}

/// The number of a type that is written as a word; 255 for those that carry no readings.
pub(super) fn datatype_of_word(word: &str) -> u32 {
    let known = (1..).zip(DATATYPES);
    let mut known = known.filter(|(_, name)| name.eq_ignore_ascii_case(word));
    match known.next() {
        Some((number, _)) => number,
        None if word.eq_ignore_ascii_case("text") => TEXT,
        None => u32::from(u8::MAX),
    }
}

/// Milliseconds since 1970, UTC.
#[expect(clippy::cast_precision_loss, reason = "only years before 2100 are times")]
pub(super) fn stamp_of_ms(ms: u64) -> Option<Timestamp> {
    stamp::of_unix(ms as f64)
}
