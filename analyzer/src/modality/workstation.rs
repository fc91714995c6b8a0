//! Reading workstation with its screens: 117 W on, 54 W standby, 18 W off.
//!
//! Used or unused draws the same watts, so on is `idle` and scanning is never claimed.

use jiff::SignedDuration;

use super::{Modality, Timing};
use crate::State;

/// See the module.
pub(super) static WORKSTATION: Modality = Modality {
    name: "workstation",
    label: "Workstation",
    levels: &[
        (State::Off, -5.0, 35.0),
        (State::Standby, 35.0, 80.0),
        (State::Idle, 80.0, 2_000.0),
    ],
    power_w_max: 2_000.0,
    timing: Timing {
        bridge: SignedDuration::from_secs(30),
        rise_dwell: SignedDuration::from_secs(30),
        fall_dwell: SignedDuration::from_secs(60),
    },
    idle_is_waste: true,
    exam_gap: None,
    source: "Büttner et al., Eur J Radiol Open 2021;8:100320",
};
