//! What one channel has still to say: for each rule and device the step that is to be told, and the one that was.
//!
//! Both are steps of alerts, so a receiver that was away for long is not told all that happened meanwhile but where
//! things are now; what began and ended without being told is counted.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use analyzer::{AlertEvent, AlertPhase, Severity};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::Key;
use crate::channel::message::Notice;
use crate::channel::route::DIGEST_AFTER;

/// One channel's.
#[derive(Debug, Default)]
pub(super) struct Outbox {
    pub(super) entries: BTreeMap<Key, Entry>,
    /// Channels that could not be reached, to be told here.
    pub(super) notices: BTreeMap<String, Notice>,
    pub(super) health: Health,
    /// When a message was handed over last.
    pub(super) told_at: Option<Instant>,
    /// What its sender has to write down.
    pub(super) unsaved: BTreeSet<Key>,
    pub(super) is_own_unsaved: bool,
}

/// One rule and device.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// What is to be told. It stays when it was.
    pub(super) want: Option<Want>,
    /// What the receiver was told last.
    pub(super) have: Option<AlertEvent>,
    /// It is gathered with others until then.
    pub(super) ready_at: Option<Instant>,
}

/// A step that is to be told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Want {
    pub(super) event: AlertEvent,
    /// How the alert ended that was told before this one began.
    pub(super) closing: Option<AlertEvent>,
    /// Alerts that began and ended before it without being told.
    pub(super) untold: u32,
}

/// Whether the channel can be reached.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Health {
    /// Since when it cannot.
    pub(super) failing_since: Option<Timestamp>,
    /// It was said on another channel.
    pub(super) is_said: bool,
}

/// Instants are kept to the millisecond in the history, from which a desk begins.
pub(super) fn is_same_alert(one: &AlertEvent, other: &AlertEvent) -> bool {
    one.since.as_millisecond() == other.since.as_millisecond()
}

fn is_same_step(one: &AlertEvent, other: &AlertEvent) -> bool {
    is_same_alert(one, other)
        && one.phase == other.phase
        && one.at.as_millisecond() == other.at.as_millisecond()
}

pub(super) fn is_open(event: &AlertEvent) -> bool {
    event.phase != AlertPhase::Cleared
}

/// What a route and the channel's steps make of an event.
#[derive(Clone, Copy, Debug)]
pub(super) struct Interest {
    /// For how long it is gathered; none where no route leads here.
    pub(super) digest: Option<Duration>,
    /// The channel tells steps of this phase.
    pub(super) is_step: bool,
}

impl Entry {
    /// The step that waits to be told.
    pub(super) fn pending(&self) -> Option<&Want> {
        let want = self.want.as_ref()?;
        let is_told = self
            .have
            .as_ref()
            .is_some_and(|have| is_same_step(have, &want.event));
        (!is_told).then_some(want)
    }

    /// The receiver knows this alert, and holds it for open.
    pub(super) fn told_open(&self, event: &AlertEvent) -> bool {
        let have = self.have.as_ref();
        have.is_some_and(|have| is_open(have) && is_same_alert(have, event))
    }

    /// What the receiver holds for open, or is about to be told of as open.
    pub(super) fn open(&self) -> Option<&AlertEvent> {
        let newest = self.pending().map(|want| &want.event).or(self.have.as_ref());
        newest.filter(|event| is_open(event))
    }

    /// How the alert ended that the receiver holds for open though another has begun since.
    pub(super) fn closing(&self) -> Option<AlertEvent> {
        let (want, have) = (self.pending()?, self.have.as_ref()?);
        if !is_open(have) || is_same_alert(have, &want.event) {
            return None;
        }
        let known = want
            .closing
            .as_ref()
            .filter(|closing| is_same_alert(closing, have));
        Some(known.cloned().unwrap_or_else(|| AlertEvent {
            phase: AlertPhase::Cleared,
            at: want.event.since.max(have.at),
            ..have.clone()
        }))
    }

