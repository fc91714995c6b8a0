//! One device in the live view.

use std::collections::BTreeMap;
use std::sync::Arc;

use analyzer::{
    AlertEvent, AlertPhase, BandsLearned, DeviceId, Fault, FaultKind, Sample, State, StateChange,
};
use jiff::{SignedDuration, Timestamp};

use super::book::Book;
use crate::history::{LastState, Totals};

/// Alerts kept for one device, open or cleared; beyond, the oldest goes.
const ALERTS_MAX: usize = 16;

/// How long a cleared alert stays in the live view: the morning should see the night.
const CLEARED_SHOWN: SignedDuration = SignedDuration::from_hours(24);

/// A device at one moment.
#[derive(Clone, Debug)]
pub struct DeviceView {
    /// Which device.
    pub id: DeviceId,
    /// Its state.
    pub state: State,
    /// Whether it is a base load, which is never waste while it runs.
    pub is_base_load: bool,
    /// Since when; none before the first change was said.
    pub since: Option<Timestamp>,
    /// Power of the newest sample, W.
    pub power_w: Option<f64>,
    /// The newest sample's instant.
    pub sampled_at: Option<Timestamp>,
    /// Since local midnight.
    pub today: Totals,
    /// Seven local days, today included.
    pub week: Totals,
    /// Open alerts and those cleared within a day, newest first.
    pub alerts: Vec<AlertEvent>,
    /// What is wrong with its meter and not yet over.
    pub meter_fault: Option<MeterFault>,
    /// What it has learned of its levels; none before the first is known, or where its bands are fixed.
    pub learned: Option<Arc<BandsLearned>>,
}

/// A meter's fault that still holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeterFault {
    /// The meter.
    pub meter: String,
    /// What.
    pub kind: FaultKind,
    /// Since when.
    pub at: Timestamp,
}

impl DeviceView {
    /// The stable word of what people are shown: the state's, or `running` for a base load that is on.
    #[must_use]
    pub fn shown(&self) -> &'static str {
        if self.is_base_load && self.state == State::Idle {
            "running"
        } else {
            self.state.name()
        }
    }

    /// The open alerts, newest first.
    pub fn open_alerts(&self) -> impl Iterator<Item = &AlertEvent> {
        self.alerts.iter().filter(|event| is_open(event))
    }

    /// The newest open alert.
    #[must_use]
    pub fn open_alert(&self) -> Option<&AlertEvent> {
        self.open_alerts().next()
    }
}

pub(super) fn is_open(event: &AlertEvent) -> bool {
    event.phase != AlertPhase::Cleared
}

#[derive(Debug)]
pub(super) struct DeviceMemory {
    id: DeviceId,
    state: State,
    pub(super) is_base_load: bool,
    since: Option<Timestamp>,
    power_w: Option<f64>,
    pub(super) sampled_at: Option<Timestamp>,
    pub(super) book: Book,
    alerts: BTreeMap<(Timestamp, String), AlertEvent>,
    meter_fault: Option<MeterFault>,
    learned: Option<Arc<BandsLearned>>,
    /// The memory's version when this device last changed.
    pub(super) version: u64,
}

impl DeviceMemory {
    pub(super) fn new(id: DeviceId) -> Self {
        Self {
            id,
            state: State::Unknown,
            is_base_load: false,
            since: None,
            power_w: None,
            sampled_at: None,
            book: Book::default(),
            alerts: BTreeMap::new(),
            meter_fault: None,
            learned: None,
            version: 1,
        }
    }

    pub(super) fn restore(&mut self, last: &LastState) {
        self.state = last.state;
        self.since = last.since;
        self.power_w = last.power_w;
        self.sampled_at = last.sampled_at;
    }

    pub(super) fn take_sample(&mut self, sample: &Sample) {
        if self.sampled_at.is_none_or(|last| sample.at >= last) {
            self.sampled_at = Some(sample.at);
            self.power_w = Some(sample.power_w);
        }
    }

    pub(super) fn take_change(&mut self, change: &StateChange) {
        if self.since.is_none_or(|since| change.at >= since) {
            self.state = change.to;
            self.since = Some(change.at);
        }
    }

    /// A note changes nothing of the alert.
    pub(super) fn take_alert(&mut self, event: &AlertEvent) {
        if event.phase == AlertPhase::Noted {
            return;
        }
        let key = (event.since, event.rule.clone());
        let is_older = self
            .alerts
            .get(&key)
            .is_some_and(|known| (known.at, known.phase.order()) > (event.at, event.phase.order()));
        if is_older {
            return;
        }
        self.alerts.insert(key, event.clone());
        while self.alerts.len() > ALERTS_MAX {
            self.alerts.pop_first();
        }
    }

    pub(super) fn take_fault(&mut self, fault: &Fault) {
        match fault.kind {
            FaultKind::Heard => self.meter_fault = None,
            FaultKind::Silent | FaultKind::Offline | FaultKind::ClockWrong => {
                self.meter_fault = Some(MeterFault {
                    meter: fault.meter.clone(),
                    kind: fault.kind,
                    at: fault.at,
                });
            }
            _ => {}
        }
    }

    pub(super) fn take_bands(&mut self, bands: &BandsLearned) {
        if self.learned.as_ref().is_none_or(|known| bands.at >= known.at) {
            self.learned = Some(Arc::new(bands.clone()));
        }
    }

    pub(super) fn view(&self, now: Timestamp, today: Totals, week: Totals) -> DeviceView {
        let is_shown = |event: &AlertEvent| is_open(event) || now.duration_since(event.at) < CLEARED_SHOWN;
        DeviceView {
            id: DeviceId::clone(&self.id),
            state: self.state,
            is_base_load: self.is_base_load,
            since: self.since,
            power_w: self.power_w.filter(|_| self.state != State::Unknown),
            sampled_at: self.sampled_at,
            today,
            week,
            alerts: self
                .alerts
                .values()
                .rev()
                .filter(|event| is_shown(event))
                .cloned()
                .collect(),
            meter_fault: self.meter_fault.clone(),
            learned: self.learned.clone(),
        }
    }
}
