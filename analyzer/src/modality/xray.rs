//! Radiography room: exposures shorter than a second, so that many meters never see one.

use jiff::SignedDuration;

use super::{Modality, Timing};
use crate::State;

/// See the module.
pub(super) static XRAY: Modality = Modality {
    name: "xray",
    label: "X-ray room",
    levels: &[
        (State::Off, -50.0, 300.0),
        (State::Standby, 300.0, 1_200.0),
        (State::Idle, 1_200.0, 5_000.0),
        (State::Scanning, 5_000.0, 120_000.0),
    ],
    power_w_max: 120_000.0,
    timing: Timing {
        bridge: SignedDuration::from_secs(60),
        rise_dwell: SignedDuration::from_secs(15),
        fall_dwell: SignedDuration::from_secs(60),
    },
    idle_is_waste: true,
    exam_gap: Some(SignedDuration::from_secs(300)),
    source: "CEDARS defaults for radiography (low confidence): 0.1, 0.6, 2 and 12 kW",
};
