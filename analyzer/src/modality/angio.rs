//! Angiography suite: off 1.1 kW, idle 6.9 kW; imaging pulses lie only 10 to 80 % above idle, and a patient in the room
//! (7.5 kW) cannot be told from an empty one by power alone.

use jiff::SignedDuration;

use super::{Modality, Timing};
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
    power_w_max: 150_000.0,
    timing: Timing {
        bridge: SignedDuration::from_secs(60),
        rise_dwell: SignedDuration::from_secs(15),
        fall_dwell: SignedDuration::from_secs(60),
    },
    idle_is_waste: true,
    exam_gap: Some(SignedDuration::from_secs(900)),
    source: "Vosshenrich et al., AJR 2024;222:e2430988",
};
