//! Load models: one file per modality, one line each in [`TABLE`].
//!
//! A model knows published power levels (cited in its file; a scenario may override them per device) and the course of
//! a switch, a calibration, an exam. Where no study gives a figure the file says "assumed".

mod angio;
mod cooling;
mod ct;
mod mri;
mod server;
mod workstation;
mod xray;

use crate::agenda::{Agenda, Habit};
use crate::dice::{Dice, Part};
use crate::local_time::LocalTime;
use crate::machine::{Machine, Model};
use crate::power::Load;
use crate::scenario::{DeviceSpec, Modality, Scenario};

/// Power levels of one device in watts, overrides applied.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Levels {
    /// Shut down.
    pub off_watts: f64,
    /// Low-power or power-save, as a mean.
    pub standby_watts: f64,
    /// On, not acquiring.
    pub idle_watts: f64,
    /// Prepared to scan (MRI), patient in the room (angiography).
    pub ready_watts: f64,
    /// Least acquisition load.
    pub scanning_watts_min: f64,
    /// Greatest acquisition load.
    pub scanning_watts_max: f64,
    /// Short loads that are no acquisition: rotor, fans, bursts of work, a compressor.
    pub burst_watts: f64,
}

/// One modality.
pub(crate) struct Entry {
    pub(crate) modality: Modality,
    /// Published levels.
    pub(crate) levels: Levels,
    pub(crate) habit: Habit,
    /// Pauses inside one exam that are shorter than this are scanning.
    pub(crate) bridge_ms: i64,
    /// `None`: the load is built from other loads (cooling).
    pub(crate) model: Option<fn(Levels) -> Box<dyn Model>>,
}

pub(crate) const TABLE: &[Entry] = &[
    angio::ENTRY,
    cooling::ENTRY,
    ct::ENTRY,
    mri::ENTRY,
    server::ENTRY,
    workstation::ENTRY,
    xray::ENTRY,
];

pub(crate) fn entry(modality: Modality) -> &'static Entry {
    TABLE.iter().find(|entry| entry.modality == modality).expect("a test finds every modality in the table")
}

/// The levels of a device: the published ones, with what the scenario overrides.
#[must_use]
pub fn levels(device: &DeviceSpec) -> Levels {
    let published = entry(device.modality).levels;
    let own = device.levels;
    Levels {
        off_watts: own.off_watts.unwrap_or(published.off_watts),
        standby_watts: own.standby_watts.unwrap_or(published.standby_watts),
        idle_watts: own.idle_watts.unwrap_or(published.idle_watts),
        ready_watts: own.ready_watts.unwrap_or(published.ready_watts),
        scanning_watts_min: own.scanning_watts_min.unwrap_or(published.scanning_watts_min),
        scanning_watts_max: own.scanning_watts_max.unwrap_or(published.scanning_watts_max),
        burst_watts: own.burst_watts.unwrap_or(published.burst_watts),
    }
}

/// The load of one device of a checked scenario, from the scenario's start.
pub(crate) fn build(scenario: &Scenario, device: &DeviceSpec) -> Box<dyn Load> {
    let entry = entry(device.modality);
    let Some(model) = entry.model else {
        return Box::new(cooling::Cooling::new(scenario, device));
    };
    let start_ms = scenario.start.as_millisecond();
    let agenda = Agenda::new(
        LocalTime::new(scenario.zone.clone()),
        device.schedule.clone(),
        entry.habit,
        device.events.clone(),
        start_ms,
        Dice::new(scenario.seed, &device.id, Part::Agenda),
    );
    #[expect(clippy::cast_possible_truncation, reason = "checked: at most ten seconds")]
    let fine_ms = (scenario.step_seconds * 1000.0) as i64;
    let dice = Dice::new(scenario.seed, &device.id, Part::Load);
    Box::new(Machine::new(model(levels(device)), agenda, dice, start_ms, fine_ms))
}
