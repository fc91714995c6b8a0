//! The thread that commits: takes what waits, commits it as one batch, then hands the acknowledgements back.
//!
//! Invariants: an acknowledgement is handed back only after the commit of its message, in the order of arrival. When a
//! commit fails, the same batch is tried again with back-off (0.25 s to 30 s) until it succeeds; meanwhile nothing is
//! acknowledged, [`Progress::alarm`] says so, and the broker keeps what it has. Live, a heartbeat batch is written when
//! nothing arrives; in playback only told time makes time go on.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::watch;

use super::inbox::{Ack, Inbox, Item};
use super::progress::{Alarm, Progress};
use super::{Begun, Journal, JournalConfig, JournalError, JournalReader, Poison, connect};
use crate::account::Noted;
use crate::clock::{self, Clock};
use crate::pulse::{Heart, Pulse};
use crate::record::Record;
use crate::session::{AckBox, RECENT_MAX, fingerprint};

/// The writer's thread; keep it until the end and [`Writer::stop`] it.
pub struct Writer {
    handle: WriterHandle,
    pulse: Pulse,
    thread: JoinHandle<Journal>,
}

/// What sessions and readers need of the writer. Clones are the same writer.
#[derive(Clone)]
pub struct WriterHandle {
    shared: Arc<Shared>,
    progress: watch::Receiver<Progress>,
}

struct Shared {
    inbox: Inbox,
    path: PathBuf,
    clock: Clock,
    oldest_cursor: AtomicU64,
    sessions: Mutex<Vec<(u8, Arc<AckBox>)>>,
}

/// What a session learns when it joins.
pub(crate) struct Joined {
    /// The journal's number for the broker.
    pub(crate) broker: u8,
    /// The filters that the broker's session was last known to have.
    pub(crate) filters: Vec<String>,
    /// Packet identifier and fingerprint of the last records of QoS 1 of the broker's session, oldest first.
    pub(crate) tail: Vec<(u16, u64)>,
}

