//! Payloads as an edge node writes them.

use prost::Message as _;

use super::super::proto::{MetricMessage, PropertyMessage};

/// 2026-09-21T14:13:20Z.
pub(super) const NOW_MS: u64 = 1_790_000_000_000;
pub(super) const NOW: &str = "stamp=2026-09-21T14:13:20Z";
pub(super) const INT32: u32 = 3;
pub(super) const FLOAT: u32 = 9;
pub(super) const DOUBLE: u32 = 10;

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct PayloadMessage {
    #[prost(uint64, optional, tag = "1")]
    pub(super) timestamp_ms: Option<u64>,
    #[prost(message, repeated, tag = "2")]
    pub(super) metrics: Vec<MetricMessage>,
    #[prost(uint64, optional, tag = "3")]
    pub(super) seq: Option<u64>,
    #[prost(string, optional, tag = "4")]
    pub(super) uuid: Option<String>,
    #[prost(bytes = "vec", optional, tag = "5")]
    pub(super) body: Option<Vec<u8>>,
}

#[derive(Clone, PartialEq, prost::Message)]
pub(super) struct PropertySetMessage {
    #[prost(string, repeated, tag = "1")]
    keys: Vec<String>,
    #[prost(message, repeated, tag = "2")]
    values: Vec<PropertyMessage>,
}

pub(super) fn payload(seq: u64, metrics: impl IntoIterator<Item = MetricMessage>) -> Vec<u8> {
    let message = PayloadMessage {
        timestamp_ms: Some(NOW_MS),
        metrics: metrics.into_iter().collect(),
        seq: Some(seq),
        ..PayloadMessage::default()
    };
    message.encode_to_vec()
}

/// A metric of a birth, without a value.
pub(super) fn named(name: &str, alias: u64, datatype: u32) -> MetricMessage {
    MetricMessage {
        name: Some(name.to_owned()),
        alias: Some(alias),
        datatype: Some(datatype),
        is_null: Some(true),
        ..MetricMessage::default()
    }
}

pub(super) fn alias(alias: u64) -> MetricMessage {
    MetricMessage {
        alias: Some(alias),
        ..MetricMessage::default()
    }
}

impl MetricMessage {
    pub(super) fn double(self, value: f64) -> Self {
        Self {
            double_value: Some(value),
            is_null: None,
            ..self
        }
    }

    pub(super) fn int(self, value: u32) -> Self {
        Self {
            int_value: Some(value),
            is_null: None,
            ..self
        }
    }

    pub(super) fn long(self, value: u64) -> Self {
        Self {
            long_value: Some(value),
            is_null: None,
            ..self
        }
    }

    pub(super) fn text(self, value: &str) -> Self {
        Self {
            string_value: Some(value.as_bytes().to_vec()),
            is_null: None,
            ..self
        }
    }

    pub(super) fn at(self, seconds_before: u64) -> Self {
        Self {
            timestamp_ms: Some(NOW_MS - seconds_before * 1000),
            ..self
        }
    }

    pub(super) fn historical(self) -> Self {
        Self {
            is_historical: Some(true),
            ..self
        }
    }

    /// Properties that stand among others.
    pub(super) fn with(self, key: &str, text: Option<&str>, int_value: Option<u32>) -> Self {
        let value = PropertyMessage {
            string_value: text.map(str::to_owned),
            int_value,
            ..PropertyMessage::default()
        };
        let properties = PropertySetMessage {
            keys: vec!["readOnly".to_owned(), key.to_owned()],
            values: vec![PropertyMessage::default(), value],
        };
        Self {
            properties: Some(properties.encode_to_vec()),
            ..self
        }
    }

    pub(super) fn unit(self, unit: &str) -> Self {
        self.with("engUnit", Some(unit), None)
    }
}

pub(super) fn bd_seq(number: u64) -> MetricMessage {
    MetricMessage {
        name: Some("bdSeq".to_owned()),
        datatype: Some(8),
        ..MetricMessage::default()
    }
    .long(number)
}
