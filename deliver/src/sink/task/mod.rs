//! Runs a sink: reads the log behind the sink's cursor, feeds it batches, tries each for as long as it takes, moves
//! the cursor.
//!
//! While a batch is on its way the next one is read and encoded on a blocking thread, so a catch-up after an outage
//! keeps both the server and one core busy. Between two batches of a back-log the newest rows are shown
//! ([`Sink::shows_newest`]), for at most a fifth of the time, so that people see what is now while days of yesterday are
//! still on their way (docs/decisions/0016-backfill.md). Limits: three batches in memory; one request in flight.

mod backoff;
mod feed;
mod status;
#[cfg(test)]
mod tests;

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::time::{Instant, sleep, timeout_at};
use tokio_util::sync::CancellationToken;

use super::{Outcome, Problem, Rest, Sink};
use crate::log::{LogReader, Rejection};
use crate::rebuild::Rebuild;
pub(crate) use backoff::Backoff;
use feed::{Fed, Feed, Span};
pub use status::{SinkState, SinkStatus, SinkWatch};

/// Of the time of a catch-up, showing what is newest takes one part in so many.
const SHOWING: u32 = 5;
/// A sink that is behind by less has what is newest soon.
const NEARLY: SignedDuration = SignedDuration::from_secs(5);

/// A sink with its reader, ready to run.
pub struct SinkTask<S: Sink> {
    sink: S,
    feed: Feed<S>,
    status: watch::Sender<SinkStatus>,
    backoff: Backoff,
    /// The last row that was shown before its turn.
    shown: u64,
    /// When rows are shown again.
    show_at: Instant,
}

/// Runs `sink` behind its cursor in the log until `shutdown`, then delivers what is there for at most
/// [`super::Pace::flush_at_shutdown`].
pub async fn run_sink<S: Sink>(sink: S, reader: LogReader, shutdown: CancellationToken) {
    SinkTask::new(sink, reader).run(shutdown).await;
}

/// What is to be settled when a batch is through.
#[derive(Default)]
struct Account {
    accepted: u64,
    rejected: Vec<Rejection>,
}

impl<S: Sink> SinkTask<S> {
    /// Puts a sink before a reader of its own.
    #[must_use]
    pub fn new(sink: S, reader: LogReader) -> Self {
        let pace = sink.pace();
        let status = watch::Sender::new(SinkStatus::new(&sink.identity()));
        let feed = Feed::new(&sink, reader);
        Self {
            sink,
            feed,
            status,
            backoff: Backoff::new(pace.retry_after_min, pace.retry_after_max),
            shown: 0,
            show_at: Instant::now(),
        }
    }

    /// The sink's status, to be looked at while it runs.
    #[must_use]
    pub fn watch(&self) -> SinkWatch {
        SinkWatch::new(self.status.subscribe(), self.feed.end())
    }

