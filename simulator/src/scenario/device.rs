//! What a scenario says of one device: modality, levels, day, events.

use serde::Deserialize;

use super::{FaultSpec, MeterSpec};

/// The kind of device, and with it the load model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Modality {
    /// Computed tomography.
    Ct,
    /// Magnetic resonance.
    Mri,
    /// Angiography suite.
    Angio,
    /// Radiography room.
    Xray,
    /// Reading workstation.
    Workstation,
    /// Server rack behind a PDU.
    Server,
    /// Chiller.
    Cooling,
}

/// One device behind one meter.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceSpec {
    /// Unique; the device's random streams are made of it.
    pub id: String,
    /// Name for people; the id where absent.
    pub name: Option<String>,
    /// Room for people.
    pub room: Option<String>,
    /// Which load model.
    pub modality: Modality,
    /// Levels that differ from the published ones.
    #[serde(default)]
    pub levels: LevelsSpec,
    /// The device's day.
    #[serde(default)]
    pub schedule: Schedule,
    /// The meter in front of it.
    pub meter: MeterSpec,
    /// What happens out of the ordinary.
    #[serde(default)]
    pub events: Vec<EventSpec>,
    /// What is wrong with its meter.
    #[serde(default)]
    pub faults: Vec<FaultSpec>,
    /// Only for cooling: ids of the devices whose heat it carries away.
    #[serde(default)]
    pub cools: Vec<String>,
}

/// Power levels in watts; what is absent is the modality's published level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LevelsSpec {
    /// Shut down.
    pub off_watts: Option<f64>,
    /// Low-power or power-save, as a mean.
    pub standby_watts: Option<f64>,
    /// On, not acquiring.
    pub idle_watts: Option<f64>,
    /// Prepared to scan (MRI), patient in the room (angiography).
    pub ready_watts: Option<f64>,
    /// Least acquisition load.
    pub scanning_watts_min: Option<f64>,
    /// Greatest acquisition load.
    pub scanning_watts_max: Option<f64>,
    /// Short loads that are no acquisition: rotor, fans, bursts of work, a compressor.
    pub burst_watts: Option<f64>,
}

/// What staff leave the device in after hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Shut down.
    Off,
    /// Low power.
    Standby,
    /// Ready, as by day.
    Idle,
}

/// A weekday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

/// A device's day in local time.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Schedule {
    /// Days with opening hours.
    pub days: Vec<Day>,
    /// First patient may come, `HH:MM` local.
    pub open: String,
    /// Last patient is done, `HH:MM` local, later than `open`.
    pub close: String,
    /// Mean number of exams; the modality's usual rate where absent.
    pub exams_per_hour: Option<f64>,
    /// What staff switch to in the evening; the modality's habit where absent.
    pub after_hours: Option<Mode>,
    /// How long before opening staff switch on (up to ten minutes more or less).
    pub ready_before_minutes: f64,
    /// Mean time between closing and the switch-off (from a third to five thirds of it).
    pub closing_delay_minutes: f64,
    /// Morning calibration (CT only).
    pub calibration: bool,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            days: vec![Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri],
            open: "07:30".to_owned(),
            close: "18:00".to_owned(),
            exams_per_hour: None,
            after_hours: None,
            ready_before_minutes: 15.0,
            closing_delay_minutes: 12.0,
            calibration: true,
        }
    }
}

/// Something out of the ordinary. A night bears the date it begins on: night 0 follows the scenario's first day.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventSpec {
    /// What happens.
    pub kind: EventKind,
    /// Nights on which it happens, counted from the scenario's first local date.
    pub nights: Vec<i32>,
    /// Again after so many days, without an end.
    pub repeat_days: Option<i32>,
    /// `HH:MM` local; 03:00 where absent. Before noon means the morning after.
    pub time: Option<String>,
    /// Emergencies: how many exams, one after the other.
    pub exams: Option<u32>,
}

/// Kinds of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// Nobody switches the device down that evening.
    LeftOn,
    /// The device goes to idle by itself and stays there.
    SelfWake,
    /// Woken, used, put back.
    Emergency,
}
