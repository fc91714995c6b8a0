//! The rhythm of a meter's readings: how often they come, when silence begins, what is a squeezed back-log.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Silence before the rhythm is known.
const SILENT_AFTER_AT_FIRST: SignedDuration = SignedDuration::from_mins(15);
/// The learned limit is never shorter: a lost message or two is no silence.
const SILENT_AFTER_MIN: SignedDuration = SignedDuration::from_secs(120);
/// The learned limit is never longer.
const SILENT_AFTER_MAX: SignedDuration = SignedDuration::from_hours(2);
/// This many of the longest usual pauses are silence.
const PAUSES: i32 = 4;
/// The longest usual pause is forgotten by one part in this many with every reading.
const FORGETTING: i32 = 50;
/// Readings that come this many times faster than usual after an outage are a back-log.
const SQUEEZE: i32 = 4;

/// When a meter was heard.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cadence {
    last: Option<Timestamp>,
    longest: Option<SignedDuration>,
    usual: Option<SignedDuration>,
    is_silent: bool,
}

impl Cadence {
    /// A reading came; returns whether it ended a silence.
    pub(crate) fn heard(&mut self, at: Timestamp) -> bool {
        let was_silent = std::mem::take(&mut self.is_silent);
        let pause = self
            .last
            .map(|last| at.duration_since(last))
            .filter(|pause| pause.is_positive());
        if let Some(pause) = pause.filter(|_| !was_silent) {
            let faded = self
                .longest
                .map_or(pause, |longest| longest - longest / FORGETTING);
            self.longest = Some(faded.max(pause));
            self.usual = Some(
                self.usual
                    .map_or(pause, |usual| usual + (pause - usual) / FORGETTING),
            );
        }
        self.last = Some(self.last.map_or(at, |last| last.max(at)));
        was_silent
    }

    /// Since when the meter counts as silent, if it has just become so by `now`.
    pub(crate) fn silent_since(&self, now: Timestamp, limit: Option<SignedDuration>) -> Option<Timestamp> {
        let last = self.last?;
        // no learned limit is shorter: nearly always there is nothing to reckon
        if self.is_silent || (limit.is_none() && now.duration_since(last) < SILENT_AFTER_MIN) {
            return None;
        }
        let learned = || match self.longest {
            None => SILENT_AFTER_AT_FIRST,
            Some(longest) => (longest * PAUSES).clamp(SILENT_AFTER_MIN, SILENT_AFTER_MAX),
        };
        let since = last + limit.unwrap_or_else(learned);
        (now >= since).then_some(since)
    }

    /// From now on the meter counts as silent until it is heard.
    pub(crate) fn silence(&mut self) {
        self.is_silent = true;
    }

    /// Whether the meter counts as silent.
    pub(crate) fn is_silent(&self) -> bool {
        self.is_silent
    }

    /// Whether a reading at `at` follows the one before much faster than usual.
    pub(crate) fn is_squeezed(&self, at: Timestamp) -> bool {
        let (Some(last), Some(usual)) = (self.last, self.usual) else {
            return false;
        };
        at.duration_since(last) * SQUEEZE < usual
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("in range")
    }

    fn every(pause_s: i64) -> Cadence {
        let mut cadence = Cadence::default();
        for n in 0..100 {
            assert!(!cadence.heard(at(n * pause_s)));
        }
        cadence
    }

    #[test]
    fn the_limit_follows_the_rhythm_and_has_bounds() {
        assert_eq!(every(1).silent_since(at(99 + 120), None), Some(at(99 + 120)));
        assert_eq!(every(300).silent_since(at(99 * 300 + 900), None), None);
        assert_eq!(
            every(300).silent_since(at(99 * 300 + 1200), None),
            Some(at(99 * 300 + 1200))
        );
        assert_eq!(
            every(1).silent_since(at(99 + 30), Some(SignedDuration::from_secs(30))),
            Some(at(129))
        );
    }

    #[test]
    fn a_back_log_is_told_from_the_usual_rhythm() {
        assert!(every(10).is_squeezed(at(991)));
        assert!(!every(10).is_squeezed(at(1000)));
    }
}
