//! What a scenario says of one fault of a meter or of its way to the broker.

use serde::Deserialize;

/// One fault. Which keys a kind needs, `Scenario::from_toml` checks.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultSpec {
    /// What is wrong.
    pub kind: FaultKind,
    /// Chance per message (drop, duplicate, delay, reorder, poison).
    pub probability: Option<f64>,
    /// Greatest delay (delay).
    pub seconds: Option<f64>,
    /// When it happens (counter_reset, roll_back).
    pub at: Option<Moment>,
    /// When it begins (silence; optional for reversed_phase and clock_wrong).
    pub from: Option<Moment>,
    /// When it ends (silence; optional for reversed_phase and clock_wrong).
    pub until: Option<Moment>,
    /// How far the counter falls back (roll_back).
    pub watt_hours: Option<f64>,
    /// Which phase, 1 to 3 (reversed_phase).
    pub phase: Option<u8>,
    /// How wrong the meter's clock is, signed (clock_wrong).
    pub hours: Option<f64>,
}

/// Kinds of faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FaultKind {
    /// Messages get lost.
    Drop,
    /// Messages come twice.
    Duplicate,
    /// Messages come late, in any order.
    Delay,
    /// A message comes after the one that followed it.
    Reorder,
    /// Nothing comes for a while; the broker publishes the will.
    Silence,
    /// The counters start again at 0.
    CounterReset,
    /// The counter falls back a little, as after a crash without a save.
    RollBack,
    /// A clamp is mounted backwards: its phase is negative and counts as export.
    ReversedPhase,
    /// The meter's clock is hours wrong.
    ClockWrong,
    /// The payload is broken.
    Poison,
}

/// A local instant counted from the scenario's first date.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Moment {
    /// Days after the first local date.
    pub day: i32,
    /// `HH:MM` or `HH:MM:SS` local.
    pub time: String,
}
