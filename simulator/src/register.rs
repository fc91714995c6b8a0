//! Inside of a meter: phases, gain error, counters. It sees true power and nothing else.
//!
//! Counters are integers of microjoules per phase, so they are exact whatever the size of the pieces. Import and export
//! never fall; a reading is the counter plus what faults did to it.

use crate::dice::Dice;
use crate::power::Segment;
use crate::scenario::MeterSpec;

/// The measuring part of one meter.
#[derive(Debug)]
pub(crate) struct Register {
    /// 1 or 3.
    pub(crate) phases: usize,
    share: [f64; 3],
    gain: f64,
    noise_share: f64,
    voltage: [f64; 3],
    power_factor: f64,
    import: [i64; 3],
    export: [i64; 3],
    /// A backwards clamp on this phase.
    pub(crate) reversed: [bool; 3],
    /// What is added to every stamp of this meter.
    pub(crate) clock_offset_ms: i64,
    window: [i64; 3],
    window_ms: i64,
}

/// One phase as the meter shows it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct PhaseReading {
    /// Active power in W, negative against the arrow of the clamp.
    pub watts: f64,
    /// Voltage to neutral in V.
    pub volts: f64,
    /// Current in A, without a sign.
    pub amperes: f64,
    /// Share of the apparent power that is active.
    pub power_factor: f64,
    /// Import counter in Wh.
    pub import_wh: f64,
    /// Export counter in Wh.
    pub export_wh: f64,
}

/// What the meter shows at one instant, before a format rounds it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// By the meter's own clock, unix ms.
    pub stamp_ms: i64,
    /// When it is sent, unix ms.
    pub at_ms: i64,
    pub(crate) phases: usize,
    pub(crate) phase: [PhaseReading; 3],
}

impl Sample {
    /// The phases in use: one or three.
    #[must_use]
    pub fn each(&self) -> &[PhaseReading] {
        &self.phase[..self.phases]
    }

    /// Signed sum of the phases in W.
    #[must_use]
    pub fn watts(&self) -> f64 {
        self.each().iter().map(|phase| phase.watts).sum()
    }

    /// Sum of the import counters in Wh.
    #[must_use]
    pub fn import_wh(&self) -> f64 {
        self.each().iter().map(|phase| phase.import_wh).sum()
    }

    /// Sum of the export counters in Wh.
    #[must_use]
    pub fn export_wh(&self) -> f64 {
        self.each().iter().map(|phase| phase.export_wh).sum()
    }
}

impl Register {
    /// A meter of `phases` phases whose class allows `class_percent` of gain error.
    pub(crate) fn new(spec: &MeterSpec, phases: usize, class_percent: f64, dice: &mut Dice) -> Self {
        let (first, second) = (dice.between(0.30, 0.39), dice.between(0.29, 0.36));
        let share = if phases == 1 {
            [1.0, 0.0, 0.0]
        } else {
            [first, second, 1.0 - first - second]
        };
        let gain_draw = dice.between(-1.0, 1.0);
        let voltage = [
            dice.between(228.0, 234.0),
            dice.between(228.0, 234.0),
            dice.between(228.0, 234.0),
        ];
        let power_factor = dice.between(0.91, 0.98);
        let start_draw = dice.between(1_500.0, 9_500.0) / if phases == 1 { 20.0 } else { 0.1 };
        let start_wh = spec.counter_start_kwh.unwrap_or(start_draw) * 1000.0;
        #[expect(clippy::cast_possible_truncation, reason = "checked: at most 1 GWh")]
        let import = share.map(|part| (start_wh * part * 3.6e9) as i64);
        Self {
            phases,
            share,
            gain: 1.0 + gain_draw * spec.accuracy_percent.unwrap_or(class_percent) / 100.0,
            noise_share: spec.noise_percent.unwrap_or(0.2) / 100.0,
            voltage,
            power_factor,
            import,
            export: [0; 3],
            reversed: [false; 3],
            clock_offset_ms: 0,
            window: [0; 3],
            window_ms: 0,
        }
    }

    /// Power of each phase in milliwatts; the three add up to the whole, reversed phases are negative.
    pub(crate) fn split(&self, milliwatts: i64) -> [i64; 3] {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "power of one device"
        )]
        let part = |share: f64| (milliwatts as f64 * share * self.gain).round() as i64;
        let whole = part(1.0);
        let mut phases = [whole, 0, 0];
        if self.phases == 3 {
            phases = [part(self.share[0]), part(self.share[1]), 0];
            phases[2] = whole - phases[0] - phases[1];
        }
        for (phase, reversed) in phases.iter_mut().zip(self.reversed) {
            *phase *= if reversed { -1 } else { 1 };
        }
        phases
    }

    /// Counts `ms` milliseconds at `split` power.
    pub(crate) fn count(&mut self, split: [i64; 3], ms: i64) {
        for (phase, milliwatts) in split.into_iter().enumerate().take(self.phases) {
            let microjoules = milliwatts * ms;
            if microjoules >= 0 {
                self.import[phase] += microjoules;
            } else {
                self.export[phase] -= microjoules;
            }
            self.window[phase] += microjoules;
        }
        self.window_ms += ms;
    }

    /// Starts all counters again at 0.
    pub(crate) fn reset(&mut self) {
        self.import = [0; 3];
        self.export = [0; 3];
    }

    /// Lets the import counters fall by `watt_hours` in all, not below 0.
    pub(crate) fn roll_back(&mut self, watt_hours: f64) {
        for (count, share) in self.import.iter_mut().zip(self.share) {
            #[expect(clippy::cast_possible_truncation, reason = "a saturating cast")]
            let back = (watt_hours * share * 3.6e9) as i64;
            *count = (*count - back).max(0);
        }
    }

    /// Noisy power of each phase: a spot value, or the mean since the last call.
    pub(crate) fn measure(&mut self, piece: &Segment, mean: bool, dice: &mut Dice) -> [f64; 3] {
        let noise = 1.0 + self.noise_share * dice.normal();
        #[expect(clippy::cast_precision_loss, reason = "power of one device")]
        let watts = if mean && self.window_ms > 0 {
            self.window
                .map(|microjoules| microjoules as f64 / self.window_ms as f64 / 1000.0 * noise)
        } else {
            self.split(piece.milliwatts)
                .map(|milliwatts| milliwatts as f64 / 1000.0 * noise)
        };
        self.window = [0; 3];
        self.window_ms = 0;
        watts
    }

    /// All that the meter shows, with this power.
    pub(crate) fn sample(&self, at_ms: i64, watts: [f64; 3], dice: &mut Dice) -> Sample {
        let mut phase = [PhaseReading::default(); 3];
        for (index, reading) in phase.iter_mut().enumerate().take(self.phases) {
            let volts = self.voltage[index] + 0.4 * dice.normal();
            #[expect(clippy::cast_precision_loss, reason = "53 bits of microjoules")]
            let wh = |count: i64| count as f64 / 3.6e9;
            *reading = PhaseReading {
                watts: watts[index],
                volts,
                amperes: watts[index].abs() / volts / self.power_factor,
                power_factor: self.power_factor,
                import_wh: wh(self.import[index]),
                export_wh: wh(self.export[index]),
            };
        }
        Sample {
            stamp_ms: at_ms + self.clock_offset_ms,
            at_ms,
            phases: self.phases,
            phase,
        }
    }
}