    /// Runs until `shutdown` and the flush after it.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let pace = self.sink.pace();
        let work = async {
            if self.start().await {
                while let Some(fed) = self.next(&shutdown).await {
                    let (delivered_at, seq, is_followed) = (fed.span.at, fed.span.seq, fed.is_followed);
                    self.deliver(fed).await;
                    if is_followed && self.sink.shows_newest() && !shutdown.is_cancelled() {
                        self.show_newest((seq, delivered_at)).await;
                    }
                }
            }
        };
        let deadline = async {
            shutdown.cancelled().await;
            sleep(pace.flush_at_shutdown).await;
        };
        let is_done = tokio::select! { () = work => true, () = deadline => false };
        let _ = timeout_at(Instant::now() + Duration::from_secs(2), self.sink.close()).await;
        let status = self.watch().status();
        tracing::info!(
            sink = status.name,
            cursor = status.cursor,
            behind = status.behind_rows,
            is_done,
            "sink stopped"
        );
    }

    /// Finds the cursor. Only a fault of the log's file keeps it waiting.
    async fn start(&mut self) -> bool {
        loop {
            match self.feed.start().await {
                Ok((cursor, memory)) => {
                    self.sink.past_until(self.feed.past_until);
                    self.sink.recall(memory);
                    self.status.send_modify(|status| {
                        status.cursor = cursor.seq;
                        status.accepted = cursor.accepted;
                        status.rejected = cursor.rejected;
                        status.skipped = cursor.skipped_findings;
                    });
                    return true;
                }
                Err(error) => self.stumble(error.to_string(), None).await,
            }
        }
    }

    /// The next batch; none when there is nothing left and the service stops.
    async fn next(&mut self, shutdown: &CancellationToken) -> Option<Fed<S::Batch>> {
        loop {
            if let Some(rebuild) = self.feed.due() {
                self.clear(&rebuild).await;
            }
            if !self.feed.wait(shutdown).await {
                return None;
            }
            match self.feed.take().await {
                Ok(Some(fed)) => return Some(fed),
                Ok(None) => {}
                Err(error) => self.stumble(error.to_string(), None).await,
            }
        }
    }

    /// Takes away what is said again, for as long as it takes: nothing of it may go out before.
    async fn clear(&mut self, rebuild: &Rebuild) {
        loop {
            let left = match self.sink.clear(rebuild).await {
                Ok(left) => left,
                Err(Rest::Held(problem)) => {
                    self.hold(problem).await;
                    continue;
                }
                Err(Rest::Retry { reason, after }) => {
                    self.stumble(reason, after).await;
                    continue;
                }
                Err(Rest::Nothing) => None,
            };
            self.note_rejected(left.as_slice());
            match self.feed.cleared(rebuild, left).await {
                Ok(cursor) => {
                    self.backoff.reset();
                    self.status.send_modify(|status| {
                        (status.skipped, status.rejected) = (cursor.skipped_findings, cursor.rejected);
                    });
                    let sink = self.status.borrow().name.clone();
                    tracing::info!(sink, since = %rebuild.since, "cleared: the past is written again");
                    return;
                }
                Err(error) => self.stumble(error.to_string(), None).await,
            }
        }
    }

    async fn deliver(&mut self, mut fed: Fed<S::Batch>) {
        let mut account = Account::default();
        loop {
            let Outcome {
                accepted,
                rejected,
                rest,
            } = self.sink.attempt(&mut fed.batch, fed.is_followed).await;
            account.accepted += accepted;
            self.note_rejected(&rejected);
            account.rejected.extend(rejected);
            match rest {
                Rest::Nothing => break,
                Rest::Retry { reason, after } => self.stumble(reason, after).await,
                Rest::Held(problem) => self.hold(problem).await,
            }
        }
        self.settle(fed.span, account).await;
    }

    /// Delivers the newest rows before their turn, where it is time and what was delivered last is far behind them. Nothing of it
    /// counts: what the server refuses of it, or does not take, is met again in its turn.
    async fn show_newest(&mut self, (seq, delivered_at): (u64, Timestamp)) {
        let begun = Instant::now();
        // what is to be cleared first would take with it what was shown
        if begun < self.show_at || self.feed.unclear.is_some() {
            return;
        }
        let newest = self.feed.newest(self.shown.max(seq)).await;
        let Ok(Some(mut newest)) = newest else { return };
        if newest.span.at.duration_since(delivered_at) < NEARLY {
            return;
        }
        match self.sink.attempt(&mut newest.batch, false).await.rest {
            Rest::Nothing => self.shown = newest.span.seq,
            Rest::Retry { reason, after } => self.stumble(reason, after).await,
            Rest::Held(_) => {}
        }
        let pause = begun.elapsed() * (SHOWING - 1);
        self.show_at = Instant::now() + self.sink.pace().show_newest_every.max(pause);
    }

    async fn settle(&mut self, span: Span, account: Account) {
        let memory = self.sink.memory_changes();
        loop {
            match self
                .feed
                .settle(&span, account.accepted, &account.rejected, &memory)
                .await
            {
                Ok(cursor) => {
                    self.backoff.reset();
                    self.status.send_modify(|status| {
                        status.state = SinkState::Ok;
                        status.cursor = span.seq.max(status.cursor);
                        status.delivered_until = Some(span.at);
                        status.accepted = cursor.accepted;
                        status.rejected = cursor.rejected;
                        status.skipped = cursor.skipped_findings;
                        status.unreadable_rows += span.unreadable_rows;
                        status.last_error = None;
                        status.problem = None;
                    });
                    return;
                }
                Err(error) => self.stumble(error.to_string(), None).await,
            }
        }
    }

    fn note_rejected(&self, rejected: &[Rejection]) {
        if let Some(first) = rejected.first() {
            let sink = self.status.borrow().name.clone();
            tracing::warn!(
                sink,
                count = rejected.len(),
                first.reason,
                first.item,
                "refused by the server for good; put aside in the findings log"
            );
        }
    }

    /// Something that mends itself: pause, then again.
    async fn stumble(&mut self, reason: String, after: Option<Duration>) {
        let pause = self.backoff.next().max(after.unwrap_or_default());
        let is_new = self.status.borrow().last_error.as_ref() != Some(&reason);
        if is_new {
            let sink = self.status.borrow().name.clone();
            tracing::warn!(
                sink,
                reason,
                ?pause,
                "delivery failed; tried again until it succeeds"
            );
        }
        self.status.send_modify(|status| {
            status.state = SinkState::Retrying;
            status.retries += 1;
            status.last_error = Some(reason);
            status.problem = None;
        });
        sleep(pause).await;
    }

    /// Something a person has to mend: say so, pause for long, then again.
    async fn hold(&mut self, problem: Problem) {
        let is_new = self.status.borrow().problem.as_ref() != Some(&problem);
        if is_new {
            let sink = self.status.borrow().name.clone();
            tracing::error!(
                sink,
                problem.what,
                problem.place,
                problem.mend,
                "delivery held; nothing is dropped"
            );
        }
        self.status.send_modify(|status| {
            status.state = SinkState::Held;
            status.retries += 1;
            status.last_error = Some(problem.what.clone());
            status.problem = Some(problem);
        });
        sleep(self.sink.pace().held_retry_after).await;
    }
}
