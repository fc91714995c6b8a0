//! How fine a register counts: learned from its smallest step, and learned anew when steps become coarser.
//!
//! A register kept as a 32-bit float counts in ever larger steps: above 16 777 kWh more than 1 Wh, above 131 072 kWh
//! 15.6 Wh. The smallest step of two days is what counts, not the smallest ever.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::Energy;

/// The smallest step is looked for in stretches of this length: a device is idle at least once a day.
const STRETCH: SignedDuration = SignedDuration::from_hours(24);
/// And of at least so many steps.
const STRETCH_STEPS: u32 = 20;

/// The smallest steps of this stretch and of the one before.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Resolution {
    since: Option<Timestamp>,
    steps: u32,
    now: Option<Energy>,
    before: Option<Energy>,
}

impl Resolution {
    pub(super) fn see(&mut self, at: Timestamp, step: Energy) {
        let since = *self.since.get_or_insert(at);
        if at.duration_since(since) >= STRETCH && self.steps >= STRETCH_STEPS {
            (self.since, self.steps) = (Some(at), 0);
            self.before = self.now.take();
        }
        self.steps = self.steps.saturating_add(1);
        self.now = Some(self.now.map_or(step, |known| known.min(step)));
    }

    pub(super) const fn get(&self) -> Option<Energy> {
        match (self.now, self.before) {
            (Some(now), Some(before)) if before.micro_wh() < now.micro_wh() => Some(before),
            (Some(now), _) => Some(now),
            (None, before) => before,
        }
    }
}

/// The coarsest usual step a value fits to: 1 kWh, 0.1 kWh, 10 Wh or 1 Wh.
pub(super) fn lattice(wh: f64) -> Energy {
    let usual_wh = [1_000.0, 100.0, 10.0];
    let step_wh = usual_wh
        .into_iter()
        .find(|step_wh| is_whole(wh / step_wh))
        .unwrap_or(1.0);
    Energy::from_wh(step_wh)
}

fn is_whole(number: f64) -> bool {
    (number - number.round()).abs() < 1e-6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_register_that_becomes_coarser_is_believed_after_two_days() {
        let mut resolution = Resolution::default();
        for hour in 0..72 {
            let step_wh = if hour < 10 { 0.977 } else { 1.953 };
            let at = Timestamp::from_second(hour * 3600).expect("in range");
            resolution.see(at, Energy::from_wh(step_wh));
        }
        assert_eq!(resolution.get(), Some(Energy::from_wh(1.953)));
    }

    #[test]
    fn a_value_shows_how_coarse_its_register_may_be() {
        for (wh, step_wh) in [
            (12_000.0, 1_000.0),
            (12_300.0, 100.0),
            (12_310.0, 10.0),
            (12_345.6, 1.0),
        ] {
            assert_eq!(lattice(wh), Energy::from_wh(step_wh), "{wh}");
        }
    }
}
