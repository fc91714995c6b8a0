//! What the topics say: the latest of each device and alert, folded from findings. Kept with the cursor, so that a
//! restart goes on where it was.
//!
//! Bounded by the configured devices: findings of others are left out, and topics of devices that are gone are
//! cleared.

use std::collections::{BTreeMap, BTreeSet};

use analyzer::site::TariffPeriod;
use analyzer::{AlertEvent, AlertPhase, Finding, LedgerRow, Sample, Severity, State, StateChange};
use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::json::{AlertJson, AlertsJson, EnergyJson, StateJson, to_bytes};
use crate::log::MemoryChange;

/// What one topic shows; also the key of its memory.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Topic {
    State(String),
    Energy(String),
    Alert {
        rule: String,
        device: String,
    },
    /// How many alerts are open of a device: for Home Assistant.
    Alerts(String),
    /// Home Assistant's; its path is whole.
    Discovery {
        path: String,
        device: String,
    },
}

impl Topic {
    fn device(&self) -> &str {
        let (Self::State(device)
        | Self::Energy(device)
        | Self::Alerts(device)
        | Self::Alert { device, .. }
        | Self::Discovery { device, .. }) = self;
        device
    }

    /// Below the prefix, but for [`Self::Discovery`]. A name's `/`, wildcards and control characters are written as `%` and two digits.
    pub(super) fn path(&self) -> String {
        match self {
            Self::State(device) => format!("{}/state", level(device)),
            Self::Energy(device) => format!("{}/energy", level(device)),
            Self::Alert { rule, device } => format!("alert/{}/{}", level(rule), level(device)),
            Self::Alerts(device) => format!("{}/alerts", level(device)),
            Self::Discovery { path, .. } => path.clone(),
        }
    }
}

