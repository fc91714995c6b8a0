//! Tells the service manager (systemd, `Type=notify`) how the service is: ready, reloading, stopping, one line of status,
//! and, while all that must never stand still goes on, that its watchdog need not bite. Without `NOTIFY_SOCKET` nothing
//! happens here.
//!
//! The watchdog's time is also the longest that one piece of work may take: `WatchdogSec=` is the only knob. Starting,
//! reloading and stopping may take long where the journal is large; the manager is asked for more time again and again, up
//! to the bound of each.
//!
//! Limits: no retries; a word that the manager does not hear is said in the log once, and the next one comes by itself.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ingest::clock;
use sd_notify::NotifyState;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::harmless::{Harmless, Kept};
use crate::pipeline::{Shown, Vitals};

const NOTIFY_SOCKET: &str = "NOTIFY_SOCKET";
/// How often the manager hears of us at least.
const EVERY: Duration = Duration::from_secs(5);
/// And at most, however short its watchdog.
const EVERY_MIN: Duration = Duration::from_millis(50);
/// So many times within the watchdog's time.
const PINGS: u32 = 4;
/// What is asked for on top, each time, while something takes long.
const MORE_TIME: Duration = Duration::from_secs(60);
/// The longest piece of work where no watchdog says so.
const WORK_MAX: Duration = Duration::from_secs(300);
/// A longer line is cut.
const LINE_CHARACTERS_MAX: usize = 400;

/// What the service is at.
#[derive(Clone)]
enum Phase {
    Starts,
    Runs(Arc<Vitals>),
    Reloads(Option<Shown>),
    Stops(Option<Shown>),
}

impl Phase {
    /// How long it may take, and what people are told of it; none where it goes on for ever.
    const fn bound(&self) -> Option<(Duration, &'static str)> {
        match self {
            Self::Starts => Some((Duration::from_secs(3600), "starting: the files are opened")),
            Self::Runs(_) => None,
            Self::Reloads(_) => Some((
                Duration::from_secs(3600),
                "reloading: what was received is brought to an end",
            )),
            Self::Stops(_) => Some((
                Duration::from_secs(600),
                "stopping: what was received is brought to an end",
            )),
        }
    }

    /// How far the journal is analyzed, without keeping its files open.
    fn shown(&self) -> Option<Shown> {
        match self {
            Self::Starts => None,
            Self::Runs(vitals) => Some(vitals.shown().clone()),
            Self::Reloads(shown) | Self::Stops(shown) => shown.clone(),
        }
    }
}

/// The one who tells; ends with its drop.
pub(crate) struct Supervisor {
    /// None where nobody listens.
    phase: Option<watch::Sender<(Phase, Instant)>>,
    task: Option<JoinHandle<()>>,
}

impl Supervisor {
    /// Begins where the environment names a manager. Needs a runtime around it.
    pub(crate) fn of_environment() -> Self {
        if std::env::var_os(NOTIFY_SOCKET).is_none_or(|socket| socket.is_empty()) {
            return Self {
                phase: None,
                task: None,
            };
        }
        let (phase, seen) = watch::channel((Phase::Starts, clock::monotonic()));
        let task = tokio::spawn(Telling::new(sd_notify::watchdog_enabled()).run(seen));
        Self {
            phase: Some(phase),
            task: Some(task),
        }
    }

    /// The service runs, or runs again.
    pub(crate) fn runs(&self, vitals: Vitals) {
        self.enter(|_| Phase::Runs(Arc::new(vitals)), &[NotifyState::Ready]);
    }

    /// It is about to take up another configuration.
    pub(crate) fn reloads(&self) {
        let at = NotifyState::MonotonicUsec(clock::monotonic_us().into());
        self.enter(
            |before| Phase::Reloads(before.shown()),
            &[NotifyState::Reloading, at],
        );
    }

    /// It is about to end.
    pub(crate) fn stops(&self) {
        self.enter(|before| Phase::Stops(before.shown()), &[NotifyState::Stopping]);
    }

    fn enter(&self, next: impl FnOnce(&Phase) -> Phase, words: &[NotifyState<'_>]) {
        let Some(phase) = &self.phase else { return };
        say(words);
        phase.send_modify(|(phase, since)| (*phase, *since) = (next(phase), clock::monotonic()));
    }
}

impl Drop for Supervisor {
    fn drop(&mut self) {
        if let Some(task) = &self.task {
            task.abort();
        }
    }
}

/// The task that tells again and again.
struct Telling {
    watchdog: Option<Duration>,
    /// What is wrong, as it was last said.
    trouble: Option<String>,
    /// The status last said.
    said: String,
    /// The next status, in the making: it asks the files, and the watchdog must not wait for them.
    making: Option<JoinHandle<String>>,
    asked_at: Option<Instant>,
}

impl Telling {
    const fn new(watchdog: Option<Duration>) -> Self {
        Self {
            watchdog,
            trouble: None,
            said: String::new(),
            making: None,
            asked_at: None,
        }
    }

