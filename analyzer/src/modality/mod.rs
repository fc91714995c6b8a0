//! What is known of a kind of machine before its meter has said anything: published power levels, how it comes and
//! goes, how its examinations cluster. One file per modality; a new one is a file and two lines here.

mod angio;
mod cooling;
mod ct;
mod mri;
mod server;
mod workstation;
mod xray;

use jiff::SignedDuration;

use crate::State;
use crate::band::{Band, Bands};

/// All modalities, in the order in which they are listed to people.
pub static MODALITIES: [&Modality; 7] = [
    &angio::ANGIO,
    &cooling::COOLING,
    &ct::CT,
    &mri::MRI,
    &server::SERVER,
    &workstation::WORKSTATION,
    &xray::XRAY,
];

/// A kind of machine.
#[derive(Debug)]
pub struct Modality {
    /// The stable word of the configuration and the series.
    pub name: &'static str,
    /// What people call it, in English.
    pub label: &'static str,
    /// State, first watt, first watt above: starting points, to be replaced by a device's own bands.
    pub levels: &'static [(State, f64, f64)],
    /// More than this is not plausible, W.
    pub power_w_max: f64,
    /// How states follow each other.
    pub timing: Timing,
    /// Scanning with gaps up to this is one examination; none where there are no examinations.
    pub exam_gap: Option<SignedDuration>,
    /// Whether being ready is avoidable here. A rack or a chiller that runs is a base load, on a line of its own.
    pub idle_is_waste: bool,
    /// Where the levels were published.
    pub source: &'static str,
}

/// Asymmetric dwell times. Scanning is entered at once.
#[derive(Clone, Copy, Debug)]
pub struct Timing {
    /// Pauses up to this between acquisitions are still scanning.
    pub bridge: SignedDuration,
    /// A state of more readiness must hold so long.
    pub rise_dwell: SignedDuration,
    /// A state of less readiness must hold so long.
    pub fall_dwell: SignedDuration,
}

impl Modality {
    /// The modality of that name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        MODALITIES.into_iter().find(|modality| modality.name == name)
    }

    /// The published levels as bands.
    #[must_use]
    pub fn bands(&self) -> Bands {
        let levels = self.levels.iter();
        let bands = levels
            .map(|&(state, from_w, until_w)| Band {
                state,
                from_w,
                until_w,
            })
            .collect();
        Bands::new(bands).expect("the table's levels are sound: a test builds them all")
    }
}

impl PartialEq for Modality {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FINAL_AFTER;

    #[test]
    fn every_modality_has_sound_bands_and_decides_in_time() {
        for modality in MODALITIES {
            assert!(!modality.bands().as_slice().is_empty());
            let timing = modality.timing;
            for dwell in [timing.bridge, timing.rise_dwell, timing.fall_dwell] {
                assert!(
                    dwell <= FINAL_AFTER,
                    "{}: {dwell} is longer than what is final",
                    modality.name
                );
            }
            assert_eq!(Modality::named(modality.name), Some(modality));
        }
    }
}