    /// Takes the next step of an alert. Returns whether what is to be told has changed, and what was told.
    fn fold(&mut self, event: &AlertEvent, interest: Interest, now: Instant) -> (bool, bool) {
        let told_open = self.told_open(event);
        let pending = self.pending().cloned();
        let is_waiting = pending
            .as_ref()
            .is_some_and(|want| is_same_alert(&want.event, event));
        let is_begun = matches!(event.phase, AlertPhase::Raised | AlertPhase::Reminded);
        let is_for_us = if is_begun {
            interest.digest.is_some()
        } else {
            told_open || is_waiting
        };
        if is_for_us && interest.is_step || is_waiting && is_open(event) {
            let (closing, untold) = match pending {
                Some(old) if is_same_alert(&old.event, event) => (old.closing, old.untold),
                Some(old) if self.told_open(&old.event) => (Some(old.event), old.untold),
                Some(old) => (old.closing, old.untold.saturating_add(1)),
                None => (None, 0),
            };
            self.want = Some(Want {
                event: event.clone(),
                closing,
                untold,
            });
            let ready_at = now + interest.digest.unwrap_or(DIGEST_AFTER);
            self.ready_at = self.ready_at.filter(|_| is_waiting).or(Some(ready_at));
            return (true, false);
        }
        if is_waiting {
            // it is over, and this channel does not tell ends
            self.want = None;
            return (true, false);
        }
        if told_open {
            self.have = Some(event.clone());
        }
        (false, told_open)
    }
}

impl Outbox {
    /// Takes the next step of an alert. Returns whether what is to be told has changed.
    pub(super) fn fold(&mut self, key: &Key, event: &AlertEvent, interest: Interest, now: Instant) -> bool {
        let entry = self.entries.entry(key.clone()).or_default();
        let (is_changed, is_told) = entry.fold(event, interest, now);
        if is_told {
            self.unsaved.insert(key.clone());
        }
        if entry.want.is_none() && entry.have.is_none() {
            self.entries.remove(key);
        }
        is_changed
    }

    /// What waits to be told, the most urgent first.
    pub(super) fn pending(&self) -> Vec<(&Key, &Entry, &Want)> {
        let entries = self.entries.iter();
        let mut pending: Vec<_> = entries
            .filter_map(|(key, entry)| Some((key, entry, entry.pending()?)))
            .collect();
        pending.sort_by_key(|(_, _, want)| {
            let event = &want.event;
            (!is_open(event), std::cmp::Reverse(event.severity), event.since)
        });
        pending
    }

    /// When what waits is to be told; none where nothing waits. `pause`: not so soon after the last message, unless it
    /// is critical.
    pub(super) fn due_at(&self, pause: Duration) -> Option<Instant> {
        let pending = self.pending();
        let first = pending.iter().filter_map(|(_, entry, _)| entry.ready_at).min()?;
        let is_critical = pending
            .iter()
            .any(|(_, _, want)| is_open(&want.event) && want.event.severity == Severity::Critical);
        let rested = self
            .told_at
            .filter(|_| !is_critical)
            .map(|told_at| told_at + pause);
        Some(rested.map_or(first, |rested| rested.max(first)))
    }

    /// The receiver has been told.
    pub(super) fn told(&mut self, steps: &[(Key, AlertEvent)]) {
        for (key, event) in steps {
            let entry = self.entries.entry(key.clone()).or_default();
            entry.have = Some(event.clone());
            self.unsaved.insert(key.clone());
        }
    }

    /// The past was said again: what is open now counts as told where anything of its rule and device was held for
    /// open; what was never told and is over is not told any more. Returns whether this is to be told.
    pub(super) fn reconcile(
        &mut self,
        key: &Key,
        now_open: Option<&AlertEvent>,
        interest: Interest,
        now: Instant,
    ) -> bool {
        let entry = self.entries.entry(key.clone()).or_default();
        let held = entry.have.clone().filter(is_open);
        let event = match (now_open, held) {
            (Some(open), Some(_)) => {
                (entry.have, entry.want) = (Some(open.clone()), None);
                self.unsaved.insert(key.clone());
                return true;
            }
            (None, None) => {
                entry.want = None;
                return true;
            }
            (Some(open), None) if interest.digest.is_some() => open.clone(),
            (Some(_), None) => return false,
            (None, Some(held)) => AlertEvent {
                phase: AlertPhase::Cleared,
                ..held
            },
        };
        entry.want = Some(Want {
            event,
            closing: None,
            untold: 0,
        });
        entry.ready_at = Some(now);
        true
    }
}
