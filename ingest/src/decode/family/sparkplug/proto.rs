//! The protobuf of Sparkplug B, as far as a meter needs it, written after `sparkplug_b.proto` of
//! <https://github.com/eclipse-tahu/tahu>.
//!
//! Limits: a payload and a metric's properties are walked field by field without a copy, so that neither lengths nor
//! counts stated by a sender allocate anything; one metric at a time is decoded. Data sets, templates, metadata and
//! extensions are skipped.

use prost::Message as _;
use prost::encoding::{self, WireType};

use super::payload::{METRICS_MAX, Metric, Payload, Property, Raw, TOO_MANY, stamp_of_ms};

/// A metric as it travels. The kinds of value are an either-or; properties stay bytes until they are wanted.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct MetricMessage {
    #[prost(string, optional, tag = "1")]
    pub(super) name: Option<String>,
    #[prost(uint64, optional, tag = "2")]
    pub(super) alias: Option<u64>,
    #[prost(uint64, optional, tag = "3")]
    pub(super) timestamp_ms: Option<u64>,
    #[prost(uint32, optional, tag = "4")]
    pub(super) datatype: Option<u32>,
    #[prost(bool, optional, tag = "5")]
    pub(super) is_historical: Option<bool>,
    #[prost(bool, optional, tag = "6")]
    pub(super) is_transient: Option<bool>,
    #[prost(bool, optional, tag = "7")]
    pub(super) is_null: Option<bool>,
    #[prost(bytes = "vec", optional, tag = "9")]
    pub(super) properties: Option<Vec<u8>>,
    #[prost(uint32, optional, tag = "10")]
    pub(super) int_value: Option<u32>,
    #[prost(uint64, optional, tag = "11")]
    pub(super) long_value: Option<u64>,
    #[prost(float, optional, tag = "12")]
    pub(super) float_value: Option<f32>,
    #[prost(double, optional, tag = "13")]
    pub(super) double_value: Option<f64>,
    #[prost(bytes = "vec", optional, tag = "15")]
    pub(super) string_value: Option<Vec<u8>>,
}

/// One value of a metric's properties.
#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct PropertyMessage {
    #[prost(uint32, optional, tag = "3")]
    pub(super) int_value: Option<u32>,
    #[prost(uint64, optional, tag = "4")]
    pub(super) long_value: Option<u64>,
    #[prost(string, optional, tag = "8")]
    pub(super) string_value: Option<String>,
}

/// Reads a payload.
///
/// # Errors
/// What is wrong with it, for a person.
pub(super) fn read(bytes: &[u8]) -> Result<Payload, String> {
    let mut payload = Payload::default();
    for field in Fields(bytes) {
        match field? {
            (1, Wire::Varint(ms)) => payload.stamp = stamp_of_ms(ms),
            (2, Wire::Bytes(metric)) => {
                if payload.metrics.len() == METRICS_MAX {
                    return Err(TOO_MANY.to_owned());
                }
                let metric =
                    MetricMessage::decode(metric).map_err(|fault| format!("not a metric: {fault}"))?;
                payload.metrics.push(taken(metric)?);
            }
            (3, Wire::Varint(seq)) => payload.seq = Some(seq),
            (4, Wire::Bytes(b"SPBV1.0_COMPRESSED")) => {
                return Err("compressed; switch compression off in the edge node".to_owned());
            }
            (1..=3, _) => return Err("not a Sparkplug B payload".to_owned()),
            _ => {}
        }
    }
    Ok(payload)
}

fn taken(metric: MetricMessage) -> Result<Metric, String> {
    let long = || metric.long_value.map(Raw::Whole);
    let float = || metric.float_value.map(|value| Raw::Float(f64::from(value)));
    let double = || metric.double_value.map(Raw::Float);
    let text = || {
        let text = String::from_utf8(metric.string_value.clone()?).ok()?;
        Some(Raw::Text(text))
    };
    let int = metric.int_value.map(|value| Raw::Whole(u64::from(value)));
    let raw = int.or_else(long).or_else(float).or_else(double).or_else(text);
    let property = match metric.properties.as_deref() {
        Some(properties) => property(properties)?,
        None => Property::default(),
    };
    Ok(Metric {
        alias: metric.alias,
        stamp: metric.timestamp_ms.and_then(stamp_of_ms),
        datatype: metric.datatype.unwrap_or_default(),
        is_historical: metric.is_historical.unwrap_or_default(),
        is_without_value: metric.is_null.unwrap_or_default() || metric.is_transient.unwrap_or_default(),
        property,
        raw: raw.unwrap_or(Raw::Nothing),
        name: metric.name.filter(|name| !name.is_empty()),
    })
}

/// Keys (field 1) and values (field 2) stand in two lists of equal order.
fn property(bytes: &[u8]) -> Result<Property, String> {
    let mut property = Property::default();
    for (at, key) in Fields(bytes).of(1).enumerate() {
        let key = key?;
        if !Property::KEYS.iter().any(|wanted| wanted.as_bytes() == key) {
            continue;
        }
        let Some(value) = Fields(bytes).of(2).nth(at) else {
            continue;
        };
        let value =
            PropertyMessage::decode(value?).map_err(|fault| format!("not a metric's property: {fault}"))?;
        let whole = value.int_value.map(u64::from).or(value.long_value);
        property.take(key, value.string_value, whole);
    }
    Ok(property)
}

/// A field of a message, not copied.
enum Wire<'p> {
    Varint(u64),
    Bytes(&'p [u8]),
    Fixed,
}

/// The fields of a message in their order; ends after the first fault.
struct Fields<'p>(&'p [u8]);

impl<'p> Fields<'p> {
    fn field(&mut self) -> Result<(u32, Wire<'p>), String> {
        let fault = |fault| format!("not protobuf: {fault}");
        let (tag, kind) = encoding::decode_key(&mut self.0).map_err(fault)?;
        let length = match kind {
            WireType::Varint => {
                return Ok((
                    tag,
                    Wire::Varint(encoding::decode_varint(&mut self.0).map_err(fault)?),
                ));
            }
            WireType::LengthDelimited => encoding::decode_varint(&mut self.0).map_err(fault)?,
            WireType::SixtyFourBit => 8,
            WireType::ThirtyTwoBit => 4,
            WireType::StartGroup | WireType::EndGroup => {
                return Err("not Sparkplug B: it has a protobuf group".to_owned());
            }
        };
        let cut = usize::try_from(length)
            .ok()
            .and_then(|length| self.0.split_at_checked(length));
        let (bytes, rest) = cut.ok_or("not protobuf: a field is longer than the payload")?;
        self.0 = rest;
        let is_bytes = kind == WireType::LengthDelimited;
        Ok((tag, if is_bytes { Wire::Bytes(bytes) } else { Wire::Fixed }))
    }

    /// The contents of one field, as often as it stands there.
    fn of(self, wanted: u32) -> impl Iterator<Item = Result<&'p [u8], String>> {
        self.filter_map(move |field| match field {
            Ok((tag, Wire::Bytes(bytes))) => (tag == wanted).then_some(Ok(bytes)),
            Ok(_) => None,
            Err(fault) => Some(Err(fault)),
        })
    }
}

impl<'p> Iterator for Fields<'p> {
    type Item = Result<(u32, Wire<'p>), String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}
