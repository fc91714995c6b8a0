//! Reading meter faults: how often each was found.

use std::sync::Arc;

use analyzer::{DeviceId, FaultKind};
use jiff::Timestamp;
use rusqlite::params;

use super::Reader;
use crate::history::Result;
use crate::history::code::{fault_of, instant, millis};

/// How often a fault was found in a meter of a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultCount {
    /// Which device.
    pub device: DeviceId,
    /// Which meter.
    pub meter: String,
    /// What.
    pub kind: FaultKind,
    /// How often.
    pub times: u64,
    /// When last.
    pub last: Timestamp,
}

impl Reader {
    /// Faults of one device or of all from an instant on, counted by meter and kind; the newest first. `Heard`, which ends
    /// a silence, is none.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn fault_counts(&self, device: Option<&str>, from: Timestamp) -> Result<Vec<FaultCount>> {
        self.run(|connection| {
            connection
                .prepare_cached(
                    "SELECT id, meter, kind, count(*), max(at_ms) FROM fault JOIN device ON key = device
                     WHERE (?1 IS NULL OR id = ?1) AND at_ms >= ?2
                     GROUP BY key, meter, kind ORDER BY max(at_ms) DESC, id, meter, kind",
                )?
                .query_map(params![device, millis(from)], |row| {
                    let Some(kind) = fault_of(row.get(2)?).filter(|kind| *kind != FaultKind::Heard) else {
                        return Ok(None);
                    };
                    Ok(Some(FaultCount {
                        device: Arc::from(row.get::<_, String>(0)?),
                        meter: row.get(1)?,
                        kind,
                        times: u64::try_from(row.get::<_, i64>(3)?).unwrap_or(0),
                        last: instant(row.get(4)?),
                    }))
                })?
                .filter_map(rusqlite::Result::transpose)
                .collect()
        })
    }
}
