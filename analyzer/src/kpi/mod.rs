//! Key figures of a period, from sums. One file per figure; a new one is a file and two lines here.
//!
//! Invariants: a figure without its data is left out with a reason, never zero. A group's figure is made of the sums of
//! its devices ([`Totals`]). Figures of scanners leave workstations, racks and cooling out, and the other way round.

mod avoidable_co2e_kg;
mod avoidable_cost;
mod avoidable_kwh;
mod base_kwh_per_day;
mod base_load_w;
mod break_even_minutes;
mod closed_idle_hours;
mod closed_idle_kwh;
mod closed_idle_share;
mod co2e_kg;
mod cooling_kwh;
mod cooling_ratio;
mod cost;
mod counted_energy_share;
mod energy_kwh;
mod exams;
mod hours;
mod idle_scan_ratio;
mod idle_share;
mod known_time_share;
mod kwh_per_exam_gross;
mod kwh_per_exam_net;
mod mean_power_sd_w;
mod mean_power_w;
mod non_productive_share;
mod on_time_share;
mod projected_annual_kwh;
mod storage_g_per_tb_year;
#[cfg(test)]
mod tests;
mod time_share;
mod utilisation;
mod workstation_closed_on_hours_per_week;
mod workstation_on_hours_per_week;
mod workstation_shutdown_share;

use crate::State;
use crate::report::{Part, Totals};

pub use idle_scan_ratio::KPI as IDLE_SCAN_RATIO;

/// All figures, in the order in which they are listed to people.
pub static KPIS: [Kpi; 33] = [
    energy_kwh::KPI,
    hours::KPI,
    time_share::KPI,
    on_time_share::KPI,
    mean_power_w::KPI,
    mean_power_sd_w::KPI,
    non_productive_share::KPI,
    idle_share::KPI,
    idle_scan_ratio::KPI,
    closed_idle_share::KPI,
    closed_idle_hours::KPI,
    closed_idle_kwh::KPI,
    exams::KPI,
    kwh_per_exam_gross::KPI,
    kwh_per_exam_net::KPI,
    utilisation::KPI,
    projected_annual_kwh::KPI,
    avoidable_kwh::KPI,
    avoidable_cost::KPI,
    avoidable_co2e_kg::KPI,
    break_even_minutes::KPI,
    cost::KPI,
    co2e_kg::KPI,
    known_time_share::KPI,
    counted_energy_share::KPI,
    workstation_on_hours_per_week::KPI,
    workstation_closed_on_hours_per_week::KPI,
    workstation_shutdown_share::KPI,
    base_load_w::KPI,
    base_kwh_per_day::KPI,
    storage_g_per_tb_year::KPI,
    cooling_kwh::KPI,
    cooling_ratio::KPI,
];

/// Why a figure is left out where nothing was measured.
const NOTHING: &str = "nothing was measured in the period";

/// A value, or why there is none.
pub type Answer = Result<f64, &'static str>;

/// A figure: what it is called, how it is reckoned, where that comes from.
#[derive(Clone, Copy, Debug)]
pub struct Kpi {
    /// The stable word.
    pub name: &'static str,
    /// The unit of its value; `1` for a ratio or a count, `currency` for the site's.
    pub unit: &'static str,
    /// How it is reckoned.
    pub formula: &'static str,
    /// Who uses it, and what they found.
    pub source: &'static str,
    /// What was published, to be shown beside it.
    pub published: Option<Published>,
    /// How a value is made of the sums of a period.
    pub reckon: Reckon,
}

/// A published band, in the unit of its figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Published {
    /// The least.
    pub from: f64,
    /// The greatest; the least again where a single value was published.
    pub until: f64,
}

/// How a value is made.
#[derive(Clone, Copy, Debug)]
pub enum Reckon {
    /// One value.
    Whole(fn(&Totals) -> Answer),
    /// One value for each state.
    ByState(fn(&Totals, State) -> Answer),
}

impl Kpi {
    /// Its values: one, or one for each state.
    #[must_use]
    pub fn values(&self, totals: &Totals) -> Vec<(Option<State>, Answer)> {
        match self.reckon {
            Reckon::Whole(value) => vec![(None, value(totals))],
            Reckon::ByState(value) => State::ALL
                .into_iter()
                .map(|state| (Some(state), value(totals, state)))
                .collect(),
        }
    }
}

/// A part of a whole, or why there is none.
fn ratio(part: f64, whole: f64, reason: &'static str) -> Answer {
    if whole > 0.0 {
        Ok(part / whole)
    } else {
        Err(reason)
    }
}

/// Idling in closed hours, or why nobody can say.
fn closed_idle(totals: &Totals) -> Result<Part, &'static str> {
    let is_closed = totals.closed().duration.is_positive();
    is_closed
        .then(|| totals.closed_idle())
        .ok_or("no closed hours in the period: always open, or nothing measured")
}
