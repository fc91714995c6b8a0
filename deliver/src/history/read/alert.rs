//! Reading alerts: open ones, past ones, and every step of their lives.

use std::sync::Arc;

use analyzer::{AlertEvent, AlertPhase, DeviceId, Energy, Severity};
use jiff::Timestamp;
use rusqlite::{Row, params};

use super::Reader;
use crate::history::Result;
use crate::history::code::{
    CO2E_SCALE, COST_SCALE, instant, millis, phase_code, phase_of, severity_of, unscaled,
};

/// Which alerts to read, newest first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlertFilter {
    /// Only this device's.
    pub device: Option<DeviceId>,
    /// Only those that are not cleared.
    pub is_open_only: bool,
    /// Only those raised at or after.
    pub raised_from: Option<Timestamp>,
    /// No more than this many.
    pub limit: u32,
}

impl Default for AlertFilter {
    fn default() -> Self {
        Self {
            device: None,
            is_open_only: false,
            raised_from: None,
            limit: 200,
        }
    }
}

/// An alert as its newest step leaves it.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertRecord {
    /// The rule's name.
    pub rule: String,
    /// Which device.
    pub device: DeviceId,
    /// How urgent.
    pub severity: Severity,
    /// When what it tells of began.
    pub since: Timestamp,
    /// When it was raised.
    pub raised_at: Timestamp,
    /// When it was cleared; none while it is open.
    pub cleared_at: Option<Timestamp>,
    /// When the newest step was taken.
    pub last_at: Timestamp,
    /// Energy spent on it so far.
    pub energy: Energy,
    /// `energy` in the site's currency.
    pub cost: f64,
    /// `energy` in grams of CO2 equivalent.
    pub co2e_g: f64,
    /// Its newest step.
    pub phase: AlertPhase,
    /// What the rule adds in words; may be empty.
    pub detail: String,
    /// Who took the newest step; empty where no person did.
    pub by: String,
    /// Until when it is snoozed.
    pub until: Option<Timestamp>,
}

/// One step in an alert's life.
#[derive(Clone, Debug, PartialEq)]
pub struct AlertStep {
    /// What happened.
    pub phase: AlertPhase,
    /// When.
    pub at: Timestamp,
    /// Energy spent so far.
    pub energy: Energy,
    /// Who took it; empty where no person did.
    pub by: String,
    /// Until when it is snoozed.
    pub until: Option<Timestamp>,
    /// What was written down; empty where the step is no note.
    pub note: String,
}

impl AlertRecord {
    /// The newest step as the finding it came from.
    #[must_use]
    pub fn to_event(&self) -> AlertEvent {
        AlertEvent {
            rule: self.rule.clone(),
            device: DeviceId::clone(&self.device),
            severity: self.severity,
            phase: self.phase,
            since: self.since,
            at: self.last_at,
            energy: self.energy,
            cost: self.cost,
            co2e_g: self.co2e_g,
            detail: self.detail.clone(),
            by: self.by.clone(),
            until: self.until,
        }
    }
}

impl Reader {
    /// Alerts that pass the filter, newest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn alerts(&self, filter: &AlertFilter) -> Result<Vec<AlertRecord>> {
        let cleared = phase_code(AlertPhase::Cleared);
        let raised_from_ms = filter.raised_from.map_or(i64::MIN, millis);
        self.run(|connection| {
            connection
                .prepare_cached(
                    "SELECT rule, id, severity, since_ms, raised_ms, phase, last_ms, energy_uwh, cost_millionths,
                         co2e_mg, detail, said_by, until_ms
                     FROM alert JOIN device ON key = device
                     WHERE (?1 IS NULL OR id = ?1) AND (NOT ?2 OR phase <> ?3) AND raised_ms >= ?4
                     ORDER BY raised_ms DESC, id LIMIT ?5",
                )?
                .query_map(
                    params![filter.device.as_deref(), filter.is_open_only, cleared, raised_from_ms, filter.limit],
                    record,
                )?
                .collect()
        })
    }

    /// Every step of one alert, oldest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn alert_steps(&self, device: &str, rule: &str, since: Timestamp) -> Result<Vec<AlertStep>> {
        let Some(key) = self.key(device)? else {
            return Ok(Vec::new());
        };
        self.run(|connection| {
            connection
                .prepare_cached(
                    "SELECT phase, at_ms, energy_uwh, said_by, until_ms, note FROM alert_step
                     WHERE device = ?1 AND rule = ?2 AND since_ms = ?3 ORDER BY at_ms, phase",
                )?
                .query_map(params![key, rule, millis(since)], |row| {
                    Ok(AlertStep {
                        phase: phase_of(row.get(0)?),
                        at: instant(row.get(1)?),
                        energy: Energy::from_micro_wh(row.get(2)?),
                        by: row.get(3)?,
                        until: row.get::<_, Option<i64>>(4)?.map(instant),
                        note: row.get(5)?,
                    })
                })?
                .collect()
        })
    }
}

fn record(row: &Row<'_>) -> rusqlite::Result<AlertRecord> {
    let phase = phase_of(row.get(5)?);
    let last_at = instant(row.get(6)?);
    Ok(AlertRecord {
        rule: row.get(0)?,
        device: Arc::from(row.get::<_, String>(1)?),
        severity: severity_of(row.get(2)?),
        since: instant(row.get(3)?),
        raised_at: instant(row.get(4)?),
        cleared_at: (phase == AlertPhase::Cleared).then_some(last_at),
        last_at,
        energy: Energy::from_micro_wh(row.get(7)?),
        cost: unscaled(row.get(8)?, COST_SCALE),
        co2e_g: unscaled(row.get(9)?, CO2E_SCALE),
        phase,
        detail: row.get(10)?,
        by: row.get(11)?,
        until: row.get::<_, Option<i64>>(12)?.map(instant),
    })
}
