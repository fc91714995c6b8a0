//! What a sink is doing, for the page, the metrics and `/health`.

use jiff::Timestamp;
use tokio::sync::watch;

use crate::log::{LogEnd, SinkCursor};
use crate::sink::{Identity, Problem};

/// How a sink is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SinkState {
    /// The last attempt succeeded, or there was none yet.
    #[default]
    Ok,
    /// It failed and is tried again by itself.
    Retrying,
    /// A person has to mend something; tried again slowly.
    Held,
}

impl SinkState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Ok, Self::Retrying, Self::Held];

    /// The stable word.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Retrying => "retrying",
            Self::Held => "held",
        }
    }
}

/// A sink's status.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SinkStatus {
    /// Its name in the configuration.
    pub name: String,
    /// Its kind.
    pub kind: &'static str,
    /// Where it writes to, without secrets.
    pub target: String,
    /// How it is.
    pub state: SinkState,
    /// The last row of the log it is done with.
    pub cursor: u64,
    /// Rows of the log it still has to deliver.
    pub behind_rows: u64,
    /// When the newest delivered row was received; none before the first.
    pub delivered_until: Option<Timestamp>,
    /// Findings its server took, since the log was made.
    pub accepted: u64,
    /// Items its server refused for good, since the log was made.
    pub rejected: u64,
    /// Findings that went before it had read them, since the log was made.
    pub skipped: u64,
    /// Findings that it has nothing to write for, since the log was made.
    pub left_out: u64,
    /// Findings still to be delivered.
    pub waiting: u64,
    /// All findings since it was made; written, refused, left out, skipped or waiting.
    pub findings: u64,
    /// Findings that these figures do not explain.
    pub unexplained: u64,
    /// Damaged rows it passed over, since start.
    pub unreadable_rows: u64,
    /// Failed attempts since start.
    pub retries: u64,
    /// What the last failure was; stays until something is delivered.
    pub last_error: Option<String>,
    /// What a person has to do, while it is held.
    pub problem: Option<Problem>,
}

impl SinkStatus {
    /// A sink that is no task of its own: the local history.
    #[must_use]
    pub fn of(name: &str, kind: &'static str, target: String) -> Self {
        Self::new(&Identity {
            name: name.to_owned(),
            kind,
            target,
        })
    }

    /// Takes the log's own account of it, which says also what went while the sink was held up.
    pub fn take_account(&mut self, cursor: &SinkCursor, end: u64) {
        self.cursor = cursor.seq.max(self.cursor);
        self.behind_rows = end.saturating_sub(self.cursor);
        (self.accepted, self.rejected) = (cursor.accepted, cursor.rejected);
        (self.left_out, self.skipped) = (cursor.left_out(), cursor.skipped_findings);
        (self.waiting, self.findings) = (cursor.waiting, cursor.findings);
        self.unexplained = cursor.unexplained();
    }

    pub(super) fn new(identity: &Identity) -> Self {
        Self {
            name: identity.name.clone(),
            kind: identity.kind,
            target: identity.target.clone(),
            state: SinkState::Ok,
            cursor: 0,
            behind_rows: 0,
            delivered_until: None,
            accepted: 0,
            rejected: 0,
            skipped: 0,
            left_out: 0,
            waiting: 0,
            findings: 0,
            unexplained: 0,
            unreadable_rows: 0,
            retries: 0,
            last_error: None,
            problem: None,
        }
    }
}

/// Looks at a running sink from outside.
#[derive(Clone, Debug)]
pub struct SinkWatch {
    status: watch::Receiver<SinkStatus>,
    end: watch::Receiver<LogEnd>,
}

impl SinkWatch {
    pub(super) const fn new(status: watch::Receiver<SinkStatus>, end: watch::Receiver<LogEnd>) -> Self {
        Self { status, end }
    }

    /// Its status now.
    #[must_use]
    pub fn status(&self) -> SinkStatus {
        let mut status = self.status.borrow().clone();
        status.behind_rows = self.end.borrow().seq.saturating_sub(status.cursor);
        status
    }

    /// Waits until `holds` is true of the status; false where the sink ended first.
    pub async fn until(&mut self, holds: impl Fn(&SinkStatus) -> bool) -> bool {
        loop {
            self.status.mark_unchanged();
            self.end.mark_unchanged();
            if holds(&self.status()) {
                return true;
            }
            tokio::select! {
                changed = self.status.changed() => if changed.is_err() { return holds(&self.status()) },
                _ = self.end.changed() => {}
            }
        }
    }
}
