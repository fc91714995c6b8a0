//! The desk as a sink: it reads rows in order, and what it notes is committed with its cursor.

use std::sync::Arc;
use std::time::Duration;

use analyzer::AlertEvent;
use tokio::time::Instant;

use super::outbox::{Entry, Health, Want};
use super::store::{DeskRecord, Record, read};
use super::{CHANNELS_SINK, Desk, Key, State};
use crate::channel::message::Notice;
use crate::log::{LogRow, MemoryChange, Rejection};
use crate::rebuild::Rebuild;
use crate::sink::{Identity, Outcome, Pace, Prepare, Rest, Sink};

/// A step is noted within this time.
const NOTED_WITHIN: Duration = Duration::from_millis(200);

/// What was so before there was a desk.
#[derive(Clone, Debug, Default)]
pub struct Seed {
    /// The newest step of each alert that is open.
    pub open: Vec<AlertEvent>,
    /// The last row of the findings log that it covers.
    pub after_row: u64,
    /// The last batch of the journal so far: where the findings log was lost, all of it is said again.
    pub past_until: u64,
}

/// Feeds a desk.
pub struct DeskSink {
    desk: Arc<Desk>,
    seed: Seed,
    /// Rows up to this batch of the journal tell of the past.
    past_until: u64,
}

impl DeskSink {
    /// `seed` is used where the desk remembers nothing.
    #[must_use]
    pub const fn new(desk: Arc<Desk>, seed: Seed) -> Self {
        Self {
            desk,
            seed,
            past_until: 0,
        }
    }
}

impl Sink for DeskSink {
    type Batch = Vec<LogRow>;

    fn identity(&self) -> Identity {
        let names: Vec<&str> = self
            .desk
            .manners
            .iter()
            .map(|manner| manner.name.as_str())
            .collect();
        Identity {
            name: CHANNELS_SINK.to_owned(),
            kind: CHANNELS_SINK,
            target: names.join(", "),
        }
    }

    fn pace(&self) -> Pace {
        Pace {
            flush_after: NOTED_WITHIN,
            ..Pace::default()
        }
    }

    fn prepare(&self) -> Prepare<Vec<LogRow>> {
        Arc::new(|rows| rows)
    }

    async fn attempt(&mut self, batch: &mut Vec<LogRow>, _is_behind: bool) -> Outcome {
        let now = Instant::now();
        let accepted = {
            let mut state = self.desk.state();
            let past_until = self.past_until.max(state.record.past_until);
            let is_past = |row: &LogRow| row.journal_seq < past_until;
            batch
                .iter()
                .map(|row| self.desk.fold(&mut state, row, is_past(row), now))
                .sum()
        };
        self.desk.ring_all();
        Outcome {
            accepted,
            rejected: Vec::new(),
            rest: Rest::Nothing,
        }
    }

    /// Alerts that began since are said again, or were none.
    async fn clear(&mut self, rebuild: &Rebuild) -> Result<Option<Rejection>, Rest> {
        let state = &mut *self.desk.state();
        let gone = state
            .board
            .iter()
            .filter(|(_, event)| event.since >= rebuild.since);
        let gone: Vec<Key> = gone.map(|(key, _)| key.clone()).collect();
        for key in gone {
            state.board.remove(&key);
            state.unsaved.insert(Record::Board(key));
        }
        state.record.is_past = true;
        state.unsaved.insert(Record::Desk);
        Ok(None)
    }

    fn past_until(&mut self, journal_seq: u64) {
        self.past_until = journal_seq;
    }

    fn memory_changes(&mut self) -> Vec<MemoryChange> {
        let state = &mut *self.desk.state();
        let unsaved = std::mem::take(&mut state.unsaved);
        unsaved
            .iter()
            .map(|record| self.desk.change(state, record))
            .collect()
    }

    fn recall(&mut self, memory: Vec<(String, Vec<u8>)>) {
        let state = &mut *self.desk.state();
        let mut record: Option<DeskRecord> = None;
        for (key, value) in memory {
            match Record::parse(&key) {
                Some(Record::Desk) => record = read(&Record::Desk, &value),
                Some(one) if self.desk.remembers(&one) => self.desk.recall(state, &one, &value),
                Some(one) => {
                    state.unsaved.insert(one);
                }
                None => tracing::warn!(key, "what was remembered of alerts has a key that is not known"),
            }
        }
        self.desk.welcome(state, record, &self.seed);
        self.desk.ring_all();
    }
}

