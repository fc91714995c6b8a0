//! CT: idle 1.5 to 3.2 kW, exposures of seconds at 30 to 90 kW, off 0 to 0.5 kW.
//!
//! Rotor spin-up, gantry rotation, fans and heat exchangers (up to 9.5 kW) stay below the scanning edge: they are idle.

use jiff::SignedDuration;

use super::{Modality, Timing};
use crate::State;

/// See the module.
pub(super) static CT: Modality = Modality {
    name: "ct",
    label: "CT",
    levels: &[
        (State::Off, -50.0, 650.0),
        (State::Standby, 650.0, 1_600.0),
        (State::Idle, 1_600.0, 10_000.0),
        (State::Scanning, 10_000.0, 250_000.0),
    ],
    power_w_max: 250_000.0,
    timing: Timing {
        bridge: SignedDuration::from_secs(60),
        rise_dwell: SignedDuration::from_secs(15),
        fall_dwell: SignedDuration::from_secs(60),
    },
    idle_is_waste: true,
    exam_gap: Some(SignedDuration::from_secs(240)),
    source: "Schulz et al., Acad Radiol 2024; Brown et al., CARJ 2022; Lipford et al., AAPM 2022",
};
