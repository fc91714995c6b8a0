//! Instants in a snapshot and in findings: whole nanoseconds since the epoch, a third of what their text takes.

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(crate) fn serialize<S: Serializer>(at: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    at.as_nanosecond().serialize(serializer)
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let nanoseconds = i128::deserialize(deserializer)?;
    Timestamp::from_nanosecond(nanoseconds).map_err(serde::de::Error::custom)
}
