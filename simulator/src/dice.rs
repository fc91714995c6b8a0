//! Randomness from the scenario's seed, and from nothing else.
//!
//! Every device has its own ChaCha8 key (made of the seed and the device's id) and every part of a device its own
//! stream of that key. Invariant: adding, removing or moving a device changes no other device's draws, and a meter
//! that samples more often does not change what the scanner does.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::StandardNormal;

/// Which part of a device draws. One stream each.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Part {
    Agenda = 1,
    Load = 2,
    Meter = 3,
    Fault = 4,
}

/// A seeded source of draws for one part of one device.
#[derive(Debug, Clone)]
pub(crate) struct Dice(ChaCha8Rng);

impl Dice {
    /// The stream of `part` of the device `id` under `seed`.
    pub(crate) fn new(seed: u64, id: &str, part: Part) -> Self {
        let mut key = [0_u8; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&fold(id, 0xcbf2_9ce4_8422_2325).to_le_bytes());
        key[16..24].copy_from_slice(&fold(id, 0x9e37_79b9_7f4a_7c15).to_le_bytes());
        let mut stream = ChaCha8Rng::from_seed(key);
        stream.set_stream(part as u64);
        Self(stream)
    }

    /// Uniform in `[low, high)`; `low` where the range is empty.
    pub(crate) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.0.random::<f64>()
    }

    /// A duration between `low` and `high` seconds, in milliseconds.
    pub(crate) fn seconds(&mut self, low: f64, high: f64) -> i64 {
        #[expect(clippy::cast_possible_truncation, reason = "durations of at most a day")]
        let ms = (self.between(low, high) * 1000.0) as i64;
        ms
    }

    /// True with this probability.
    pub(crate) fn chance(&mut self, probability: f64) -> bool {
        probability > 0.0 && self.0.random::<f64>() < probability
    }

    /// A whole number in `low..=high`.
    pub(crate) fn count(&mut self, low: u32, high: u32) -> u32 {
        self.0.random_range(low..=high)
    }

    /// Standard normal draw, cut at three deviations.
    pub(crate) fn normal(&mut self) -> f64 {
        let draw: f64 = self.0.sample(StandardNormal);
        draw.clamp(-3.0, 3.0)
    }
}

/// FNV-1a: a stable 64-bit name of a text (std's hasher is not stable over releases).
pub(crate) fn fold(text: &str, start: u64) -> u64 {
    text.bytes().fold(start, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_their_own() {
        let draw = |seed, id, part| Dice::new(seed, id, part).between(0.0, 1.0).to_bits();
        let first = draw(1, "ct-1", Part::Load);
        assert_eq!(first, draw(1, "ct-1", Part::Load));
        assert_ne!(first, draw(2, "ct-1", Part::Load));
        assert_ne!(first, draw(1, "ct-2", Part::Load));
        assert_ne!(first, draw(1, "ct-1", Part::Meter));
    }
}
