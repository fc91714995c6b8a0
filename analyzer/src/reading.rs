//! What a meter said, as a decoder hands it over.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;

use crate::FaultKind;

/// One channel's values out of one message. A value that the message does not state is `None`, never zero.
///
/// Power is active, signed (+ is consumption) and in watts; energy is the meter's cumulative import register in
/// watt-hours. Values are finite; a counter is never negative.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Reading {
    /// The meter, as its family names it (a topic segment, a serial number, a friendly name).
    pub meter: Arc<str>,
    /// `None` for a meter of one load; else `total`, `l1`, `l2`, `l3`, an outlet's number, a field's name.
    pub channel: Option<Cow<'static, str>>,
    /// Active power, W.
    pub power_w: Option<f64>,
    /// Cumulative imported energy, Wh.
    pub energy_wh: Option<f64>,
    /// Cumulative exported energy, Wh.
    pub energy_export_wh: Option<f64>,
    /// Voltage, V.
    pub voltage_v: Option<f64>,
    /// Current, A.
    pub current_a: Option<f64>,
    /// The meter's own time stamp, only where it names its zone.
    pub stamp: Option<Timestamp>,
    /// The power was not measured: it is worked out from the current with a configured voltage and power factor.
    pub is_estimated: bool,
    /// A back-filled value, sent after newer ones: never what is true now.
    pub is_historical: bool,
}

impl Reading {
    /// An empty reading of one channel, to be filled.
    #[must_use]
    pub fn of(meter: impl Into<Arc<str>>, channel: Option<&str>) -> Self {
        Self {
            meter: meter.into(),
            channel: channel.map(name),
            ..Self::default()
        }
    }

    /// Whether it states any value at all.
    #[must_use]
    pub fn has_value(&self) -> bool {
        [
            self.power_w,
            self.energy_wh,
            self.energy_export_wh,
            self.voltage_v,
            self.current_a,
        ]
        .iter()
        .any(Option::is_some)
    }
}

/// A channel's name; the usual ones cost no allocation.
fn name(channel: &str) -> Cow<'static, str> {
    Cow::Borrowed(match channel {
        "total" => "total",
        "l1" => "l1",
        "l2" => "l2",
        "l3" => "l3",
        "0" => "0",
        "1" => "1",
        "2" => "2",
        "3" => "3",
        other => return Cow::Owned(other.to_owned()),
    })
}

/// Whether a channel repeats others of its meter: `ab`, by which meters of two clamps `a` and `b` call their sum. It is
/// never added up unless a configuration names it.
#[must_use]
pub fn is_pair(channel: Option<&str>) -> bool {
    channel == Some("ab")
}

/// How a message came, out of the journal, so that a replay sees the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// When the message was received.
    pub at: Timestamp,
    /// Delivered from the broker's retained store: an old value, a sample only if it carries its own stamp.
    pub is_retained: bool,
    /// Delivered in the burst after an outage: without a stamp of its own its instant is not known.
    pub is_after_outage: bool,
}

impl Arrival {
    /// A live message received at `at`.
    #[must_use]
    pub const fn live(at: Timestamp) -> Self {
        Self {
            at,
            is_retained: false,
            is_after_outage: false,
        }
    }
}

/// A meter's word on itself: last will, `online`, availability topic.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Availability {
    /// The meter it is about.
    pub meter: String,
    /// False means the values are stale (state unknown), not zero watts.
    pub is_online: bool,
}

/// What a person should know of a meter, beside its values: a lost message, an error of its own, an assumed unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// The meter it is about.
    pub meter: String,
    /// What.
    pub kind: FaultKind,
    /// The figures, for an engineer.
    pub detail: String,
}
