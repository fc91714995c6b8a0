//! What flows through a channel by its power, from one word of the meter to the next: the witness by which a register is
//! judged, and what is booked where the register fails.
//!
//! Invariant: it only grows. Power is held until the next is stated or the meter falls silent; power that flows back
//! adds nothing, as in an import register.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Energy;

/// Drawn so far, and for how long power was known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Drawn {
    energy: Energy,
    known: SignedDuration,
}

impl Drawn {
    /// The energy since `before`.
    pub(crate) fn since(self, before: Self) -> Energy {
        (self.energy - before.energy).max(Energy::ZERO)
    }

    /// The time since `before` in which power was known.
    pub(crate) fn known_since(self, before: Self) -> SignedDuration {
        self.known - before.known
    }

    /// As it was `energy` ago.
    pub(crate) fn less(self, energy: Energy) -> Self {
        Self {
            energy: self.energy - energy.max(Energy::ZERO),
            ..self
        }
    }

    /// An equal part of it, for one of `parts` that say no power of their own.
    pub(crate) fn part(self, parts: usize) -> Self {
        let parts = i64::try_from(parts.max(1)).unwrap_or(i64::MAX);
        Self {
            energy: Energy::from_micro_wh(self.energy.micro_wh() / parts),
            ..self
        }
    }
}

/// One flow.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Draw {
    power_w: Option<f64>,
    until: Option<Timestamp>,
    drawn: Drawn,
}

impl Draw {
    /// What was drawn by `at`; an instant that lies before the last adds nothing.
    pub(crate) fn until(&mut self, at: Timestamp) -> Drawn {
        if self.until.is_some_and(|until| until >= at) {
            return self.drawn;
        }
        if let (Some(power_w), Some(since)) = (self.power_w, self.until) {
            let time = at.duration_since(since);
            self.drawn.energy += Energy::from_power(power_w.max(0.0), time.as_secs_f64());
            self.drawn.known += time;
        }
        self.until = Some(at);
        self.drawn
    }

    /// From `at` on this flows; none where it is not known.
    pub(crate) fn set(&mut self, at: Timestamp, power_w: Option<f64>) {
        self.until(at);
        self.power_w = power_w;
    }
}
