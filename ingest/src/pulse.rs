//! Whether a thread that must never stand still goes on: it says when it begins a piece of work and when it waits.
//!
//! Waiting may take as long as it likes, for input as well as until a full disk has room again. A piece of work may not take
//! for ever, and a thread that has panicked does none any more. The thread holds the [`Heart`]; whoever judges, a [`Pulse`].

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// Held by the thread or task itself; a panic that ends it is told by the drop.
#[derive(Debug)]
pub struct Heart(Pulse);

/// What others see of a heart. Clones see the same.
#[derive(Debug, Clone)]
pub struct Pulse {
    name: Arc<str>,
    beat: Arc<Mutex<Beat>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Beat {
    /// For input, or for the next attempt; also when it has ended in order.
    Waits,
    WorksSince(Instant),
    Panicked,
}

/// What stands still, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standstill {
    /// The name of the thread or task.
    pub who: String,
    /// How long it has been at one piece of work; none where it has panicked.
    pub works_for: Option<Duration>,
}

impl Heart {
    /// The heart of a thread that people know by this name; it waits.
    pub fn new(name: impl Into<Arc<str>>) -> Self {
        Self(Pulse {
            name: name.into(),
            beat: Arc::new(Mutex::new(Beat::Waits)),
        })
    }

    /// For whoever judges.
    pub fn pulse(&self) -> Pulse {
        self.0.clone()
    }

    /// A piece of work begins.
    pub fn works(&self, now: Instant) {
        *self.0.beat() = Beat::WorksSince(now);
    }

    /// There is nothing to do, or nothing that can be done just now.
    pub fn waits(&self) {
        *self.0.beat() = Beat::Waits;
    }
}

impl Drop for Heart {
    fn drop(&mut self) {
        let end = if std::thread::panicking() {
            Beat::Panicked
        } else {
            Beat::Waits
        };
        *self.0.beat() = end;
    }
}

impl Pulse {
    /// Whether it stands still: it has panicked, or has been at one piece of work for longer than `longest`.
    pub fn standstill(&self, now: Instant, longest: Duration) -> Option<Standstill> {
        let works_for = match *self.beat() {
            Beat::Waits => return None,
            Beat::WorksSince(since) => Some(now.saturating_duration_since(since)),
            Beat::Panicked => None,
        };
        let stands = works_for.is_none_or(|time| time > longest);
        stands.then(|| Standstill {
            who: self.name.to_string(),
            works_for,
        })
    }

    fn beat(&self) -> MutexGuard<'_, Beat> {
        self.beat.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Display for Standstill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.works_for {
            Some(time) => write!(
                f,
                "{} stands still: at one piece of work for {} s",
                self.who,
                time.as_secs()
            ),
            None => write!(f, "{} has panicked and does nothing any more", self.who),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    const LONGEST: Duration = Duration::from_secs(60);

    #[test]
    fn work_has_an_end_and_waiting_need_not() {
        let (heart, began) = (Heart::new("the journal"), clock::monotonic());
        let pulse = heart.pulse();
        let after = |seconds| began + Duration::from_secs(seconds);
        assert_eq!(pulse.standstill(after(1_000_000), LONGEST), None, "it waits");
        heart.works(began);
        assert_eq!(pulse.standstill(after(60), LONGEST), None);
        let standstill = pulse.standstill(after(61), LONGEST).expect("it stands still");
        assert_eq!(
            standstill.to_string(),
            "the journal stands still: at one piece of work for 61 s"
        );
        heart.works(after(61));
        assert_eq!(pulse.standstill(after(62), LONGEST), None, "the next piece");
        heart.waits();
        assert_eq!(pulse.standstill(after(1_000_000), LONGEST), None);
    }

    #[test]
    fn a_panic_is_seen_and_an_end_in_order_is_none() {
        let heart = Heart::new("the analysis");
        let (pulse, now) = (heart.pulse(), clock::monotonic());
        heart.works(now);
        drop(heart);
        assert_eq!(pulse.standstill(now + LONGEST * 2, LONGEST), None);

        let heart = Heart::new("the analysis");
        let pulse = heart.pulse();
        let thread = std::thread::spawn(move || {
            heart.waits();
            panic!("as a test");
        });
        assert!(thread.join().is_err());
        let standstill = pulse.standstill(now, LONGEST).expect("it is dead");
        assert_eq!(
            standstill.to_string(),
            "the analysis has panicked and does nothing any more"
        );
    }
}
