//! Angiography suite: off 1.1 kW, idle 6.9 kW; imaging pulses lie only 10 to 80 % above idle, and a patient in the room
//! (7.5 kW) cannot be told from an empty one by power alone.

use jiff::SignedDuration;

use super::{Acquisition, Edge, Learning, Modality, Name, Role, Timing};
use crate::State;

/// See the module.
pub(super) static ANGIO: Modality = Modality {
    name: "angio",
    label: "Angiography",
    levels: &[
        (State::Off, -50.0, 2_000.0),
        (State::Idle, 2_000.0, 7_700.0),
        (State::Scanning, 7_700.0, 150_000.0),
    ],
    names: &[
        Name {
            state: State::Off,
            watts: (300.0, 1_100.0),
            of_idle: (0.0, 0.55),
            are_many: false,
        },
        Name {
            state: State::Standby,
            watts: (1_100.0, 4_000.0),
            of_idle: (0.35, 0.85),
            are_many: false,
        },
        Name {
            state: State::Idle,
            watts: (700.0, 7_400.0),
            of_idle: (1.0, 1.0),
            are_many: false,
        },
        // a patient in the room
        Name {
            state: State::Idle,
            watts: (700.0, 9_000.0),
            of_idle: (1.01, 1.25),
            are_many: true,
        },
    ],
    learning: Learning {
        steady_s: 90.0,
        pulse_ratio: 1.08,
        works_from_idle: true,
        cycle: None,
    },
    acquisition: Some(Acquisition {
        edge: Edge::Above(0.05),
        typical_w: 10_000.0,
        has_scouts: false,
        least_s: 1.0,
        wait_s: 20.0,
        short_s: 4.0,
        interval_s_max: 15.0,
    }),
    power_w_max: 150_000.0,
    timing: Timing {
        bridge: SignedDuration::from_secs(60),
        rise_dwell: SignedDuration::from_secs(15),
        fall_dwell: SignedDuration::from_secs(60),
    },
    idle_is_waste: true,
    exam_gap: Some(SignedDuration::from_secs(900)),
    role: Role::Scanner,
    calibration: None,
    source: "Vosshenrich et al., AJR 2024;222:e2430988",
};
