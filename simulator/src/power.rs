//! True power over time: constant pieces in whole milliwatts, so that energies add up exactly.
//!
//! Time is unix milliseconds, power milliwatts, energy microjoules (mW x ms): integers all three. Splitting a piece in
//! two never changes a sum. Limit: one device may draw 100 kW for two years before an `i64` of microjoules is full;
//! totals are `i128`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What a device truly does. Magnetic resonance `ready` counts as idle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// No acquisition possible until a boot. A magnet's cooling still runs.
    Off,
    /// Reduced power by a feature of the vendor; comes back by itself or with one action.
    Standby,
    /// Ready to acquire, not acquiring.
    Idle,
    /// Acquisition load is present.
    Scanning,
}

/// Something worth telling in the truth, at the moment it happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happening {
    /// Staff went home and left the device in idle.
    LeftOn,
    /// The device woke by itself.
    SelfWake,
    /// The device was woken for an emergency at night.
    Emergency,
    /// Calibration exposures without a patient begin.
    Calibration,
}

/// Constant power from `from_ms` (included) until `until_ms` (excluded).
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Segment {
    pub(crate) from_ms: i64,
    pub(crate) until_ms: i64,
    pub(crate) milliwatts: i64,
    pub(crate) state: State,
    /// Number of the exam this piece lies in (from its first to its last acquisition); 0 outside.
    pub(crate) exam: u32,
    /// Set on the first piece after it happened.
    pub(crate) happening: Option<Happening>,
}

impl Segment {
    /// Energy of the piece in microjoules.
    pub(crate) fn microjoules(&self) -> i64 {
        self.milliwatts * (self.until_ms - self.from_ms)
    }
}

/// A source of contiguous segments without an end.
pub(crate) trait Load: Send {
    /// The next piece; begins where the last one ended.
    fn next_segment(&mut self) -> Segment;
}

/// Watts to whole milliwatts; loads never feed back, so negative draws are 0.
pub(crate) fn milliwatts(watts: f64) -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a saturating cast of a bounded power"
    )]
    let whole = (watts.max(0.0) * 1000.0).round() as i64;
    whole
}

/// Microjoules in watt-hours.
#[expect(clippy::cast_precision_loss, reason = "reported with 53 bits")]
pub(crate) fn watt_hours(microjoules: i128) -> f64 {
    microjoules as f64 / 3.6e9
}

/// A unix millisecond as a timestamp.
pub(crate) fn timestamp(at_ms: i64) -> Timestamp {
    Timestamp::from_millisecond(at_ms).expect("simulated times lie within the years 0 to 9999")
}
