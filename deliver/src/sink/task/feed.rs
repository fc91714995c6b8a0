//! The reading side of a sink's task: batches behind the cursor, the next one made ready while one is on its way.

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use crate::log::{LogEnd, LogReader, LogRow, MemoryChange, Rejection, Result, Settlement, SinkCursor};
use crate::rebuild::Rebuild;
use crate::sink::{Pace, Prepare, Sink};

/// A batch and the rows it covers.
pub(super) struct Fed<Batch> {
    pub(super) batch: Batch,
    pub(super) span: Span,
    /// A full batch follows.
    pub(super) is_followed: bool,
    findings: usize,
}

/// The rows of a batch.
#[derive(Clone)]
pub(super) struct Span {
    /// The last of them.
    pub(super) seq: u64,
    /// When it was received.
    pub(super) at: Timestamp,
    pub(super) unreadable_rows: u64,
    /// Each row with the count of its findings.
    rows: Vec<(u64, u64)>,
}

type Read<Batch> = (LogReader, Result<Option<Fed<Batch>>>);

pub(super) struct Feed<S: Sink> {
    name: String,
    pace: Pace,
    prepare: Prepare<S::Batch>,
    end: watch::Receiver<LogEnd>,
    /// Away while a blocking thread uses it.
    reader: Option<LogReader>,
    /// The thread that makes the next batch ready.
    ahead: Option<JoinHandle<Read<S::Batch>>>,
    /// The last row taken.
    taken: u64,
    /// Findings in the log when it was last read to its end.
    seen_findings: u64,
    ledger: Option<LogReader>,
    /// The past that is being said again, while this sink has not cleared for it.
    pub(super) unclear: Option<Rebuild>,
    /// The last batch of the journal that was, or is, heard again.
    pub(super) past_until: u64,
}

impl<S: Sink> Feed<S> {
    pub(super) fn new(sink: &S, reader: LogReader) -> Self {
        Self {
            name: sink.identity().name,
            pace: sink.pace(),
            prepare: sink.prepare(),
            end: reader.end(),
            reader: Some(reader),
            ahead: None,
            taken: 0,
            seen_findings: 0,
            ledger: None,
            unclear: None,
            past_until: 0,
        }
    }

    pub(super) fn end(&self) -> watch::Receiver<LogEnd> {
        self.end.clone()
    }

    /// Opens the connection for cursors and reads this sink's.
    pub(super) async fn start(&mut self) -> Result<(SinkCursor, Vec<(String, Vec<u8>)>)> {
        let reader = self.reader.take().expect("nothing reads before the start");
        let name = self.name.clone();
        let work = move || {
            let opened = reader.another().and_then(|ledger| {
                let (cursor, memory) = (ledger.cursor(&name)?, ledger.memory(&name)?);
                let (rebuild, unclear) = (ledger.rebuild()?, ledger.unclear(&name)?);
                let past_until = rebuild.map_or(0, |rebuild| rebuild.until);
                Ok((ledger, cursor, memory, (unclear, past_until)))
            });
            (reader, opened)
        };
        let (reader, opened) = blocking(spawn_blocking(work)).await;
        self.reader = Some(reader);
        let (ledger, cursor, memory, past) = opened?;
        (self.unclear, self.past_until) = past;
        self.ledger = Some(ledger);
        self.taken = cursor.seq;
        Ok((cursor, memory))
    }