impl Writer {
    /// Starts the thread.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn start(journal: Journal, clock: Clock) -> std::io::Result<Self> {
        let config = journal.config.clone();
        let shared = Arc::new(Shared {
            inbox: Inbox::new(
                config.commit_records_max,
                config.commit_bytes_max,
                config.qos0_waiting_max,
            ),
            path: journal.path.clone(),
            clock,
            oldest_cursor: AtomicU64::new(0),
            sessions: Mutex::default(),
        });
        let (sender, progress) = watch::channel(Progress {
            last_seq: journal.last_seq,
            committed: journal.last_committed,
            account: journal.account,
            alarm: None,
        });
        let heart = Heart::new("the journal");
        let pulse = heart.pulse();
        let work = Work {
            heart,
            journal,
            config,
            shared: Arc::clone(&shared),
            progress: sender,
            noted: Noted::default(),
        };
        let thread = std::thread::Builder::new()
            .name("journal".to_owned())
            .spawn(move || work.run())?;
        Ok(Self {
            handle: WriterHandle { shared, progress },
            pulse,
            thread,
        })
    }

    /// A handle for sessions and readers.
    pub fn handle(&self) -> WriterHandle {
        self.handle.clone()
    }

    /// Whether the thread goes on.
    pub fn pulse(&self) -> Pulse {
        self.pulse.clone()
    }

    /// Ends the thread without committing what waits, as a crash would: for tests of just that.
    pub fn abandon(self) {
        self.handle.shared.inbox.abandon();
        drop(self.thread.join());
    }

    /// Commits what waits and ends the thread; gives the journal back. Blocks: not for an async task.
    /// End the sessions first, or what they bring later is not stored (nor acknowledged).
    ///
    /// # Panics
    /// When the thread did.
    pub fn stop(self) -> Journal {
        self.handle.shared.inbox.close();
        match self.thread.join() {
            Ok(journal) => journal,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

impl WriterHandle {
    /// How far the journal is; changes with every commit.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.progress.clone()
    }

    /// Every reader has had the batches up to `seq`: retention may delete them by age.
    pub fn set_oldest_cursor(&self, seq: u64) {
        self.shared.oldest_cursor.store(seq, Ordering::Release);
    }

    /// The clock that records and batches are stamped with.
    pub fn clock(&self) -> &Clock {
        &self.shared.clock
    }

    /// The journal's file.
    pub fn path(&self) -> &Path {
        &self.shared.path
    }

    /// Where sessions put what is to be committed.
    pub(crate) fn inbox(&self) -> &Inbox {
        &self.shared.inbox
    }

    /// Makes a session known; blocks on the disk.
    pub(crate) fn join(&self, name: &str, acks: Arc<AckBox>) -> Result<Joined, JournalError> {
        let connection = connect(&self.shared.path)?;
        connection.execute(
            "INSERT OR IGNORE INTO broker (id, name) SELECT count(*), ?1 FROM broker",
            [name],
        )?;
        let broker: i64 =
            connection.query_row("SELECT id FROM broker WHERE name = ?1", [name], |row| row.get(0))?;
        let broker = u8::try_from(broker).map_err(|_| JournalError::GiveUp {
            path: self.shared.path.clone(),
            what: "has seen more than 256 broker names".to_owned(),
            mend: "begin a new journal",
        })?;
        let mut statement = connection.prepare("SELECT filter FROM subscription WHERE broker = ?1")?;
        let filters = statement
            .query_map([broker], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        let known = |record: &Record| {
            (
                record.packet_id,
                fingerprint(record.topic.as_bytes(), &record.payload),
            )
        };
        let tail = JournalReader::open(&self.shared.path)?.qos1_tail(broker, RECENT_MAX, known)?;
        let mut sessions = self
            .shared
            .sessions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        sessions.retain(|(other, _)| *other != broker);
        sessions.push((broker, acks));
        Ok(Joined {
            broker,
            filters,
            tail,
        })
    }
}

/// One batch in the making.
#[derive(Default)]
struct Commit {
    records: Vec<Record>,
    poison: Vec<Poison>,
    duplicates: u64,
    told: Option<Timestamp>,
    acks: Vec<Ack>,
    /// Brokers whose session begins with this batch.
    begun: Vec<Begun>,
    subscribed: Vec<(u8, Vec<String>)>,
    noted: Noted,
    /// When the first message behind this batch was received.
    next_received: Option<Timestamp>,
}

struct Work {
    heart: Heart,
    journal: Journal,
    config: JournalConfig,
    shared: Arc<Shared>,
    progress: watch::Sender<Progress>,
    noted: Noted,
}

impl Work {
    fn run(mut self) -> Journal {
        let heartbeat = Duration::from_secs(self.config.heartbeat_every_s.max(1));
        let prune_every = Duration::from_secs(self.config.prune_every_s.max(1));
        let fill = Duration::from_millis(self.config.commit_after_ms);
        let (mut committed_at, mut pruned_at) = (clock::monotonic(), clock::monotonic());
        loop {
            let idle = heartbeat.saturating_sub(since(committed_at));
            self.heart.waits();
            let taken = self.shared.inbox.take(idle, fill);
            self.heart.works(clock::monotonic());
            if taken.is_abandoned {
                return self.journal;
            }
            self.noted.add(&taken.noted);
            let commit = Commit {
                next_received: taken.next_received,
                ..gather(taken.items, taken.repeats)
            };
            let is_due = since(committed_at) >= heartbeat && !self.shared.clock.is_playback();
            if commit.is_worth_a_batch() || is_due || (taken.is_closing && self.noted != Noted::default()) {
                self.persist(&commit);
                committed_at = clock::monotonic();
            } else if self.shared.clock.is_playback() && since(committed_at) >= heartbeat {
                committed_at = clock::monotonic();
            }
            if taken.is_closing {
                return self.journal;
            }
            if since(pruned_at) >= prune_every && self.prune() {
                pruned_at = clock::monotonic();
            }
        }
    }

    /// Commits, for as long as it takes; then says so and hands the acknowledgements back.
    fn persist(&mut self, commit: &Commit) {
        let committed = self.committing_time(commit);
        let mut noted = std::mem::take(&mut self.noted);
        noted.add(&commit.noted);
        let mut attempts = 0;
        let began = clock::wall();
        loop {
            self.heart.works(clock::monotonic());
            match self.journal.commit(
                committed,
                &commit.records,
                commit.duplicates,
                &noted,
                &commit.poison,
                &commit.begun,
            ) {
                Ok(_) => break,
                Err(error) => {
                    attempts += 1;
                    noted.commits_failed += 1;
                    self.raise(&error, began, attempts);
                    self.heart.waits();
                    if self.shared.inbox.pause(retry_after(attempts)) {
                        tracing::error!(
                            messages = commit.records.len(),
                            "stopping with a batch that could not be stored; it is not acknowledged"
                        );
                        return;
                    }
                }
            }
        }
        if attempts > 0 {
            tracing::warn!(attempts, "the journal can be written again");
        }
        self.heart.works(clock::monotonic());
        self.remember_subscriptions(&commit.subscribed);
        self.tell();
        self.acknowledge(&commit.acks);
    }

    /// Live: now, but no later than the next message was received: where the disk was stuck, those behind this batch are
    /// old, and time must not have gone on before they are heard. In playback: the last told time that came with or
    /// before the batch; never backwards.
    fn committing_time(&self, commit: &Commit) -> Timestamp {
        if !self.shared.clock.is_playback() {
            let now = self.shared.clock.now();
            return commit.next_received.map_or(now, |next| now.min(next));
        }
        let received = commit.records.last().map(|record| record.received);
        let told = commit.told.max(received).max(self.journal.last_committed);
        told.unwrap_or_else(|| self.shared.clock.now())
    }

    fn raise(&self, error: &JournalError, since: Timestamp, attempts: u64) {
        let mend = "free space on its disk or mend the disk; it goes on by itself";
        let what = error.to_string();
        tracing::error!(what, journal = %self.shared.path.display(), attempts, mend, "nothing is acknowledged");
        let alarm = Alarm {
            since,
            what,
            place: self.shared.path.clone(),
            mend,
            attempts,
        };
        self.progress.send_modify(|progress| progress.alarm = Some(alarm));
    }

    fn tell(&self) {
        self.progress.send_replace(Progress {
            last_seq: self.journal.last_seq,
            committed: self.journal.last_committed,
            account: self.journal.account,
            alarm: None,
        });
    }

    fn acknowledge(&self, acks: &[Ack]) {
        if acks.is_empty() {
            return;
        }
        let sessions = self
            .shared
            .sessions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for (broker, session) in sessions.iter() {
            session.put(acks.iter().filter(|ack| ack.broker == *broker));
        }
    }

    /// Losing this costs a subscription made twice, so a failure is no alarm.
    fn remember_subscriptions(&mut self, subscribed: &[(u8, Vec<String>)]) {
        for (broker, filters) in subscribed {
            if let Err(error) = self.journal.store_filters(*broker, filters) {
                tracing::warn!(%error, "the list of subscriptions was not stored");
            }
        }
    }

    /// True when there is nothing more to delete for now.
    fn prune(&mut self) -> bool {
        match self
            .journal
            .prune(self.shared.oldest_cursor.load(Ordering::Acquire))
        {
            Ok(pruned) => {
                if pruned.batches_skipped > 0 {
                    self.tell();
                }
                !pruned.has_more
            }
            Err(error) => {
                tracing::warn!(%error, "old batches were not deleted; tried again later");
                true
            }
        }
    }
}

impl Commit {
    fn is_worth_a_batch(&self) -> bool {
        !self.records.is_empty()
            || self.duplicates > 0
            || self.told.is_some()
            || !self.begun.is_empty()
            || !self.subscribed.is_empty()
    }
}

fn gather(items: Vec<Item>, repeats: u64) -> Commit {
    let mut commit = Commit {
        records: Vec::with_capacity(items.len()),
        duplicates: repeats,
        ..Commit::default()
    };
    for item in items {
        match item {
            Item::Message { record, poison, ack } => {
                if let Some(reason) = poison {
                    commit.poison.push(Poison {
                        position: commit.records.len(),
                        reason,
                    });
                    commit.noted.poison += 1;
                }
                commit.records.push(record);
                commit.acks.extend(ack);
            }
            Item::Duplicate { ack } => {
                commit.duplicates += 1;
                commit.acks.push(ack);
            }
            Item::Tick { at, ack } => {
                commit.told = commit.told.max(Some(at));
                commit.noted.clock_ticks += 1;
                commit.acks.extend(ack);
            }
            Item::SessionBegins { broker, forgotten_by } => commit.begun.push(Begun { broker, forgotten_by }),
            Item::Subscribed { broker, filters } => commit.subscribed.push((broker, filters)),
        }
    }
    commit
}

fn retry_after(attempts: u64) -> Duration {
    let doublings = u32::try_from(attempts.min(8)).unwrap_or(8).saturating_sub(1);
    Duration::from_millis(250 << doublings).min(Duration::from_secs(30))
}

fn since(instant: Instant) -> Duration {
    clock::monotonic().saturating_duration_since(instant)
}
