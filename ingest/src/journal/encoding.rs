//! A batch's bytes: columns, postcard, zstd level 1 with a checksum.
//!
//! Topics are kept once a batch; times and packet identifiers as steps from record to record; payloads end to end.
//! Any bytes decode to records or to a reason, never to a panic. Limit: 1 GiB uncompressed.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::record::Record;

const RAW_BYTES_MAX: usize = 1 << 30;
const QOS_BITS: u8 = 0b0011;
const RETAINED_BIT: u8 = 0b0100;
const AFTER_OUTAGE_BIT: u8 = 0b1000;

#[derive(Serialize, Deserialize)]
struct Columns<'a> {
    #[serde(borrow)]
    topics: Vec<&'a str>,
    topic: Vec<u32>,
    step_us: Vec<i64>,
    step_packet_id: Vec<u16>,
    payload_bytes: Vec<u32>,
    #[serde(borrow)]
    flags: &'a [u8],
    #[serde(borrow)]
    brokers: &'a [u8],
    #[serde(borrow)]
    payloads: &'a [u8],
}

/// Compresses batches; keeps its buffers from one to the next.
pub(crate) struct Encoder {
    zstd: zstd::bulk::Compressor<'static>,
}

/// A batch's bytes, and how many they were before compression.
pub(crate) struct Encoded {
    pub(crate) blob: Vec<u8>,
    pub(crate) raw_bytes: usize,
}

impl Encoder {
    pub(crate) fn new() -> std::io::Result<Self> {
        let mut zstd = zstd::bulk::Compressor::new(1)?;
        zstd.set_parameter(zstd::zstd_safe::CParameter::ChecksumFlag(true))?;
        Ok(Self { zstd })
    }

    /// # Errors
    /// When the batch is larger than the format holds.
    pub(crate) fn encode(&mut self, records: &[Record]) -> Result<Encoded, String> {
        if records.is_empty() {
            return Ok(Encoded {
                blob: Vec::new(),
                raw_bytes: 0,
            });
        }
        let raw = to_columns(records)?;
        if raw.len() > RAW_BYTES_MAX {
            return Err(format!("a batch of {} bytes is too large", raw.len()));
        }
        let blob = self.zstd.compress(&raw).map_err(|error| error.to_string())?;
        Ok(Encoded {
            blob,
            raw_bytes: raw.len(),
        })
    }
}

fn to_columns(records: &[Record]) -> Result<Vec<u8>, String> {
    let mut index: HashMap<&str, u32> = HashMap::with_capacity(records.len());
    let mut topics = Vec::new();
    let mut topic = Vec::with_capacity(records.len());
    let mut payload_bytes = Vec::with_capacity(records.len());
    let mut payloads = Vec::with_capacity(records.iter().map(|record| record.payload.len()).sum());
    let mut flags = Vec::with_capacity(records.len());
    for record in records {
        let next = u32::try_from(topics.len()).map_err(|_| "too many topics".to_owned())?;
        let number = *index.entry(&record.topic).or_insert(next);
        if number == next {
            topics.push(record.topic.as_str());
        }
        topic.push(number);
        payload_bytes.push(u32::try_from(record.payload.len()).map_err(|_| "payload too long".to_owned())?);
        payloads.extend_from_slice(&record.payload);
        flags.push(flags_of(record));
    }
    let brokers: Vec<u8> = records.iter().map(|record| record.broker).collect();
    let columns = Columns {
        topics,
        topic,
        step_us: steps_us(records),
        step_packet_id: steps_packet_id(records),
        payload_bytes,
        flags: &flags,
        brokers: &brokers,
        payloads: &payloads,
    };
    postcard::to_stdvec(&columns).map_err(|error| error.to_string())
}

fn flags_of(record: &Record) -> u8 {
    let retained = if record.is_retained { RETAINED_BIT } else { 0 };
    let after_outage = if record.is_after_outage {
        AFTER_OUTAGE_BIT
    } else {
        0
    };
    (record.qos & QOS_BITS) | retained | after_outage
}

fn steps_us(records: &[Record]) -> Vec<i64> {
    let mut before = 0;
    let mut step = |record: &Record| {
        let at = record.received.as_microsecond();
        at - std::mem::replace(&mut before, at)
    };
    records.iter().map(&mut step).collect()
}

fn steps_packet_id(records: &[Record]) -> Vec<u16> {
    let mut before = 0;
    let mut step = |record: &Record| {
        let id = record.packet_id;
        id.wrapping_sub(std::mem::replace(&mut before, id))
    };
    records.iter().map(&mut step).collect()
}

