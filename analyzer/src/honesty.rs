//! What people have been told of a device's meters, so that a fault is said and not repeated until nobody reads it.
//!
//! - The same words of the same meter: once an hour, then with the count of those left out.
//! - Different words of the same kind (another name, other figures): at once, up to [`DETAILS_MAX`] in that hour.
//! - A register that restarts every day (a counter "today") is told once as such.
//! - Power that is worked out and not measured is told once for all.
//!
//! Limits: one entry a meter of the device and kind, one a register; the meters are those of the configuration and
//! registers are bounded by the channels of a feed.

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::FaultKind;
use crate::counter::Broken;
use crate::site::Site;

/// The same is not said again within this.
const REPEAT_AFTER: SignedDuration = SignedDuration::from_hours(1);
/// So many different words of one kind are said within [`REPEAT_AFTER`].
const DETAILS_MAX: usize = 4;
/// Registers that restart daily do so at the same time within this: a summer-time hour and a pause between readings.
const DAILY_WITHIN: SignedDuration = SignedDuration::from_mins(90);
/// A meter's midnight may lie this far from ours.
const MIDNIGHT_WITHIN: SignedDuration = SignedDuration::from_mins(10);
/// A longer pause says nothing of the time at which a register restarted.
const PAUSE_MAX: SignedDuration = SignedDuration::from_hours(2);
const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What was told of one device's meters.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Honesty {
    told: BTreeMap<(String, FaultKind), Told>,
    /// By meter and channel.
    restarts: BTreeMap<(String, String), Restart>,
    /// Meters of which it is known that their power is not measured.
    estimated: BTreeSet<String>,
}

/// What was said of one kind since `since`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Told {
    since: Timestamp,
    details: Vec<String>,
    left_out: u64,
}

/// The last restart of a register.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Restart {
    at: Timestamp,
    is_daily: bool,
}

impl Honesty {
    /// The words in which a fault is to be said now; none where it has been said just now.
    pub(crate) fn tell(
        &mut self,
        meter: &str,
        at: Timestamp,
        kind: FaultKind,
        detail: String,
    ) -> Option<String> {
        let told = self.told.entry((meter.to_owned(), kind)).or_insert_with(|| Told {
            since: at,
            details: Vec::new(),
            left_out: 0,
        });
        if at.duration_since(told.since) < REPEAT_AFTER {
            if told.details.len() >= DETAILS_MAX || told.details.contains(&detail) {
                told.left_out += 1;
                return None;
            }
            told.details.push(detail.clone());
            return Some(detail);
        }
        let (left_out, since) = (std::mem::take(&mut told.left_out), told.since);
        (told.since, told.details) = (at, vec![detail.clone()]);
        let more = format!("; {left_out} more of these since {since} were not said");
        Some(if left_out == 0 { detail } else { detail + &more })
    }

    /// Whether it is new that a meter's power is not measured.
    pub(crate) fn is_new_estimate(&mut self, meter: &str) -> bool {
        !self.estimated.contains(meter) && self.estimated.insert(meter.to_owned())
    }

    /// The words for registers that did not go on as they should, one line a kind.
    pub(crate) fn registers(
        &mut self,
        site: &Site,
        meter: &str,
        at: Timestamp,
        faults: &[(String, Broken)],
    ) -> BTreeMap<FaultKind, String> {
        let mut lines: BTreeMap<FaultKind, String> = BTreeMap::new();
        for (channel, broken) in faults {
            let what = match broken.kind {
                FaultKind::CounterReset => self.restart(site, (meter, channel), at, broken),
                _ => Some(words(broken)),
            };
            let Some(what) = what else { continue };
            let line = lines.entry(broken.kind).or_default();
            if !line.is_empty() {
                line.push_str("; ");
            }
            line.push_str(&name(channel));
            line.push_str(&what);
        }
        lines
    }

