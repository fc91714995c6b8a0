//! The writer: one batch of findings, one transaction, one cursor.

mod learned;
mod rewrite;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use analyzer::{
    AlertEvent, AlertPhase, DeviceId, Exam, Fault, Finding, Interval, LedgerRow, Sample, StateChange,
};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use self::learned::write_learned;
use super::code::{
    CO2E_SCALE, COST_SCALE, POWER_SCALE, duration_millis, exam_code, fault_code, millis, phase_code,
    phase_of, scaled, severity_code, state_code, tariff_code,
};
use super::power::Curve;
use super::{HistoryConfig, HistoryError, Reader, Result, prune, schema};

/// The history, open for writing. One writer; any number of [`Reader`]s beside it.
#[derive(Debug)]
pub struct History {
    connection: Connection,
    path: PathBuf,
    config: HistoryConfig,
    set_aside: Option<PathBuf>,
    cursor: u64,
    cache: Cache,
}

/// What is known without asking the file; thrown away whole when a transaction fails.
#[derive(Debug, Default)]
pub(super) struct Cache {
    pub(super) keys: HashMap<DeviceId, i64>,
    pub(super) curve: Curve,
    /// The newest instant seen in a sample, ms; drives pruning.
    pub(super) newest_ms: i64,
    pub(super) pruned_day: i64,
}

impl History {
    /// Opens the file, or makes it. A torn file is renamed (see [`Self::set_aside`]) and a new one begun.
    ///
    /// # Errors
    /// When the file is locked, of a newer schema, or cannot be written.
    pub fn open(path: &Path, config: &HistoryConfig) -> Result<Self> {
        let (connection, set_aside) = schema::open_to_write(path)?;
        let cursor: i64 = connection
            .query_row("SELECT log_seq FROM cursor WHERE id = 1", [], |row| row.get(0))
            .map_err(|source| HistoryError::from_sqlite(path, source))?;
        Ok(Self {
            connection,
            path: path.to_owned(),
            config: config.clone(),
            set_aside,
            cursor: u64::try_from(cursor).unwrap_or(0),
            cache: Cache::default(),
        })
    }

    /// Where a torn file was put when this one was opened.
    #[must_use]
    pub fn set_aside(&self) -> Option<&Path> {
        self.set_aside.as_deref()
    }

    /// The number of the last batch that took effect; 0 before the first (numbers count from 1).
    #[must_use]
    pub fn cursor(&self) -> u64 {
        self.cursor
    }

    /// A reader of its own connection on this file.
    ///
    /// # Errors
    /// When the file cannot be opened for reading.
    pub fn reader(&self) -> Result<Reader> {
        Reader::open(&self.path)
    }

    /// Writes a batch and moves the cursor to `log_seq`, both or neither. A batch at or below the cursor is
    /// already in and does nothing; the same findings under a later number overwrite their own rows.
    ///
    /// # Errors
    /// Nothing was written; [`HistoryError`] says whether to try again.
    pub fn apply(&mut self, log_seq: u64, findings: &[Finding]) -> Result<()> {
        if log_seq <= self.cursor {
            return Ok(());
        }
        let config = &self.config;
        let cache = &mut self.cache;
        let outcome = self.connection.transaction().and_then(|transaction| {
            write_all(&transaction, cache, findings)?;
            prune::daily(&transaction, cache, config)?;
            let stored = i64::try_from(log_seq).unwrap_or(i64::MAX);
            transaction
                .prepare_cached("UPDATE cursor SET log_seq = ?1 WHERE id = 1")?
                .execute([stored])?;
            transaction.commit()
        });
        match outcome {
            Ok(()) => {
                self.cursor = log_seq;
                Ok(())
            }
            Err(source) => {
                self.cache = Cache::default();
                Err(HistoryError::from_sqlite(&self.path, source))
            }
        }
    }
}

