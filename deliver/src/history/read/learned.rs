//! What devices have learned of their levels: the newest word and the ones before it.

use std::collections::BTreeMap;
use std::sync::Arc;

use analyzer::BandsLearned;
use analyzer::learn::{Evidence, LearnedBand};
use rusqlite::{Row, params};

use super::super::code::{instant, state_of};
use super::super::{Reader, Result};

impl Reader {
    /// What a device has learned of its levels, each time that it was said, newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn learned(&self, device: &str, limit: u32) -> Result<Vec<BandsLearned>> {
        self.run(|connection| {
            let mut bands: BTreeMap<i64, Vec<LearnedBand>> = BTreeMap::new();
            let mut statement = connection.prepare_cached(
                "SELECT at_ms, state, label, level_w, from_w, until_w, seen_from_w, seen_until_w, cycles_until_w,
                     seen_s, stability, separation, pulses, margin, is_pinned, confidence
                 FROM learned_band WHERE device = (SELECT key FROM device WHERE id = ?1) ORDER BY at_ms, place",
            )?;
            let rows = statement.query_map([device], |row| Ok((row.get(0)?, band(row)?)))?;
            for row in rows {
                let (at_ms, band) = row?;
                bands.entry(at_ms).or_default().push(band);
            }
            connection
                .prepare_cached(
                    "SELECT at_ms, scanning_from_w, scout_from_w, interval_s, is_too_coarse FROM learned
                     WHERE device = (SELECT key FROM device WHERE id = ?1) ORDER BY at_ms DESC LIMIT ?2",
                )?
                .query_map(params![device, limit], |row| {
                    let at_ms = row.get(0)?;
                    Ok(BandsLearned {
                        device: Arc::from(device),
                        at: instant(at_ms),
                        bands: bands.remove(&at_ms).unwrap_or_default(),
                        scanning_from_w: row.get(1)?,
                        scout_from_w: row.get(2)?,
                        interval_s: row.get(3)?,
                        is_too_coarse: row.get(4)?,
                    })
                })?
                .collect()
        })
    }

    /// The newest word of every device.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn last_learned(&self) -> Result<Vec<BandsLearned>> {
        let devices: Vec<String> = self.run(|connection| {
            connection
                .prepare_cached("SELECT DISTINCT id FROM learned JOIN device ON key = device ORDER BY id")?
                .query_map([], |row| row.get(0))?
                .collect()
        })?;
        let mut all = Vec::new();
        for device in devices {
            all.extend(self.learned(&device, 1)?);
        }
        Ok(all)
    }
}

fn band(row: &Row<'_>) -> rusqlite::Result<LearnedBand> {
    Ok(LearnedBand {
        state: state_of(row.get(1)?),
        label: row.get(2)?,
        level_w: row.get(3)?,
        from_w: row.get(4)?,
        until_w: row.get(5)?,
        from_w_seen: row.get(6)?,
        until_w_seen: row.get(7)?,
        cycles_until_w: row.get(8)?,
        evidence: Evidence {
            seconds: row.get(9)?,
            stability: row.get(10)?,
            separation: row.get(11)?,
            launches: row.get(12)?,
            margin: row.get(13)?,
            is_pinned: row.get(14)?,
            confidence: row.get(15)?,
        },
    })
}
