//! Radiography room: exposures shorter than a second, so that many meters never see one.

use jiff::SignedDuration;

use super::{Acquisition, Edge, Learning, Modality, Name, Role, Timing};
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
    names: &[
        Name {
            state: State::Off,
            watts: (0.0, 200.0),
            of_idle: (0.0, 0.15),
            are_many: false,
        },
        Name {
            state: State::Standby,
            watts: (300.0, 1_200.0),
            of_idle: (0.15, 0.65),
            are_many: false,
        },
        Name {
            state: State::Idle,
            watts: (1_200.0, 4_000.0),
            of_idle: (1.0, 1.0),
            are_many: false,
        },
        // motors and fans
        Name {
            state: State::Idle,
            watts: (1_200.0, 6_000.0),
            of_idle: (1.05, 2.0),
            are_many: true,
        },
    ],
    learning: Learning {
        steady_s: 20.0,
        pulse_ratio: 1.5,
        works_from_idle: true,
        cycle: None,
    },
    acquisition: Some(Acquisition {
        edge: Edge::Middle,
        typical_w: 10_000.0,
        has_scouts: false,
        least_s: 0.0,
        wait_s: 0.0,
        short_s: 2.0,
        interval_s_max: 15.0,
    }),
    power_w_max: 120_000.0,
    timing: Timing {
        bridge: SignedDuration::from_secs(60),
        rise_dwell: SignedDuration::from_secs(15),
        fall_dwell: SignedDuration::from_secs(60),
    },
    idle_is_waste: true,
    exam_gap: Some(SignedDuration::from_secs(300)),
    role: Role::Scanner,
    calibration: None,
    source: "CEDARS defaults for radiography (low confidence): 0.1, 0.6, 2 and 12 kW",
};
