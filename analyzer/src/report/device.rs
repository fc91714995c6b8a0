//! What one device brings to the sums of a period: its part of the ledger, its target, its projection.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::totals::{Avoidable, Exams, Part, Shutdown, Totals};
use crate::modality::{Modality, Role};
use crate::{DeviceId, Energy, State};

/// A target is observed once the device was seen in it for so long, hours: a boot is no resting state.
const TARGET_HOURS_MIN: f64 = 1.0;
/// So much of weekdays and so much of weekends must be known for a year to be projected, hours.
const PROJECTION_HOURS_MIN: f64 = 20.0;
const HOURS_PER_YEAR: f64 = 8_760.0;
/// Five days of seven.
const WEEKDAY_SHARE: f64 = 5.0 / 7.0;

/// What the figures need to know of a device.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Its id in the ledger.
    pub id: DeviceId,
    /// Where it stands.
    pub room: String,
    /// What kind of machine it is.
    pub modality: &'static Modality,
    /// It must stay ready (an emergency CT, a PET-CT): its idling is not avoidable.
    pub is_exempt: bool,
    /// What it could draw instead of idling, W; none means the lowest resting state it was seen in.
    pub target_w: Option<f64>,
    /// What a boot takes.
    pub boot: Option<Energy>,
    /// What a shutdown takes.
    pub shutdown: Option<Energy>,
    /// What is stored on it, TB.
    pub stored_tb: Option<f64>,
    /// What it cools.
    pub cools: Vec<DeviceId>,
}

/// What idling is measured against.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// `target_w` of the configuration.
    Configured(f64),
    /// The device's own mean power in a resting state, over the whole range asked for.
    Observed {
        /// Standby or off.
        state: State,
        /// Its mean power, W.
        power_w: f64,
        /// For how long it was seen, hours.
        hours: f64,
    },
    /// There is none, and why.
    None(&'static str),
}

impl Target {
    /// W, where there is one.
    #[must_use]
    pub const fn power_w(&self) -> Option<f64> {
        match self {
            Self::Configured(power_w) | Self::Observed { power_w, .. } => Some(*power_w),
            Self::None(_) => None,
        }
    }
}

/// The ledger and the examinations of one device over a period.
#[derive(Clone, Debug, Default)]
pub(super) struct Book {
    pub(super) parts: BTreeMap<(State, bool), Part>,
    /// Known states from Monday to Friday, and at the weekend.
    pub(super) weekday: Part,
    pub(super) weekend: Part,
    pub(super) exams: Exams,
}

impl Book {
    pub(super) fn merge(&mut self, other: &Self) {
        for (key, part) in &other.parts {
            *self.parts.entry(*key).or_default() += *part;
        }
    }

    pub(super) fn energy(&self) -> Energy {
        self.parts.values().map(|part| part.energy).sum()
    }

    fn state(&self, state: State) -> Part {
        let mut sum = Part::default();
        let parts = self.parts.iter().filter(|((of, _), _)| *of == state);
        parts.for_each(|(_, part)| sum += *part);
        sum
    }

    /// What the device's idling is measured against, by all that was seen of it.
    pub(super) fn target(&self, facts: &Facts) -> Target {
        if !facts.modality.idle_is_waste {
            return Target::None("a base load has no idle waste");
        }
        if facts.is_exempt {
            return Target::None("the device is exempt: it must stay ready");
        }
        if let Some(power_w) = facts.target_w {
            return Target::Configured(power_w);
        }
        let resting = [State::Standby, State::Off].into_iter().filter_map(|state| {
            let part = self.state(state);
            let power_w = part.mean_power_w().filter(|_| part.hours() >= TARGET_HOURS_MIN)?;
            Some((state, power_w, part.hours()))
        });
        match resting.min_by(|a, b| a.1.total_cmp(&b.1)) {
            Some((state, power_w, hours)) => Target::Observed {
                state,
                power_w,
                hours,
            },
            None => Target::None(
                "the device was never seen in standby or off for an hour, and no target_w is configured",
            ),
        }
    }

    /// The device's sums.
    pub(super) fn totals(&self, facts: &Facts, target: &Target, calendar: SignedDuration) -> Totals {
        let role = facts.modality.role;
        let mut totals = Totals {
            devices: 1,
            calendar,
            exams: self.exams,
            shutdown: self.shutdown(facts, target),
            ..Totals::default()
        };
        for ((state, is_open), part) in &self.parts {
            totals.add(role, *state, *is_open, *part);
        }
        if let Some(avoidable) = self.avoidable(target) {
            totals.avoidable.insert(role, avoidable);
        }
        if let Some(kwh) = self.projected_kwh() {
            (totals.projected_kwh, totals.projected_devices) = (kwh, 1);
        }
        let all = totals.all();
        if all.duration.is_positive() {
            totals.roles.insert(role, 1);
        }
        if let (Role::Server, Some(stored_tb)) = (role, facts.stored_tb)
            && all.duration.is_positive()
        {
            totals.stored_tb = stored_tb;
            totals.storage_co2e_g_per_year = all.co2e_g * HOURS_PER_YEAR / all.hours();
        }
        if role == Role::Cooling && !facts.cools.is_empty() {
            totals.cooling = all.energy;
        }
        totals
    }

    /// Idling in closed hours above the target; none without a target, or where idling draws less than it.
    fn avoidable(&self, target: &Target) -> Option<Avoidable> {
        let target_w = target.power_w()?;
        let Some(idle) = self.parts.get(&(State::Idle, false)) else {
            let has_closed = self.parts.keys().any(|(_, is_open)| !is_open);
            return has_closed.then(|| Avoidable {
                part: Part::default(),
                devices: 1,
            });
        };
        let energy = idle.energy - Energy::from_power(target_w, idle.duration.as_secs_f64());
        let share = energy.wh() / idle.energy.wh();
        (idle.energy > Energy::ZERO && energy >= Energy::ZERO).then(|| Avoidable {
            part: Part {
                energy,
                estimated: Energy::from_wh(idle.estimated.wh() * share),
                duration: idle.duration,
                cost: idle.cost * share,
                co2e_g: idle.co2e_g * share,
                ..Part::default()
            },
            devices: 1,
        })
    }

    fn shutdown(&self, facts: &Facts, target: &Target) -> Option<Shutdown> {
        let saved_w = self.state(State::Idle).mean_power_w()? - target.power_w()?;
        let energy = facts.shutdown? + facts.boot?;
        (saved_w > 0.0).then_some(Shutdown { energy, saved_w })
    }

    fn projected_kwh(&self) -> Option<f64> {
        let is_enough = |part: &Part| part.hours() >= PROJECTION_HOURS_MIN;
        let (weekday, weekend) = (&self.weekday, &self.weekend);
        if !is_enough(weekday) || !is_enough(weekend) {
            return None;
        }
        let mean_w =
            WEEKDAY_SHARE * weekday.mean_power_w()? + (1.0 - WEEKDAY_SHARE) * weekend.mean_power_w()?;
        Some(mean_w * HOURS_PER_YEAR / 1000.0)
    }
}
