//! Utility meters state power twice, once a direction, never negative: what was bought and what was returned.
//!
//! One of the two is zero, so a value above zero is the signed power by itself. A zero means that no power flows only
//! where the other direction was last heard to be zero as well; before that, only a zero of what is bought is taken for
//! one, because many meters never say anything of the other direction.
//!
//! Limits: the last value of at most `max` topics is remembered; what is forgotten is counted.

use super::recent::Recent;

/// The last value of every topic that states one direction.
#[derive(Debug)]
pub(crate) struct Directions {
    last: Recent<f64>,
}

impl Directions {
    pub(crate) fn of(max: usize) -> Self {
        Self {
            last: Recent::of(max),
        }
    }

    /// The signed power that a value of one direction states; none where the other direction states it.
    pub(crate) fn signed(
        &mut self,
        topic: &str,
        opposite: &str,
        value: f64,
        is_returned: bool,
    ) -> Option<f64> {
        self.last.put(topic, value);
        let opposite = self.last.get(opposite).copied();
        match (value > 0.0, is_returned) {
            (true, false) => Some(value),
            (true, true) => Some(-value),
            (false, false) => opposite.is_none_or(|opposite| opposite <= 0.0).then_some(0.0),
            (false, true) => opposite.filter(|opposite| *opposite <= 0.0).map(|_| 0.0),
        }
    }

    pub(crate) fn forgotten(&self) -> u64 {
        self.last.forgotten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_zero_needs_the_other_direction() {
        let mut directions = Directions::of(2);
        for (topic, opposite, value, is_returned, expected) in [
            ("out", "in", 0.0, true, None),
            ("in", "out", 0.0, false, Some(0.0)),
            ("out", "in", 7.0, true, Some(-7.0)),
            ("in", "out", 0.0, false, None),
            ("in", "out", 5.0, false, Some(5.0)),
            ("out", "in", 0.0, true, None),
            ("in", "out", 0.0, false, Some(0.0)),
            ("out", "in", 0.0, true, Some(0.0)),
        ] {
            let said = directions.signed(topic, opposite, value, is_returned);
            assert_eq!(said, expected, "{topic} {value}");
        }
        directions.signed("other", "none", 1.0, false);
        assert_eq!(directions.forgotten(), 1);
    }
}
