//! What is known of a learned band, and how well.
//!
//! Confidence is a product of three parts between 0 and 1, each saturating: the time seen at that level (against one
//! hour), how far the next level of another name is away (against a tenth, in ratios), and by how much its name is
//! better than any other in any way of naming (against [`MARGIN`]). Below [`PROVISIONAL`] a band is provisional.

use serde::{Deserialize, Serialize};

use super::Pin;
use super::naming::Named;
use super::plateau::Plateau;
use crate::State;

/// A confidence below this is provisional.
const PROVISIONAL: f64 = 0.5;
/// Time that makes a level well known, s.
const WELL_KNOWN_S: f64 = 3600.0;
/// A distance, in ratios, that sets two levels well apart.
const APART: f64 = 0.1;
/// A margin over the next best name that leaves little doubt: what the published watts of an MRI's power-save, 6.8 kW at
/// most, say against that name for 8.4 kW.
const MARGIN: f64 = 0.75;

/// A band that a device has taught.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LearnedBand {
    /// What it means.
    pub state: State,
    /// What people call it, where a pin says so.
    pub label: Option<String>,
    /// The mean of the level inside it, W.
    pub level_w: f64,
    /// Its first watt, half-way to the level below.
    pub from_w: f64,
    /// The first watt above it, half-way to the level above.
    pub until_w: f64,
    /// The least mean power of a still stretch that belongs to it, W.
    pub from_w_seen: f64,
    /// The greatest, W.
    pub until_w_seen: f64,
    /// It is the lower half of a cycle that goes up to these watts: up to there the device stays in it, W.
    pub cycles_until_w: Option<f64>,
    /// How well it is known.
    pub evidence: Evidence,
}

/// How well a band is known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Time seen at this level, s; older time counts less.
    pub seconds: f64,
    /// The part of it in stretches of at least some minutes.
    pub stability: f64,
    /// The distance to the next level of another name, in ratios (0.1 is a tenth); none where there is none.
    pub separation: Option<f64>,
    /// Pulses of work that rose from here.
    pub launches: f64,
    /// By how much the name is better than any other for this level; none where there is no other.
    pub margin: Option<f64>,
    /// A person has named it.
    pub is_pinned: bool,
    /// 0 to 1.
    pub confidence: f64,
}

impl Evidence {
    /// Whether more time may still change the name.
    #[must_use]
    pub fn is_provisional(&self) -> bool {
        self.confidence < PROVISIONAL
    }

    /// Whether the level is well known, whatever it is called.
    pub(crate) fn is_level_known(&self) -> bool {
        self.seconds >= WELL_KNOWN_S
    }
}

/// A level is not where it was: another firmware, an ageing cooler, a board in a drawer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LevelMoved {
    /// Of which state.
    pub state: State,
    /// Where it was first known, W.
    pub from_w: f64,
    /// Where it is now, W.
    pub to_w: f64,
}

/// The bands of named plateaus, their edges still at what was seen.
pub(super) fn judge(pins: &[&Pin], plateaus: &[Plateau], named: &Named) -> Vec<LearnedBand> {
    let names = named.states.iter().zip(&named.margins);
    let bands = plateaus.iter().zip(names).map(|(plateau, (state, margin))| {
        let margin = margin.is_finite().then_some(*margin);
        let others = plateaus
            .iter()
            .zip(&named.states)
            .filter(|(_, other)| *other != state);
        let distances =
            others.map(|(other, _)| (other.level_w.max(1.0) / plateau.level_w.max(1.0)).ln().abs());
        let separation = distances.min_by(f64::total_cmp);
        let pin = pins.iter().find(|pin| {
            pin.state == *state
                && (pin.level_w - plateau.level_w).abs() <= pin.level_w.abs() * super::PIN_REACH
        });
        let seconds = f64::from(plateau.seconds);
        let confidence = if pin.is_some() {
            1.0
        } else {
            grown(seconds / WELL_KNOWN_S)
                * grown(separation.unwrap_or(1.0) / APART)
                * grown(margin.unwrap_or(MARGIN * 4.0) / MARGIN)
        };
        LearnedBand {
            state: *state,
            label: pin.and_then(|pin| pin.label.clone()),
            level_w: plateau.level_w,
            from_w: plateau.from_w,
            until_w: plateau.until_w,
            from_w_seen: plateau.from_w,
            until_w_seen: plateau.until_w,
            cycles_until_w: plateau.cycle.map(|upper| upper.until_w),
            evidence: Evidence {
                seconds,
                stability: 1.0 - f64::from(plateau.brief_s / plateau.seconds),
                separation,
                launches: f64::from(plateau.launches),
                margin,
                is_pinned: pin.is_some(),
                confidence,
            },
        }
    });
    bands.collect()
}

/// From 0 towards 1; at 1 it is 0.63, at 3 it is 0.95.
fn grown(value: f64) -> f64 {
    1.0 - (-value.max(0.0)).exp()
}
