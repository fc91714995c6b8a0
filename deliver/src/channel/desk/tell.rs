//! The desk's other side: what a sender is to say next, and what became of it.

use std::time::Duration;

use analyzer::AlertEvent;
use jiff::Timestamp;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::outbox::{Health, Outbox, Want};
use super::store::Record;
use super::{Desk, Key, State};
use crate::channel::message::{Circumstances, Item, Message, Notice};
use crate::channel::{Failure, ITEMS_MAX, Scribe};
use crate::log::MemoryChange;

/// What a sender does next.
#[expect(clippy::large_enum_variant, reason = "one at a time, never kept")]
pub(in crate::channel) enum Next {
    /// It hands this over.
    Tell(Parcel),
    /// It waits, until then where an instant is named.
    Wait(Option<Instant>),
}

/// A message, and what the receiver knows once it has it.
pub(in crate::channel) struct Parcel {
    pub(in crate::channel) message: Message,
    steps: Vec<(Key, AlertEvent)>,
}

impl Desk {
    pub(in crate::channel) fn bell(&self, place: usize) -> &Notify {
        &self.bells[place]
    }

    /// Steps that wait on a channel.
    pub(in crate::channel) fn waiting(&self, place: usize) -> usize {
        let state = self.state();
        let outbox = &state.outboxes[place];
        outbox.pending().len() + outbox.notices.len()
    }

    /// Since when a channel cannot be reached.
    pub(in crate::channel) fn failing_since(&self, place: usize) -> Option<Timestamp> {
        self.state().outboxes[place].health.failing_since
    }

    /// What a channel does next; nothing `not_before`. `repeats_every`: what is open is told again.
    pub(in crate::channel) fn next(
        &self,
        place: usize,
        repeats_every: Option<Duration>,
        not_before: Option<Instant>,
        (now, wall): (Instant, Timestamp),
    ) -> Next {
        let state = self.state();
        let (manner, outbox) = (&self.manners[place], &state.outboxes[place]);
        let is_open = outbox.entries.values().any(|entry| entry.open().is_some());
        let repeat_at = repeats_every
            .filter(|_| is_open)
            .map(|every| outbox.told_at.map_or(now, |told_at| told_at + every));
        let notice_at = (!outbox.notices.is_empty()).then_some(now);
        let due_at = [notice_at, outbox.due_at(manner.pause), repeat_at]
            .into_iter()
            .flatten()
            .min();
        let Some(at) = due_at.map(|at| not_before.map_or(at, |not_before| at.max(not_before))) else {
            return Next::Wait(None);
        };
        if at > now {
            return Next::Wait(Some(at));
        }
        if let Some(notice) = outbox.notices.values().next() {
            return Next::Tell(Parcel {
                message: self.scribe.notice(&manner.name, notice, wall),
                steps: Vec::new(),
            });
        }
        let pending = outbox.pending();
        let told = &pending[..pending.len().min(ITEMS_MAX)];
        let steps = told
            .iter()
            .map(|(key, _, want)| ((*key).clone(), want.event.clone()));
        let steps: Vec<(Key, AlertEvent)> = steps.collect();
        let items = self.items(&state, outbox, wall);
        let open = if repeats_every.is_some() {
            self.open(&state, outbox, wall)
        } else {
            Vec::new()
        };
        Next::Tell(Parcel {
            message: self.scribe.alerts(&manner.name, items, open, wall),
            steps,
        })
    }

    /// What waits on a channel, in words.
    fn items(&self, state: &State, outbox: &Outbox, wall: Timestamp) -> Vec<Item> {
        let mut items = Vec::new();
        for (_, entry, Want { event, untold, .. }) in outbox.pending().into_iter().take(ITEMS_MAX) {
            let power_w = state.power_w.get(&event.device).copied();
            let is_known = entry.told_open(event);
            if let Some(closing) = entry.closing() {
                let beside = Circumstances {
                    is_first: false,
                    untold: 0,
                    power_w: None,
                };
                items.push(self.scribe.item(&closing, beside, wall));
            }
            let beside = Circumstances {
                is_first: !is_known,
                untold: if is_known { 0 } else { *untold },
                power_w,
            };
            items.push(self.scribe.item(event, beside, wall));
        }
        items
    }

