//! MRI: power-save 6.4 kW lies below off (7.3 to 9.7 kW, the magnet is still cooled); idle 9.5 to 14.5 kW; prepared to
//! scan 17 to 26 kW, counted as idle; scanning 28 to 48 kW.
//!
//! Near 0 W is in no band: it is a lost cryocooler, never a saving.

use jiff::SignedDuration;

use super::{Acquisition, Cycle, Edge, Learning, Modality, Name, Role, Timing};
use crate::State;

/// See the module.
pub(super) static MRI: Modality = Modality {
    name: "mri",
    label: "MRI",
    levels: &[
        (State::Standby, 4_500.0, 6_900.0),
        (State::Off, 6_900.0, 9_500.0),
        (State::Idle, 9_500.0, 27_000.0),
        (State::Scanning, 27_000.0, 150_000.0),
    ],
    names: &[
        Name {
            state: State::Standby,
            watts: (6_000.0, 6_800.0),
            of_idle: (0.4, 0.7),
            are_many: false,
        },
        Name {
            state: State::Off,
            watts: (7_300.0, 9_700.0),
            of_idle: (0.55, 0.95),
            are_many: false,
        },
        Name {
            state: State::Idle,
            watts: (9_500.0, 14_500.0),
            of_idle: (1.0, 1.0),
            are_many: false,
        },
        // prepared to scan
        Name {
            state: State::Idle,
            watts: (17_000.0, 26_000.0),
            of_idle: (1.2, 2.8),
            are_many: true,
        },
        Name {
            state: State::Scanning,
            watts: (28_000.0, 60_000.0),
            of_idle: (2.0, 6.0),
            are_many: true,
        },
    ],
    learning: Learning {
        steady_s: 30.0,
        pulse_ratio: 1.5,
        works_from_idle: false,
        cycle: Some(Cycle {
            below_w: 9_000.0,
            wide: 1.3,
            narrow_below_w: 7_200.0,
            ratio: 3.5,
            state: State::Standby,
        }),
    },
    acquisition: Some(Acquisition {
        edge: Edge::Part(0.35),
        typical_w: 38_000.0,
        has_scouts: false,
        least_s: 8.0,
        wait_s: 30.0,
        short_s: 20.0,
        interval_s_max: 30.0,
    }),
    power_w_max: 150_000.0,
    timing: Timing {
        bridge: SignedDuration::from_secs(90),
        rise_dwell: SignedDuration::from_secs(30),
        fall_dwell: SignedDuration::from_secs(60),
    },
    idle_is_waste: true,
    exam_gap: Some(SignedDuration::from_secs(300)),
    role: Role::Scanner,
    calibration: None,
    source: "Woolen et al., Radiology 2023;307:e230441; Overweg, ISMRM 2024 E8954",
};