impl Desk {
    fn place(&self, channel: &str) -> Option<usize> {
        self.manners.iter().position(|manner| manner.name == channel)
    }

    /// Whether what a record is of is still configured.
    fn remembers(&self, record: &Record) -> bool {
        let has_device = |key: &Key| self.routes.places.contains_key(key.device.as_str());
        match record {
            Record::Desk => true,
            Record::Board(key) => has_device(key),
            Record::Want(channel, key) | Record::Have(channel, key) => {
                has_device(key) && self.place(channel).is_some()
            }
            Record::Own(channel) => self.place(channel).is_some(),
        }
    }

    fn recall(&self, state: &mut State, record: &Record, value: &[u8]) {
        fn entry<'a>(desk: &Desk, state: &'a mut State, channel: &str, key: Key) -> Option<&'a mut Entry> {
            let place = desk.place(channel)?;
            Some(state.outboxes[place].entries.entry(key).or_default())
        }
        match record {
            Record::Desk => {}
            Record::Board(key) => state
                .board
                .extend(read(record, value).map(|event| (key.clone(), event))),
            Record::Want(channel, key) => {
                if let Some(entry) = entry(self, state, channel, key.clone()) {
                    (entry.want, entry.ready_at) = (read(record, value), Some(Instant::now()));
                }
            }
            Record::Have(channel, key) => {
                if let Some(entry) = entry(self, state, channel, key.clone()) {
                    entry.have = read(record, value);
                }
            }
            Record::Own(channel) => {
                let own: Option<(Health, Vec<Notice>)> = read(record, value);
                if let (Some(place), Some((health, notices))) = (self.place(channel), own) {
                    let outbox = &mut state.outboxes[place];
                    outbox.health = health;
                    let named = notices.into_iter().map(|notice| (notice.channel.clone(), notice));
                    outbox.notices = named.collect();
                }
            }
        }
    }

    /// Channels that are new are told what is open.
    fn welcome(&self, state: &mut State, record: Option<DeskRecord>, seed: &Seed) {
        state.record = record.unwrap_or_else(|| {
            let open = seed.open.iter().filter(|event| self.has(&event.device));
            state.board = open.map(|event| (Key::of(event), event.clone())).collect();
            let boards = state.board.keys().cloned().map(Record::Board);
            state.unsaved.extend(boards.chain([Record::Desk]));
            DeskRecord {
                start_after: seed.after_row,
                past_until: seed.past_until,
                ..DeskRecord::default()
            }
        });
        let board: Vec<(Key, AlertEvent)> = state.board.clone().into_iter().collect();
        for (place, manner) in self.manners.iter().enumerate() {
            if state.record.known.contains(&manner.name) {
                continue;
            }
            state.record.known.push(manner.name.clone());
            state.unsaved.insert(Record::Desk);
            for (key, event) in &board {
                if self.routes.digest(event, &manner.name).is_none() {
                    continue;
                }
                let entry = state.outboxes[place].entries.entry(key.clone()).or_default();
                entry.want = Some(Want {
                    event: event.clone(),
                    closing: None,
                    untold: 0,
                });
                entry.ready_at = Some(Instant::now());
                state
                    .unsaved
                    .insert(Record::Want(manner.name.clone(), key.clone()));
            }
        }
        state.record.known.retain(|name| self.place(name).is_some());
    }

    /// A record as it is now; without a value where there is nothing left of it.
    fn change(&self, state: &State, record: &Record) -> MemoryChange {
        match record {
            Record::Desk => record.change(Some(&state.record)),
            Record::Board(key) => record.change(state.board.get(key)),
            Record::Want(channel, key) => {
                let entry = self
                    .place(channel)
                    .and_then(|place| state.outboxes[place].entries.get(key));
                record.change(entry.and_then(|entry| entry.want.as_ref()))
            }
            // of a channel or device that is gone
            Record::Have(..) | Record::Own(_) => record.change(None::<&Health>),
        }
    }
}
