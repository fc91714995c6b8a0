//! What came over MQTT, raw, as the journal keeps it.
//!
//! A record is never interpreted here: topic and payload are as they arrived (a payload longer than the session's
//! limit is cut, counted as poison and quarantined). Times have microseconds; finer parts are dropped by the journal.

use jiff::Timestamp;

/// One MQTT message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// When we received it; in playback, the simulated instant.
    pub received: Timestamp,
    /// The topic it was published to.
    pub topic: String,
    /// The bytes, uninterpreted.
    pub payload: Vec<u8>,
    /// The quality of service of the delivery: 0 or 1.
    pub qos: u8,
    /// Delivered because it was retained, not because it was published just now.
    pub is_retained: bool,
    /// Delivered in the first seconds of a session resumed after an outage: `received` may be late by the outage.
    pub is_after_outage: bool,
    /// The packet identifier of the delivery; 0 at QoS 0.
    pub packet_id: u16,
    /// Which broker it came from: the journal's index of the broker's name.
    pub broker: u8,
}

/// One durable commit, in the order of `seq`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Batch {
    /// Rises by at least one from batch to batch, for the life of the journal.
    pub seq: u64,
    /// When it was committed; in playback, the simulated instant.
    pub committed: Timestamp,
    /// In order of arrival. Empty: a heartbeat, only time went on.
    pub records: Vec<Record>,
}
