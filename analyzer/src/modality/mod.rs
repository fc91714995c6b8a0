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
pub use crate::learn::Cycle;

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
    /// State, first watt, first watt above: what holds until the device's own levels are learned.
    pub levels: &'static [(State, f64, f64)],
    /// By what a learned level is named, in the order in which levels rise here.
    pub names: &'static [Name],
    /// How levels are learned.
    pub learning: Learning,
    /// How acquisitions look; none where nothing is acquired.
    pub acquisition: Option<Acquisition>,
    /// More than this is not plausible, W.
    pub power_w_max: f64,
    /// How states follow each other.
    pub timing: Timing,
    /// Scanning with gaps up to this is one examination; none where there are no examinations.
    pub exam_gap: Option<SignedDuration>,
    /// What part it plays in the figures.
    pub role: Role,
    /// How the exposures of a calibration look; none where there are none, or where they cannot be told apart.
    pub calibration: Option<Calibration>,
    /// Whether being ready is avoidable here. A rack or a chiller that runs is a base load, on a line of its own.
    pub idle_is_waste: bool,
    /// Where the levels were published.
    pub source: &'static str,
}

/// What part a machine plays in the figures: each has figures of its own, and shares are never mixed across them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Acquires images: examinations, non-productive share, idle-to-scan ratio.
    Scanner,
    /// Is on or not, used or unused at the same watts.
    Workstation,
    /// A base load.
    Server,
    /// Stands on a line of its own, beside the load it cools.
    Cooling,
}

/// What is known of one state's levels.
#[derive(Clone, Copy, Debug)]
pub struct Name {
    /// The state.
    pub state: State,
    /// Published levels, W: least and greatest.
    pub watts: (f64, f64),
    /// The same as parts of the device's own idle level, the lowest of the first name for it.
    pub of_idle: (f64, f64),
    /// Whether several levels far apart may bear this name.
    pub are_many: bool,
}

/// How levels are learned from a stream of watts.
#[derive(Clone, Copy, Debug)]
pub struct Learning {
    /// Power that holds still for so long is a level, s; longer than any acquisition that holds still.
    pub steady_s: f64,
    /// Work rises to this many times the level from which it starts.
    pub pulse_ratio: f64,
    /// Work rises from idle itself, not from a level above it (an MRI that is prepared to scan).
    pub works_from_idle: bool,
    /// Where two levels may be the halves of one cycle.
    pub cycle: Option<Cycle>,
}

/// How acquisitions stand out.
#[derive(Clone, Copy, Debug)]
pub struct Acquisition {
    /// Where they begin, above the levels of rest.
    pub edge: Edge,
    /// Their usual power until the device's own is known, W.
    pub typical_w: f64,
    /// Shorter, weaker acquisitions come before the others (a CT's scouts), and count when others follow.
    pub has_scouts: bool,
    /// So much acquisition within `wait_s` makes it certain; less is a spike, s.
    pub least_s: f64,
    /// How long the rest of a short beginning is awaited, s.
    pub wait_s: f64,
    /// How long a short one takes that has to be seen in the mean of a longer interval, s.
    pub short_s: f64,
    /// A meter that tells less often than this cannot show them, s.
    pub interval_s_max: f64,
}

impl Acquisition {
    /// Whether a meter that tells something new every so many seconds shows them.
    pub(crate) fn is_shown_every(&self, interval_s: f64) -> bool {
        interval_s <= self.interval_s_max
    }
}

/// Where acquisitions begin, seen from the highest level of rest.
#[derive(Clone, Copy, Debug)]
pub enum Edge {
    /// Half-way, in ratios, from idle to the usual acquisition.
    Middle,
    /// This part of the way from the highest level of rest to the usual acquisition.
    Part(f64),
    /// This part above the highest level of rest.
    Above(f64),
}

/// How a calibration without a patient looks: single exposures, all short, regularly spaced, the first of the day.
#[derive(Clone, Copy, Debug)]
pub struct Calibration {
    /// At least so many exposures, each a scan of its own.
    pub exposures_min: u32,
    /// None is longer, s. A patient's scouts and series are bridged to one longer scan.
    pub exposure_s_max: f64,
    /// The longest spacing is at most this many times the shortest.
    pub spacing_ratio_max: f64,
    /// Nothing was acquired for so long before, s.
    pub rest_s_min: f64,
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
    use crate::DECIDED_AFTER;

    #[test]
    fn every_modality_has_sound_bands_and_decides_in_time() {
        for modality in MODALITIES {
            assert!(!modality.bands().as_slice().is_empty());
            let timing = modality.timing;
            for dwell in [timing.bridge, timing.rise_dwell, timing.fall_dwell] {
                assert!(
                    dwell <= DECIDED_AFTER,
                    "{}: {dwell} is longer than what is final",
                    modality.name
                );
            }
            assert_eq!(Modality::named(modality.name), Some(modality));
        }
    }
}