fn write_all(transaction: &Transaction<'_>, cache: &mut Cache, findings: &[Finding]) -> rusqlite::Result<()> {
    let mut newest: HashMap<i64, (i64, i64)> = HashMap::new();
    for finding in findings {
        match finding {
            Finding::Sample(sample) => {
                let key = device_key(transaction, cache, &sample.device)?;
                let (at_ms, power_dw) = write_sample(transaction, cache, key, sample)?;
                let last = newest.entry(key).or_insert((at_ms, power_dw));
                if at_ms >= last.0 {
                    *last = (at_ms, power_dw);
                }
            }
            Finding::StateChange(change) => {
                let key = device_key(transaction, cache, &change.device)?;
                write_change(transaction, key, change)?;
            }
            Finding::Interval(interval) => {
                let key = device_key(transaction, cache, &interval.device)?;
                write_interval(transaction, key, interval)?;
            }
            Finding::Exam(exam) => {
                let key = device_key(transaction, cache, &exam.device)?;
                write_exam(transaction, key, exam)?;
            }
            Finding::Ledger(row) | Finding::Settled(row) => {
                let key = device_key(transaction, cache, &row.device)?;
                write_ledger(transaction, key, row)?;
            }
            Finding::Alert(event) => {
                let key = device_key(transaction, cache, &event.device)?;
                write_alert(transaction, key, event)?;
            }
            Finding::Fault(fault) => {
                let key = device_key(transaction, cache, &fault.device)?;
                write_fault(transaction, key, fault)?;
            }
            Finding::Bands(bands) => {
                let key = device_key(transaction, cache, &bands.device)?;
                write_learned(transaction, key, bands)?;
            }
        }
    }
    cache.curve.flush(transaction)?;
    write_newest(transaction, &newest)
}

fn device_key(transaction: &Transaction<'_>, cache: &mut Cache, device: &DeviceId) -> rusqlite::Result<i64> {
    if let Some(key) = cache.keys.get(device) {
        return Ok(*key);
    }
    transaction
        .prepare_cached("INSERT OR IGNORE INTO device (id) VALUES (?1)")?
        .execute([&**device])?;
    let key = transaction
        .prepare_cached("SELECT key FROM device WHERE id = ?1")?
        .query_row([&**device], |row| row.get(0))?;
    cache.keys.insert(DeviceId::clone(device), key);
    Ok(key)
}

fn write_sample(
    transaction: &Transaction<'_>,
    cache: &mut Cache,
    key: i64,
    sample: &Sample,
) -> rusqlite::Result<(i64, i64)> {
    let at_ms = millis(sample.at);
    let power_dw = scaled(sample.power_w, POWER_SCALE);
    cache.newest_ms = cache.newest_ms.max(at_ms);
    cache
        .curve
        .add(transaction, key, at_ms, power_dw, state_code(sample.state))?;
    Ok((at_ms, power_dw))
}

/// The newest sample of each device, once a batch rather than once a sample.
fn write_newest(transaction: &Transaction<'_>, newest: &HashMap<i64, (i64, i64)>) -> rusqlite::Result<()> {
    let mut statement = transaction.prepare_cached(
        "INSERT INTO last_state (device, state, power_dw, sampled_ms) VALUES (?1, 4, ?2, ?3)
         ON CONFLICT (device) DO UPDATE SET power_dw = excluded.power_dw, sampled_ms = excluded.sampled_ms
         WHERE sampled_ms IS NULL OR excluded.sampled_ms >= sampled_ms",
    )?;
    for (key, (at_ms, power_dw)) in newest {
        statement.execute(params![key, power_dw, at_ms])?;
    }
    Ok(())
}

fn write_change(transaction: &Transaction<'_>, key: i64, change: &StateChange) -> rusqlite::Result<()> {
    let at_ms = millis(change.at);
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO state_change (device, at_ms, was, state) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            key,
            at_ms,
            state_code(change.from),
            state_code(change.to)
        ])?;
    transaction
        .prepare_cached(
            "INSERT INTO last_state (device, state, since_ms) VALUES (?1, ?2, ?3)
             ON CONFLICT (device) DO UPDATE SET state = excluded.state, since_ms = excluded.since_ms
             WHERE since_ms IS NULL OR excluded.since_ms >= since_ms",
        )?
        .execute(params![key, state_code(change.to), at_ms])?;
    Ok(())
}

/// A final interval also makes the provisional changes before it needless.
fn write_interval(transaction: &Transaction<'_>, key: i64, interval: &Interval) -> rusqlite::Result<()> {
    let from_ms = millis(interval.from);
    transaction
        .prepare_cached("INSERT OR REPLACE INTO interval VALUES (?1, ?2, ?3, ?4, ?5, ?6)")?
        .execute(params![
            key,
            from_ms,
            millis(interval.until),
            state_code(interval.state),
            interval.energy.micro_wh(),
            interval.estimated.micro_wh()
        ])?;
    transaction
        .prepare_cached("DELETE FROM state_change WHERE device = ?1 AND at_ms < ?2")?
        .execute(params![key, from_ms])?;
    Ok(())
}

