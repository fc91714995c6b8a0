//! A stage of the pipeline in a thread of its own: steps while there is work, waits while there is none, tries again
//! with a growing pause when a step fails. Stopped, it first does what is there, up to a deadline.

use std::fmt::Display;
use std::io;
use std::thread::JoinHandle;
use std::time::Duration;

use ingest::clock;
use ingest::pulse::{Heart, Pulse};
use tokio::runtime::Handle;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// First pause after a failure; doubles with each.
const PAUSE_MIN: Duration = Duration::from_millis(250);
/// Longest pause after a failure.
const PAUSE_MAX: Duration = Duration::from_secs(30);
/// Steps done after the stop was asked for, at most; what is left is done after the next start.
const STEPS_AT_STOP_MAX: usize = 1000;

/// A stage's share of a busy processor is two thirds of that of what goes first. At 5 it is a third, and on a machine that
/// others keep busy the analysis of a hundred thousand meters falls behind.
const NICENESS: i32 = 2;

/// Work that comes in steps.
pub(super) trait Stage: Send + 'static {
    /// Why a step failed; nothing is lost by it.
    type Error: Display;

    /// What it is called in the log and on the page.
    const NAME: &'static str;

    /// After a step that leaves little or nothing to do, at least so long until the next: what comes meanwhile is done
    /// together.
    const REST: Duration = Duration::ZERO;

    /// Does the next piece; false when there is little or nothing more to do.
    ///
    /// # Errors
    /// Nothing is lost: it is called again.
    fn step(&mut self) -> Result<bool, Self::Error>;

    /// Leaves everything ready for the next start.
    ///
    /// # Errors
    /// It only makes the next start slower.
    fn stop(&mut self) -> Result<(), Self::Error> {
        Ok(())
    }
}

/// A running stage.
pub(super) struct Running {
    thread: JoinHandle<()>,
    pulse: Pulse,
    error: watch::Receiver<Option<String>>,
}

impl Running {
    /// Why the last step failed; none while all is well.
    #[must_use]
    pub(super) fn error(&self) -> watch::Receiver<Option<String>> {
        self.error.clone()
    }

    /// Whether the thread goes on.
    #[must_use]
    pub(super) fn pulse(&self) -> Pulse {
        self.pulse.clone()
    }

    /// Waits for the end of the thread after its stop was asked for.
    pub(super) async fn join(self) {
        let joined = tokio::task::spawn_blocking(move || self.thread.join()).await;
        if !matches!(joined, Ok(Ok(()))) {
            tracing::error!(
                "a stage of the pipeline has panicked; what it left is done after the next start"
            );
        }
    }
}

/// Lets the sessions and the journal go first where there is more to do than processors do: what is journalled can wait,
/// what is not waits in a broker that will drop it.
fn step_back(stage: &str) {
    // on Linux the calling thread alone
    if let Err(error) = rustix::process::setpriority_process(None, NICENESS) {
        tracing::warn!(stage, %error, "the thread keeps the priority of the journal");
    }
}

/// Starts a stage; `wake` changes when there may be work.
///
/// # Errors
/// When the system gives no thread.
pub(super) fn start<S: Stage, T: Send + Sync + 'static>(
    mut stage: S,
    mut wake: watch::Receiver<T>,
    shutdown: CancellationToken,
) -> io::Result<Running> {
    let runtime = Handle::current();
    let (said, error) = watch::channel(None);
    let heart = Heart::new(format!("the {}", S::NAME));
    let pulse = heart.pulse();
    let work = move || {
        step_back(S::NAME);
        let mut pause = PAUSE_MIN;
        while !shutdown.is_cancelled() {
            wake.mark_unchanged();
            heart.works(clock::monotonic());
            let stepped = stage.step();
            heart.waits();
            match stepped {
                Ok(is_more) => {
                    said.send_if_modified(|error| error.take().is_some());
                    pause = PAUSE_MIN;
                    if !is_more {
                        runtime.block_on(async {
                            let next = async {
                                if !S::REST.is_zero() {
                                    tokio::time::sleep(S::REST).await;
                                }
                                wake.changed().await
                            };
                            tokio::select! { _ = next => {}, () = shutdown.cancelled() => {} }
                        });
                    }
                }
                Err(error) => {
                    tracing::error!(stage = S::NAME, %error, retry_in = ?pause, "cannot go on; nothing is lost");
                    said.send_replace(Some(error.to_string()));
                    runtime.block_on(async {
                        tokio::select! { () = tokio::time::sleep(pause) => {}, () = shutdown.cancelled() => {} }
                    });
                    pause = (pause * 2).min(PAUSE_MAX);
                }
            }
        }
        let rest = (0..STEPS_AT_STOP_MAX).find_map(|_| match stage.step() {
            Ok(true) => None,
            Ok(false) => Some(stage.stop()),
            Err(error) => Some(Err(error)),
        });
        if let Some(Err(error)) = rest {
            tracing::warn!(stage = S::NAME, %error, "stopped before all was done; the rest follows after the next start");
        }
    };
    let thread = std::thread::Builder::new().name(S::NAME.to_owned()).spawn(work)?;
    Ok(Running { thread, pulse, error })
}
