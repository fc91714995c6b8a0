//! Keeping the file small: once a day of sample time, old minutes become quarters of an hour, and what is older than
//! the limit goes. Runs inside the batch's own transaction; a day of 100 devices takes a fraction of a second.

use rusqlite::{Transaction, params};

use super::HistoryConfig;
use super::code::{DAY_MS, MINUTE_S, QUARTER_MINUTES};
use super::write::Cache;

const QUARTER_MS: i64 = QUARTER_MINUTES * MINUTE_S * 1000;

pub(super) fn daily(
    transaction: &Transaction<'_>,
    cache: &mut Cache,
    config: &HistoryConfig,
) -> rusqlite::Result<()> {
    bound_faults(transaction, config)?;
    let today = cache.newest_ms.div_euclid(DAY_MS);
    if today <= cache.pruned_day {
        return Ok(());
    }
    cache.pruned_day = today;
    let minutes_from = (today - i64::from(config.minute_rows_kept_days)) * DAY_MS;
    let kept_from = (today - i64::from(config.kept_days)) * DAY_MS;
    let mut devices = transaction.prepare_cached("SELECT key FROM device")?;
    let keys: Vec<i64> = devices
        .query_map([], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for device in keys {
        coarsen(transaction, device, minutes_from)?;
        forget(transaction, device, kept_from)?;
    }
    Ok(())
}

fn bound_faults(transaction: &Transaction<'_>, config: &HistoryConfig) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("DELETE FROM fault WHERE seq <= (SELECT max(seq) FROM fault) - ?1")?
        .execute([i64::from(config.faults_max)])?;
    Ok(())
}

/// The state of a quarter is that of its highest minute (SQLite: a bare column beside one `max()`).
fn coarsen(transaction: &Transaction<'_>, device: i64, before_ms: i64) -> rusqlite::Result<()> {
    let before_minute = before_ms / (MINUTE_S * 1000);
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO power_quarter
             SELECT device, minute / ?3, samples, sum_dw, low, high, state FROM (
                 SELECT device, minute, sum(samples) AS samples, sum(sum_dw) AS sum_dw,
                     (SELECT min(min_dw) FROM power_minute AS same
                      WHERE same.device = ?1 AND same.minute >= every.minute / ?3 * ?3
                          AND same.minute < every.minute / ?3 * ?3 + ?3) AS low,
                     max(max_dw) AS high, state
                 FROM power_minute AS every WHERE device = ?1 AND minute < ?2 GROUP BY minute / ?3)",
        )?
        .execute(params![device, before_minute, QUARTER_MINUTES])?;
    transaction
        .prepare_cached("DELETE FROM power_minute WHERE device = ?1 AND minute < ?2")?
        .execute([device, before_minute])?;
    Ok(())
}

fn forget(transaction: &Transaction<'_>, device: i64, before_ms: i64) -> rusqlite::Result<()> {
    for (table, column) in [
        ("interval", "from_ms"),
        ("ledger", "hour_ms"),
        ("exam", "from_ms"),
        ("alert", "since_ms"),
    ] {
        let sql = format!("DELETE FROM {table} WHERE device = ?1 AND {column} < ?2");
        transaction.prepare_cached(&sql)?.execute([device, before_ms])?;
    }
    transaction
        .prepare_cached("DELETE FROM alert_step WHERE device = ?1 AND since_ms < ?2")?
        .execute([device, before_ms])?;
    transaction
        .prepare_cached("DELETE FROM power_quarter WHERE device = ?1 AND quarter < ?2")?
        .execute([device, before_ms / QUARTER_MS])?;
    Ok(())
}
