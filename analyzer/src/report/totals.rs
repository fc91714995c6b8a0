//! The sums that figures are made of. They add up over devices, so that a group's ratio is a ratio of sums.
//!
//! Invariant: what cannot be added (a target, a projection) is worked out for each device first and added then.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use jiff::SignedDuration;

use crate::finding::LedgerRow;
use crate::modality::Role;
use crate::{Energy, State};

/// Energy, time, money and carbon.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Part {
    /// Energy.
    pub energy: Energy,
    /// The part of it integrated from power, not counted by a meter.
    pub estimated: Energy,
    /// Time.
    pub duration: SignedDuration,
    /// In the site's currency, at the price of its hour.
    pub cost: f64,
    /// Grams of CO2 equivalent.
    pub co2e_g: f64,
    /// How its power varies between the hours that were added.
    pub spread: Spread,
}

/// How power varies between rows of the ledger, in a form that adds up.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Spread {
    /// How many rows hold any time.
    rows: u32,
    /// The sum of E² / t over them, Wh² / h.
    square_wh2_per_h: f64,
}

impl Spread {
    /// Of a single row.
    #[must_use]
    pub fn of_row(energy: Energy, duration: SignedDuration) -> Self {
        let hours = duration.as_secs_f64() / 3600.0;
        if hours <= 0.0 {
            return Self::default();
        }
        Self {
            rows: 1,
            square_wh2_per_h: energy.wh() * energy.wh() / hours,
        }
    }
}

impl Part {
    /// What a row of the ledger tells; how its power varies is left out.
    pub(super) fn of(row: &LedgerRow) -> Self {
        Self {
            energy: row.energy,
            estimated: row.estimated,
            duration: row.duration,
            cost: row.cost,
            co2e_g: row.co2e_g,
            spread: Spread::default(),
        }
    }

    /// Hours.
    #[must_use]
    pub fn hours(&self) -> f64 {
        self.duration.as_secs_f64() / 3600.0
    }

    /// Mean power, W; none where there is no time.
    #[must_use]
    pub fn mean_power_w(&self) -> Option<f64> {
        self.duration
            .is_positive()
            .then(|| self.energy.wh() / self.hours())
    }

    /// Standard deviation of the mean powers of its rows, each with the weight of its time, W; none of a single row.
    #[must_use]
    pub fn power_sd_w(&self) -> Option<f64> {
        let mean_w = self.mean_power_w().filter(|_| self.spread.rows >= 2)?;
        let variance_w2 = self.spread.square_wh2_per_h / self.hours() - mean_w * mean_w;
        // rounding may leave a hair below nothing
        Some(variance_w2.max(0.0).sqrt())
    }
}

impl AddAssign for Part {
    fn add_assign(&mut self, other: Self) {
        self.energy += other.energy;
        self.estimated += other.estimated;
        self.duration = self.duration.saturating_add(other.duration);
        self.cost += other.cost;
        self.co2e_g += other.co2e_g;
        self.spread.rows += other.spread.rows;
        self.spread.square_wh2_per_h += other.spread.square_wh2_per_h;
    }
}

/// Examinations of patients, as guessed; guessed calibrations are counted beside them and nowhere else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exams {
    /// Taken for patients'.
    pub patients: u64,
    /// Taken for calibrations.
    pub calibrations: u64,
    /// All energy inside the patients' examinations.
    pub energy: Energy,
    /// From first to last acquisition, added up.
    pub duration: SignedDuration,
}

/// What the idling in closed hours drew above a target.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Avoidable {
    /// Energy above the target, with its money and carbon at the mean of those hours; its time is the observed idling.
    pub part: Part,
    /// Devices it was reckoned for.
    pub devices: u32,
}

/// What a shutdown and a boot take, against what an hour of them saves.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shutdown {
    /// Energy of shutting down and booting.
    pub energy: Energy,
    /// Idle less target, W.
    pub saved_w: f64,
}

/// Sums over a period, of one device or of several.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    pub(crate) parts: BTreeMap<(Role, State, bool), Part>,
    /// How many devices.
    pub devices: u32,
    /// How many of each role something was measured of.
    pub roles: BTreeMap<Role, u32>,
    /// Time of the period, once for each device.
    pub calendar: SignedDuration,
    /// Examinations.
    pub exams: Exams,
    /// Above the target, by role.
    pub avoidable: BTreeMap<Role, Avoidable>,
    /// Of a single device, where its configuration says what it needs.
    pub shutdown: Option<Shutdown>,
    /// A year's energy at the means of weekdays and weekends, kWh, over the devices that were seen on both.
    pub projected_kwh: f64,
    /// How many devices those are.
    pub projected_devices: u32,
    /// What racks of known storage emit in a year, g.
    pub storage_co2e_g_per_year: f64,
    /// What they store, TB.
    pub stored_tb: f64,
    /// Energy of the cooling that says what it cools.
    pub cooling: Energy,
    /// Energy of what it cools, each device once.
    pub cooled: Energy,
}