    /// Waits for rows, and for more of them while a batch is not full; false when there are none and it is time to stop.
    pub(super) async fn wait(&mut self, shutdown: &CancellationToken) -> bool {
        if self.ahead.is_some() {
            return true;
        }
        let (taken, seen) = (self.taken, self.seen_findings);
        let full = self.pace.batch_findings_max as u64;
        let mut end = self.end.clone();
        tokio::select! {
            () = shutdown.cancelled() => return self.end.borrow().seq > taken,
            is_open = reached(&mut end, |end| end.seq > taken) => if !is_open {
                // the log is closed: nothing new can come
                shutdown.cancelled().await;
                return self.end.borrow().seq > taken;
            }
        }
        if self.pace.flush_after.is_zero() {
            return true;
        }
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = sleep(self.pace.flush_after) => {}
            _ = reached(&mut end, |end| end.findings.saturating_sub(seen) >= full) => {}
        }
        true
    }

    /// The next batch; none where the rows are gone meanwhile.
    pub(super) async fn take(&mut self) -> Result<Option<Fed<S::Batch>>> {
        let end = *self.end.borrow();
        let (ahead, is_fresh) = match self.ahead.take() {
            Some(ahead) => (ahead, false),
            None => (self.read_ahead(), true),
        };
        let (reader, read) = blocking(ahead).await;
        self.reader = Some(reader);
        let Some(mut fed) = read? else {
            if is_fresh {
                // all that was there when it was read has gone: the sink was skipped forward
                let until = self.border().unwrap_or(end.seq);
                self.taken = self.taken.max(until);
            }
            return Ok(None);
        };
        self.taken = fed.span.seq;
        if self.end.borrow().seq > fed.span.seq && fed.findings * 2 > self.pace.batch_findings_max {
            self.ahead = Some(self.read_ahead());
            fed.is_followed = true;
        } else {
            self.seen_findings = end.findings;
        }
        Ok(Some(fed))
    }

    fn read_ahead(&mut self) -> JoinHandle<Read<S::Batch>> {
        let reader = self.reader.take().expect("one thread reads at a time");
        let (after, findings_max, prepare) = (self.taken, self.pace.batch_findings_max, self.prepare.clone());
        let border = self.border();
        spawn_blocking(move || {
            let rows = reader.read_after(after, findings_max).map(|mut rows| {
                if let Some(border) = border {
                    rows.retain(|row| row.seq <= border);
                }
                fed(rows, &prepare)
            });
            (reader, rows)
        })
    }

    /// A batch of the newest rows after `seq`; none where there are none. It moves nothing.
    pub(super) async fn newest(&mut self, seq: u64) -> Result<Option<Fed<S::Batch>>> {
        let ledger = self.ledger.take().expect("the task started before it shows");
        let (findings_max, prepare) = (self.pace.batch_findings_max, self.prepare.clone());
        let work = move || {
            let rows = ledger.read_newest(seq, findings_max);
            (ledger, rows.map(|rows| fed(rows, &prepare)))
        };
        let (ledger, newest) = blocking(spawn_blocking(work)).await;
        self.ledger = Some(ledger);
        newest
    }

    /// Moves the cursor and puts refused items aside.
    pub(super) async fn settle(
        &mut self,
        span: &Span,
        accepted: u64,
        rejected: &[Rejection],
        memory: &[MemoryChange],
    ) -> Result<SinkCursor> {
        let mut ledger = self.ledger.take().expect("the task started before it settles");
        let (name, rejected, memory) = (self.name.clone(), rejected.to_vec(), memory.to_vec());
        let span = span.clone();
        let work = move || {
            let settlement = Settlement {
                seq: span.seq,
                rows: &span.rows,
                accepted,
                rejected: &rejected,
                memory: &memory,
            };
            let settled = ledger.settle(&name, &settlement);
            (ledger, settled)
        };
        let (ledger, settled) = blocking(spawn_blocking(work)).await;
        self.ledger = Some(ledger);
        settled
    }
}

fn fed<Batch>(rows: Vec<LogRow>, prepare: &Prepare<Batch>) -> Option<Fed<Batch>> {
    let last = rows.last()?;
    let (seq, at) = (last.seq, last.at);
    let findings = rows.iter().map(|row| row.findings.len()).sum();
    let counts = rows.iter().map(|row| (row.seq, row.count)).collect();
    let unreadable_rows = rows.iter().filter(|row| row.is_unreadable).count() as u64;
    Some(Fed {
        batch: prepare(rows),
        span: Span {
            seq,
            at,
            unreadable_rows,
            rows: counts,
        },
        is_followed: false,
        findings,
    })
}

impl<S: Sink> Feed<S> {
    /// The last row that was said before the past is said again: nothing behind it goes out in one batch with it.
    fn border(&self) -> Option<u64> {
        let row = self.unclear.as_ref().map(|rebuild| rebuild.row);
        row.filter(|row| self.taken < *row)
    }

    /// What has to be cleared before the next batch: only what is said again is behind the cursor.
    pub(super) fn due(&self) -> Option<Rebuild> {
        self.unclear.clone().filter(|rebuild| self.taken >= rebuild.row)
    }

    /// It is cleared; what was read ahead meanwhile is of the time after it.
    pub(super) async fn cleared(&mut self, rebuild: &Rebuild, left: Option<Rejection>) -> Result<SinkCursor> {
        let mut ledger = self.ledger.take().expect("the task started before it clears");
        let (name, rebuild) = (self.name.clone(), rebuild.clone());
        let work = move || {
            let cleared = ledger.set_cleared(&name, &rebuild, left.as_ref());
            (ledger, cleared)
        };
        let (ledger, cleared) = blocking(spawn_blocking(work)).await;
        self.ledger = Some(ledger);
        if cleared.is_ok() {
            self.unclear = None;
        }
        cleared
    }
}

/// Waits until the log has grown so far; false where it is closed first.
async fn reached(end: &mut watch::Receiver<LogEnd>, holds: impl Fn(&LogEnd) -> bool) -> bool {
    end.wait_for(|end| holds(end)).await.is_ok()
}

/// A blocking thread cannot be cancelled once it runs; only a panic in it fails, and that is a bug to see.
async fn blocking<T>(handle: JoinHandle<T>) -> T {
    handle
        .await
        .expect("the thread ends without a panic and the runtime outlives the sink")
}
