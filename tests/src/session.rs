//! Session, writer and journal of idlewatt in this process, against a real broker.

use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use ingest::clock::Clock;
use ingest::journal::{Journal, JournalConfig, JournalReader, Progress, Writer};
use ingest::record::{Batch, Record};
use ingest::session::{self, BrokerConfig, Phase, SessionStatus};
use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Longer than anything takes, even on a busy machine.
pub const WITHIN: Duration = Duration::from_secs(60);

/// One session with its journal.
pub struct Service {
    writer: Writer,
    shutdown: CancellationToken,
    task: JoinHandle<Result<(), session::SessionError>>,
    status: watch::Receiver<SessionStatus>,
    progress: watch::Receiver<Progress>,
}

impl Service {
    /// Starts it on the journal in `folder`; in playback when the broker has a clock topic.
    ///
    /// # Errors
    /// When the journal cannot be opened.
    pub fn start(folder: &Path, broker: BrokerConfig, journal: &JournalConfig) -> anyhow::Result<Self> {
        let journal = Journal::open(folder.join("journal.sqlite"), journal)?;
        let clock = match broker.clock_topic {
            Some(_) => Clock::playback(journal.last_committed().unwrap_or(Timestamp::UNIX_EPOCH)),
            None => Clock::system(),
        };
        let writer = Writer::start(journal, clock)?;
        let handle = writer.handle();
        let shutdown = CancellationToken::new();
        let (sender, status) = session::status_channel();
        let task = tokio::spawn(session::run(broker, handle.clone(), shutdown.clone(), sender));
        Ok(Self {
            writer,
            shutdown,
            task,
            status,
            progress: handle.progress(),
        })
    }

    /// Waits until the status is as wanted; gives it.
    ///
    /// # Errors
    /// When it is not so in time; says how it is.
    pub async fn until(&self, wanted: impl Fn(&SessionStatus) -> bool) -> anyhow::Result<SessionStatus> {
        wait(&self.status, wanted).await
    }

    /// Waits until the session is connected and its filters are answered.
    ///
    /// # Errors
    /// When it is not in time.
    pub async fn until_connected(&self) -> anyhow::Result<SessionStatus> {
        self.until(|now| {
            now.phase == Phase::Connected && !(now.subscribed.is_empty() && now.refused.is_empty())
        })
        .await
    }

    /// Waits until the journal is as far as wanted; gives how far.
    ///
    /// # Errors
    /// When it is not in time; says how far it is.
    pub async fn until_journal(&self, wanted: impl Fn(&Progress) -> bool) -> anyhow::Result<Progress> {
        wait(&self.progress, wanted).await
    }

    /// Waits until this many messages are journalled.
    ///
    /// # Errors
    /// When they are not in time.
    pub async fn until_journalled(&self, messages: u64) -> anyhow::Result<Progress> {
        self.until_journal(|now| now.account.journalled >= messages).await
    }

    /// Stops it cleanly; gives the journal.
    ///
    /// # Errors
    /// When the session or the writer ended badly.
    pub async fn stop(self) -> anyhow::Result<Journal> {
        self.shutdown.cancel();
        self.task.await??;
        Ok(tokio::task::spawn_blocking(move || self.writer.stop()).await?)
    }

    /// Ends it as `kill -9` would: nothing more is committed, acknowledged or said to the broker.
    pub async fn crash(self) {
        self.task.abort();
        drop(self.task.await);
        self.writer.abandon();
    }

    /// Ends it as `kill -9` right after a commit would: committed, and not acknowledged.
    pub async fn crash_after_commit(self) {
        self.task.abort();
        drop(self.task.await);
        drop(self.writer.stop());
    }
}

async fn wait<T: Clone + std::fmt::Debug>(
    channel: &watch::Receiver<T>,
    wanted: impl Fn(&T) -> bool,
) -> anyhow::Result<T> {
    let mut channel = channel.clone();
    let last = channel.clone();
    let found = tokio::time::timeout(WITHIN, channel.wait_for(|now| wanted(now))).await;
    match found {
        Ok(found) => Ok(found.context("it ended")?.clone()),
        Err(_) => anyhow::bail!("not as wanted in time: {:?}", last.borrow()),
    }
}

/// Everything in the journal in `folder`.
///
/// # Errors
/// When it cannot be read.
pub fn batches(folder: &Path) -> anyhow::Result<Vec<Batch>> {
    let mut reader = JournalReader::open(folder.join("journal.sqlite"))?;
    let mut all = Vec::new();
    loop {
        let after = all.last().map_or(0, |batch: &Batch| batch.seq);
        let more = reader.read_after(after, 100)?;
        if more.is_empty() {
            return Ok(all);
        }
        all.extend(more);
    }
}

/// All records in the journal in `folder`, in order.
///
/// # Errors
/// When it cannot be read.
pub fn records(folder: &Path) -> anyhow::Result<Vec<Record>> {
    Ok(batches(folder)?
        .into_iter()
        .flat_map(|batch| batch.records)
        .collect())
}

/// Keeps anyone else from writing the journal in `folder` until dropped, as a failing disk would.
///
/// # Errors
/// When it cannot be opened.
pub fn hold_journal(folder: &Path) -> anyhow::Result<rusqlite::Connection> {
    let connection = rusqlite::Connection::open(folder.join("journal.sqlite"))?;
    connection.busy_timeout(WITHIN)?;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    Ok(connection)
}
