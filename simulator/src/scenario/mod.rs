//! Scenarios: a hospital, its meters and what goes wrong, in one TOML file with a seed.
//!
//! Unknown keys are refused and everything is checked before anything starts; a fault names what, where and the mend.
//! Built-in scenarios are the files of `simulator/scenarios`, one line each in [`BUILT_IN`].

mod check;
mod device;
mod fault;
mod meter;

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use serde::Deserialize;

pub use device::{Day, DeviceSpec, EventKind, EventSpec, LevelsSpec, Modality, Mode, Schedule};
pub use fault::{FaultKind, FaultSpec, Moment};
pub use meter::{Family, MeterSpec, Policy, ReportSpec};

use crate::local_time::LocalTime;

/// Name and text of each scenario that comes with the crate.
pub const BUILT_IN: &[(&str, &str)] = &[
    ("ct_room", include_str!("../../scenarios/ct_room.toml")),
    ("demo", include_str!("../../scenarios/demo.toml")),
    ("faulty", include_str!("../../scenarios/faulty.toml")),
    ("week", include_str!("../../scenarios/week.toml")),
];

/// A checked scenario.
#[derive(Debug, Clone, PartialEq)]
pub struct Scenario {
    /// Name for people.
    pub name: String,
    /// Everything random comes from it.
    pub seed: u64,
    /// The hospital's zone (IANA).
    pub zone: TimeZone,
    /// First instant.
    pub start: Timestamp,
    /// Length of the first run; a simulation may go on beyond it.
    pub days: u32,
    /// The finest step of fluctuating loads (gradient swing, exposure ripple), in seconds.
    pub step_seconds: f64,
    /// The devices, each with its meter.
    pub devices: Vec<DeviceSpec>,
}

/// Why a scenario cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum ScenarioError {
    /// Not TOML, a key that does not exist, or a value of the wrong kind.
    #[error("the scenario cannot be read: {0}\nmend: simulator/README.md lists every key")]
    Unreadable(#[from] toml::de::Error),
    /// A value that cannot be.
    #[error("{place}: {what}\nmend: {mend}")]
    Invalid {
        /// Where, as a path of keys.
        place: String,
        /// What is wrong.
        what: String,
        /// How to mend it.
        mend: String,
    },
    /// No built-in scenario has this name.
    #[error("there is no built-in scenario {name:?}\nmend: use one of {known}, or the path of a TOML file")]
    UnknownName {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    name: String,
    seed: u64,
    zone: String,
    start: Date,
    #[serde(default = "one_week")]
    days: u32,
    #[serde(default = "half_second")]
    step_seconds: f64,
    devices: Vec<DeviceSpec>,
}

fn one_week() -> u32 {
    7
}

fn half_second() -> f64 {
    0.5
}

impl Scenario {
    /// Reads and checks a scenario.
    ///
    /// # Errors
    /// [`ScenarioError::Unreadable`] or [`ScenarioError::Invalid`], with place and mend.
    pub fn from_toml(text: &str) -> Result<Self, ScenarioError> {
        let file: File = toml::from_str(text)?;
        let zone = TimeZone::get(&file.zone).map_err(|_| {
            check::invalid(
                "zone",
                format!("{:?} is no time zone", file.zone),
                "write an IANA name such as Europe/Paris",
            )
        })?;
        let start_ms = LocalTime::new(zone.clone()).instant_ms(file.start, Time::midnight());
        let scenario = Self {
            name: file.name,
            seed: file.seed,
            start: crate::power::timestamp(start_ms),
            zone,
            days: file.days,
            step_seconds: file.step_seconds,
            devices: file.devices,
        };
        check::check(&scenario)?;
        Ok(scenario)
    }

    /// A scenario that comes with the crate; [`BUILT_IN`] names them.
    ///
    /// # Errors
    /// [`ScenarioError::UnknownName`].
    pub fn builtin(name: &str) -> Result<Self, ScenarioError> {
        let Some((_, text)) = BUILT_IN.iter().find(|(known, _)| *known == name) else {
            let known: Vec<&str> = BUILT_IN.iter().map(|(known, _)| *known).collect();
            return Err(ScenarioError::UnknownName {
                name: name.to_owned(),
                known: known.join(", "),
            });
        };
        Self::from_toml(text)
    }

    /// The same scenario beginning at another instant (whole milliseconds). Day 0 is the local date of `start`, so the
    /// nights of events move along.
    #[must_use]
    pub fn starting_at(mut self, start: Timestamp) -> Self {
        self.start = crate::power::timestamp(start.as_millisecond());
        self
    }

    /// The same scenario with another seed.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Where the first run ends: `days` times 24 hours after the start.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        crate::power::timestamp(self.start.as_millisecond() + i64::from(self.days) * 86_400_000)
    }

    /// The scenario's first local date: day 0.
    #[must_use]
    pub fn first_date(&self) -> Date {
        self.zone.to_datetime(self.start).date()
    }
}
