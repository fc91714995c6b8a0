//! Bands of power, each with the name of a state.
//!
//! Bands are named, never ranked: an MRI in power-save lies below one that is off. A value in no band is `unknown`.
//!
//! Limits: at most [`BANDS_MAX`] bands a device. Invariant: bands are sorted, do not overlap and have finite edges.

use serde::{Deserialize, Serialize};

use crate::State;

/// More bands than this are a mistake of configuration.
pub const BANDS_MAX: usize = 16;

/// How far, as a share of the edge, power must leave the band it is in before it is said to have left.
const HYSTERESIS_SHARE: f64 = 0.05;
/// The same for learned bands, whose edges lie between levels that may be a tenth apart.
const HYSTERESIS_SHARE_LEARNED: f64 = 0.01;

/// A range of watts that means a state: `from_w <= power < until_w`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Band {
    /// What it means.
    pub state: State,
    /// First watt of the band.
    pub from_w: f64,
    /// First watt above it.
    pub until_w: f64,
}

/// Watts between which the load of one state cycles; the upper half of it may lie in another state's band.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CycleBand {
    pub(crate) state: State,
    pub(crate) from_w: f64,
    pub(crate) until_w: f64,
    /// What its upper half looks like.
    pub(crate) upper: State,
    /// What comes to these watts cycles, as long as it has not stayed in the upper half.
    pub(crate) is_usual: bool,
}

impl CycleBand {
    pub(crate) fn holds(&self, power_w: f64) -> bool {
        (self.from_w..self.until_w).contains(&power_w)
    }
}

/// The bands of one device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bands {
    bands: Vec<Band>,
    hysteresis_share: f64,
    /// The state whose load cycles.
    cycle: Option<CycleBand>,
}

/// Why a set of bands cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum BandError {
    /// None given.
    #[error(
        "no band is given; give at least one, or leave `bands` out to use the modality's published levels"
    )]
    None,
    /// Too many.
    #[error("{0} bands are given; at most {BANDS_MAX} make sense")]
    TooMany(usize),
    /// Edges wrong.
    #[error(
        "the band '{state}' runs from {from_w} W to {until_w} W; `from_w` must be a number below `until_w`"
    )]
    Edges {
        /// The band's state.
        state: State,
        /// Its lower edge, W.
        from_w: f64,
        /// Its upper edge, W.
        until_w: f64,
    },
    /// Two share watts.
    #[error("the bands '{lower}' and '{upper}' overlap at {at_w} W; let one end where the other begins")]
    Overlap {
        /// The band that begins lower.
        lower: State,
        /// The band that begins higher.
        upper: State,
        /// Where they overlap, W.
        at_w: f64,
    },
}

impl Bands {
    /// Sorts and checks bands.
    ///
    /// # Errors
    /// [`BandError`] says which band is wrong and how to mend it.
    pub fn new(mut bands: Vec<Band>) -> Result<Self, BandError> {
        if bands.is_empty() {
            return Err(BandError::None);
        }
        if bands.len() > BANDS_MAX {
            return Err(BandError::TooMany(bands.len()));
        }
        for &Band {
            state,
            from_w,
            until_w,
        } in &bands
        {
            if !(from_w.is_finite() && until_w.is_finite() && from_w < until_w) {
                return Err(BandError::Edges {
                    state,
                    from_w,
                    until_w,
                });
            }
        }
        bands.sort_by(|a, b| a.from_w.total_cmp(&b.from_w));
        for (lower, upper) in bands.iter().zip(&bands[1..]) {
            if upper.from_w < lower.until_w {
                return Err(BandError::Overlap {
                    lower: lower.state,
                    upper: upper.state,
                    at_w: upper.from_w,
                });
            }
        }
        Ok(Self {
            bands,
            hysteresis_share: HYSTERESIS_SHARE,
            cycle: None,
        })
    }

    /// The same, of bands that a device has taught.
    pub(crate) fn learned(bands: Vec<Band>, cycle: Option<CycleBand>) -> Result<Self, BandError> {
        Ok(Self {
            hysteresis_share: HYSTERESIS_SHARE_LEARNED,
            cycle,
            ..Self::new(bands)?
        })
    }

    /// The bands, from low to high.
    #[must_use]
    pub fn as_slice(&self) -> &[Band] {
        &self.bands
    }

    /// Where the load of a state cycles.
    pub(crate) fn cycle(&self) -> Option<CycleBand> {
        self.cycle
    }

    /// What a power means on its own.
    #[must_use]
    pub fn state_at(&self, power_w: f64) -> State {
        let band = self
            .bands
            .iter()
            .find(|band| band.from_w <= power_w && power_w < band.until_w);
        band.map_or(State::Unknown, |band| band.state)
    }

    /// What a power means for a device that is in `current`: it stays there until it is clearly past the edge.
    /// Scanning is entered without hysteresis, because an exposure lasts seconds.
    #[must_use]
    pub fn state_from(&self, power_w: f64, current: State) -> State {
        let plain = self.state_at(power_w);
        if plain == current || plain == State::Scanning {
            return plain;
        }
        let share = self.hysteresis_share;
        let is_near = self
            .bands
            .iter()
            .filter(|band| band.state == current)
            .any(|band| {
                band.from_w - band.from_w.abs() * share <= power_w
                    && power_w < band.until_w + band.until_w.abs() * share
            });
        if is_near { current } else { plain }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn band(state: State, from_w: f64, until_w: f64) -> Band {
        Band {
            state,
            from_w,
            until_w,
        }
    }

    fn mri() -> Bands {
        Bands::new(vec![
            band(State::Scanning, 26_000.0, 90_000.0),
            band(State::Standby, 5_000.0, 6_900.0),
            band(State::Off, 6_900.0, 9_400.0),
            band(State::Idle, 9_400.0, 26_000.0),
        ])
        .expect("sound bands")
    }

    #[test]
    fn names_are_not_ranks() {
        assert_eq!(mri().state_at(6_400.0), State::Standby);
        assert_eq!(mri().state_at(8_000.0), State::Off);
        assert_eq!(
            mri().state_at(0.0),
            State::Unknown,
            "an MRI near 0 W is in no band"
        );
    }

    #[test]
    fn hysteresis_holds_at_an_edge_but_never_delays_scanning() {
        assert_eq!(mri().state_from(9_300.0, State::Idle), State::Idle);
        assert_eq!(mri().state_from(8_000.0, State::Idle), State::Off);
        assert_eq!(mri().state_from(26_000.0, State::Idle), State::Scanning);
        assert_eq!(mri().state_from(25_000.0, State::Scanning), State::Scanning);
        assert_eq!(mri().state_from(24_000.0, State::Scanning), State::Idle);
    }

    #[test]
    fn faults_say_how_to_mend_them() {
        assert_eq!(Bands::new(vec![]), Err(BandError::None));
        let overlap = Bands::new(vec![
            band(State::Off, 0.0, 600.0),
            band(State::Idle, 500.0, 900.0),
        ]);
        assert!(overlap.expect_err("they overlap").to_string().contains("500 W"));
        assert!(matches!(
            Bands::new(vec![band(State::Off, f64::NAN, 1.0)]),
            Err(BandError::Edges { .. })
        ));
    }
}