impl Totals {
    /// Adds a ledger row's part.
    pub fn add(&mut self, role: Role, state: State, is_open: bool, part: Part) {
        *self.parts.entry((role, state, is_open)).or_default() += part;
    }

    /// Adds another's sums. What several coolers cool is not added: see [`super::Report`].
    pub(super) fn merge(&mut self, other: &Self) {
        for (key, part) in &other.parts {
            *self.parts.entry(*key).or_default() += *part;
        }
        for (role, avoidable) in &other.avoidable {
            let sum = self.avoidable.entry(*role).or_default();
            sum.part += avoidable.part;
            sum.devices += avoidable.devices;
        }
        self.shutdown = if self.devices == 0 { other.shutdown } else { None };
        self.devices += other.devices;
        for (role, count) in &other.roles {
            *self.roles.entry(*role).or_default() += count;
        }
        self.calendar = self.calendar.saturating_add(other.calendar);
        self.exams.patients += other.exams.patients;
        self.exams.calibrations += other.exams.calibrations;
        self.exams.energy += other.exams.energy;
        self.exams.duration = self.exams.duration.saturating_add(other.exams.duration);
        self.projected_kwh += other.projected_kwh;
        self.projected_devices += other.projected_devices;
        self.storage_co2e_g_per_year += other.storage_co2e_g_per_year;
        self.stored_tb += other.stored_tb;
        self.cooling += other.cooling;
    }

    /// Sums over what is asked for.
    #[must_use]
    pub fn sum(&self, is_asked: impl Fn(Role, State, bool) -> bool) -> Part {
        let asked = self
            .parts
            .iter()
            .filter(|((role, state, is_open), _)| is_asked(*role, *state, *is_open));
        asked.fold(Part::default(), |mut sum, (_, part)| {
            sum += *part;
            sum
        })
    }

    /// Everything.
    #[must_use]
    pub fn all(&self) -> Part {
        self.sum(|_, _, _| true)
    }

    /// All devices in one state.
    #[must_use]
    pub fn state(&self, state: State) -> Part {
        self.sum(|_, of, _| of == state)
    }

    /// Time in a known state.
    #[must_use]
    pub fn known(&self) -> Part {
        self.sum(|_, state, _| state != State::Unknown)
    }

    /// Hours in which devices were on: scanning, idle or in standby.
    #[must_use]
    pub fn on_hours(&self) -> f64 {
        let on = self.sum(|_, state, _| matches!(state, State::Scanning | State::Idle | State::Standby));
        on.hours()
    }

    /// How many devices of a role there are.
    #[must_use]
    pub fn devices_of(&self, role: Role) -> u32 {
        self.roles.get(&role).copied().unwrap_or(0)
    }

    /// What all devices with a target drew above it while idle in closed hours; none where there is no such device.
    #[must_use]
    pub fn all_avoidable(&self) -> Option<Part> {
        let parts = self.avoidable.values().map(|avoidable| avoidable.part);
        parts.reduce(|mut sum, part| {
            sum += part;
            sum
        })
    }

    /// Devices of one role.
    #[must_use]
    pub fn role(&self, role: Role) -> Part {
        self.sum(|of, _, _| of == role)
    }

    /// Devices of one role in one state.
    #[must_use]
    pub fn role_state(&self, role: Role, state: State) -> Part {
        self.sum(|of, is, _| of == role && is == state)
    }

    /// Idling in closed hours of what need not idle: base loads are left out.
    #[must_use]
    pub fn closed_idle(&self) -> Part {
        self.sum(|role, state, is_open| is_waste(role) && state == State::Idle && !is_open)
    }

    /// Closed hours of what need not idle, in any state.
    #[must_use]
    pub fn closed(&self) -> Part {
        self.sum(|role, _, is_open| is_waste(role) && !is_open)
    }
}

/// Whether idling is waste; a rack or a chiller that runs is a base load.
const fn is_waste(role: Role) -> bool {
    matches!(role, Role::Scanner | Role::Workstation)
}
