//! What idlewatt can say of a device. Findings are the only thing that leaves this room.
//!
//! The findings log stores them by their place in [`Finding`]: a new kind comes last.
//!
//! Every finding has a deterministic identity (device and instant, bucket or number), so that writing one twice
//! overwrites it. They are serialisable for the findings log alone (docs/decisions/0002-serialisation.md); public
//! formats have types of their own in `deliver`.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::learn::LearnedBand;
use crate::site::TariffPeriod;
use crate::{Energy, State};

/// A device's id from the configuration.
pub type DeviceId = Arc<str>;

/// One thing found out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Finding {
    /// A point of the power curve.
    Sample(Sample),
    /// The live state changed.
    StateChange(StateChange),
    /// A stretch of time in one state, final.
    Interval(Interval),
    /// A cluster of scanning, final.
    Exam(Exam),
    /// Energy and time of one bucket so far; a later row of the same key, this or [`Self::Settled`], replaces it.
    Ledger(LedgerRow),
    /// A step in an alert's life.
    Alert(AlertEvent),
    /// Something is wrong with a meter or its counter.
    Fault(Fault),
    /// What a device's power means was learned, or is learned to be otherwise.
    Bands(BandsLearned),
    /// Energy and time of one bucket of a settled hour: the last row of its key. For who cannot replace what it has.
    Settled(LedgerRow),
}

impl Finding {
    /// The row of the energy ledger that it is, settled or not.
    #[must_use]
    pub const fn ledger_row(&self) -> Option<&LedgerRow> {
        match self {
            Self::Ledger(row) | Self::Settled(row) => Some(row),
            _ => None,
        }
    }
}

/// A point of the power curve: the device's power and what it means. Key: device, at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// Which device.
    pub device: DeviceId,
    /// The instant of measurement.
    #[serde(with = "crate::nanoseconds")]
    pub at: Timestamp,
    /// Sum of the signed active power of the device's channels, W.
    pub power_w: f64,
    /// The state at that instant.
    pub state: State,
    /// Whether a later sample may still correct `state` (a correction is the same key again).
    pub is_provisional: bool,
}

/// The live state changed, as soon as it can be said. Key: device, at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StateChange {
    /// Which device.
    pub device: DeviceId,
    /// Since when the new state holds (may lie up to `FINAL_AFTER` before the moment it is said).
    #[serde(with = "crate::nanoseconds")]
    pub at: Timestamp,
    /// The state before.
    pub from: State,
    /// The state now.
    pub to: State,
    /// The power that made the change, W; none where silence did.
    pub power_w: Option<f64>,
}

/// A stretch of time in one state, with the energy booked to it. Intervals of a device tile time. Key: device, from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Interval {
    /// Which device.
    pub device: DeviceId,
    /// First instant.
    #[serde(with = "crate::nanoseconds")]
    pub from: Timestamp,
    /// First instant after it.
    #[serde(with = "crate::nanoseconds")]
    pub until: Timestamp,
    /// The state all through.
    pub state: State,
    /// Energy booked to it.
    pub energy: Energy,
    /// The part of `energy` that was integrated from power, not counted by the meter.
    pub estimated: Energy,
}

/// A cluster of scanning with short gaps: probably one patient's examination. Key: device, from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exam {
    /// Which device.
    pub device: DeviceId,
    /// Counts up from 1 since the device was first seen.
    pub number: u64,
    /// Start of the first acquisition.
    #[serde(with = "crate::nanoseconds")]
    pub from: Timestamp,
    /// End of the last acquisition.
    #[serde(with = "crate::nanoseconds")]
    pub until: Timestamp,
    /// All energy from `from` to `until`.
    pub energy: Energy,
    /// The energy of the scanning inside it.
    pub scanning_energy: Energy,
    /// The time of the scanning inside it.
    pub scanning: SignedDuration,
    /// A patient or, as a guess, none.
    pub kind: ExamKind,
}

/// Whom an examination was for. Power shows no patient: both are guesses, and the second says why.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ExamKind {
    /// Taken for a patient's: nothing speaks against it.
    Patient,
    /// Looks like the exposures of a morning calibration, without a patient.
    CalibrationGuess,
}

impl ExamKind {
    /// The stable word used in series and pages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Patient => "patient",
            Self::CalibrationGuess => "calibration_guess",
        }
    }

    /// Why it is taken for that.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Patient => "acquisitions that do not look like a calibration",
            Self::CalibrationGuess => {
                "the first acquisitions after three hours without any are three or more single short exposures at regular spacing"
            }
        }
    }
}

/// The energy ledger: device × local hour × state × open or closed × tariff. Key: all of these.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LedgerRow {
    /// Which device.
    pub device: DeviceId,
    /// Start of the local hour.
    #[serde(with = "crate::nanoseconds")]
    pub hour: Timestamp,
    /// The state the energy is booked to.
    pub state: State,
    /// Whether the device's opening hours cover it.
    pub is_open: bool,
    /// Which price applies.
    pub tariff: TariffPeriod,
    /// Energy so far in this row.
    pub energy: Energy,
    /// The part of it integrated from power, not counted by the meter.
    pub estimated: Energy,
    /// Time so far in this row.
    pub duration: SignedDuration,
    /// `energy` at the tariff's price, in the site's currency.
    pub cost: f64,
    /// `energy` times the carbon factor, grams of CO2 equivalent.
    pub co2e_g: f64,
}

/// How urgent an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Severity {
    /// Good to know.
    Info,
    /// Somebody should act in working hours or tonight.
    Warning,
    /// Somebody must act now.
    Critical,
}

