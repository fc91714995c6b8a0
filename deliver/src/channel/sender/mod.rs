//! Runs a channel: asks the desk what is to be told, hands it over for as long as it takes, writes down what was told.
//!
//! After a failure it pauses, longer each time; what comes meanwhile is folded into what is told then. Limits: one
//! message on its way.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::desk::{CHANNELS_SINK, Desk, Next, Parcel};
use super::{ChannelConfig, ChannelConfigError, Courier, Failure};
use crate::log::{LogReader, MemoryChange, Settlement};
use crate::sink::{Backoff, SinkState};

/// Pauses after a failure: the first, and the longest.
const RETRY_AFTER: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(60));
/// So long after what was told could not be written down it is tried again.
const SAVE_AFTER: Duration = Duration::from_secs(1);
/// At shutdown a message on its way has so long to arrive; else it is told after the next start.
const FAREWELL: Duration = Duration::from_secs(2);

/// Tells the wall clock's time.
pub type Wall = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How a channel is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelStatus {
    /// Its name in the configuration.
    pub name: String,
    /// Its kind.
    pub kind: &'static str,
    /// Where it leads to, without secrets.
    pub target: String,
    /// How it is.
    pub state: SinkState,
    /// Messages that its receiver took, since start.
    pub sent: u64,
    /// Attempts that failed, since start.
    pub failed: u64,
    /// Steps of alerts that wait to be told.
    pub waiting: u64,
    /// When its receiver last took a message.
    pub sent_at: Option<Timestamp>,
    /// Since when it cannot be reached.
    pub failing_since: Option<Timestamp>,
    /// Why.
    pub last_error: Option<String>,
    /// What a person has to do about it.
    pub mend: Option<String>,
}

/// A channel, ready to run.
pub struct Sender {
    desk: Arc<Desk>,
    place: usize,
    courier: Arc<dyn Courier>,
    ledger: Option<LogReader>,
    wall: Wall,
    backoff: Backoff,
    not_before: Option<Instant>,
    status: watch::Sender<ChannelStatus>,
    /// What could not be written down yet.
    unsaved: Vec<MemoryChange>,
}

impl Sender {
    /// The channel at a place of the desk's; `ledger` is a reader of its own.
    ///
    /// # Errors
    /// A key of the configuration cannot work.
    pub fn new(
        desk: Arc<Desk>,
        place: usize,
        config: &ChannelConfig,
        ledger: LogReader,
        wall: Wall,
    ) -> Result<Self, ChannelConfigError> {
        let courier = config.courier()?;
        Ok(Self::with(
            desk,
            (place, config),
            courier,
            (ledger, wall),
            RETRY_AFTER,
        ))
    }

    pub(super) fn with(
        desk: Arc<Desk>,
        (place, config): (usize, &ChannelConfig),
        courier: Arc<dyn Courier>,
        (ledger, wall): (LogReader, Wall),
        retry_after: (Duration, Duration),
    ) -> Self {
        let status = ChannelStatus {
            name: config.name.clone(),
            kind: config.kind(),
            target: courier.target(),
            state: SinkState::Ok,
            sent: 0,
            failed: 0,
            waiting: 0,
            sent_at: None,
            failing_since: None,
            last_error: None,
            mend: None,
        };
        Self {
            desk,
            place,
            courier,
            ledger: Some(ledger),
            wall,
            backoff: Backoff::new(retry_after.0, retry_after.1),
            not_before: None,
            status: watch::Sender::new(status),
            unsaved: Vec::new(),
        }
    }

    /// How it is, to be looked at while it runs.
    #[must_use]
    pub fn watch(&self) -> watch::Receiver<ChannelStatus> {
        self.status.subscribe()
    }

