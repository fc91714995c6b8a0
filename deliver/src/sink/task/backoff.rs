//! Pauses between attempts: doubling, bounded, with jitter, so that many clients of one server do not knock at once.

use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

const DOUBLINGS_MAX: u32 = 16;

#[derive(Debug)]
pub(crate) struct Backoff {
    min: Duration,
    max: Duration,
    failures: u32,
    random: RandomState,
}

impl Backoff {
    pub(crate) fn new(min: Duration, max: Duration) -> Self {
        Self {
            min,
            max,
            failures: 0,
            random: RandomState::new(),
        }
    }

    /// The next pause: between half and all of the doubled one.
    pub(crate) fn next(&mut self) -> Duration {
        let whole = self
            .min
            .saturating_mul(1 << self.failures.min(DOUBLINGS_MAX))
            .min(self.max);
        self.failures = self.failures.saturating_add(1);
        // RandomState is seeded by the system; jitter needs no better randomness
        let draw = u32::try_from(self.random.hash_one(self.failures) % 1024).expect("less than 1024");
        whole / 2 + (whole / 2) * draw / 1024
    }

    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_bound_and_start_again() {
        let (min, max) = (Duration::from_millis(250), Duration::from_secs(30));
        let mut backoff = Backoff::new(min, max);
        let pauses: Vec<Duration> = (0..40).map(|_| backoff.next()).collect();
        assert!(pauses[0] >= min / 2 && pauses[0] <= min);
        assert!(pauses[39] >= max / 2 && pauses[39] <= max);
        assert!(pauses.iter().all(|pause| *pause <= max));
        backoff.reset();
        assert!(backoff.next() <= min);
    }
}