impl Severity {
    /// The stable word used in topics and pages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// Where in its life an alert is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum AlertPhase {
    /// New.
    Raised,
    /// Still so, an interval later.
    Reminded,
    /// Over.
    Cleared,
    /// A person knows: no more reminders.
    Acknowledged,
    /// A person wants no reminders until an instant.
    Snoozed,
    /// A person has written something down; the alert stands as it stood. Its detail is what was written.
    Noted,
}

impl AlertPhase {
    /// The stable word used in topics and pages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Reminded => "reminded",
            Self::Cleared => "cleared",
            Self::Acknowledged => "acknowledged",
            Self::Snoozed => "snoozed",
            Self::Noted => "noted",
        }
    }

    /// Every phase, in the order in which they follow each other at one instant.
    pub const ALL: [Self; 6] = [
        Self::Raised,
        Self::Reminded,
        Self::Acknowledged,
        Self::Snoozed,
        Self::Noted,
        Self::Cleared,
    ];

    /// Its place in [`Self::ALL`]: of two steps at one instant the later one counts.
    #[must_use]
    pub const fn order(self) -> i64 {
        match self {
            Self::Raised => 0,
            Self::Reminded => 1,
            Self::Acknowledged => 2,
            Self::Snoozed => 3,
            Self::Noted => 4,
            Self::Cleared => 5,
        }
    }
}

/// A step in an alert's life. Key of the alert: rule, device, since; key of the step: these and at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlertEvent {
    /// The rule's name (see [`crate::alert::RULES`]).
    pub rule: String,
    /// Which device.
    pub device: DeviceId,
    /// How urgent.
    pub severity: Severity,
    /// What happened to the alert.
    pub phase: AlertPhase,
    /// When what it tells of began.
    #[serde(with = "crate::nanoseconds")]
    pub since: Timestamp,
    /// When this step was taken.
    #[serde(with = "crate::nanoseconds")]
    pub at: Timestamp,
    /// Energy spent on it so far.
    pub energy: Energy,
    /// `energy` in the site's currency.
    pub cost: f64,
    /// `energy` in grams of CO2 equivalent.
    pub co2e_g: f64,
    /// What the rule says beside its name: which phase, which level; of a note, what was written; empty where there is
    /// nothing to add.
    pub detail: String,
    /// The person who took this step; empty where none did, or none is named.
    pub by: String,
    /// Until when it is snoozed; none in other phases.
    pub until: Option<Timestamp>,
}

/// What a device's power means, as it was learned from its own levels; all of it, each time it is said. Key: device, at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BandsLearned {
    /// Which device.
    pub device: DeviceId,
    /// From when it holds.
    #[serde(with = "crate::nanoseconds")]
    pub at: Timestamp,
    /// The levels of rest, from low to high.
    pub bands: Vec<LearnedBand>,
    /// Acquisition begins here, W; none where it is not claimed.
    pub scanning_from_w: Option<f64>,
    /// A weaker acquisition begins here, if a stronger one follows, W.
    pub scout_from_w: Option<f64>,
    /// How often the meter tells something new, s.
    pub interval_s: f64,
    /// The meter tells too rarely for acquisitions to be seen.
    pub is_too_coarse: bool,
}

/// Something is wrong with a meter. Key: device, meter, at, kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fault {
    /// The device the meter feeds.
    pub device: DeviceId,
    /// The meter.
    pub meter: String,
    /// When.
    #[serde(with = "crate::nanoseconds")]
    pub at: Timestamp,
    /// What.
    pub kind: FaultKind,
    /// The figures, for an engineer.
    pub detail: String,
}

/// What can be wrong with a meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum FaultKind {
    /// The energy counter fell to (nearly) zero.
    CounterReset,
    /// The energy counter went back a little.
    CounterRollback,
    /// The energy counter rose by more than the device can draw.
    CounterJump,
    /// Power is beyond the device's plausible maximum; the sample was set aside.
    ImplausiblePower,
    /// No reading for longer than the silence limit.
    Silent,
    /// Readings came back after silence.
    Heard,
    /// The meter's last will or availability topic says it is away.
    Offline,
    /// The meter's clock is far from the time of arrival; its stamps are not used.
    ClockWrong,
    /// The reading is older than what is final, or a value of the past sent behind newer ones; it was not used.
    TooLate,
    /// The energy counter passed its end and began again; the energy of the step is known.
    CounterWrap,
    /// The energy counter stands still although power flows.
    CounterStuck,
    /// The meter's numbering shows that messages were lost.
    MessageLost,
    /// The meter itself says that a part of it has failed.
    MeterError,
    /// Power is worked out from the current, not measured.
    EstimatedPower,
    /// A value came under a name that nobody has explained; it was not used.
    UnknownName,
    /// The meter does not say the unit; the usual one was assumed.
    UnitAssumed,
    /// Readings come too rarely for acquisitions to be seen: scanning is not claimed.
    IntervalTooCoarse,
}

impl FaultKind {
    /// The stable word used in series and pages.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::CounterReset => "counter_reset",
            Self::CounterRollback => "counter_rollback",
            Self::CounterJump => "counter_jump",
            Self::ImplausiblePower => "implausible_power",
            Self::Silent => "silent",
            Self::Heard => "heard",
            Self::Offline => "offline",
            Self::ClockWrong => "clock_wrong",
            Self::TooLate => "too_late",
            Self::CounterWrap => "counter_wrap",
            Self::CounterStuck => "counter_stuck",
            Self::MessageLost => "message_lost",
            Self::MeterError => "meter_error",
            Self::EstimatedPower => "estimated_power",
            Self::UnknownName => "unknown_name",
            Self::UnitAssumed => "unit_assumed",
            Self::IntervalTooCoarse => "interval_too_coarse",
        }
    }
}
