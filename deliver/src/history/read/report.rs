//! What figures of a range are made of: the ledger and the examinations row by row, alerts and faults counted.

use std::sync::Arc;

use analyzer::report::Report;
use analyzer::{AlertPhase, BandsLearned, DeviceId, Energy, Exam, FaultKind, LedgerRow};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Row, params};

use super::Reader;
use super::exam::exam_row;
use crate::history::Result;
use crate::history::code::{
    CO2E_SCALE, COST_SCALE, fault_of, instant, millis, phase_code, state_of, tariff_of, unscaled,
};

/// Alerts of one rule at one device that were raised in a range.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertCount {
    /// Which device.
    pub device: DeviceId,
    /// The rule's name.
    pub rule: String,
    /// How many.
    pub count: u64,
    /// How many of them are not cleared.
    pub open: u64,
    /// What was spent on them.
    pub energy: Energy,
}

/// Faults of one kind of all meters of one device in a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultSum {
    /// Which device.
    pub device: DeviceId,
    /// What happened.
    pub kind: FaultKind,
    /// How often.
    pub count: u64,
    /// The last time.
    pub last_at: Timestamp,
}

impl Reader {
    /// Every row of the ledger whose hour begins in the range, device by device.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn each_ledger_row(
        &self,
        (from, until): (Timestamp, Timestamp),
        mut take: impl FnMut(&LedgerRow),
    ) -> Result<()> {
        for (key, device) in self.devices()? {
            self.run(|connection| {
                let mut rows = connection.prepare_cached(
                    "SELECT hour_ms, state, is_open, tariff, energy_uwh, estimated_uwh, duration_ms, cost_millionths,
                         co2e_mg
                     FROM ledger WHERE device = ?1 AND hour_ms >= ?2 AND hour_ms < ?3 ORDER BY hour_ms",
                )?;
                let mut rows = rows.query(params![key, millis(from), millis(until)])?;
                while let Some(row) = rows.next()? {
                    take(&ledger_row(row, &device)?);
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Every examination that began in the range.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn each_exam(
        &self,
        (from, until): (Timestamp, Timestamp),
        mut take: impl FnMut(&Exam),
    ) -> Result<()> {
        for (key, device) in self.devices()? {
            self.run(|connection| {
                let mut rows = connection.prepare_cached(
                    "SELECT from_ms, until_ms, number, energy_uwh, scanning_uwh, scanning_ms, kind
                     FROM exam WHERE device = ?1 AND from_ms >= ?2 AND from_ms < ?3 ORDER BY from_ms",
                )?;
                let mut rows = rows.query(params![key, millis(from), millis(until)])?;
                while let Some(row) = rows.next()? {
                    take(&exam_row(row, &device)?);
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Gives a report of key figures all rows of its range; nothing is kept in memory but its sums.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn fill(&self, report: &mut Report) -> Result<()> {
        let range = report.range();
        self.each_ledger_row(range, |row| report.ledger(row))?;
        self.each_exam(range, |exam| report.exam(exam))
    }

    /// The first hour of the ledger and the last, of all devices; none where it is empty.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn ledger_span(&self) -> Result<Option<(Timestamp, Timestamp)>> {
        let mut span: Option<(Timestamp, Timestamp)> = None;
        for (key, _) in self.devices()? {
            // each is one look at the key; asked for together, SQLite would read all hours
            let [first, last] = ["min", "max"].map(|which| {
                self.run(|connection| {
                    let sql = format!("SELECT {which}(hour_ms) FROM ledger WHERE device = ?1");
                    connection
                        .prepare_cached(&sql)?
                        .query_row([key], |row| row.get::<_, Option<i64>>(0))
                })
            });
            if let (Some(first), Some(last)) = (first?.map(instant), last?.map(instant)) {
                let known = span.unwrap_or((first, last));
                span = Some((known.0.min(first), known.1.max(last)));
            }
        }
        Ok(span)
    }

    /// The alerts that were raised in the range, counted by device and rule.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn alert_counts(&self, from: Timestamp, until: Timestamp) -> Result<Vec<AlertCount>> {
        let cleared = phase_code(AlertPhase::Cleared);
        self.run(|connection| {
            connection
                .prepare_cached(
                    "SELECT id, rule, count(*), sum(phase <> ?1), sum(energy_uwh) FROM alert JOIN device ON key = device
                     WHERE raised_ms >= ?2 AND raised_ms < ?3 GROUP BY id, rule ORDER BY id, rule",
                )?
                .query_map(params![cleared, millis(from), millis(until)], |row| {
                    Ok(AlertCount {
                        device: Arc::from(row.get::<_, String>(0)?),
                        rule: row.get(1)?,
                        count: count(row.get(2)?),
                        open: count(row.get(3)?),
                        energy: Energy::from_micro_wh(row.get(4)?),
                    })
                })?
                .collect()
        })
    }

    /// The meter faults of the range, counted by device and kind.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn fault_sums(&self, from: Timestamp, until: Timestamp) -> Result<Vec<FaultSum>> {
        self.run(|connection| {
            connection
                .prepare_cached(
                    "SELECT id, kind, count(*), max(at_ms) FROM fault JOIN device ON key = device
                     WHERE at_ms >= ?1 AND at_ms < ?2 GROUP BY id, kind ORDER BY id, kind",
                )?
                .query_map(params![millis(from), millis(until)], |row| {
                    let kind = fault_of(row.get(1)?).filter(|kind| *kind != FaultKind::Heard);
                    let kind = kind.map(|kind| {
                        Ok(FaultSum {
                            device: Arc::from(row.get::<_, String>(0)?),
                            kind,
                            count: count(row.get(2)?),
                            last_at: instant(row.get(3)?),
                        })
                    });
                    kind.transpose()
                })?
                .filter_map(rusqlite::Result::transpose)
                .collect()
        })
    }

    /// The oldest fault that is kept, where older ones are gone because only so many are.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn faults_known_from(&self) -> Result<Option<Timestamp>> {
        let (first, oldest): (Option<i64>, Option<i64>) = self.run(|connection| {
            connection.query_row("SELECT min(seq), min(at_ms) FROM fault", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
        })?;
        Ok(first.filter(|seq| *seq > 1).and(oldest).map(instant))
    }

    /// The last that a device had learned of its levels before an instant.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn learned_before(&self, device: &str, until: Timestamp) -> Result<Option<BandsLearned>> {
        let mut said = self.learned(device, u32::MAX)?.into_iter();
        Ok(said.find(|learned| learned.at < until))
    }

    fn devices(&self) -> Result<Vec<(i64, DeviceId)>> {
        self.run(|connection| {
            connection
                .prepare_cached("SELECT key, id FROM device ORDER BY key")?
                .query_map([], |row| Ok((row.get(0)?, Arc::from(row.get::<_, String>(1)?))))?
                .collect()
        })
    }
}

fn ledger_row(row: &Row<'_>, device: &DeviceId) -> rusqlite::Result<LedgerRow> {
    Ok(LedgerRow {
        device: DeviceId::clone(device),
        hour: instant(row.get(0)?),
        state: state_of(row.get(1)?),
        is_open: row.get(2)?,
        tariff: tariff_of(row.get(3)?),
        energy: Energy::from_micro_wh(row.get(4)?),
        estimated: Energy::from_micro_wh(row.get(5)?),
        duration: SignedDuration::from_millis(row.get(6)?),
        cost: unscaled(row.get(7)?, COST_SCALE),
        co2e_g: unscaled(row.get(8)?, CO2E_SCALE),
    })
}

fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}