    /// Runs until `shutdown`. What was not told then is told after the next start.
    pub async fn run(mut self, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
            let is_saved = self.save().await;
            let repeats = self.courier.repeats_every();
            let times = (Instant::now(), (self.wall)());
            let next = self.desk.next(self.place, repeats, self.not_before, times);
            self.show();
            match next {
                Next::Tell(parcel) if is_saved => self.tell(&parcel, &shutdown).await,
                Next::Tell(_) => self.rest(Some(Instant::now() + SAVE_AFTER), &shutdown).await,
                Next::Wait(until) => {
                    let again = (!is_saved).then(|| Instant::now() + SAVE_AFTER);
                    self.rest([until, again].into_iter().flatten().min(), &shutdown)
                        .await;
                }
            }
        }
        self.save().await;
    }

    async fn rest(&mut self, until: Option<Instant>, shutdown: &CancellationToken) {
        let timer = async {
            match until {
                Some(until) => sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = shutdown.cancelled() => {}
            () = self.desk.bell(self.place).notified() => {}
            () = timer => {}
        }
    }

    async fn tell(&mut self, parcel: &Parcel, shutdown: &CancellationToken) {
        let farewell = async {
            shutdown.cancelled().await;
            sleep(FAREWELL).await;
        };
        let answer = tokio::select! {
            answer = self.courier.deliver(&parcel.message) => answer,
            () = farewell => return,
        };
        let (now, wall) = (Instant::now(), (self.wall)());
        match answer {
            Ok(_) => {
                self.desk.told(self.place, parcel, (now, wall));
                self.backoff.reset();
                self.not_before = None;
                self.status.send_modify(|status| {
                    status.state = SinkState::Ok;
                    status.sent += 1;
                    status.sent_at = Some(wall);
                    (status.last_error, status.mend) = (None, None);
                });
            }
            Err(failure) => self.stumble(failure, (now, wall)),
        }
    }

    fn stumble(&mut self, failure: Failure, (now, wall): (Instant, Timestamp)) {
        self.desk.failed(self.place, &failure, wall);
        let pause = self.backoff.next().max(failure.after.unwrap_or_default());
        self.not_before = Some(now + pause);
        let Failure { reason, mend, .. } = failure;
        let (channel, is_new) = {
            let status = self.status.borrow();
            (status.name.clone(), status.last_error.as_ref() != Some(&reason))
        };
        if is_new {
            tracing::warn!(
                channel,
                reason,
                mend,
                ?pause,
                "alerts wait on this channel; tried again until it succeeds"
            );
        }
        self.status.send_modify(|status| {
            status.state = if mend.is_some() {
                SinkState::Held
            } else {
                SinkState::Retrying
            };
            status.failed += 1;
            (status.last_error, status.mend) = (Some(reason), mend);
        });
    }

    fn show(&self) {
        let waiting = self.desk.waiting(self.place) as u64;
        let failing_since = self.desk.failing_since(self.place);
        self.status.send_if_modified(|status| {
            let is_new = status.waiting != waiting || status.failing_since != failing_since;
            (status.waiting, status.failing_since) = (waiting, failing_since);
            is_new
        });
    }

    /// Writes down what was told. False: the log's file cannot be written just now.
    async fn save(&mut self) -> bool {
        self.unsaved.extend(self.desk.changes(self.place));
        if self.unsaved.is_empty() {
            return true;
        }
        let mut ledger = self.ledger.take().expect("it is given back below");
        let memory = self.unsaved.clone();
        let work = move || {
            let settlement = Settlement {
                seq: 0,
                rows: &[],
                accepted: 0,
                rejected: &[],
                memory: &memory,
            };
            let settled = ledger.settle(CHANNELS_SINK, &settlement);
            (ledger, settled)
        };
        let (ledger, settled) = tokio::task::spawn_blocking(work)
            .await
            .expect("the thread ends without a panic and the runtime outlives the sender");
        self.ledger = Some(ledger);
        match settled {
            Ok(_) => {
                self.unsaved.clear();
                true
            }
            Err(error) => {
                tracing::warn!(%error, "what was told cannot be written down; nobody is told more until it can");
                false
            }
        }
    }
}
