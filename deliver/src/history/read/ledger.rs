//! Reading the energy ledger: sums by device, state and opening hours.

use std::sync::Arc;

use analyzer::{DeviceId, Energy, LedgerRow};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Row, params};

use super::Reader;
use crate::history::code::{millis, state_of};
use crate::history::{Amount, LedgerSum, Result, Totals};

impl Reader {
    /// Sums of the ledger's hours that begin in the range, by device, state and opening hours.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn sums(&self, device: Option<&str>, from: Timestamp, until: Timestamp) -> Result<Vec<LedgerSum>> {
        self.run(|connection| {
            connection
                .prepare_cached(
                    "SELECT id, state, is_open, sum(energy_uwh), sum(estimated_uwh), sum(duration_ms),
                         sum(cost_millionths), sum(co2e_mg)
                     FROM device JOIN ledger ON ledger.device = key
                     WHERE (?1 IS NULL OR id = ?1) AND hour_ms >= ?2 AND hour_ms < ?3
                     GROUP BY key, state, is_open ORDER BY id, state, is_open",
                )?
                .query_map(params![device, millis(from), millis(until)], ledger_sum)?
                .collect()
        })
    }

    /// Sums of the whole range over one device or all, by state.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn totals(&self, device: Option<&str>, from: Timestamp, until: Timestamp) -> Result<Totals> {
        let mut totals = Totals::default();
        for sum in self.sums(device, from, until)? {
            totals.add(sum.state, sum.is_open, sum.amount);
        }
        Ok(totals)
    }

    /// The rows themselves, in key order; what the live view starts from.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn ledger_rows(&self, from: Timestamp, until: Timestamp) -> Result<Vec<LedgerRow>> {
        let mut rows = Vec::new();
        self.each_ledger_row((from, until), |row| rows.push(row.clone()))?;
        Ok(rows)
    }
}

fn ledger_sum(row: &Row<'_>) -> rusqlite::Result<LedgerSum> {
    let amount = Amount {
        energy: Energy::from_micro_wh(row.get(3)?),
        estimated: Energy::from_micro_wh(row.get(4)?),
        duration: SignedDuration::from_millis(row.get(5)?),
        cost_millionths: row.get(6)?,
        co2e_mg: row.get(7)?,
    };
    let device: DeviceId = Arc::from(row.get::<_, String>(0)?);
    Ok(LedgerSum {
        device,
        state: state_of(row.get(1)?),
        is_open: row.get(2)?,
        amount,
    })
}
