//! Amounts that add up: what the ledger says over a range.

use std::ops::{Add, AddAssign, Sub};

use analyzer::modality::Role;
use analyzer::{DeviceId, Energy, LedgerRow, State, kpi, report};
use jiff::SignedDuration;

use super::code::{CO2E_SCALE, COST_SCALE, scaled, unscaled};

/// Energy, time, money and carbon of some rows of the ledger. Adding is exact.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Energy.
    pub energy: Energy,
    /// The part of it integrated from power, not counted by a meter.
    pub estimated: Energy,
    /// Time.
    pub duration: SignedDuration,
    pub(super) cost_millionths: i64,
    pub(super) co2e_mg: i64,
}

impl Amount {
    /// What one row of the ledger holds.
    #[must_use]
    pub fn of_row(row: &LedgerRow) -> Self {
        Self {
            energy: row.energy,
            estimated: row.estimated,
            duration: row.duration,
            cost_millionths: scaled(row.cost, COST_SCALE),
            co2e_mg: scaled(row.co2e_g, CO2E_SCALE),
        }
    }

    /// In the site's currency.
    #[must_use]
    pub fn cost(&self) -> f64 {
        unscaled(self.cost_millionths, COST_SCALE)
    }

    /// Grams of CO2 equivalent.
    #[must_use]
    pub fn co2e_g(&self) -> f64 {
        unscaled(self.co2e_mg, CO2E_SCALE)
    }

    /// Hours.
    #[must_use]
    pub fn hours(&self) -> f64 {
        self.duration.as_secs_f64() / 3600.0
    }
}

impl Add for Amount {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self {
            energy: self.energy + other.energy,
            estimated: self.estimated + other.estimated,
            duration: self.duration.saturating_add(other.duration),
            cost_millionths: self.cost_millionths.saturating_add(other.cost_millionths),
            co2e_mg: self.co2e_mg.saturating_add(other.co2e_mg),
        }
    }
}

impl Sub for Amount {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self {
            energy: self.energy - other.energy,
            estimated: self.estimated - other.estimated,
            duration: self.duration.saturating_sub(other.duration),
            cost_millionths: self.cost_millionths.saturating_sub(other.cost_millionths),
            co2e_mg: self.co2e_mg.saturating_sub(other.co2e_mg),
        }
    }
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

/// The ledger of one device over a range: one state, inside or outside the opening hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerSum {
    /// Which device.
    pub device: DeviceId,
    /// Which state.
    pub state: State,
    /// Inside the device's opening hours.
    pub is_open: bool,
    /// How much.
    pub amount: Amount,
}

/// Sums by state, with the part in closed hours. Works for one device or for the whole site.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    open: [Amount; State::ALL.len()],
    closed: [Amount; State::ALL.len()],
}

impl Totals {
    /// Books an amount.
    pub fn add(&mut self, state: State, is_open: bool, amount: Amount) {
        let side = if is_open { &mut self.open } else { &mut self.closed };
        side[place(state)] += amount;
    }

    /// Adds another total to this one.
    pub fn merge(&mut self, other: &Self) {
        for place in 0..State::ALL.len() {
            self.open[place] += other.open[place];
            self.closed[place] += other.closed[place];
        }
    }

    /// All that was booked to a state.
    #[must_use]
    pub fn state(&self, state: State) -> Amount {
        self.open[place(state)] + self.closed[place(state)]
    }

    /// What was booked to a state outside the opening hours.
    #[must_use]
    pub fn state_closed(&self, state: State) -> Amount {
        self.closed[place(state)]
    }

    /// What was booked to a state inside the opening hours.
    #[must_use]
    pub fn state_open(&self, state: State) -> Amount {
        self.open[place(state)]
    }

    /// Idle waste: all that was booked to idle.
    #[must_use]
    pub fn idle(&self) -> Amount {
        self.state(State::Idle)
    }

    /// The part of idle waste outside the opening hours, which nobody could have used.
    #[must_use]
    pub fn idle_closed(&self) -> Amount {
        self.state_closed(State::Idle)
    }

    /// Everything.
    #[must_use]
    pub fn all(&self) -> Amount {
        State::ALL
            .into_iter()
            .fold(Amount::default(), |sum, state| sum + self.state(state))
    }

    /// Idle energy for each unit of scanning energy; none without scanning.
    #[must_use]
    pub fn idle_to_scan_ratio(&self) -> Option<f64> {
        let totals = self.for_kpis(Role::Scanner);
        kpi::IDLE_SCAN_RATIO
            .values(&totals)
            .into_iter()
            .find_map(|(_, answer)| answer.ok())
    }

    /// The same sums as the key figures want them.
    #[must_use]
    pub fn for_kpis(&self, role: Role) -> report::Totals {
        let mut totals = report::Totals::default();
        for state in State::ALL {
            for (is_open, amount) in [(true, self.state_open(state)), (false, self.state_closed(state))] {
                let part = report::Part {
                    energy: amount.energy,
                    estimated: amount.estimated,
                    duration: amount.duration,
                    cost: amount.cost(),
                    co2e_g: amount.co2e_g(),
                    // a day's sum does not know its hours
                    ..report::Part::default()
                };
                totals.add(role, state, is_open, part);
            }
        }
        totals
    }
}

fn place(state: State) -> usize {
    State::ALL
        .iter()
        .position(|known| *known == state)
        .expect("ALL holds every state")
}
