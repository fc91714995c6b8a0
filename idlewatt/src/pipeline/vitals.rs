//! What a supervisor wants to know of the running service: whether all that must never stand still goes on, and one line
//! for people.
//!
//! Held against it is only what a restart can mend: a thread at one piece of work for ever, or a panic. A broker, a database
//! or a disk that is away or full makes a thread wait, and waiting is no standstill. Sinks and channels are not asked: one of
//! them delays no other, and a restart would.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use analyzer::State;
use deliver::live::Live;
use deliver::log::LogEnd;
use deliver::page::HealthSource;
use ingest::clock::Clock;
use ingest::journal::Progress;
use ingest::pulse::{Heart, Pulse, Standstill};
use serde_json::Value;
use tokio::sync::watch;

/// See the module. Clones see the same.
#[derive(Clone)]
pub struct Vitals {
    pub(super) pulses: Vec<Pulse>,
    pub(super) shown: Shown,
    pub(super) live: Live,
    pub(super) clock: Clock,
    pub(super) health: HealthSource,
}

/// How much of the journal has reached the page.
#[derive(Clone)]
pub struct Shown {
    pub(super) writer: watch::Receiver<Progress>,
    pub(super) analyzed: watch::Receiver<u64>,
    pub(super) log: watch::Receiver<LogEnd>,
    pub(super) recorded: watch::Receiver<u64>,
}

impl Shown {
    /// 0 to 1.
    #[must_use]
    pub fn share(&self) -> f64 {
        let last = self.writer.borrow().last_seq;
        let analyzed = *self.analyzed.borrow();
        let is_recorded = *self.recorded.borrow() >= self.log.borrow().seq;
        if analyzed >= last && is_recorded {
            return 1.0;
        }
        let share = f64::from(u32::try_from(analyzed).unwrap_or(u32::MAX))
            / f64::from(u32::try_from(last).unwrap_or(u32::MAX));
        share.clamp(0.0, 0.99)
    }

    /// Batches of the journal that are not analyzed yet.
    fn batches_behind(&self) -> u64 {
        self.writer
            .borrow()
            .last_seq
            .saturating_sub(*self.analyzed.borrow())
    }
}

/// A back-log of fewer batches is not worth a word: they are analyzed before it is read.
const BATCHES_TOLD: u64 = 100;

impl Vitals {
    /// What stands still for longer than `longest`, if anything.
    #[must_use]
    pub fn standstill(&self, now: Instant, longest: Duration) -> Option<Standstill> {
        self.pulses
            .iter()
            .find_map(|pulse| pulse.standstill(now, longest))
    }

    /// How much of the journal has reached the page.
    #[must_use]
    pub const fn shown(&self) -> &Shown {
        &self.shown
    }

    /// Devices by state, open alerts, problems. Blocks on the state folder: not for an async task.
    #[must_use]
    pub fn line(&self) -> String {
        let snapshot = self.live.snapshot(self.clock.now());
        let states = State::ALL.map(|state| {
            let many = snapshot.devices.values().filter(|device| device.state == state);
            (state, many.count())
        });
        let mut line = line(&states, snapshot.open_alerts(), &(self.health)().body["problems"]);
        if self.shown.batches_behind() > BATCHES_TOLD {
            let _ = write!(
                line,
                "; {:.0} % of the journal is analyzed",
                self.shown.share() * 100.0
            );
        }
        line
    }
}

/// Runs a task so that a panic in it is seen.
pub(super) fn seen<T: Future<Output = ()>>(
    name: String,
    pulses: &mut Vec<Pulse>,
    task: T,
) -> impl Future<Output = ()> + use<T> {
    let heart = Heart::new(name);
    pulses.push(heart.pulse());
    async move {
        let _dropped_by_a_panic = heart;
        task.await;
    }
}

fn line(states: &[(State, usize)], alerts: usize, problems: &Value) -> String {
    let count = |many: usize, one: &str| format!("{many} {one}{}", if many == 1 { "" } else { "s" });
    let devices = states.iter().map(|(_, many)| many).sum();
    let mut line = count(devices, "device");
    let there = states.iter().filter(|(_, many)| *many > 0);
    for (place, (state, many)) in there.enumerate() {
        let _ = write!(
            line,
            "{} {many} {}",
            if place == 0 { ":" } else { "," },
            state.name()
        );
    }
    let _ = write!(line, "; {} open; ", count(alerts, "alert"));
    let problems = problems.as_array().map_or(&[][..], Vec::as_slice);
    match problems.first() {
        None => line += "no problems",
        Some(first) => {
            let text = |key: &str| first[key].as_str().unwrap_or_default();
            let _ = write!(
                line,
                "{}: {}: {}",
                count(problems.len(), "problem"),
                text("where"),
                text("what")
            );
        }
    }
    line
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_line_says_devices_alerts_and_the_first_problem() {
        let states = [(State::Scanning, 2), (State::Idle, 0), (State::Unknown, 1)];
        assert_eq!(
            line(&states, 0, &json!([])),
            "3 devices: 2 scanning, 1 unknown; 0 alerts open; no problems"
        );
        let problems = json!([{"what": "not connected", "where": "broker main", "mend": "start it"}, {}]);
        assert_eq!(
            line(&states, 1, &problems),
            "3 devices: 2 scanning, 1 unknown; 1 alert open; 2 problems: broker main: not connected"
        );
        assert_eq!(
            line(&[], 0, &Value::Null),
            "0 devices; 0 alerts open; no problems"
        );
    }

    #[tokio::test]
    async fn a_task_that_panics_is_seen() {
        let mut pulses = Vec::new();
        let ended = tokio::spawn(seen("the page".to_owned(), &mut pulses, async {})).await;
        assert!(ended.is_ok());
        let broken = async { panic!("as a test") };
        assert!(
            tokio::spawn(seen("session main".to_owned(), &mut pulses, broken))
                .await
                .is_err()
        );
        let now = ingest::clock::monotonic();
        let dead: Vec<String> = pulses
            .iter()
            .filter_map(|pulse| pulse.standstill(now, Duration::MAX))
            .map(|standstill| standstill.who)
            .collect();
        assert_eq!(dead, ["session main"]);
    }
}
