//! What the analysis counts for people: meters heard, readings, findings. Not part of the account, which is durable.
//!
//! Limits: at most [`METERS_MAX`] meters are listed; more are only counted.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use analyzer::{AlertPhase, Finding};
use deliver::live::MeterFigures;
use ingest::decode::Decoded;
use ingest::record::Record;

/// More meters than this are not listed.
const METERS_MAX: usize = 10_000;

/// Counts since the start of the process.
#[derive(Debug, Default)]
pub(super) struct Figures {
    counts: Mutex<Counts>,
}

/// See [`Figures`].
#[derive(Clone, Debug, Default)]
pub(super) struct Counts {
    /// Readings decoded.
    pub(super) readings: u64,
    /// Findings written to the log.
    pub(super) findings: u64,
    /// How often a decoder forgot a meter because its memory was full.
    meters_forgotten: u64,
    /// Alerts raised, by rule.
    alerts_raised: BTreeMap<String, u64>,
    /// Meters heard, by name.
    pub(super) meters: HashMap<String, MeterFigures>,
}

impl Figures {
    /// A copy of the counts.
    pub(super) fn counts(&self) -> Counts {
        self.lock().clone()
    }

    /// How often a decoder forgot a meter, without a copy of all that is counted.
    pub(super) fn meters_forgotten(&self) -> u64 {
        self.lock().meters_forgotten
    }

    /// How many alerts of a rule were raised.
    pub(super) fn alerts_raised(&self, rule: &str) -> u64 {
        self.lock().alerts_raised.get(rule).copied().unwrap_or(0)
    }

    pub(super) fn decoded(&self, record: &Record, decoded: &Decoded) {
        let mut counts = self.lock();
        counts.readings += u64::try_from(decoded.readings.len()).unwrap_or(0);
        for reading in &decoded.readings {
            if let Some(meter) = counts.meters.get_mut(&*reading.meter) {
                meter.readings += 1;
                meter.heard_at = Some(record.received);
            } else if counts.meters.len() < METERS_MAX {
                let family = decoded.family.unwrap_or_default().to_owned();
                let (name, heard_at) = (reading.meter.to_string(), Some(record.received));
                let figures = MeterFigures {
                    name: name.clone(),
                    family,
                    readings: 1,
                    heard_at,
                    faults: 0,
                };
                counts.meters.insert(name, figures);
            }
        }
    }

    /// Takes the decoder's own count.
    pub(super) fn forgot(&self, meters_forgotten: u64) {
        let before = std::mem::replace(&mut self.lock().meters_forgotten, meters_forgotten);
        if before == 0 && meters_forgotten > 0 {
            tracing::warn!(
                meters_forgotten,
                "a decoder's memory is full; raise meters_max and lessons_max in [decode], or narrow the topics"
            );
        }
    }

    pub(super) fn said(&self, findings: &[Finding]) {
        let mut counts = self.lock();
        counts.findings += u64::try_from(findings.len()).unwrap_or(0);
        for finding in findings {
            match finding {
                Finding::Fault(fault) => {
                    if let Some(meter) = counts.meters.get_mut(&fault.meter) {
                        meter.faults += 1;
                    }
                }
                Finding::Alert(event) if event.phase == AlertPhase::Raised => {
                    *counts.alerts_raised.entry(event.rule.clone()).or_default() += 1;
                }
                _ => {}
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