pub(super) fn level(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for character in name.chars() {
        match character {
            '/' | '+' | '#' | '%' => out.push_str(&format!("%{:02X}", u32::from(character))),
            control if control.is_control() => out.push_str(&format!("%{:02X}", u32::from(control))),
            other => out.push(other),
        }
    }
    out
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct LiveState {
    state: State,
    since: Option<Timestamp>,
    power_w: Option<f64>,
    at: Timestamp,
}

/// Hour, state, open, tariff: the ledger's own key.
type RowKey = (Timestamp, State, bool, TariffPeriod);

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Day {
    date: Date,
    /// Energy in µWh, cost, CO2e in g.
    rows: BTreeMap<RowKey, (i64, f64, f64)>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
enum Entry {
    State(LiveState),
    Energy(Day),
    Alert(AlertEvent),
    /// Ready to be published.
    Text(String),
}

pub(super) struct Board {
    zone: TimeZone,
    currency: String,
    devices: BTreeSet<String>,
    /// What Home Assistant is told; none where it is told nothing.
    discovery: Option<BTreeMap<Topic, String>>,
    entries: BTreeMap<Topic, Entry>,
    /// Topics to be published; one without an entry is to be cleared.
    pub(super) unpublished: BTreeSet<Topic>,
    unsaved: BTreeSet<Topic>,
}

impl Board {
    pub(super) fn new(zone: TimeZone, currency: String, devices: BTreeSet<String>) -> Self {
        let (entries, unpublished, unsaved) = Default::default();
        Self {
            zone,
            currency,
            devices,
            discovery: None,
            entries,
            unpublished,
            unsaved,
        }
    }

    /// Tells Home Assistant of devices as well.
    pub(super) fn with_discovery(mut self, messages: BTreeMap<Topic, String>) -> Self {
        self.discovery = Some(messages);
        self
    }

    pub(super) fn fold(&mut self, finding: &Finding) {
        match finding {
            Finding::Sample(sample) if self.has(&sample.device) => self.sample(sample),
            Finding::StateChange(change) if self.has(&change.device) => self.change(change),
            Finding::Ledger(row) | Finding::Settled(row) if self.has(&row.device) => self.ledger(row),
            // a note is for those who look at the alert, and changes nothing of it
            Finding::Alert(event) if self.has(&event.device) && event.phase != AlertPhase::Noted => {
                let (rule, device) = (event.rule.clone(), event.device.to_string());
                self.set(Topic::Alert { rule, device }, Entry::Alert(event.clone()));
                self.count_alerts(&event.device);
            }
            _ => {}
        }
    }

    /// Alerts are said again, or are none.
    pub(super) fn forget_alerts(&mut self) {
        let alerts: Vec<Topic> = self
            .entries
            .keys()
            .filter(|topic| matches!(topic, Topic::Alert { .. }))
            .cloned()
            .collect();
        for topic in alerts {
            self.entries.remove(&topic);
            self.unpublished.insert(topic.clone());
            self.unsaved.insert(topic);
        }
        for device in self.devices.clone() {
            self.count_alerts(&device);
        }
    }

    /// Says how many alerts are open of a device, where that is told.
    fn count_alerts(&mut self, device: &str) {
        if self.discovery.is_none() {
            return;
        }
        let events = self.entries.values().filter_map(|entry| match entry {
            Entry::Alert(event) if *event.device == *device && event.phase != AlertPhase::Cleared => {
                Some(event)
            }
            _ => None,
        });
        let open: Vec<&AlertEvent> = events.collect();
        let text = to_bytes(&AlertsJson {
            open: open.len(),
            rules: open.iter().map(|event| event.rule.as_str()).collect(),
            severity: open.iter().map(|event| event.severity).max().map(Severity::name),
        });
        self.text(
            Topic::Alerts(device.to_owned()),
            String::from_utf8(text).unwrap_or_default(),
        );
    }

    fn text(&mut self, topic: Topic, text: String) {
        let is_same = matches!(self.entries.get(&topic), Some(Entry::Text(known)) if *known == text);
        if !is_same {
            self.set(topic, Entry::Text(text));
        }
    }

    fn has(&self, device: &str) -> bool {
        self.devices.contains(device)
    }

    fn set(&mut self, topic: Topic, entry: Entry) {
        self.unpublished.insert(topic.clone());
        self.unsaved.insert(topic.clone());
        self.entries.insert(topic, entry);
    }

    fn sample(&mut self, sample: &Sample) {
        let topic = Topic::State(sample.device.to_string());
        let power_w = Some(sample.power_w);
        match self.entries.get_mut(&topic) {
            Some(Entry::State(live)) => {
                if sample.at < live.at {
                    return;
                }
                (live.power_w, live.at) = (power_w, sample.at);
                self.unpublished.insert(topic);
            }
            _ => {
                let live = LiveState {
                    state: sample.state,
                    since: None,
                    power_w,
                    at: sample.at,
                };
                self.set(topic, Entry::State(live));
            }
        }
    }

    fn change(&mut self, change: &StateChange) {
        let topic = Topic::State(change.device.to_string());
        let known = match self.entries.get(&topic) {
            Some(Entry::State(live)) => Some(live.clone()),
            _ => None,
        };
        // the change may reach back behind newer samples, never behind a newer change
        if known
            .as_ref()
            .and_then(|live| live.since)
            .is_some_and(|since| since > change.at)
        {
            return;
        }
        let at = known.as_ref().map_or(change.at, |live| live.at.max(change.at));
        let newest_w = known
            .filter(|live| live.at > change.at)
            .and_then(|live| live.power_w);
        let power_w = if change.to == State::Unknown {
            None
        } else {
            newest_w.or(change.power_w)
        };
        self.set(
            topic,
            Entry::State(LiveState {
                state: change.to,
                since: Some(change.at),
                power_w,
                at,
            }),
        );
    }

    fn ledger(&mut self, row: &LedgerRow) {
        let date = row.hour.to_zoned_datetime(self.zone.clone()).date();
        let topic = Topic::Energy(row.device.to_string());
        let mut day = match self.entries.remove(&topic) {
            Some(Entry::Energy(day)) => day,
            _ => Day {
                date,
                rows: BTreeMap::new(),
            },
        };
        if date > day.date {
            day = Day {
                date,
                rows: BTreeMap::new(),
            };
        }
        if date == day.date {
            let key = (row.hour, row.state, row.is_open, row.tariff);
            day.rows
                .insert(key, (row.energy.micro_wh(), row.cost, row.co2e_g));
        }
        self.set(topic, Entry::Energy(day));
    }

    /// What a topic shows; empty clears it.
    pub(super) fn payload(&self, topic: &Topic) -> Vec<u8> {
        match self.entries.get(topic) {
            None => Vec::new(),
            Some(Entry::Text(text)) => text.clone().into_bytes(),
            Some(Entry::State(live)) => {
                let LiveState {
                    state,
                    since,
                    power_w,
                    at,
                } = *live;
                to_bytes(&StateJson {
                    state: state.name(),
                    since,
                    power_w,
                    at,
                })
            }
            Some(Entry::Energy(day)) => to_bytes(&self.energy(day)),
            Some(Entry::Alert(event)) => to_bytes(&AlertJson {
                phase: event.phase.name(),
                severity: event.severity.name(),
                says: analyzer::alert::Rule::named(&event.rule).map_or("", |rule| rule.says),
                detail: &event.detail,
                by: &event.by,
                snoozed_until: event.until,
                since: event.since,
                at: event.at,
                energy_kwh: event.energy.kwh(),
                cost: event.cost,
                currency: &self.currency,
                co2e_kg: event.co2e_g / 1000.0,
            }),
        }
    }

    fn energy(&self, day: &Day) -> EnergyJson<'_> {
        let sum = |wanted: &dyn Fn(&RowKey) -> bool| {
            day.rows
                .iter()
                .filter(|(key, _)| wanted(key))
                .fold((0_i64, 0.0, 0.0), |sum, (_, amount)| {
                    (sum.0.saturating_add(amount.0), sum.1 + amount.1, sum.2 + amount.2)
                })
        };
        let kwh = |micro_wh: i64| analyzer::Energy::from_micro_wh(micro_wh).kwh();
        let idle = sum(&|key| key.1 == State::Idle);
        EnergyJson {
            day: day.date,
            since: self
                .zone
                .to_timestamp(day.date.to_datetime(Time::midnight()))
                .ok(),
            total_kwh: kwh(sum(&|_| true).0),
            scanning_kwh: kwh(sum(&|key| key.1 == State::Scanning).0),
            idle_kwh: kwh(idle.0),
            idle_closed_kwh: kwh(sum(&|key| key.1 == State::Idle && !key.2).0),
            idle_cost: idle.1,
            currency: &self.currency,
            idle_co2e_kg: idle.2 / 1000.0,
        }
    }

    /// Everything is to be published again: the broker may have forgotten it.
    pub(super) fn publish_all(&mut self) {
        self.unpublished.extend(self.entries.keys().cloned());
    }

    pub(super) fn memory_changes(&mut self) -> Vec<MemoryChange> {
        let unsaved = std::mem::take(&mut self.unsaved);
        let value = |topic: &Topic| {
            self.entries
                .get(topic)
                .map(|entry| postcard::to_allocvec(entry).expect("plain values"))
        };
        unsaved
            .iter()
            .map(|topic| (serde_json::to_string(topic).expect("plain values"), value(topic)))
            .collect()
    }

    /// Entries of devices that are no longer configured are cleared at the broker and forgotten.
    pub(super) fn recall(&mut self, memory: Vec<(String, Vec<u8>)>) {
        for (key, value) in memory {
            let (Ok(topic), Ok(entry)) = (serde_json::from_str::<Topic>(&key), postcard::from_bytes(&value))
            else {
                tracing::warn!(
                    key,
                    "what was remembered of a topic cannot be read; it comes again with the next finding"
                );
                continue;
            };
            let is_wanted = match (&topic, &self.discovery) {
                (Topic::Discovery { .. }, Some(messages)) => messages.contains_key(&topic),
                (Topic::Discovery { .. } | Topic::Alerts(_), None) => false,
                _ => true,
            };
            if is_wanted && self.has(topic.device()) {
                self.entries.insert(topic, entry);
            } else {
                self.unpublished.insert(topic.clone());
                self.unsaved.insert(topic);
            }
        }
        for (topic, text) in self.discovery.clone().unwrap_or_default() {
            self.count_alerts(topic.device());
            self.text(topic, text);
        }
        self.publish_all();
    }
}
