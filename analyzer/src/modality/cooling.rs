//! Chiller or room air conditioning, on a line of its own and never added to the scanner it cools: compressor running is
//! `idle`, controls alone are `standby`.

use jiff::SignedDuration;

use super::{Learning, Modality, Role, Timing};
use crate::State;

/// See the module.
pub(super) static COOLING: Modality = Modality {
    name: "cooling",
    label: "Cooling",
    levels: &[
        (State::Off, -50.0, 20.0),
        (State::Standby, 20.0, 800.0),
        (State::Idle, 800.0, 300_000.0),
    ],
    names: &[],
    learning: Learning {
        steady_s: 60.0,
        pulse_ratio: 1.1,
        works_from_idle: false,
        cycle: None,
    },
    acquisition: None,
    power_w_max: 300_000.0,
    timing: Timing {
        bridge: SignedDuration::from_secs(30),
        rise_dwell: SignedDuration::from_secs(30),
        fall_dwell: SignedDuration::from_secs(60),
    },
    idle_is_waste: false,
    exam_gap: None,
    role: Role::Cooling,
    calibration: None,
    source: "Heye et al., Radiology 2020;295:593 (cooling is 33 to 80 % on top)",
};
