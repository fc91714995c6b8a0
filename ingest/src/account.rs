//! The account: what came in, and what became of it. It is committed with every batch, so it survives a crash.
//!
//! Invariant, at every commit: `received_qos0 + received_qos1 = journalled + duplicates`.
//! `stored`, `quarantined` and `in the journal` divide `journalled` further; the analysis counts them (`deliver::log`).
//! Counted apart, because it is not part of that: what never reached the journal (`qos0_dropped`), told time
//! (`clock_ticks`), and what retention deleted before every reader had it (`records_skipped`).

use serde::{Deserialize, Serialize};

/// Totals since the journal was begun.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Account {
    /// Messages delivered at QoS 0 and taken.
    pub received_qos0: u64,
    /// Messages delivered at QoS 1 and taken, redelivered ones included.
    pub received_qos1: u64,
    /// Redelivered messages which the journal held already.
    pub duplicates: u64,
    /// Records in the journal, pruned ones included.
    pub journalled: u64,
    /// Messages at QoS 0 thrown away because the queue to the disk was full or the session was stopping.
    pub qos0_dropped: u64,
    /// Times a broker had forgotten our session: what was published meanwhile is lost.
    pub sessions_lost: u64,
    /// Connections made again after the first of a process.
    pub reconnects: u64,
    /// Times another client took our client id.
    pub taken_over: u64,
    /// Messages longer than the limit: cut, quarantined.
    pub poison: u64,
    /// Subscriptions a broker refused.
    pub subscriptions_refused: u64,
    /// Messages that told the time in playback.
    pub clock_ticks: u64,
    /// Commits that failed and were tried again.
    pub commits_failed: u64,
    /// Batches deleted by the size limit though a reader still needed them.
    pub batches_skipped: u64,
    /// Records in those batches.
    pub records_skipped: u64,
}

/// What happened beside the messages since the last commit; added to the account with the next one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Noted {
    /// See [`Account::qos0_dropped`].
    pub qos0_dropped: u64,
    /// See [`Account::sessions_lost`].
    pub sessions_lost: u64,
    /// See [`Account::reconnects`].
    pub reconnects: u64,
    /// See [`Account::taken_over`].
    pub taken_over: u64,
    /// See [`Account::poison`].
    pub poison: u64,
    /// See [`Account::subscriptions_refused`].
    pub subscriptions_refused: u64,
    /// See [`Account::clock_ticks`].
    pub clock_ticks: u64,
    /// See [`Account::commits_failed`].
    pub commits_failed: u64,
}

impl Account {
    /// All messages taken.
    pub fn received(&self) -> u64 {
        self.received_qos0 + self.received_qos1
    }

    /// Whether the invariant holds.
    pub fn is_balanced(&self) -> bool {
        self.received() == self.journalled + self.duplicates
    }

    /// Adds what happened beside the messages.
    pub fn add(&mut self, noted: &Noted) {
        self.qos0_dropped += noted.qos0_dropped;
        self.sessions_lost += noted.sessions_lost;
        self.reconnects += noted.reconnects;
        self.taken_over += noted.taken_over;
        self.poison += noted.poison;
        self.subscriptions_refused += noted.subscriptions_refused;
        self.clock_ticks += noted.clock_ticks;
        self.commits_failed += noted.commits_failed;
    }
}

impl Noted {
    /// Adds another count to this one.
    pub fn add(&mut self, other: &Self) {
        self.qos0_dropped += other.qos0_dropped;
        self.sessions_lost += other.sessions_lost;
        self.reconnects += other.reconnects;
        self.taken_over += other.taken_over;
        self.poison += other.poison;
        self.subscriptions_refused += other.subscriptions_refused;
        self.clock_ticks += other.clock_ticks;
        self.commits_failed += other.commits_failed;
    }
}
