//! What a report of key figures is filled with: the ledger and the examinations of its range, row by row.

use std::sync::Arc;

use analyzer::report::Report;
use analyzer::{DeviceId, Energy, Exam};
use jiff::SignedDuration;
use rusqlite::params;

use super::Reader;
use super::ledger::ledger_row;
use crate::history::Result;
use crate::history::code::{exam_of, instant, millis};

impl Reader {
    /// Gives a report all rows of its range; nothing is kept in memory but its sums.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn fill(&self, report: &mut Report) -> Result<()> {
        let (from, until) = report.range();
        let (from_ms, until_ms) = (millis(from), millis(until));
        self.run(|connection| {
            let mut rows = connection.prepare_cached(
                "SELECT id, hour_ms, state, is_open, tariff, energy_uwh, estimated_uwh, duration_ms,
                     cost_millionths, co2e_mg
                 FROM device JOIN ledger ON ledger.device = key WHERE hour_ms >= ?1 AND hour_ms < ?2",
            )?;
            for row in rows.query_map(params![from_ms, until_ms], ledger_row)? {
                report.ledger(&row?);
            }
            let mut exams = connection.prepare_cached(
                "SELECT id, from_ms, until_ms, number, energy_uwh, scanning_uwh, scanning_ms, kind
                 FROM device JOIN exam ON exam.device = key WHERE from_ms >= ?1 AND from_ms < ?2",
            )?;
            let mut rows = exams.query(params![from_ms, until_ms])?;
            while let Some(row) = rows.next()? {
                let device: DeviceId = Arc::from(row.get::<_, String>(0)?);
                report.exam(&Exam {
                    device,
                    number: u64::try_from(row.get::<_, i64>(3)?).unwrap_or(0),
                    from: instant(row.get(1)?),
                    until: instant(row.get(2)?),
                    energy: Energy::from_micro_wh(row.get(4)?),
                    scanning_energy: Energy::from_micro_wh(row.get(5)?),
                    scanning: SignedDuration::from_millis(row.get(6)?),
                    kind: exam_of(row.get(7)?),
                });
            }
            Ok(())
        })
    }
}
