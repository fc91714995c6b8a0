//! CT: idle 1.5 to 3.2 kW, exposures of seconds at 30 to 90 kW, off 0 to 0.5 kW.
//!
//! Rotor spin-up, gantry rotation, fans and heat exchangers (up to 9.5 kW) stay below the scanning edge: they are idle.

use jiff::SignedDuration;

use super::{Acquisition, Calibration, Edge, Learning, Modality, Name, Role, Timing};
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
    names: &[
        Name {
            state: State::Off,
            watts: (0.0, 500.0),
            of_idle: (0.0, 0.2),
            are_many: false,
        },
        Name {
            state: State::Standby,
            watts: (500.0, 1_500.0),
            of_idle: (0.2, 0.65),
            are_many: false,
        },
        Name {
            state: State::Idle,
            watts: (1_300.0, 3_500.0),
            of_idle: (1.0, 1.0),
            are_many: false,
        },
        // fans, and heat exchangers of up to 9.5 kW
        Name {
            state: State::Idle,
            watts: (2_000.0, 13_500.0),
            of_idle: (1.05, 5.5),
            are_many: true,
        },
        // an exposure that holds still for long
        Name {
            state: State::Scanning,
            watts: (20_000.0, 120_000.0),
            of_idle: (8.0, 60.0),
            are_many: true,
        },
    ],
    learning: Learning {
        steady_s: 40.0,
        pulse_ratio: 1.3,
        works_from_idle: true,
        cycle: None,
    },
    acquisition: Some(Acquisition {
        edge: Edge::Middle,
        typical_w: 50_000.0,
        has_scouts: true,
        least_s: 1.0,
        wait_s: 60.0,
        short_s: 2.0,
        interval_s_max: 15.0,
    }),
    power_w_max: 250_000.0,
    timing: Timing {
        bridge: SignedDuration::from_secs(60),
        rise_dwell: SignedDuration::from_secs(15),
        fall_dwell: SignedDuration::from_secs(60),
    },
    idle_is_waste: true,
    exam_gap: Some(SignedDuration::from_secs(240)),
    role: Role::Scanner,
    calibration: Some(Calibration {
        exposures_min: 3,
        exposure_s_max: 15.0,
        spacing_ratio_max: 1.6,
        rest_s_min: 3.0 * 3600.0,
    }),
    source: "Schulz et al., Acad Radiol 2024; Brown et al., CARJ 2022; Lipford et al., AAPM 2022",
};
