//! Key figures of a period, from the ledger's sums. One file per figure; a new one is a file and two lines here.

mod closed_idle_share;
mod idle_scan_ratio;
mod idle_share;
mod non_productive_share;

use std::collections::BTreeMap;

use jiff::SignedDuration;

use crate::{Energy, State};

pub use idle_scan_ratio::KPI as IDLE_SCAN_RATIO;

/// All figures, in the order in which they are listed to people.
pub static KPIS: [Kpi; 4] = [
    closed_idle_share::KPI,
    idle_scan_ratio::KPI,
    idle_share::KPI,
    non_productive_share::KPI,
];

/// A figure: what it is called, how it is reckoned, where that comes from.
#[derive(Clone, Copy, Debug)]
pub struct Kpi {
    /// The stable word.
    pub name: &'static str,
    /// The unit of its value; `1` for a ratio.
    pub unit: &'static str,
    /// How it is reckoned.
    pub formula: &'static str,
    /// Who uses it, and what they found.
    pub source: &'static str,
    /// The value for a period; none where the period does not hold what it needs.
    pub value: fn(&Totals) -> Option<f64>,
}

/// Sums of the ledger over a period.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals(BTreeMap<(State, bool), (Energy, SignedDuration)>);

impl Totals {
    /// Adds a ledger row's energy and time.
    pub fn add(&mut self, state: State, is_open: bool, energy: Energy, duration: SignedDuration) {
        let sum = self.0.entry((state, is_open)).or_default();
        sum.0 += energy;
        sum.1 += duration;
    }

    /// Energy in a state.
    #[must_use]
    pub fn energy_in(&self, state: State) -> Energy {
        [true, false]
            .iter()
            .map(|is_open| self.energy_of(state, *is_open))
            .sum()
    }

    /// Energy in a state inside or outside opening hours.
    #[must_use]
    pub fn energy_of(&self, state: State, is_open: bool) -> Energy {
        self.0.get(&(state, is_open)).map_or(Energy::ZERO, |sum| sum.0)
    }

    /// Time in a state.
    #[must_use]
    pub fn duration_in(&self, state: State) -> SignedDuration {
        let sums = self.0.iter().filter(|((of, _), _)| *of == state);
        sums.map(|(_, (_, duration))| *duration).sum()
    }

    /// All energy.
    #[must_use]
    pub fn energy(&self) -> Energy {
        self.0.values().map(|sum| sum.0).sum()
    }

    /// A share of all energy.
    fn share(&self, part: Energy) -> Option<f64> {
        let whole = self.energy();
        (whole > Energy::ZERO).then(|| part.wh() / whole.wh())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(name: &str, totals: &Totals) -> Option<f64> {
        let kpi = KPIS.iter().find(|kpi| kpi.name == name).expect("listed");
        (kpi.value)(totals)
    }

    #[test]
    fn figures_follow_their_formulas_and_claim_nothing_without_data() {
        let mut totals = Totals::default();
        assert!(KPIS.iter().all(|kpi| (kpi.value)(&totals).is_none()));
        let hour = SignedDuration::from_hours(1);
        totals.add(State::Idle, true, Energy::from_wh(6_000.0), hour);
        totals.add(State::Idle, false, Energy::from_wh(2_000.0), hour);
        totals.add(State::Scanning, true, Energy::from_wh(500.0), hour);
        totals.add(State::Off, false, Energy::from_wh(1_500.0), hour);
        assert_eq!(value("idle_share", &totals), Some(0.8));
        assert_eq!(value("closed_idle_share", &totals), Some(0.2));
        assert_eq!(value("idle_scan_ratio", &totals), Some(16.0));
        assert_eq!(value("non_productive_share", &totals), Some(0.95));
    }
}
