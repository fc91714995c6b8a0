//! Chiller.
//!
//! Share: cooling draws 33 to 45 % on top of the scanners (Heye, 2015 data; Vosshenrich, Curr Opin Urol 2025). Assumed:
//! a store of cold water with two limits, a compressor of `burst_watts` that runs until the lower one, pumps of
//! `idle_watts` that always run. It follows the load it cools loosely: the heat comes from copies of those devices'
//! loads (same seed, same streams, hence the same load), smoothed by the store. Always idle in the truth.

use super::{Entry, Levels, build, levels};
use crate::agenda::Habit;
use crate::dice::{Dice, Part};
use crate::power::{Load, Segment, State, milliwatts};
use crate::scenario::{DeviceSpec, Modality, Mode, Scenario};

pub(super) const ENTRY: Entry = Entry {
    modality: Modality::Cooling,
    levels: Levels {
        off_watts: 0.0,
        standby_watts: 1_200.0,
        idle_watts: 1_200.0,
        ready_watts: 1_200.0,
        scanning_watts_min: 1_200.0,
        scanning_watts_max: 27_200.0,
        burst_watts: 26_000.0,
    },
    habit: Habit {
        exams_per_hour: 0.0,
        exam_minutes: 10.0,
        after_hours: Mode::Idle,
        calibrates: false,
    },
    bridge_ms: 60_000,
    model: None,
};

/// Length of a piece.
const GRAIN_MS: i64 = 10_000;
/// Watts of heat moved per watt of compressor.
const HEAT_PER_WATT: f64 = 3.0;
/// Share of the cooled devices' power that reaches the water.
const HEAT_SHARE: f64 = 0.9;
/// Heat the store takes between its limits, in watt-seconds: some ten minutes of the compressor.
const STORE_SECONDS: f64 = 500.0;

/// The chiller's load.
pub(super) struct Cooling {
    levels: Levels,
    sources: Vec<(Box<dyn Load>, Segment)>,
    now_ms: i64,
    store: f64,
    runs: bool,
    dice: Dice,
}

impl Cooling {
    pub(super) fn new(scenario: &Scenario, device: &DeviceSpec) -> Self {
        let cooled = scenario
            .devices
            .iter()
            .filter(|other| device.cools.contains(&other.id));
        let sources = cooled.map(|other| {
            let mut load = build(scenario, other);
            let first = load.next_segment();
            (load, first)
        });
        Self {
            levels: levels(device),
            sources: sources.collect(),
            now_ms: scenario.start.as_millisecond(),
            store: 0.0,
            runs: false,
            dice: Dice::new(scenario.seed, &device.id, Part::Load),
        }
    }

    /// Heat in watt-seconds that reaches the water until `until_ms`.
    fn heat(&mut self, until_ms: i64) -> f64 {
        let mut microjoules = 0_i64;
        for (load, piece) in &mut self.sources {
            while piece.until_ms <= until_ms {
                microjoules += piece.microjoules();
                *piece = load.next_segment();
            }
            let part = Segment { until_ms, ..*piece };
            microjoules += part.microjoules().max(0);
            piece.from_ms = piece.from_ms.max(until_ms);
        }
        #[expect(clippy::cast_precision_loss, reason = "ten seconds of heat")]
        let watt_seconds = microjoules as f64 / 1e6;
        let basic = if self.sources.is_empty() {
            self.levels.burst_watts * HEAT_PER_WATT * 0.3 * 10.0
        } else {
            0.0
        };
        watt_seconds * HEAT_SHARE + basic
    }
}

impl Load for Cooling {
    fn next_segment(&mut self) -> Segment {
        let until_ms = self.now_ms + GRAIN_MS;
        let seconds = 10.0;
        self.store += self.heat(until_ms);
        if self.runs {
            self.store -= self.levels.burst_watts * HEAT_PER_WATT * seconds;
        }
        let limit = self.levels.burst_watts * HEAT_PER_WATT * STORE_SECONDS;
        self.store = self.store.clamp(0.0, limit * 1.5);
        if self.store >= limit {
            self.runs = true;
        } else if self.store <= 0.0 {
            self.runs = false;
        }
        let compressor = if self.runs { self.levels.burst_watts } else { 0.0 };
        let watts = self.levels.idle_watts * (1.0 + 0.02 * self.dice.normal())
            + compressor * (1.0 + 0.01 * self.dice.normal());
        let segment = Segment {
            from_ms: self.now_ms,
            until_ms,
            milliwatts: milliwatts(watts),
            state: State::Idle,
            exam: 0,
            happening: None,
        };
        self.now_ms = until_ms;
        segment
    }
}