/// The records of a blob.
///
/// # Errors
/// Why it is no batch.
pub(crate) fn decode(blob: &[u8], raw_bytes: usize) -> Result<Vec<Record>, String> {
    Decoder::new().decode(blob, raw_bytes)
}

/// Decompresses batches; keeps its buffers from one to the next.
pub(crate) struct Decoder {
    zstd: zstd::bulk::Decompressor<'static>,
}

impl Decoder {
    pub(crate) fn new() -> Self {
        Self {
            zstd: zstd::bulk::Decompressor::new().expect("there is memory for a context"),
        }
    }

    /// As [`decode`].
    pub(crate) fn decode(&mut self, blob: &[u8], raw_bytes: usize) -> Result<Vec<Record>, String> {
        if blob.is_empty() {
            return Ok(Vec::new());
        }
        if raw_bytes > RAW_BYTES_MAX {
            return Err(format!("claims {raw_bytes} bytes"));
        }
        let raw = self
            .zstd
            .decompress(blob, raw_bytes)
            .map_err(|error| error.to_string())?;
        let columns: Columns<'_> = postcard::from_bytes(&raw).map_err(|error| error.to_string())?;
        let count = columns.topic.len();
        let lengths = [
            columns.step_us.len(),
            columns.step_packet_id.len(),
            columns.payload_bytes.len(),
            columns.flags.len(),
            columns.brokers.len(),
        ];
        if lengths.iter().any(|length| *length != count) {
            return Err("its columns differ in length".to_owned());
        }
        to_records(&columns)
    }
}

fn to_records(columns: &Columns<'_>) -> Result<Vec<Record>, String> {
    let mut records = Vec::with_capacity(columns.topic.len());
    let (mut at_us, mut packet_id, mut rest) = (0_i64, 0_u16, columns.payloads);
    for row in 0..columns.topic.len() {
        at_us = at_us
            .checked_add(columns.step_us[row])
            .ok_or("a time out of range")?;
        packet_id = packet_id.wrapping_add(columns.step_packet_id[row]);
        let number = usize::try_from(columns.topic[row]).map_err(|_| "no such topic")?;
        let topic = columns.topics.get(number).ok_or("no such topic")?;
        let length = usize::try_from(columns.payload_bytes[row]).map_err(|_| "a payload too long")?;
        let (payload, after) = rest
            .split_at_checked(length)
            .ok_or("a payload runs over the end")?;
        rest = after;
        let flags = columns.flags[row];
        records.push(Record {
            received: Timestamp::from_microsecond(at_us).map_err(|error| error.to_string())?,
            topic: (*topic).to_owned(),
            payload: payload.to_vec(),
            qos: flags & QOS_BITS,
            is_retained: flags & RETAINED_BIT != 0,
            is_after_outage: flags & AFTER_OUTAGE_BIT != 0,
            packet_id,
            broker: columns.brokers[row],
        });
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn record() -> impl Strategy<Value = Record> {
        let times = -1_000_000_000_000_000_i64..4_000_000_000_000_000;
        let payload = proptest::collection::vec(any::<u8>(), 0..60);
        (times, ".{0,20}", payload, 0..3_u8, any::<(bool, bool, u16, u8)>()).prop_map(
            |(at_us, topic, payload, qos, (is_retained, is_after_outage, packet_id, broker))| Record {
                received: Timestamp::from_microsecond(at_us).unwrap(),
                topic,
                payload,
                qos,
                is_retained,
                is_after_outage,
                packet_id,
                broker,
            },
        )
    }

    proptest! {
        #[test]
        fn what_goes_in_comes_out(records in proptest::collection::vec(record(), 0..40)) {
            let encoded = Encoder::new().unwrap().encode(&records).unwrap();
            prop_assert_eq!(decode(&encoded.blob, encoded.raw_bytes).unwrap(), records);
        }

        #[test]
        fn no_bytes_make_it_panic(blob in proptest::collection::vec(any::<u8>(), 0..200), raw_bytes in 0..100_000_usize) {
            let _ = decode(&blob, raw_bytes);
        }

        #[test]
        fn no_columns_make_it_panic(raw in proptest::collection::vec(any::<u8>(), 1..200)) {
            let blob = zstd::bulk::compress(&raw, 1).unwrap();
            let _ = decode(&blob, raw.len());
        }

        #[test]
        fn a_flipped_bit_is_noticed(records in proptest::collection::vec(record(), 1..20), at in any::<prop::sample::Index>(), bit in 0..8_u8) {
            let Encoded { mut blob, raw_bytes } = Encoder::new().unwrap().encode(&records).unwrap();
            let at = at.index(blob.len());
            blob[at] ^= 1 << bit;
            if let Ok(other) = decode(&blob, raw_bytes) {
                prop_assert_eq!(other, records);
            }
        }
    }
}