    async fn run(mut self, mut seen: watch::Receiver<(Phase, Instant)>) {
        let every = self
            .watchdog
            .map_or(EVERY, |time| (time / PINGS).clamp(EVERY_MIN, EVERY));
        let mut ticks = tokio::time::interval(every);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            let (phase, since) = seen.borrow_and_update().clone();
            self.tell(&phase, since, clock::monotonic()).await;
            tokio::select! {
                _ = ticks.tick() => {}
                changed = seen.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    self.asked_at = None;
                }
            }
        }
    }

    async fn tell(&mut self, phase: &Phase, since: Instant, now: Instant) {
        let trouble = trouble(phase, since, now, self.watchdog.unwrap_or(WORK_MAX));
        if trouble.is_none() {
            if self.watchdog.is_some() {
                say(&[NotifyState::Watchdog]);
            }
            if phase.bound().is_some() {
                let more = u32::try_from(MORE_TIME.as_micros()).unwrap_or(u32::MAX);
                say(&[NotifyState::ExtendTimeoutUsec(more)]);
            }
        }
        self.log(trouble.as_deref());
        if let Some(line) = match trouble {
            Some(trouble) => Some(trouble),
            None => self.line(phase, now).await,
        } {
            self.say_status(&line);
        }
    }

    /// Each trouble is logged once.
    fn log(&mut self, trouble: Option<&str>) {
        match trouble {
            Some(what) if self.trouble.is_none() => {
                tracing::error!(what, "the service manager is not told any more that all goes on");
            }
            None if self.trouble.is_some() => tracing::warn!("all goes on again"),
            _ => {}
        }
        self.trouble = trouble.map(str::to_owned);
    }

    /// The status where there is a new one.
    async fn line(&mut self, phase: &Phase, now: Instant) -> Option<String> {
        let vitals = match (phase.bound(), phase) {
            (Some((_, words)), _) => {
                let share = phase.shown().map(|shown| shown.share() * 100.0);
                let share = share.map_or_else(String::new, |share| format!("; {share:.0} % is analyzed"));
                return Some(words.to_owned() + &share);
            }
            (None, Phase::Runs(vitals)) => vitals,
            (None, _) => return None,
        };
        let made = match self.making.take_if(|making| making.is_finished()) {
            Some(made) => made.await.ok(),
            None => None,
        };
        let is_due = self
            .asked_at
            .is_none_or(|asked| now.saturating_duration_since(asked) >= EVERY);
        if self.making.is_none() && is_due {
            let vitals = Arc::clone(vitals);
            self.making = Some(tokio::task::spawn_blocking(move || vitals.line()));
            self.asked_at = Some(now);
        }
        made
    }

    fn say_status(&mut self, line: &str) {
        let line = one_line(line);
        if line != self.said {
            say(&[NotifyState::Status(&line)]);
            self.said = line;
        }
    }
}

/// Why the manager may not be told that all goes on.
fn trouble(phase: &Phase, since: Instant, now: Instant, work_max: Duration) -> Option<String> {
    match (phase, phase.bound()) {
        (Phase::Runs(vitals), _) => vitals
            .standstill(now, work_max)
            .map(|standstill| standstill.to_string()),
        (_, Some((bound, words))) => {
            let taken = now.saturating_duration_since(since);
            (taken > bound).then(|| format!("{words}, for {} s by now", taken.as_secs()))
        }
        (_, None) => None,
    }
}

/// Words of servers stand in it: it must stay one line, or they could say something to the manager.
fn one_line(text: &str) -> String {
    let mut line = Vec::new();
    let cut: String = text.chars().take(LINE_CHARACTERS_MAX).collect();
    // a vector takes everything
    let _ = Harmless::new(&mut line, Kept::LogLine).write_all(cut.trim_end().as_bytes());
    String::from_utf8_lossy(&line).into_owned()
}

fn say(words: &[NotifyState<'_>]) {
    static IS_SAID: AtomicBool = AtomicBool::new(false);
    if let Err(error) = sd_notify::notify(words)
        && !IS_SAID.swap(true, Ordering::Relaxed)
    {
        tracing::warn!(%error, "the service manager cannot be told how the service is");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_long_has_a_bound() {
        let began = clock::monotonic();
        let after = |seconds| began + Duration::from_secs(seconds);
        let judged = |phase: &Phase, seconds| trouble(phase, began, after(seconds), WORK_MAX);
        assert_eq!(judged(&Phase::Starts, 3600), None);
        let said = judged(&Phase::Starts, 3601).unwrap_or_default();
        assert_eq!(said, "starting: the files are opened, for 3601 s by now");
        assert_eq!(judged(&Phase::Reloads(None), 3600), None);
        assert_eq!(judged(&Phase::Stops(None), 600), None);
        assert!(judged(&Phase::Stops(None), 601).is_some());
    }

    #[test]
    fn a_status_is_one_line_whatever_a_server_says() {
        assert_eq!(one_line("a\nWATCHDOG=trigger\n"), "a\\u{a}WATCHDOG=trigger");
        assert_eq!(one_line(&"x".repeat(1000)).len(), LINE_CHARACTERS_MAX);
    }
}
