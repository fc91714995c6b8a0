//! Load models: one file per modality, one line each in [`TABLE`].
//!
//! A model knows published power levels (cited in its file; a scenario may override them per device) and the course of
//! a switch, a calibration, an exam. Where no study gives a figure the file says "assumed".

mod angio;
mod cooling;
mod ct;
mod mri;
mod server;
mod workstation;
mod xray;

use crate::agenda::{Agenda, Habit};
use crate::dice::{Dice, Part};
use crate::local_time::LocalTime;
use crate::machine::{Machine, Model};
use crate::power::Load;
use crate::scenario::{DeviceSpec, Modality, Scenario};

/// Power levels of one device in watts, overrides applied.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Levels {
    /// Shut down.
    pub off_watts: f64,
    /// Low-power or power-save, as a mean.
    pub standby_watts: f64,
    /// On, not acquiring.
    pub idle_watts: f64,
    /// Prepared to scan (MRI), patient in the room (angiography).
    pub ready_watts: f64,
    /// Least acquisition load.
    pub scanning_watts_min: f64,
    /// Greatest acquisition load.
    pub scanning_watts_max: f64,
    /// Short loads that are no acquisition: rotor, fans, bursts of work, a compressor.
    pub burst_watts: f64,
}

/// One modality.
pub(crate) struct Entry {
    pub(crate) modality: Modality,
    /// Published levels.
    pub(crate) levels: Levels,
    pub(crate) habit: Habit,
    /// Pauses inside one exam that are shorter than this are scanning.
    pub(crate) bridge_ms: i64,
    /// `None`: the load is built from other loads (cooling).
    pub(crate) model: Option<fn(Levels) -> Box<dyn Model>>,
}

pub(crate) const TABLE: &[Entry] = &[
    angio::ENTRY,
    cooling::ENTRY,
    ct::ENTRY,
    mri::ENTRY,
    server::ENTRY,
    workstation::ENTRY,
    xray::ENTRY,
];

pub(crate) fn entry(modality: Modality) -> &'static Entry {
    TABLE
        .iter()
        .find(|entry| entry.modality == modality)
        .expect("a test finds every modality in the table")
}

/// The levels of a device: the published ones, with what the scenario overrides.
#[must_use]
pub fn levels(device: &DeviceSpec) -> Levels {
    let published = entry(device.modality).levels;
    let own = device.levels;
    Levels {
        off_watts: own.off_watts.unwrap_or(published.off_watts),
        standby_watts: own.standby_watts.unwrap_or(published.standby_watts),
        idle_watts: own.idle_watts.unwrap_or(published.idle_watts),
        ready_watts: own.ready_watts.unwrap_or(published.ready_watts),
        scanning_watts_min: own.scanning_watts_min.unwrap_or(published.scanning_watts_min),
        scanning_watts_max: own.scanning_watts_max.unwrap_or(published.scanning_watts_max),
        burst_watts: own.burst_watts.unwrap_or(published.burst_watts),
    }
}

/// The load of one device of a checked scenario, from the scenario's start.
pub(crate) fn build(scenario: &Scenario, device: &DeviceSpec) -> Box<dyn Load> {
    let entry = entry(device.modality);
    let Some(model) = entry.model else {
        return Box::new(cooling::Cooling::new(scenario, device));
    };
    let start_ms = scenario.start.as_millisecond();
    let agenda = Agenda::new(
        LocalTime::new(scenario.zone.clone()),
        device.schedule.clone(),
        entry.habit,
        device.events.clone(),
        start_ms,
        Dice::new(scenario.seed, &device.id, Part::Agenda),
    );
    #[expect(clippy::cast_possible_truncation, reason = "checked: at most ten seconds")]
    let fine_ms = (scenario.step_seconds * 1000.0) as i64;
    let dice = Dice::new(scenario.seed, &device.id, Part::Load);
    Box::new(Machine::new(
        model(levels(device)),
        agenda,
        dice,
        start_ms,
        fine_ms,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::power::State;

    #[test]
    fn folder_and_table_agree() {
        let modalities = [
            Modality::Ct,
            Modality::Mri,
            Modality::Angio,
            Modality::Xray,
            Modality::Workstation,
            Modality::Server,
            Modality::Cooling,
        ];
        assert_eq!(TABLE.len(), modalities.len());
        for modality in modalities {
            assert_eq!(entry(modality).modality, modality);
        }
        crate::assert_files("src/load", TABLE.len());
    }

    #[test]
    fn pieces_are_contiguous_and_within_published_power() {
        let scenario = Scenario::builtin("demo").unwrap();
        let end_ms = scenario.end().as_millisecond();
        let mut pieces = 0;
        for device in &scenario.devices {
            let levels = levels(device);
            let mut load = build(&scenario, device);
            let mut now_ms = scenario.start.as_millisecond();
            let mut exam = 0;
            while now_ms < end_ms {
                let piece = load.next_segment();
                assert!(
                    piece.from_ms == now_ms && piece.until_ms > now_ms,
                    "{}",
                    device.id
                );
                now_ms = piece.until_ms;
                pieces += 1;
                assert!(
                    piece.exam == 0 || piece.exam >= exam,
                    "exams are numbered upwards"
                );
                exam = exam.max(piece.exam);
                let watts = piece.milliwatts / 1000;
                let allowed = match (device.modality, piece.state) {
                    (_, State::Off) => levels.off_watts * 0.9..levels.off_watts * 1.1,
                    (Modality::Mri, State::Standby) => 5_000.0..7_500.0,
                    // Put back right after an emergency: the end of the cooling tail.
                    (Modality::Ct, State::Standby) => {
                        levels.standby_watts * 0.9..levels.standby_watts * 1.1 + 500.0
                    }
                    (_, State::Standby) => levels.standby_watts * 0.9..levels.standby_watts * 1.1,
                    // Scouts of 5 kW, prescans, the gradients' swing.
                    (Modality::Ct, State::Scanning) => 4_700.0..levels.scanning_watts_max * 1.06 + 4_500.0,
                    (Modality::Mri, State::Scanning) => 20_000.0..levels.scanning_watts_max * 1.26,
                    (_, State::Scanning) => levels.scanning_watts_min * 0.9..levels.scanning_watts_max * 1.06,
                    (Modality::Ct, State::Idle) => levels.idle_watts * 0.8..levels.idle_watts + 10_000.0,
                    (Modality::Mri, State::Idle) => levels.idle_watts * 0.9..levels.ready_watts * 1.05,
                    (_, State::Idle) => {
                        levels.idle_watts * 0.85
                            ..levels.ready_watts.max(levels.idle_watts + levels.burst_watts) * 1.1
                    }
                };
                #[expect(clippy::cast_precision_loss, reason = "a test")]
                let watts = watts as f64;
                assert!(
                    allowed.contains(&watts),
                    "{} {:?}: {watts} W",
                    device.id,
                    piece.state
                );
            }
        }
        assert!(pieces > 1_000_000, "{pieces}");
    }
}
