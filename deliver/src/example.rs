//! Learned bands for tests: a CT with three levels, of which one has a name of its own.

use analyzer::learn::{Evidence, LearnedBand};
use analyzer::{BandsLearned, DeviceId, State};
use jiff::Timestamp;

/// What a device might have learned.
pub(crate) fn learned(device: DeviceId, at: Timestamp) -> BandsLearned {
    BandsLearned {
        device,
        at,
        bands: vec![
            band(State::Off, 150.0, Some("night")),
            band(State::Standby, 900.0, None),
            LearnedBand {
                until_w: f64::MAX,
                ..band(State::Idle, 2600.0, None)
            },
        ],
        scanning_from_w: Some(11_500.0),
        scout_from_w: Some(4_800.0),
        interval_s: 1.0,
        is_too_coarse: false,
    }
}

/// A level of a state, provisional.
pub(crate) fn band(state: State, level_w: f64, label: Option<&str>) -> LearnedBand {
    LearnedBand {
        state,
        label: label.map(str::to_owned),
        level_w,
        from_w: level_w * 0.7,
        until_w: level_w * 1.5,
        from_w_seen: level_w * 0.98,
        until_w_seen: level_w * 1.02,
        cycles_until_w: None,
        evidence: Evidence {
            seconds: 900.0,
            stability: 0.9,
            separation: Some(0.3),
            launches: 2.0,
            margin: None,
            is_pinned: false,
            confidence: 0.4,
        },
    }
}
