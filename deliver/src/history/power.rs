//! The power curve being written: samples become one row a minute.
//!
//! Invariant: a minute takes a sample into its mean once. A sample not newer than the minute's last one is a
//! correction or a replay; it may correct the state and widen minimum and maximum, the mean stays.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, Transaction, params};

use super::code::MINUTE_S;

const MINUTE_MS: i64 = MINUTE_S * 1000;

/// The minute each device is in, held back until the transaction ends or the next minute begins.
/// One entry a device, so as bounded as the configuration.
#[derive(Debug, Default)]
pub(super) struct Curve {
    open: HashMap<i64, Minute>,
}

#[derive(Clone, Copy, Debug)]
struct Minute {
    minute: i64,
    samples: i64,
    sum_dw: i64,
    min_dw: i64,
    max_dw: i64,
    /// The newest sample's milliseconds into the minute.
    last_ms: i64,
    state: i64,
    is_changed: bool,
}

impl Minute {
    fn add(&mut self, into_ms: i64, power_dw: i64, state: i64) {
        self.min_dw = self.min_dw.min(power_dw);
        self.max_dw = self.max_dw.max(power_dw);
        self.is_changed = true;
        if into_ms > self.last_ms {
            self.samples += 1;
            self.sum_dw = self.sum_dw.saturating_add(power_dw);
            self.last_ms = into_ms;
        }
        if into_ms >= self.last_ms {
            self.state = state;
        }
    }
}

impl Curve {
    pub(super) fn add(
        &mut self,
        transaction: &Transaction<'_>,
        device: i64,
        at_ms: i64,
        power_dw: i64,
        state: i64,
    ) -> rusqlite::Result<()> {
        let (minute, into_ms) = (at_ms.div_euclid(MINUTE_MS), at_ms.rem_euclid(MINUTE_MS));
        let is_other = self.open.get(&device).is_none_or(|open| open.minute != minute);
        if is_other {
            let row = load(transaction, device, minute)?.unwrap_or(Minute {
                minute,
                samples: 0,
                sum_dw: 0,
                min_dw: power_dw,
                max_dw: power_dw,
                last_ms: -1,
                state,
                is_changed: false,
            });
            if let Some(before) = self.open.insert(device, row) {
                store(transaction, device, &before)?;
            }
        }
        if let Some(open) = self.open.get_mut(&device) {
            open.add(into_ms, power_dw, state);
        }
        Ok(())
    }

    /// Writes what has changed; the minutes stay open.
    pub(super) fn flush(&mut self, transaction: &Transaction<'_>) -> rusqlite::Result<()> {
        for (device, minute) in &mut self.open {
            store(transaction, *device, minute)?;
            minute.is_changed = false;
        }
        Ok(())
    }
}

fn load(transaction: &Transaction<'_>, device: i64, minute: i64) -> rusqlite::Result<Option<Minute>> {
    transaction
        .prepare_cached(
            "SELECT samples, sum_dw, min_dw, max_dw, last_ms, state FROM power_minute
             WHERE device = ?1 AND minute = ?2",
        )?
        .query_row([device, minute], |row| {
            Ok(Minute {
                minute,
                samples: row.get(0)?,
                sum_dw: row.get(1)?,
                min_dw: row.get(2)?,
                max_dw: row.get(3)?,
                last_ms: row.get(4)?,
                state: row.get(5)?,
                is_changed: false,
            })
        })
        .optional()
}

fn store(transaction: &Transaction<'_>, device: i64, row: &Minute) -> rusqlite::Result<()> {
    if !row.is_changed {
        return Ok(());
    }
    transaction
        .prepare_cached("INSERT OR REPLACE INTO power_minute VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?
        .execute(params![
            device,
            row.minute,
            row.samples,
            row.sum_dw,
            row.min_dw,
            row.max_dw,
            row.last_ms,
            row.state
        ])?;
    Ok(())
}
