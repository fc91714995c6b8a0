//! What a desk remembers, as records in the findings log's memory of its sink. Each record has one writer: the sink
//! writes what is open and what is to be told, each sender what was told and how its channel is.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Key;
use crate::log::MemoryChange;

/// What a record is of; also its key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Record {
    /// The desk itself.
    Desk,
    /// An alert that is open.
    Board(Key),
    /// What a channel is to tell.
    Want(String, Key),
    /// What it has told.
    Have(String, Key),
    /// Its health, and its notices of others.
    Own(String),
}

/// What the desk knows of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct DeskRecord {
    /// Rows up to this one were over before it began.
    pub(super) start_after: u64,
    /// Rows up to this batch of the journal were found again, the log having been lost or being new.
    pub(super) past_until: u64,
    /// The channels that have been told what was open when they were new.
    pub(super) known: Vec<String>,
    /// The past is being said again.
    pub(super) is_past: bool,
}

impl Record {
    pub(super) fn change<T: Serialize>(&self, value: Option<&T>) -> MemoryChange {
        let key = serde_json::to_string(self).expect("plain values");
        (
            key,
            value.map(|value| postcard::to_allocvec(value).expect("plain values")),
        )
    }

    pub(super) fn parse(key: &str) -> Option<Self> {
        serde_json::from_str(key).ok()
    }
}

/// A value; none where it cannot be read, which is said.
pub(super) fn read<T: DeserializeOwned>(record: &Record, value: &[u8]) -> Option<T> {
    let read = postcard::from_bytes(value);
    if let Err(error) = &read {
        tracing::warn!(?record, %error, "what was remembered of a channel cannot be read; it is begun anew");
    }
    read.ok()
}
