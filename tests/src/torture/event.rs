//! What a storm does to whom: the table of mishaps and the dice that draw from it.

use std::time::Duration;

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::proxy::Network;

/// A mishap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mishap {
    /// `kill -9` of idlewatt.
    KillIdlewatt,
    /// `kill -9` of mosquitto: what waits there is lost, and the session with it or not.
    KillBroker,
    /// `kill -9` of influxd.
    KillDatabase,
    /// `kill -9` of idlewatt while the database is dead too.
    KillBoth,
    /// The way to the broker is bad.
    BrokerNetwork(Network),
    /// The way to the database is bad.
    DatabaseNetwork(Network),
    /// No byte fits on idlewatt's disk any more.
    FullDisk,
    /// `kill -9` of idlewatt while its disk is full.
    KillOnFullDisk,
    /// The machine's clock is set, by so many seconds.
    ClockStep(i32),
    /// SIGHUP with another configuration.
    Reload,
    /// SIGHUP with a configuration that cannot be read.
    BadReload,
}

/// One mishap, when it comes and how long it stays.
#[derive(Clone, Copy, Debug)]
pub struct Event {
    /// What.
    pub mishap: Mishap,
    /// Messages that are played around it.
    pub messages: usize,
    /// It comes when so many of these are in the journal.
    pub after: usize,
    /// How long it stays.
    pub lasts: Duration,
}

/// The storm's dice.
pub struct Storm(ChaCha8Rng);

/// A slow line: some hundred messages a second.
const SLOW_BYTES_PER_S: [u32; 2] = [20_000, 200_000];
/// How often each comes, of [`Storm::brew`]'s draws.
const WEIGHTS: [(u32, Kind); 9] = [
    (24, Kind::KillIdlewatt),
    (12, Kind::KillBroker),
    (12, Kind::KillDatabase),
    (6, Kind::KillBoth),
    (16, Kind::Network),
    (8, Kind::FullDisk),
    (4, Kind::KillOnFullDisk),
    (8, Kind::ClockStep),
    (10, Kind::Reload),
];

#[derive(Clone, Copy)]
enum Kind {
    KillIdlewatt,
    KillBroker,
    KillDatabase,
    KillBoth,
    Network,
    FullDisk,
    KillOnFullDisk,
    ClockStep,
    Reload,
}

impl Storm {
    /// The storm of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(ChaCha8Rng::seed_from_u64(seed))
    }

    /// The next mishap.
    pub fn brew(&mut self) -> Event {
        let messages = self.0.random_range(1_500..6_000);
        let mishap = self.mishap();
        let lasts_ms = self.0.random_range(0..5_000);
        Event {
            mishap,
            messages,
            after: self.0.random_range(messages / 10..messages * 6 / 10),
            lasts: Duration::from_millis(lasts_ms),
        }
    }

    fn mishap(&mut self) -> Mishap {
        let total: u32 = WEIGHTS.iter().map(|(weight, _)| weight).sum();
        let mut drawn = self.0.random_range(0..total);
        let mut kind = Kind::KillIdlewatt;
        for (weight, of_weight) in WEIGHTS {
            if drawn < weight {
                kind = of_weight;
                break;
            }
            drawn -= weight;
        }
        match kind {
            Kind::KillIdlewatt => Mishap::KillIdlewatt,
            Kind::KillBroker => Mishap::KillBroker,
            Kind::KillDatabase => Mishap::KillDatabase,
            Kind::KillBoth => Mishap::KillBoth,
            Kind::FullDisk => Mishap::FullDisk,
            Kind::KillOnFullDisk => Mishap::KillOnFullDisk,
            Kind::ClockStep => Mishap::ClockStep(self.0.random_range(-200_000..200_000)),
            Kind::Reload if self.0.random_bool(0.3) => Mishap::BadReload,
            Kind::Reload => Mishap::Reload,
            Kind::Network => {
                let network = match self.0.random_range(0..3) {
                    0 => Network::Cut,
                    1 => Network::Stuck,
                    _ => Network::Slow(self.0.random_range(SLOW_BYTES_PER_S[0]..SLOW_BYTES_PER_S[1])),
                };
                if self.0.random_bool(0.5) {
                    Mishap::BrokerNetwork(network)
                } else {
                    Mishap::DatabaseNetwork(network)
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_storm_and_storms_have_everything() {
        let draw = |seed| {
            let mut storm = Storm::new(seed);
            (0..300)
                .map(|_| format!("{:?}", storm.brew()))
                .collect::<Vec<_>>()
        };
        assert_eq!(draw(1), draw(1));
        assert_ne!(draw(1), draw(2));
        let all = draw(1).join("\n");
        for word in [
            "KillIdlewatt",
            "KillBroker",
            "KillDatabase",
            "KillBoth",
            "BrokerNetwork(Cut",
            "DatabaseNetwork(Stuck",
            "Slow(",
            "FullDisk",
            "KillOnFullDisk",
            "ClockStep(-",
            "Reload",
            "BadReload",
        ] {
            assert!(all.contains(word), "{word}");
        }
    }
}
