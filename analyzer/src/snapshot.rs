//! The memory of all devices as bytes. A snapshot of another version is refused; the journal can tell all again.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clock::{Clocks, Own};
use crate::order::Ordered;

/// Raised whenever the shape of anything in an [`Ordered`] changes.
const VERSION: u32 = 7;

/// Why a snapshot cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Made by another version of idlewatt.
    #[error(
        "the snapshot has version {found}, this idlewatt reads version {VERSION}; it analyzes the journal again"
    )]
    Version {
        /// The version found.
        found: u32,
    },
    /// Not a snapshot, or cut short.
    #[error("the snapshot is damaged ({0}); idlewatt analyzes the journal again")]
    Damaged(String),
}

#[derive(Serialize)]
struct Written<'a> {
    trackers: BTreeMap<&'a str, &'a Ordered>,
    clocks: &'a Clocks,
    own: Own,
    advanced: Option<Timestamp>,
}

/// What a snapshot brings back; field by field what is written.
#[derive(Deserialize)]
pub(crate) struct Memory {
    pub(crate) trackers: BTreeMap<String, Ordered>,
    pub(crate) clocks: Clocks,
    pub(crate) own: Own,
    pub(crate) advanced: Option<Timestamp>,
}

pub(crate) fn encode<'a, W: Extend<u8>>(
    trackers: impl Iterator<Item = (&'a str, &'a Ordered)>,
    (clocks, own): (&Clocks, Own),
    advanced: Option<Timestamp>,
    bytes: W,
) -> W {
    let written = (
        VERSION,
        Written {
            trackers: trackers.collect(),
            clocks,
            own,
            advanced,
        },
    );
    postcard::to_extend(&written, bytes).expect("plain data of known size serialises")
}

pub(crate) fn decode(bytes: &[u8]) -> Result<Memory, SnapshotError> {
    let damaged = |error: postcard::Error| SnapshotError::Damaged(error.to_string());
    let (found, rest): (u32, _) = postcard::take_from_bytes(bytes).map_err(damaged)?;
    if found != VERSION {
        return Err(SnapshotError::Version { found });
    }
    postcard::from_bytes(rest).map_err(damaged)
}
