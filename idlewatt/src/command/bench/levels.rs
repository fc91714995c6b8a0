//! Levels of a device nobody has seen: drawn from the published ranges, each draw physically sensible.
//!
//! Sources: CT Schulz, Niemann et al., Acad Radiol 2024, Brown et al., CARJ 2022, Lipford et al., AAPM 2022; MRI Woolen
//! et al., Radiology 2023; angiography Vosshenrich et al., AJR 2024; workstation Büttner et al., Eur J Radiol Open 2021;
//! radiography and servers: the simulator's defaults, give or take what the table says. What keeps a draw sensible:
//! a lower state draws less than the next one by at least the factor in [`apart`] (two states that draw the same are
//! one to any meter), a magnet's power-save stays below its off, angiography's imaging rises over the patient's level.

use simulator::{LevelsSpec, Modality};

use super::dice::Dice;

/// Two states that follow each other in watts differ at least by this factor.
const APART: f64 = 1.25;

/// `watts`, moved so that it lies a factor [`APART`] above `below` and under `above`.
fn apart(watts: f64, below: f64, above: f64) -> f64 {
    watts.min(above / APART).max(below * APART)
}

/// The levels of one device.
pub(super) fn draw(modality: Modality, dice: &mut Dice) -> LevelsSpec {
    match modality {
        Modality::Ct => ct(dice),
        Modality::Mri => mri(dice),
        Modality::Angio => angio(dice),
        Modality::Xray => xray(dice),
        Modality::Workstation => workstation(dice),
        Modality::Server | Modality::Cooling => server(dice),
    }
}

fn ct(dice: &mut Dice) -> LevelsSpec {
    let idle = dice.between(1_300.0, 3_500.0);
    // A third of the published scanners draw almost nothing when off, the others up to 0.5 kW.
    let off = if dice.chance(0.33) {
        dice.between(0.0, 20.0)
    } else {
        dice.between(50.0, 500.0)
    };
    LevelsSpec {
        off_watts: Some(off),
        standby_watts: Some(apart(dice.between(500.0, 1_600.0), off, idle)),
        idle_watts: Some(idle),
        ready_watts: Some(idle),
        scanning_watts_min: Some(dice.between(30_000.0, 45_000.0)),
        scanning_watts_max: Some(dice.between(50_000.0, 90_000.0)),
        burst_watts: Some(dice.between(1_500.0, 4_000.0)),
    }
}

fn mri(dice: &mut Dice) -> LevelsSpec {
    let off = dice.between(7_300.0, 9_700.0);
    let idle = dice.between(9_500.0, 14_500.0).max(off * 1.08);
    let low = dice.between(28_000.0, 34_000.0);
    LevelsSpec {
        off_watts: Some(off),
        standby_watts: Some(dice.between(6_300.0, 6_500.0)),
        idle_watts: Some(idle),
        ready_watts: Some(dice.between(17_000.0, 26_000.0)),
        scanning_watts_min: Some(low),
        scanning_watts_max: Some(dice.between(low + 4_000.0, 48_000.0)),
        // The compressor's cycle in power-save: its top stays under the least published off.
        burst_watts: Some(dice.between(800.0, 2_000.0)),
    }
}

fn angio(dice: &mut Dice) -> LevelsSpec {
    let off = dice.between(300.0, 1_100.0);
    let idle = dice.between(700.0, 7_400.0).max(2.0 * off);
    // Patient in the room: up to 9 % over idle (6.9 and 7.5 kW); imaging at least 8 % over that.
    let ready = idle * dice.between(1.0, 1.09);
    let low = (idle * dice.between(1.1, 1.35)).max(ready * 1.08);
    LevelsSpec {
        off_watts: Some(off),
        standby_watts: Some(apart(idle * dice.between(0.3, 0.7), off, idle)),
        idle_watts: Some(idle),
        ready_watts: Some(ready),
        scanning_watts_min: Some(low),
        scanning_watts_max: Some((idle * dice.between(1.35, 1.8)).max(low * 1.1)),
        burst_watts: Some(idle * 0.05),
    }
}

fn xray(dice: &mut Dice) -> LevelsSpec {
    let idle = dice.between(1_400.0, 2_600.0);
    LevelsSpec {
        off_watts: Some(dice.between(60.0, 140.0)),
        standby_watts: Some(dice.between(400.0, 800.0)),
        idle_watts: Some(idle),
        ready_watts: Some(idle),
        scanning_watts_min: Some(dice.between(6_000.0, 9_000.0)),
        scanning_watts_max: Some(dice.between(10_000.0, 15_000.0)),
        burst_watts: Some(dice.between(300.0, 700.0)),
    }
}

fn workstation(dice: &mut Dice) -> LevelsSpec {
    let mut about = |watts: f64| watts * dice.between(0.6, 1.4);
    let (off, idle) = (about(18.2), about(117.4));
    let standby = apart(about(54.2), off, idle);
    LevelsSpec {
        off_watts: Some(off),
        standby_watts: Some(standby),
        idle_watts: Some(idle),
        ready_watts: Some(idle),
        scanning_watts_min: Some(idle),
        scanning_watts_max: Some(idle * 1.8),
        burst_watts: Some(about(80.0)),
    }
}

fn server(dice: &mut Dice) -> LevelsSpec {
    let base = dice.between(1_500.0, 6_000.0);
    LevelsSpec {
        off_watts: Some(0.0),
        standby_watts: Some(base),
        idle_watts: Some(base),
        ready_watts: Some(base),
        scanning_watts_min: Some(base),
        scanning_watts_max: Some(base * 1.15),
        burst_watts: Some(base * dice.between(0.08, 0.2)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_draw_is_sensible() {
        let modalities = [
            Modality::Ct,
            Modality::Mri,
            Modality::Angio,
            Modality::Xray,
            Modality::Workstation,
        ];
        for number in 0..2_000 {
            for modality in modalities {
                let levels = draw(modality, &mut Dice::of(1, number));
                let watts = |level: Option<f64>| level.unwrap();
                let (off, standby, idle) = (
                    watts(levels.off_watts),
                    watts(levels.standby_watts),
                    watts(levels.idle_watts),
                );
                assert!(idle >= off * 1.08, "{modality:?} {levels:?}");
                if modality == Modality::Mri {
                    assert!(
                        standby + 0.4 * watts(levels.burst_watts) <= off + 100.0,
                        "{levels:?}"
                    );
                } else {
                    assert!(
                        off * 1.2 <= standby && standby * 1.2 <= idle,
                        "{modality:?} {levels:?}"
                    );
                }
                assert!(watts(levels.scanning_watts_min) < watts(levels.scanning_watts_max));
                assert!(watts(levels.ready_watts) <= watts(levels.scanning_watts_min));
            }
        }
    }
}