fn write_exam(transaction: &Transaction<'_>, key: i64, exam: &Exam) -> rusqlite::Result<()> {
    let number = i64::try_from(exam.number).unwrap_or(i64::MAX);
    transaction
        .prepare_cached("INSERT OR REPLACE INTO exam VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)")?
        .execute(params![
            key,
            millis(exam.from),
            millis(exam.until),
            number,
            exam.energy.micro_wh(),
            exam.scanning_energy.micro_wh(),
            duration_millis(exam.scanning),
            exam_code(exam.kind)
        ])?;
    Ok(())
}

fn write_ledger(transaction: &Transaction<'_>, key: i64, row: &LedgerRow) -> rusqlite::Result<()> {
    transaction
        .prepare_cached("INSERT OR REPLACE INTO ledger VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)")?
        .execute(params![
            key,
            millis(row.hour),
            state_code(row.state),
            row.is_open,
            tariff_code(row.tariff),
            row.energy.micro_wh(),
            row.estimated.micro_wh(),
            duration_millis(row.duration),
            scaled(row.cost, COST_SCALE),
            scaled(row.co2e_g, CO2E_SCALE)
        ])?;
    Ok(())
}

/// The step is kept; the alert itself shows the newest step that is no note, so a replayed older one cannot open it again.
fn write_alert(transaction: &Transaction<'_>, key: i64, event: &AlertEvent) -> rusqlite::Result<()> {
    let (since_ms, at_ms) = (millis(event.since), millis(event.at));
    let phase = phase_code(event.phase);
    let (energy_uwh, until_ms) = (event.energy.micro_wh(), event.until.map(millis));
    let is_note = event.phase == AlertPhase::Noted;
    let note = if is_note { event.detail.as_str() } else { "" };
    let (cost, co2e) = (scaled(event.cost, COST_SCALE), scaled(event.co2e_g, CO2E_SCALE));
    transaction
        .prepare_cached(
            "INSERT OR REPLACE INTO alert_step VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
        )?
        .execute(params![
            key, event.rule, since_ms, at_ms, phase, energy_uwh, cost, co2e, event.by, until_ms, note
        ])?;
    if is_note {
        return Ok(());
    }
    let known: Option<(i64, i64)> = transaction
        .prepare_cached("SELECT last_ms, phase FROM alert WHERE device = ?1 AND rule = ?2 AND since_ms = ?3")?
        .query_row(params![key, event.rule, since_ms], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()?;
    let known = known.map(|(last_ms, phase)| (last_ms, phase_of(phase).order()));
    if known.is_some_and(|last| last > (at_ms, event.phase.order())) {
        return Ok(());
    }
    let is_raised = event.phase == AlertPhase::Raised;
    transaction
        .prepare_cached(
            "INSERT INTO alert VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, ?7, ?8, ?9, ?11, ?12, ?13)
             ON CONFLICT (device, rule, since_ms) DO UPDATE SET severity = ?4, phase = ?5, last_ms = ?6,
                 raised_ms = CASE WHEN ?10 THEN ?6 ELSE raised_ms END,
                 energy_uwh = ?7, cost_millionths = ?8, co2e_mg = ?9, detail = ?11, said_by = ?12,
                 until_ms = ?13",
        )?
        .execute(params![
            key,
            event.rule,
            since_ms,
            severity_code(event.severity),
            phase,
            at_ms,
            energy_uwh,
            cost,
            co2e,
            is_raised,
            event.detail,
            event.by,
            until_ms
        ])?;
    Ok(())
}

fn write_fault(transaction: &Transaction<'_>, key: i64, fault: &Fault) -> rusqlite::Result<()> {
    transaction
        .prepare_cached(
            "INSERT INTO fault (device, meter, at_ms, kind, detail) VALUES (?1, ?2, ?3, ?4, ?5)
             ON CONFLICT (device, meter, at_ms, kind) DO UPDATE SET detail = excluded.detail",
        )?
        .execute(params![
            key,
            fault.meter,
            millis(fault.at),
            fault_code(fault.kind),
            fault.detail
        ])?;
    Ok(())
}
