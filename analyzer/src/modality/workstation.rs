//! Reading workstation with its screens: 117 W on, 54 W standby, 18 W off.
//!
//! Used or unused draws the same watts, so on is `idle` and scanning is never claimed. What is asleep (some watts) looks
//! like off until a lower level has been seen.

use jiff::SignedDuration;

use super::{Learning, Modality, Name, Role, Timing};
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
    names: &[
        Name {
            state: State::Off,
            watts: (0.0, 25.0),
            of_idle: (0.0, 0.22),
            are_many: false,
        },
        // asleep: at most 5 W a computer and 1 W off, by Regulation (EU) 617/2013; with its screens some more
        Name {
            state: State::Standby,
            watts: (2.5, 15.0),
            of_idle: (0.01, 0.15),
            are_many: false,
        },
        Name {
            state: State::Standby,
            watts: (30.0, 80.0),
            of_idle: (0.22, 0.62),
            are_many: false,
        },
        Name {
            state: State::Idle,
            watts: (60.0, 400.0),
            of_idle: (1.0, 1.0),
            are_many: true,
        },
    ],
    learning: Learning {
        steady_s: 45.0,
        pulse_ratio: 1.12,
        works_from_idle: true,
        cycle: None,
    },
    acquisition: None,
    power_w_max: 2_000.0,
    timing: Timing {
        bridge: SignedDuration::from_secs(30),
        rise_dwell: SignedDuration::from_secs(30),
        fall_dwell: SignedDuration::from_secs(60),
    },
    idle_is_waste: true,
    exam_gap: None,
    role: Role::Workstation,
    calibration: None,
    source: "Büttner et al., Eur J Radiol Open 2021;8:100320",
};
