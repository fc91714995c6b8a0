//! What a device has learned of its levels: one row each time it is said, with its bands.
//!
//! Limits: the last [`KEPT`] of a device.

use analyzer::BandsLearned;
use rusqlite::{Transaction, params};

use super::super::code::{millis, state_code};

/// It is said when it changes; nobody looks farther back.
const KEPT: u32 = 60;

pub(super) fn write_learned(
    transaction: &Transaction<'_>,
    key: i64,
    learned: &BandsLearned,
) -> rusqlite::Result<()> {
    let at_ms = millis(learned.at);
    transaction
        .prepare_cached("INSERT OR REPLACE INTO learned VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute(params![
            key,
            at_ms,
            learned.scanning_from_w,
            learned.scout_from_w,
            learned.interval_s,
            learned.is_too_coarse
        ])?;
    transaction
        .prepare_cached("DELETE FROM learned_band WHERE device = ?1 AND at_ms = ?2")?
        .execute([key, at_ms])?;
    let mut insert = transaction.prepare_cached(
        "INSERT INTO learned_band VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
    )?;
    for (place, band) in learned.bands.iter().enumerate() {
        let evidence = &band.evidence;
        insert.execute(params![
            key,
            at_ms,
            i64::try_from(place).unwrap_or(i64::MAX),
            state_code(band.state),
            band.label,
            band.level_w,
            band.from_w,
            band.until_w,
            band.from_w_seen,
            band.until_w_seen,
            band.cycles_until_w,
            evidence.seconds,
            evidence.stability,
            evidence.separation,
            evidence.launches,
            evidence.margin,
            evidence.is_pinned,
            evidence.confidence
        ])?;
    }
    for table in ["learned", "learned_band"] {
        let sql = format!(
            "DELETE FROM {table} WHERE device = ?1 AND at_ms <
             (SELECT min(at_ms) FROM (SELECT at_ms FROM learned WHERE device = ?1 ORDER BY at_ms DESC LIMIT ?2))"
        );
        transaction.prepare_cached(&sql)?.execute(params![key, KEPT])?;
    }
    Ok(())
}
