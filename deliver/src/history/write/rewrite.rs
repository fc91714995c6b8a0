//! The past is said again: what was kept of it goes, and comes back as it is found today.

use std::collections::BTreeMap;

use analyzer::{AlertPhase, DeviceId};
use jiff::Timestamp;
use rusqlite::{Connection, ToSql, Transaction, params};

use super::{Cache, History};
use crate::history::code::{MINUTE_S, QUARTER_MINUTES, millis, phase_code};
use crate::history::{HistoryError, Result};
use crate::rebuild::{Rebuild, Seam};

const MINUTE_MS: i64 = MINUTE_S * 1000;

impl History {
    /// What reaches over an instant, by device: an interval, an examination, alerts.
    ///
    /// # Errors
    /// When the file cannot be read just now.
    pub fn seams(&self, since: Timestamp) -> Result<BTreeMap<DeviceId, Seam>> {
        let read = || -> rusqlite::Result<BTreeMap<DeviceId, Seam>> {
            let mut devices = self.connection.prepare("SELECT key, id FROM device")?;
            let devices: Vec<(i64, String)> = devices
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
                .collect::<rusqlite::Result<_>>()?;
            let seam = |(key, id): (i64, String)| Ok((DeviceId::from(id), seam_of(&self.connection, key, since)?));
            devices.into_iter().map(seam).collect()
        };
        read().map_err(|source| HistoryError::from_sqlite(&self.path, source))
    }

    /// Forgets what is said again, and remembers that it did; done before, it does nothing. Cursors stay.
    ///
    /// # Errors
    /// Nothing was forgotten; [`HistoryError`] says whether to try again.
    pub fn forget_since(&mut self, rebuild: &Rebuild) -> Result<bool> {
        let outcome = self.connection.transaction().and_then(|transaction| {
            let done: Option<String> =
                transaction.query_row("SELECT rebuilt FROM cursor WHERE id = 1", [], |row| row.get(0))?;
            if done.as_deref() == Some(&*rebuild.id) {
                return Ok(false);
            }
            forget(&transaction, rebuild)?;
            transaction.execute("UPDATE cursor SET rebuilt = ?1 WHERE id = 1", [&rebuild.id])?;
            transaction.commit()?;
            Ok(true)
        });
        self.cache = Cache::default();
        outcome.map_err(|source| HistoryError::from_sqlite(&self.path, source))
    }
}

fn seam_of(connection: &Connection, device: i64, since: Timestamp) -> rusqlite::Result<Seam> {
    let since_ms = millis(since);
    let cleared = phase_code(AlertPhase::Cleared);
    let first = |sql: &str, values: &[&dyn ToSql]| -> rusqlite::Result<Timestamp> {
        let from: Option<i64> = connection.query_row(sql, values, |row| row.get(0))?;
        Ok(from.map_or(since, |from| Timestamp::from_millisecond(from).unwrap_or(since)))
    };
    Ok(Seam {
        intervals: first(
            "SELECT min(from_ms) FROM interval WHERE device = ?1 AND from_ms < ?2 AND until_ms > ?2",
            params![device, since_ms],
        )?,
        exams: first(
            "SELECT min(from_ms) FROM exam WHERE device = ?1 AND from_ms < ?2 AND until_ms > ?2",
            params![device, since_ms],
        )?,
        alerts: first(
            "SELECT min(raised_ms) FROM alert WHERE device = ?1 AND raised_ms < ?2 AND (last_ms >= ?2 OR phase <> ?3)",
            params![device, since_ms, cleared],
        )?,
    })
}

fn forget(transaction: &Transaction<'_>, rebuild: &Rebuild) -> rusqlite::Result<()> {
    let mut devices = transaction.prepare("SELECT key, id FROM device")?;
    let devices: Vec<(i64, String)> = devices
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let since_ms = millis(rebuild.since);
    let (minute, quarter) = (
        since_ms.div_euclid(MINUTE_MS),
        since_ms.div_euclid(MINUTE_MS * QUARTER_MINUTES),
    );
    for (device, id) in devices {
        let seam = rebuild.seam(&id);
        for (sql, from) in [
            ("DELETE FROM state_change WHERE device = ?1 AND at_ms >= ?2", since_ms),
            ("DELETE FROM interval WHERE device = ?1 AND from_ms >= ?2", millis(seam.intervals)),
            ("DELETE FROM ledger WHERE device = ?1 AND hour_ms >= ?2", since_ms),
            ("DELETE FROM exam WHERE device = ?1 AND from_ms >= ?2", millis(seam.exams)),
            ("DELETE FROM alert WHERE device = ?1 AND raised_ms >= ?2", millis(seam.alerts)),
            ("DELETE FROM alert_step WHERE device = ?1 AND at_ms >= ?2", millis(seam.alerts)),
            ("DELETE FROM fault WHERE device = ?1 AND at_ms >= ?2", since_ms),
            ("DELETE FROM learned WHERE device = ?1 AND at_ms >= ?2", since_ms),
            ("DELETE FROM learned_band WHERE device = ?1 AND at_ms >= ?2", since_ms),
            ("DELETE FROM power_minute WHERE device = ?1 AND minute >= ?2", minute),
            ("DELETE FROM power_quarter WHERE device = ?1 AND quarter >= ?2", quarter),
            ("UPDATE last_state SET since_ms = NULL WHERE device = ?1 AND since_ms >= ?2", since_ms),
            (
                "UPDATE last_state SET sampled_ms = NULL, power_dw = NULL WHERE device = ?1 AND sampled_ms >= ?2",
                since_ms,
            ),
        ] {
            transaction.execute(sql, params![device, from])?;
        }
    }
    Ok(())
}
