//! Random days of a machine: levels of its modality's bands and what lies between, swings, pulses, meters of any rhythm
//! with gaps, spikes and duplicates, and registers with faults.

use analyzer::Reading;
use analyzer::modality::MODALITIES;
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::RngSeed;

/// More than any modality's plausible power, W.
const SPIKE_W: f64 = 4e6;
/// What every modality may draw, W.
const POWER_W_MAX: f64 = 45_000.0;
/// Sizes are bounded so that a law's cases stay quick.
const PHASES_MAX: usize = 12;

/// A stretch of one behaviour.
#[derive(Clone, Debug)]
struct Phase {
    /// Which level of the modality, and where in it.
    level: (usize, f64),
    /// Share by which every other sample lies higher.
    swing: f64,
    /// Each so many samples one of these watts.
    pulse: Option<(usize, f64)>,
    samples: usize,
    every_s: i64,
    /// Nothing is heard for so long before it.
    gap_s: i64,
    trouble: Option<Trouble>,
}

/// What goes wrong at the beginning of a phase.
#[derive(Clone, Copy, Debug)]
enum Trouble {
    Spike,
    Duplicate,
    Reset,
    Back(f64),
    Leap(f64),
    /// No register is stated in the phase.
    Mute,
}

/// So many random days; the same ones in every run, so that a change is judged by itself. `PROPTEST_RNG_SEED=n` draws
/// others, `PROPTEST_CASES=n` more.
#[allow(dead_code, reason = "each test file uses its own part of this module")]
pub(crate) fn days(cases: u32) -> ProptestConfig {
    let drawn = ProptestConfig::with_cases(cases);
    let rng_seed = match drawn.rng_seed {
        RngSeed::Random => RngSeed::Fixed(2026),
        fixed @ RngSeed::Fixed(_) => fixed,
    };
    ProptestConfig { rng_seed, ..drawn }
}

/// A random day.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    modality: usize,
    has_register: bool,
    phases: Vec<Phase>,
}

fn phase() -> impl Strategy<Value = Phase> {
    let pulse = prop_oneof![3 => Just(None), 2 => (3..40usize, 1_000.0..90_000.0).prop_map(Some)];
    let gap_s = prop_oneof![6 => Just(0), 3 => 1..110i64, 1 => 600..30_000i64];
    let trouble = prop_oneof![
        Just(Trouble::Spike),
        Just(Trouble::Duplicate),
        Just(Trouble::Reset),
        (0.0..50_000.0).prop_map(Trouble::Back),
        (0.0..5e6).prop_map(Trouble::Leap),
        Just(Trouble::Mute),
    ];
    let trouble = prop_oneof![4 => Just(None), 1 => trouble.prop_map(Some)];
    let every_s = prop_oneof![4 => Just(1i64), 2 => Just(2i64), 2 => Just(5i64), 2 => Just(10i64), 1 => Just(60i64), 1 => 1..97i64];
    let level = (0..6usize, 0.0..1.0);
    let swing = prop_oneof![2 => Just(0.0), 1 => 0.0..0.6];
    (level, swing, pulse, 1..200usize, every_s, gap_s, trouble).prop_map(
        |(level, swing, pulse, samples, every_s, gap_s, trouble)| Phase {
            level,
            swing,
            pulse,
            samples,
            every_s,
            gap_s,
            trouble,
        },
    )
}

/// Random days of any modality.
pub(crate) fn streams() -> impl Strategy<Value = Stream> {
    let phases = prop::collection::vec(phase(), 1..PHASES_MAX);
    (0..MODALITIES.len(), any::<bool>(), phases).prop_map(|(modality, has_register, phases)| Stream {
        modality,
        has_register,
        phases,
    })
}

impl Stream {
    /// The machine's kind.
    pub(crate) fn modality(&self) -> &'static str {
        MODALITIES[self.modality].name
    }

    /// Whether there is a reading that is not only a spike, which nobody believes.
    #[allow(dead_code, reason = "each test file uses its own part of this module")]
    pub(crate) fn is_believable(&self) -> bool {
        let is_spike = |phase: &Phase| phase.samples == 1 && matches!(phase.trouble, Some(Trouble::Spike));
        !self.phases.iter().all(is_spike)
    }

    /// The same day of a register that only ever counts, and is stated in every reading.
    #[allow(dead_code, reason = "each test file uses its own part of this module")]
    pub(crate) fn sound(mut self) -> Self {
        self.has_register = true;
        for phase in &mut self.phases {
            phase.trouble = phase
                .trouble
                .filter(|trouble| matches!(trouble, Trouble::Duplicate));
        }
        self
    }

    /// What the meter `m` says, in time order, from `start` on.
    pub(crate) fn readings(&self, start: Timestamp) -> Vec<(Timestamp, Reading)> {
        let (mut second, mut register_wh, mut held_w) = (start.as_second(), 40_000.0, 0.0);
        let mut readings: Vec<(Timestamp, Reading)> = Vec::new();
        let mut pass = |seconds: i64, held_w: f64, register_wh: &mut f64| {
            second += seconds;
            *register_wh += held_w * seconds as f64 / 3600.0;
            Timestamp::from_second(second).expect("in range")
        };
        for phase in &self.phases {
            pass(phase.gap_s, held_w, &mut register_wh);
            match phase.trouble {
                Some(Trouble::Reset) => register_wh = 0.0,
                Some(Trouble::Back(wh)) => register_wh = (register_wh - wh).max(0.0),
                Some(Trouble::Leap(wh)) => register_wh += wh,
                _ => {}
            }
            let is_mute = matches!(phase.trouble, Some(Trouble::Mute)) || !self.has_register;
            for number in 0..phase.samples {
                let at = pass(phase.every_s, held_w, &mut register_wh);
                held_w = self.power_w(phase, number);
                let is_spike = number == 0 && matches!(phase.trouble, Some(Trouble::Spike));
                let reading = Reading {
                    power_w: Some(if is_spike { SPIKE_W } else { held_w }),
                    energy_wh: (!is_mute).then_some((register_wh * 10.0).floor() / 10.0),
                    ..Reading::of("m", None)
                };
                readings.push((at, reading.clone()));
                if number == 0 && matches!(phase.trouble, Some(Trouble::Duplicate)) {
                    readings.push((at, reading));
                }
            }
        }
        readings
    }

    fn power_w(&self, phase: &Phase, number: usize) -> f64 {
        let levels = MODALITIES[self.modality].levels;
        let (index, share) = phase.level;
        // one beyond the last level is a power that no band names
        let (from_w, until_w) = levels
            .get(index % (levels.len() + 1))
            .map_or((0.0, 4_500.0), |(_, from_w, until_w)| {
                (from_w.max(0.0), until_w.min(90_000.0))
            });
        let level_w = from_w + share * (until_w - from_w);
        let power_w = match phase.pulse {
            Some((each, pulse_w)) if number % each == each - 1 => pulse_w,
            _ if number % 2 == 1 => level_w * (1.0 + phase.swing),
            _ => level_w,
        };
        power_w.min(POWER_W_MAX)
    }
}
