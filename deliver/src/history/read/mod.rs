//! Reading the history: each reader has a connection of its own and sees whole batches.
//!
//! Ranges are half open, `from..until`. A device that was never seen has nothing, which is no error.

pub(super) mod alert;
pub(super) mod curve;
pub(super) mod exam;
pub(super) mod fault;
mod learned;
mod ledger;
pub(super) mod report;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use analyzer::{DeviceId, Fault, State};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::code::{POWER_SCALE, fault_of, instant, state_of, unscaled};
use super::{HistoryError, Result, schema};

/// A read-only connection. `Send`, not `Sync`: one to a thread, or through [`super::Readers`].
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
    path: PathBuf,
}

/// What was last known of a device.
#[derive(Clone, Debug, PartialEq)]
pub struct LastState {
    /// Which device.
    pub device: DeviceId,
    /// Its state.
    pub state: State,
    /// Since when; none if no change was ever said.
    pub since: Option<Timestamp>,
    /// Power of the newest sample, W.
    pub power_w: Option<f64>,
    /// The newest sample's instant.
    pub sampled_at: Option<Timestamp>,
}

impl Reader {
    /// Opens the file for reading.
    ///
    /// # Errors
    /// When there is no such file or it cannot be read.
    pub fn open(path: &Path) -> Result<Self> {
        Ok(Self {
            connection: schema::open_to_read(path)?,
            path: path.to_owned(),
        })
    }

    fn run<T>(&self, read: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T> {
        read(&self.connection).map_err(|source| HistoryError::from_sqlite(&self.path, source))
    }

    fn key(&self, device: &str) -> Result<Option<i64>> {
        self.run(|connection| {
            connection
                .prepare_cached("SELECT key FROM device WHERE id = ?1")?
                .query_row([device], |row| row.get(0))
                .optional()
        })
    }

    /// The number of the last batch that took effect.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn cursor(&self) -> Result<u64> {
        self.run(|connection| {
            connection.query_row("SELECT log_seq FROM cursor", [], |row| row.get::<_, i64>(0))
        })
        .map(|seq| u64::try_from(seq).unwrap_or(0))
    }

    /// What was last known of every device.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn last_states(&self) -> Result<Vec<LastState>> {
        self.run(|connection| {
            connection
                .prepare_cached(
                    "SELECT id, state, since_ms, power_dw, sampled_ms FROM last_state JOIN device ON key = device
                     ORDER BY id",
                )?
                .query_map([], |row| {
                    Ok(LastState {
                        device: Arc::from(row.get::<_, String>(0)?),
                        state: state_of(row.get(1)?),
                        since: row.get::<_, Option<i64>>(2)?.map(instant),
                        power_w: row.get::<_, Option<i64>>(3)?.map(|dw| unscaled(dw, POWER_SCALE)),
                        sampled_at: row.get::<_, Option<i64>>(4)?.map(instant),
                    })
                })?
                .collect()
        })
    }

    /// The newest meter faults, of one device or of all, newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn faults(&self, device: Option<&str>, limit: u32) -> Result<Vec<Fault>> {
        self.run(|connection| {
            connection
                .prepare_cached(
                    "SELECT id, meter, at_ms, kind, detail FROM fault JOIN device ON key = device
                     WHERE ?1 IS NULL OR id = ?1 ORDER BY at_ms DESC, seq DESC LIMIT ?2",
                )?
                .query_map(params![device, limit], |row| {
                    let fault = fault_of(row.get(3)?).map(|kind| {
                        Ok(Fault {
                            device: Arc::from(row.get::<_, String>(0)?),
                            meter: row.get(1)?,
                            at: instant(row.get(2)?),
                            kind,
                            detail: row.get(4)?,
                        })
                    });
                    fault.transpose()
                })?
                .filter_map(rusqlite::Result::transpose)
                .collect()
        })
    }
}