    /// All that a channel holds for open, in words.
    fn open(&self, state: &State, outbox: &Outbox, wall: Timestamp) -> Vec<Item> {
        let open = outbox.entries.values().filter_map(|entry| entry.open());
        let beside = |event: &AlertEvent| Circumstances {
            is_first: false,
            untold: 0,
            power_w: state.power_w.get(&event.device).copied(),
        };
        open.map(|event| self.scribe.item(event, beside(event), wall))
            .collect()
    }

    /// The receiver has taken it.
    pub(in crate::channel) fn told(&self, place: usize, parcel: &Parcel, (now, wall): (Instant, Timestamp)) {
        let mut state = self.state();
        let outbox = &mut state.outboxes[place];
        outbox.told_at = Some(now);
        outbox.told(&parcel.steps);
        if let Some(notice) = &parcel.message.notice {
            // one that was written meanwhile is another
            if outbox.notices.get(&notice.channel) == Some(notice) {
                outbox.notices.remove(&notice.channel);
            }
            outbox.is_own_unsaved = true;
        }
        let Health {
            failing_since,
            is_said,
        } = std::mem::take(&mut outbox.health);
        let Some(since) = failing_since else { return };
        outbox.is_own_unsaved = true;
        if is_said {
            let notice = Notice {
                channel: self.manners[place].name.clone(),
                since,
                reason: String::new(),
                waiting: Vec::new(),
                waiting_count: 0,
                over_at: Some(wall),
            };
            self.say_elsewhere(&mut state, place, notice);
        }
    }

    /// The receiver has not taken it. What waits for long is said on another channel.
    pub(in crate::channel) fn failed(&self, place: usize, failure: &Failure, wall: Timestamp) {
        let mut state = self.state();
        let manner = &self.manners[place];
        let outbox = &mut state.outboxes[place];
        let is_new = outbox.health.failing_since.is_none();
        let since = *outbox.health.failing_since.get_or_insert(wall);
        outbox.is_own_unsaved |= is_new;
        let is_long = wall.duration_since(since) >= manner.fallback_after;
        if manner.fallback.is_none() || outbox.health.is_said || !is_long {
            return;
        }
        outbox.health.is_said = true;
        outbox.is_own_unsaved = true;
        let items = self.items(&state, &state.outboxes[place], wall);
        let (waiting, waiting_count) = Scribe::waiting(&items);
        let notice = Notice {
            channel: manner.name.clone(),
            since,
            reason: failure.reason.clone(),
            waiting,
            waiting_count,
            over_at: None,
        };
        self.say_elsewhere(&mut state, place, notice);
    }

    fn say_elsewhere(&self, state: &mut State, place: usize, notice: Notice) {
        if let Some(fallback) = self.manners[place].fallback {
            let outbox = &mut state.outboxes[fallback];
            outbox.notices.insert(notice.channel.clone(), notice);
            outbox.is_own_unsaved = true;
            self.bells[fallback].notify_one();
        }
    }

    /// What a sender has to write down.
    pub(in crate::channel) fn changes(&self, place: usize) -> Vec<MemoryChange> {
        let state = &mut *self.state();
        let (outbox, name) = (&mut state.outboxes[place], &self.manners[place].name);
        let unsaved = std::mem::take(&mut outbox.unsaved);
        let have = |key: &Key| outbox.entries.get(key).and_then(|entry| entry.have.as_ref());
        let haves = unsaved
            .iter()
            .map(|key| Record::Have(name.clone(), key.clone()).change(have(key)));
        let mut changes: Vec<MemoryChange> = haves.collect();
        if std::mem::take(&mut outbox.is_own_unsaved) {
            let notices: Vec<&Notice> = outbox.notices.values().collect();
            changes.push(Record::Own(name.clone()).change(Some(&(&outbox.health, notices))));
        }
        changes
    }
}
