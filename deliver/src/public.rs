//! Findings as JSON for scripts: stable words, units in the names, times in RFC 3339 UTC.
//!
//! These are the public mirror types of [`analyzer::Finding`]; renaming a field there changes nothing here.

use analyzer::{AlertEvent, Exam, Fault, Finding, Interval, LedgerRow, Sample, StateChange};
use jiff::Timestamp;
use serde::Serialize;

mod bands;

pub use bands::{BandJson, BandsJson};

/// One finding as one JSON object; `kind` says which.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the fields are those of the findings, with units")]
pub enum FindingJson<'a> {
    Sample {
        device: &'a str,
        at: Timestamp,
        power_w: f64,
        state: &'static str,
        is_provisional: bool,
    },
    StateChange {
        device: &'a str,
        at: Timestamp,
        from: &'static str,
        to: &'static str,
        power_w: Option<f64>,
    },
    Interval {
        device: &'a str,
        from: Timestamp,
        until: Timestamp,
        state: &'static str,
        energy_wh: f64,
        estimated_wh: f64,
    },
    Exam {
        device: &'a str,
        exam: u64,
        from: Timestamp,
        until: Timestamp,
        energy_wh: f64,
        scanning_wh: f64,
        scanning_s: f64,
        exam_kind: &'static str,
        reason: &'static str,
    },
    Energy {
        device: &'a str,
        hour: Timestamp,
        state: &'static str,
        is_open: bool,
        tariff: &'static str,
        energy_wh: f64,
        estimated_wh: f64,
        duration_s: f64,
        cost: f64,
        co2e_g: f64,
    },
    Alert {
        rule: &'a str,
        device: &'a str,
        severity: &'static str,
        phase: &'static str,
        since: Timestamp,
        at: Timestamp,
        energy_wh: f64,
        cost: f64,
        co2e_g: f64,
    },
    MeterFault {
        device: &'a str,
        meter: &'a str,
        at: Timestamp,
        fault: &'static str,
        detail: &'a str,
    },
    Bands(BandsJson<'a>),
}

impl<'a> FindingJson<'a> {
    /// The public form of a finding.
    #[must_use]
    pub fn of(finding: &'a Finding) -> Self {
        match finding {
            Finding::Sample(it) => it.into(),
            Finding::StateChange(it) => it.into(),
            Finding::Interval(it) => it.into(),
            Finding::Exam(it) => it.into(),
            Finding::Ledger(it) | Finding::Settled(it) => it.into(),
            Finding::Alert(it) => it.into(),
            Finding::Fault(it) => it.into(),
            Finding::Bands(it) => Self::Bands(it.into()),
        }
    }

    /// The instant it is about; of a stretch of time, its begin.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Sample { at, .. }
            | Self::StateChange { at, .. }
            | Self::Alert { at, .. }
            | Self::MeterFault { at, .. } => *at,
            Self::Interval { from, .. } | Self::Exam { from, .. } => *from,
            Self::Energy { hour, .. } => *hour,
            Self::Bands(bands) => bands.at,
        }
    }
}

impl<'a> From<&'a Sample> for FindingJson<'a> {
    fn from(it: &'a Sample) -> Self {
        let (at, power_w, is_provisional) = (it.at, it.power_w, it.is_provisional);
        Self::Sample {
            device: &it.device,
            at,
            power_w,
            state: it.state.name(),
            is_provisional,
        }
    }
}

impl<'a> From<&'a StateChange> for FindingJson<'a> {
    fn from(it: &'a StateChange) -> Self {
        let (from, to) = (it.from.name(), it.to.name());
        Self::StateChange {
            device: &it.device,
            at: it.at,
            from,
            to,
            power_w: it.power_w,
        }
    }
}

impl<'a> From<&'a Interval> for FindingJson<'a> {
    fn from(it: &'a Interval) -> Self {
        Self::Interval {
            device: &it.device,
            from: it.from,
            until: it.until,
            state: it.state.name(),
            energy_wh: it.energy.wh(),
            estimated_wh: it.estimated.wh(),
        }
    }
}

impl<'a> From<&'a Exam> for FindingJson<'a> {
    fn from(it: &'a Exam) -> Self {
        Self::Exam {
            device: &it.device,
            exam: it.number,
            from: it.from,
            until: it.until,
            energy_wh: it.energy.wh(),
            scanning_wh: it.scanning_energy.wh(),
            scanning_s: it.scanning.as_secs_f64(),
            exam_kind: it.kind.name(),
            reason: it.kind.reason(),
        }
    }
}

impl<'a> From<&'a LedgerRow> for FindingJson<'a> {
    fn from(it: &'a LedgerRow) -> Self {
        Self::Energy {
            device: &it.device,
            hour: it.hour,
            state: it.state.name(),
            is_open: it.is_open,
            tariff: it.tariff.name(),
            energy_wh: it.energy.wh(),
            estimated_wh: it.estimated.wh(),
            duration_s: it.duration.as_secs_f64(),
            cost: it.cost,
            co2e_g: it.co2e_g,
        }
    }
}

impl<'a> From<&'a AlertEvent> for FindingJson<'a> {
    fn from(it: &'a AlertEvent) -> Self {
        Self::Alert {
            rule: &it.rule,
            device: &it.device,
            severity: it.severity.name(),
            phase: it.phase.name(),
            since: it.since,
            at: it.at,
            energy_wh: it.energy.wh(),
            cost: it.cost,
            co2e_g: it.co2e_g,
        }
    }
}

impl<'a> From<&'a Fault> for FindingJson<'a> {
    fn from(it: &'a Fault) -> Self {
        let (meter, detail) = (it.meter.as_str(), it.detail.as_str());
        Self::MeterFault {
            device: &it.device,
            meter,
            at: it.at,
            fault: it.kind.name(),
            detail,
        }
    }
}