    /// The words for a register that began again at zero; none where it does so every day.
    fn restart(
        &mut self,
        site: &Site,
        (meter, channel): (&str, &str),
        at: Timestamp,
        broken: &Broken,
    ) -> Option<String> {
        let pause = at.duration_since(broken.before.at);
        let is_midnight = site.day_start(at + MIDNIGHT_WITHIN) > broken.before.at - MIDNIGHT_WITHIN;
        let key = (meter.to_owned(), channel.to_owned());
        let last = self.restarts.get(&key).copied();
        let is_same_time = last.is_some_and(|last| is_days_later(last.at, at));
        let was_daily = last.is_some_and(|last| last.is_daily);
        let is_daily = is_same_time || (is_midnight && (was_daily || pause <= PAUSE_MAX));
        if is_daily || !was_daily {
            self.restarts.insert(key, Restart { at, is_daily });
        }
        match (is_daily, was_daily) {
            (true, true) => None,
            (true, false) => Some(format!(
                "{}; it restarts as a counter of the day does, which is counted on and not said again",
                words(broken)
            )),
            (false, _) => Some(words(broken)),
        }
    }
}

/// Whether `at` is one or more whole days after `last`, within [`DAILY_WITHIN`].
fn is_days_later(last: Timestamp, at: Timestamp) -> bool {
    let since = at.duration_since(last);
    let over = SignedDuration::from_secs(since.as_secs().rem_euclid(DAY.as_secs()));
    since >= DAY - DAILY_WITHIN && (over <= DAILY_WITHIN || over >= DAY - DAILY_WITHIN)
}

fn name(channel: &str) -> String {
    if channel.is_empty() {
        "the register ".to_owned()
    } else {
        format!("register '{channel}' ")
    }
}

/// What happened to a register, with its figures and what is done about the energy.
fn words(broken: &Broken) -> String {
    let (before_wh, after_wh, since) = (broken.before.wh, broken.after_wh, broken.before.at);
    let gap = "the gap is estimated from power unless it returns";
    match (broken.kind, broken.end) {
        (FaultKind::CounterWrap, Some(end)) => {
            let what = end.what;
            format!("passed its end ({what}) from {before_wh} Wh to {after_wh} Wh; the step is counted")
        }
        (FaultKind::CounterStuck, _) => format!(
            "stands still at {after_wh} Wh since {since} although power flows; energy is estimated until it moves"
        ),
        (FaultKind::CounterReset, _) => format!(
            "went from {before_wh} Wh to {after_wh} Wh: it began again; what it had not told before is estimated"
        ),
        (FaultKind::CounterJump, _) => format!(
            "leapt from {before_wh} Wh to {after_wh} Wh since {since}, more than the device can draw; {gap}"
        ),
        _ => format!("went back from {before_wh} Wh to {after_wh} Wh; {gap}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    #[test]
    fn the_same_words_are_said_once_an_hour_with_the_count_of_those_left_out() {
        let mut honesty = Honesty::default();
        let said: Vec<String> = (0..7_300)
            .step_by(5)
            .filter_map(|second| honesty.tell("m", at(second), FaultKind::MessageLost, "a gap".to_owned()))
            .collect();
        assert_eq!(said.len(), 3);
        assert_eq!(said[0], "a gap");
        assert_eq!(
            said[1],
            "a gap; 719 more of these since 1970-01-01T00:00:00Z were not said"
        );
    }

    #[test]
    fn other_words_are_said_at_once_but_not_without_end() {
        let mut honesty = Honesty::default();
        let said =
            (0..1_000).filter_map(|n| honesty.tell("m", at(n), FaultKind::UnknownName, format!("name {n}")));
        assert_eq!(said.count(), DETAILS_MAX);
        let told: Vec<usize> = honesty.told.values().map(|told| told.details.len()).collect();
        assert_eq!(told, [DETAILS_MAX], "what is remembered is bounded");
    }
}
