//! How long to wait before the next attempt: doubling from 0.25 s to 30 s, each with jitter of up to a half.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

const FIRST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(30);

/// The waits of one session.
#[derive(Debug, Default)]
pub(crate) struct Backoff {
    failures: u32,
    jitter: RandomState,
}

impl Backoff {
    /// All was well: the next wait is the shortest again.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }

    /// The next wait is the longest.
    pub(crate) fn slow(&mut self) {
        self.failures = 16;
    }

    /// The wait after one more failure: between half of it and all of it.
    pub(crate) fn next(&mut self) -> Duration {
        let whole = FIRST.saturating_mul(1 << self.failures.min(10)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let random = u32::try_from(self.jitter.hash_one(self.failures) >> 33).unwrap_or(0);
        whole / 2 + (whole / 2).mul_f64(f64::from(random) / f64::from(1_u32 << 31))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_grows_to_thirty_seconds_and_starts_anew() {
        let mut backoff = Backoff::default();
        let first = backoff.next();
        assert!((125..=250).contains(&first.as_millis()), "{first:?}");
        for _ in 0..20 {
            assert!(backoff.next() <= LONGEST);
        }
        assert!(backoff.next() >= LONGEST / 2);
        backoff.reset();
        assert!(backoff.next() <= FIRST);
    }
}
