//! Server or PACS rack behind a PDU: a base load that is on (`idle`) or off.

use jiff::SignedDuration;

use super::{Learning, Modality, Role, Timing};
use crate::State;

/// See the module.
pub(super) static SERVER: Modality = Modality {
    name: "server",
    label: "Server rack",
    levels: &[(State::Off, -5.0, 30.0), (State::Idle, 30.0, 50_000.0)],
    names: &[],
    learning: Learning {
        steady_s: 60.0,
        pulse_ratio: 1.1,
        works_from_idle: false,
        cycle: None,
    },
    acquisition: None,
    power_w_max: 50_000.0,
    timing: Timing {
        bridge: SignedDuration::from_secs(30),
        rise_dwell: SignedDuration::from_secs(30),
        fall_dwell: SignedDuration::from_secs(60),
    },
    idle_is_waste: false,
    exam_gap: None,
    role: Role::Server,
    calibration: None,
    source: "no published levels: anything above 30 W is on",
};
