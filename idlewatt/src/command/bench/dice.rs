//! The bench's draws: the same seed gives the same device on every machine.
//!
//! SplitMix64 (Steele, Lea and Flood, OOPSLA 2014), which needs no crate and passes BigCrush. Not for secrets.

/// A stream of draws.
#[derive(Clone, Debug)]
pub(super) struct Dice {
    state: u64,
}

/// The odd constant of the generator: 2^64 over the golden ratio.
const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

impl Dice {
    /// The stream of one device: it does not depend on how many devices there are.
    pub(super) fn of(seed: u64, number: u64) -> Self {
        let mut dice = Self { state: seed };
        let mixed = dice.next();
        Self {
            state: mixed ^ number.wrapping_mul(STEP),
        }
    }

    /// Sixty-four fresh bits.
    pub(super) fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(STEP);
        let mut bits = self.state;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// From 0 (included) to 1 (excluded).
    #[expect(clippy::cast_precision_loss, reason = "53 bits are what a float holds")]
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Uniform between the two.
    pub(super) fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.share()
    }

    /// True with this chance.
    pub(super) fn chance(&mut self, probability: f64) -> bool {
        self.share() < probability
    }

    /// A whole number from `low` to `high`, both included.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "small and positive"
    )]
    pub(super) fn count(&mut self, low: u32, high: u32) -> u32 {
        (f64::from(low) + f64::from(high - low + 1) * self.share()) as u32
    }

    /// One of them.
    pub(super) fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        let last = u32::try_from(choices.len() - 1).unwrap_or(0);
        choices[self.count(0, last) as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_repeat_and_keep_their_range() {
        let draw = |seed, number| {
            let mut dice = Dice::of(seed, number);
            (0..1000).map(|_| dice.between(2.0, 5.0)).collect::<Vec<f64>>()
        };
        assert_eq!(draw(7, 3), draw(7, 3));
        assert_ne!(draw(7, 3), draw(7, 4));
        assert_ne!(draw(7, 3), draw(8, 3));
        let draws = draw(1, 1);
        assert!(draws.iter().all(|draw| (2.0..5.0).contains(draw)));
        let mean = draws.iter().sum::<f64>() / 1000.0;
        assert!((mean - 3.5).abs() < 0.1, "{mean}");
        let mut dice = Dice::of(1, 1);
        let counts: Vec<u32> = (0..100).map(|_| dice.count(1, 3)).collect();
        assert!((1..=3).all(|count| counts.contains(&count)) && counts.iter().all(|c| (1..=3).contains(c)));
    }
}
