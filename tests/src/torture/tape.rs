//! What the meters send in a storm: the week of the demo hospital, as long as it takes, with poison between.
//!
//! The same seed gives the same messages, so a calm run can play them again and the journal can be held against them.
//! Kept is what may have to be played again because a killed broker took it along, at most [`KEPT_MAX`].

use std::collections::VecDeque;
use std::iter::Peekable;

use anyhow::Context;
use jiff::Timestamp;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use simulator::{Message, Scenario, Simulation};

/// More than a storm can use up.
const DAYS: u32 = 120;
/// Of so many messages, one is followed by poison.
const POISON_EVERY: u32 = 500;
/// More than the limit of a packet in the configuration of the tape's reader, less than the broker's.
const TOO_LONG_BYTES: usize = 300 * 1024;
/// More than a broker can have waiting in a storm.
const KEPT_MAX: usize = 400_000;

/// The tape and where it stands.
pub struct Tape {
    source: Peekable<Poisoned>,
    /// Messages from `position - played` on that were played and may be needed again, then those not yet played.
    kept: VecDeque<Message>,
    first: usize,
    position: usize,
}

/// The simulation, with poison.
struct Poisoned {
    simulation: Simulation,
    dice: ChaCha8Rng,
    poison: Option<Message>,
}

impl Tape {
    /// The tape of a seed, at its beginning.
    ///
    /// # Errors
    /// When the scenario is no more built in.
    pub fn new(seed: u64) -> anyhow::Result<Self> {
        let scenario = Scenario {
            days: DAYS,
            seed,
            ..Scenario::builtin("week")?
        };
        let source = Poisoned {
            simulation: Simulation::new(&scenario),
            dice: ChaCha8Rng::seed_from_u64(seed),
            poison: None,
        };
        Ok(Self {
            source: source.peekable(),
            kept: VecDeque::new(),
            first: 0,
            position: 0,
        })
    }

    /// How many messages were played.
    #[must_use]
    pub fn position(&self) -> usize {
        self.position
    }

    /// The next messages.
    pub fn play(&mut self, count: usize) -> Vec<Message> {
        let from = self.position - self.first;
        while self.kept.len() < from + count {
            match self.source.next() {
                Some(message) => self.kept.push_back(message),
                None => break,
            }
        }
        let played: Vec<Message> = self.kept.range(from..).take(count).cloned().collect();
        self.position += played.len();
        let surplus = self.kept.len().saturating_sub(KEPT_MAX);
        self.forget(self.first + surplus);
        played
    }

    /// Messages before this one are safe.
    pub fn forget(&mut self, before: usize) {
        let count = before.min(self.position).saturating_sub(self.first);
        self.kept.drain(..count);
        self.first += count;
    }

    /// Goes back: the message at `position` was lost, and all after it.
    ///
    /// # Errors
    /// When it is said to be safe already, or was never played.
    pub fn rewind(&mut self, position: usize) -> anyhow::Result<()> {
        anyhow::ensure!(
            (self.first..=self.position).contains(&position),
            "the tape cannot go from {} to {position}: it keeps what comes after {}",
            self.position,
            self.first
        );
        self.position = position;
        Ok(())
    }

    /// When the last message was played.
    ///
    /// # Errors
    /// When none was, or it is forgotten.
    pub fn played_until(&self) -> anyhow::Result<Timestamp> {
        let last = (self.position - self.first).checked_sub(1);
        let last = last.and_then(|last| self.kept.get(last));
        Ok(last.context("nothing was played")?.at)
    }
}

impl Iterator for Poisoned {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        if let Some(poison) = self.poison.take() {
            return Some(poison);
        }
        let message = self.simulation.next()?;
        if self.dice.random_range(0..POISON_EVERY) == 0 {
            self.poison = Some(self.poison_after(&message));
        }
        Some(message)
    }
}

impl Poisoned {
    /// What a broken meter, a mistaken program or somebody hostile might send.
    fn poison_after(&mut self, message: &Message) -> Message {
        let topic = message.topic.clone();
        let (topic, payload) = match self.dice.random_range(0..5) {
            0 => (topic, message.payload[..message.payload.len() / 2].to_vec()),
            1 => (topic, vec![b'7'; TOO_LONG_BYTES]),
            2 => (topic, vec![0xff, 0xfe, 0x00, 0x22]),
            3 => (topic, br#"{"power": NaN, "energy": 1e999}"#.to_vec()),
            _ => (
                "poison/a,b=c \"d\" 'e' <script>/power".to_owned(),
                b"5 1\npower,device=ct-1 power_w=1".to_vec(),
            ),
        };
        Message {
            topic,
            payload,
            sample: None,
            retain: false,
            ..message.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tape_plays_the_same_again_and_goes_back_as_far_as_it_must() -> anyhow::Result<()> {
        let (mut tape, mut other) = (Tape::new(3)?, Tape::new(3)?);
        let first = tape.play(3_000);
        assert_eq!(first, other.play(3_000));
        assert!(
            first
                .iter()
                .any(|message| message.payload.len() == TOO_LONG_BYTES)
        );
        assert_ne!(first, Tape::new(4)?.play(3_000));
        tape.forget(1_000);
        tape.rewind(2_000)?;
        assert_eq!(tape.play(1_000), first[2_000..]);
        assert!(tape.rewind(999).is_err() && tape.rewind(3_001).is_err());
        assert_eq!(tape.play(500), other.play(500));
        Ok(())
    }
}
