//! The desk: reads the findings, knows which alerts are open, and notes for each channel what it is to tell.
//!
//! Bounded by the configured devices and channels: findings of others are left out, and what was remembered of those
//! that are gone is forgotten. A channel that is new is told what is open, not what was.

#[cfg(test)]
pub(super) mod example;
mod outbox;
mod sink;
mod store;
mod tell;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use analyzer::{AlertEvent, AlertPhase, DeviceId, Finding};
use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::route::{Place, Route, Routes};
use super::{ChannelConfig, Scribe};
use crate::log::LogRow;
use outbox::{Interest, Outbox, is_open};
pub use sink::{DeskSink, Seed};
use store::{DeskRecord, Record};
pub(super) use tell::{Next, Parcel};

/// The name under which the findings log holds rows back for the desk.
pub const CHANNELS_SINK: &str = "channels";

/// What an alert is known by, but for the instant at which it began.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Key {
    pub(super) rule: String,
    pub(super) device: String,
}

impl Key {
    fn of(event: &AlertEvent) -> Self {
        Self {
            rule: event.rule.clone(),
            device: event.device.to_string(),
        }
    }
}

/// How a channel wants to be told.
struct Manner {
    name: String,
    steps: Vec<AlertPhase>,
    pause: Duration,
    fallback: Option<usize>,
    fallback_after: SignedDuration,
}

/// See the module.
pub struct Desk {
    scribe: Scribe,
    routes: Routes,
    manners: Vec<Manner>,
    state: Mutex<State>,
    /// Wakes the senders.
    bells: Vec<Notify>,
}

#[derive(Default)]
struct State {
    /// The newest step of each alert that is open.
    board: BTreeMap<Key, AlertEvent>,
    power_w: BTreeMap<DeviceId, f64>,
    outboxes: Vec<Outbox>,
    record: DeskRecord,
    /// What the sink has to write down.
    unsaved: BTreeSet<Record>,
}

impl Desk {
    /// For these channels, in the order of the configuration.
    #[must_use]
    pub fn new(
        scribe: Scribe,
        channels: &[ChannelConfig],
        routes: Vec<Route>,
        places: BTreeMap<DeviceId, Place>,
    ) -> Self {
        let place_of = |name: &String| channels.iter().position(|channel| channel.name == *name);
        let manner = |channel: &ChannelConfig| Manner {
            name: channel.name.clone(),
            steps: channel.steps.clone(),
            pause: channel.pause,
            fallback: channel.fallback.as_ref().and_then(place_of),
            fallback_after: SignedDuration::try_from(channel.fallback_after).unwrap_or(SignedDuration::MAX),
        };
        let zone = scribe.zone();
        let state = State {
            outboxes: channels.iter().map(|_| Outbox::default()).collect(),
            ..State::default()
        };
        Self {
            scribe,
            routes: Routes { routes, places, zone },
            manners: channels.iter().map(manner).collect(),
            state: Mutex::new(state),
            bells: channels.iter().map(|_| Notify::new()).collect(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes a sender, now or when it next waits.
    fn ring_all(&self) {
        self.bells.iter().for_each(Notify::notify_one);
    }

    fn interest(&self, place: usize, event: &AlertEvent) -> Interest {
        let manner = &self.manners[place];
        Interest {
            digest: self.routes.digest(event, &manner.name),
            is_step: manner.steps.contains(&event.phase),
        }
    }

    /// Takes a row. Returns how many steps of alerts were in it.
    fn fold(&self, state: &mut State, row: &LogRow, is_past: bool, now: Instant) -> u64 {
        if is_past != state.record.is_past {
            if !is_past {
                self.reconcile(state, now);
            }
            state.record.is_past = is_past;
            state.unsaved.insert(Record::Desk);
        }
        let mut steps = 0;
        for finding in &row.findings {
            match finding {
                Finding::Sample(sample) if self.has(&sample.device) => {
                    state.power_w.insert(sample.device.clone(), sample.power_w);
                }
                Finding::Alert(event) if self.has(&event.device) && event.phase != AlertPhase::Noted => {
                    steps += 1;
                    if row.seq > state.record.start_after {
                        self.step(state, event, is_past, now);
                    }
                }
                _ => {}
            }
        }
        steps
    }

    fn has(&self, device: &DeviceId) -> bool {
        self.routes.places.contains_key(device)
    }

    fn step(&self, state: &mut State, event: &AlertEvent, is_past: bool, now: Instant) {
        let key = Key::of(event);
        if is_open(event) {
            state.board.insert(key.clone(), event.clone());
        } else {
            state.board.remove(&key);
        }
        state.unsaved.insert(Record::Board(key.clone()));
        if !is_past {
            self.note(state, &key, event, now);
        }
    }

    /// Notes a step for every channel that is to tell it.
    fn note(&self, state: &mut State, key: &Key, event: &AlertEvent, now: Instant) {
        for (place, outbox) in state.outboxes.iter_mut().enumerate() {
            if outbox.fold(key, event, self.interest(place, event), now) {
                let name = self.manners[place].name.clone();
                state.unsaved.insert(Record::Want(name, key.clone()));
            }
        }
    }

    /// The past has been said again: see [`Outbox::reconcile`].
    fn reconcile(&self, state: &mut State, now: Instant) {
        let State {
            board,
            outboxes,
            unsaved,
            ..
        } = state;
        for (place, outbox) in outboxes.iter_mut().enumerate() {
            let keys: BTreeSet<Key> = board.keys().chain(outbox.entries.keys()).cloned().collect();
            for key in keys {
                let open = board.get(&key);
                let interest = open.map_or(
                    Interest {
                        digest: None,
                        is_step: true,
                    },
                    |event| self.interest(place, event),
                );
                if outbox.reconcile(&key, open, interest, now) {
                    unsaved.insert(Record::Want(self.manners[place].name.clone(), key));
                }
            }
        }
    }
}
