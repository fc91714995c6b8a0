//! Reading exams: how many, and what they took. Sums are over patients alone (kind 0); the list holds all.

use std::sync::Arc;

use analyzer::{DeviceId, Energy, Exam};
use jiff::{SignedDuration, Timestamp};
use rusqlite::{Row, params};

use super::Reader;
use crate::history::Result;
use crate::history::code::{exam_of, instant, millis};

/// Exams of a device over a range.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExamSums {
    /// How many began in the range.
    pub count: u64,
    /// All energy inside them.
    pub energy: Energy,
    /// The energy of the scanning inside them.
    pub scanning_energy: Energy,
    /// The time of the scanning inside them.
    pub scanning: SignedDuration,
    /// From first to last acquisition, added up.
    pub duration: SignedDuration,
}

impl Reader {
    /// Sums over the patients' exams of a device that began in the range; guessed calibrations are left out.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn exam_sums(&self, device: &str, from: Timestamp, until: Timestamp) -> Result<ExamSums> {
        let Some(key) = self.key(device)? else {
            return Ok(ExamSums::default());
        };
        self.run(|connection| {
            connection
                .prepare_cached(
                    "SELECT count(*), ifnull(sum(energy_uwh), 0), ifnull(sum(scanning_uwh), 0),
                         ifnull(sum(scanning_ms), 0), ifnull(sum(until_ms - from_ms), 0)
                     FROM exam WHERE device = ?1 AND from_ms >= ?2 AND from_ms < ?3 AND kind = 0",
                )?
                .query_row(params![key, millis(from), millis(until)], |row| {
                    Ok(ExamSums {
                        count: u64::try_from(row.get::<_, i64>(0)?).unwrap_or(0),
                        energy: Energy::from_micro_wh(row.get(1)?),
                        scanning_energy: Energy::from_micro_wh(row.get(2)?),
                        scanning: SignedDuration::from_millis(row.get(3)?),
                        duration: SignedDuration::from_millis(row.get(4)?),
                    })
                })
        })
    }

    /// The newest exams of a device, newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn exams(&self, device: &str, limit: u32) -> Result<Vec<Exam>> {
        let Some(key) = self.key(device)? else {
            return Ok(Vec::new());
        };
        let id: DeviceId = Arc::from(device);
        self.run(|connection| {
            connection
                .prepare_cached(
                    "SELECT from_ms, until_ms, number, energy_uwh, scanning_uwh, scanning_ms, kind FROM exam
                     WHERE device = ?1 ORDER BY from_ms DESC LIMIT ?2",
                )?
                .query_map(params![key, limit], |row| exam_row(row, &id))?
                .collect()
        })
    }
}

/// An examination of its columns `from_ms, until_ms, number, energy_uwh, scanning_uwh, scanning_ms, kind`.
pub(super) fn exam_row(row: &Row<'_>, device: &DeviceId) -> rusqlite::Result<Exam> {
    Ok(Exam {
        device: DeviceId::clone(device),
        number: u64::try_from(row.get::<_, i64>(2)?).unwrap_or(0),
        from: instant(row.get(0)?),
        until: instant(row.get(1)?),
        energy: Energy::from_micro_wh(row.get(3)?),
        scanning_energy: Energy::from_micro_wh(row.get(4)?),
        scanning: SignedDuration::from_millis(row.get(5)?),
        kind: exam_of(row.get(6)?),
    })
}
