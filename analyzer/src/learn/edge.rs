//! Edges: from named levels to bands that name every watt.
//!
//! Between two levels the edge is half-way in ratios between what was seen of them. A state whose level has not been
//! seen yet has its published place, scaled to the device's own idle, so that its first minute has the right name.
//! Above the levels of rest begins acquisition ([`Onset`]); where, the modality's rule says.
//!
//! An MRI draws power for ever: watts far below its lowest level are in no band.

use super::curve::{Curve, lower_w, middle_w};
use super::evidence::LearnedBand;
use crate::State;
use crate::band::{Band, Bands, CycleBand};
use crate::decider::{Onset, Rise};
use crate::modality::{Edge, Modality};

/// Watts below this part of a magnet's lowest level are in no band.
const BELOW_BASE: f64 = 0.75;
/// The usual acquisition is known after so much of it, s.
const TYPICAL_S_MIN: f64 = 20.0;
/// Acquisition draws at least this many times the highest level of rest (where the edge is half-way).
const STANDS_OUT: f64 = 2.5;
/// What rises by this part of the usual acquisition is one, however long.
const SURE_PART: f64 = 0.4;
/// A scout begins this part of the way from idle to the middle.
const SCOUT_PART: f64 = 0.25;
/// No acquisition begins nearer to a level of rest than this.
const CLEAR: f64 = 1.2;
/// The upper half of a cycle may reach this much above what was seen of it.
const CLEAR_CYCLE: f64 = 1.03;
/// Where acquisitions rise little, noise keeps them no farther away than this part.
const CLEAR_PART_MAX: f64 = 0.08;
/// Nor nearer than so many of the usual steps between readings.
const CLEAR_STEPS: f64 = 5.0;

/// A level, seen or published.
#[derive(Clone, Copy)]
struct Place {
    state: State,
    low_w: f64,
    high_w: f64,
    /// Which of the learned bands it is; none where it is published.
    learned: Option<usize>,
}

/// Where acquisitions begin; none where nothing is acquired.
pub(super) fn onset(modality: &Modality, bands: &[LearnedBand], curve: &Curve, step: f64) -> Option<Onset> {
    let acquisition = modality.acquisition?;
    let published_w = modality.levels.last().map_or(f64::MAX, |(_, from_w, _)| *from_w);
    let Some(main) = main_idle(bands) else {
        return Some(Onset::new(&acquisition, published_w, None, None));
    };
    let top_w = bands
        .iter()
        .filter(|band| band.state == State::Idle)
        .map(|band| band.until_w_seen)
        .fold(main.until_w_seen, f64::max);
    let (strong_w, rise, usual_w) = match acquisition.edge {
        Edge::Middle => {
            let typical_w = typical_w(curve, main.level_w * STANDS_OUT)
                .unwrap_or(acquisition.typical_w.max(main.level_w * 8.0));
            let medium_w = (main.level_w * typical_w).sqrt() - main.level_w;
            let strong_w = (typical_w * SURE_PART)
                .max((top_w - main.level_w) * CLEAR)
                .max(medium_w);
            let weak_w = if acquisition.has_scouts {
                medium_w * SCOUT_PART
            } else {
                medium_w
            };
            let clear_w = main.until_w_seen * CLEAR - main.level_w;
            let weak_w = weak_w.max(clear_w);
            let rise = Rise {
                weak_w,
                medium_w: medium_w.max(weak_w),
                strong_w,
                clear_w,
            };
            (main.level_w + rise.medium_w, Some(rise), Some(typical_w))
        }
        Edge::Part(part) => {
            let clear_w = top_w * (1.0 + (step * CLEAR_STEPS).max(0.06));
            let typical_w = typical_w(curve, clear_w).unwrap_or(acquisition.typical_w.max(top_w * 1.5));
            ((top_w + (typical_w - top_w) * part).max(clear_w), None, None)
        }
        Edge::Above(part) => (top_w * (1.0 + clear_part(part, step)), None, None),
    };
    Some(Onset::new(&acquisition, strong_w, rise, usual_w))
}

fn clear_part(part: f64, step: f64) -> f64 {
    part.max((step * CLEAR_STEPS).min(CLEAR_PART_MAX))
}

/// The least power that tells a meter too slow for scans that somebody is at work. Where acquisitions rise little such a
/// meter blurs them with the patient's level, and what it holds to be the highest level of rest is imaging; there what
/// stands clear of the usual level of idle is work, be it a patient in the room or imaging.
pub(super) fn work_from_w(modality: &Modality, bands: &[LearnedBand], onset: Onset, step: f64) -> f64 {
    match (
        modality.acquisition.map(|acquisition| acquisition.edge),
        main_idle(bands),
    ) {
        (Some(Edge::Above(part)), Some(main)) => main.level_w * (1.0 + clear_part(part, step)),
        _ => onset.strong_w,
    }
}

/// The level of idle that is held longest.
fn main_idle(bands: &[LearnedBand]) -> Option<&LearnedBand> {
    let idle = bands.iter().filter(|band| band.state == State::Idle);
    idle.max_by(|a, b| a.evidence.seconds.total_cmp(&b.evidence.seconds))
}

/// The usual power above some watts, by energy, of time that did not hold still; none while there is too little of it.
fn typical_w(curve: &Curve, above_w: f64) -> Option<f64> {
    let above = || curve.all().filter(move |(number, _)| lower_w(*number) >= above_w);
    let seconds = |(number, seconds): (u16, f32)| f64::from((seconds - curve.still_s(number)).max(0.0));
    let energy = |bin: (u16, f32)| seconds(bin) * middle_w(bin.0);
    if above().map(seconds).sum::<f64>() < TYPICAL_S_MIN {
        return None;
    }
    let half: f64 = above().map(energy).sum::<f64>() / 2.0;
    let mut sum = 0.0;
    let median = above().find(|bin| {
        sum += energy(*bin);
        sum >= half
    });
    median.map(|(number, _)| middle_w(number))
}

/// Sets the edges of the learned bands, and makes bands that name every watt; none while nothing is learned.
pub(super) fn bands(
    modality: &Modality,
    learned: &mut [LearnedBand],
    onset: Option<Onset>,
    is_usual_cycle: bool,
) -> Option<Bands> {
    if learned.is_empty() || modality.names.is_empty() {
        return None;
    }
    let places = places(modality, learned);
    let mut bands = Vec::with_capacity(places.len() + 1);
    let mut from_w = if modality.is_always_powered() {
        places[0].low_w * BELOW_BASE
    } else {
        f64::MIN
    };
    for (number, place) in places.iter().enumerate() {
        let until_w = match places.get(number + 1) {
            Some(next) if next.low_w > place.high_w => (place.high_w.max(0.5) * next.low_w.max(0.5)).sqrt(),
            Some(next) => f64::midpoint(place.high_w, next.low_w),
            None => onset.map_or(f64::MAX, |onset| onset.strong_w).max(place.high_w),
        };
        let until_w = match onset {
            // what lies above the onset is acquisition, whatever was called a level there
            Some(onset) if place.state != State::Scanning => until_w.min(onset.strong_w),
            _ => until_w,
        };
        if until_w > from_w {
            bands.push(Band {
                state: place.state,
                from_w,
                until_w,
            });
            if let Some(band) = place.learned.and_then(|number| learned.get_mut(number)) {
                (band.from_w, band.until_w) = (from_w, until_w);
            }
            from_w = until_w;
        }
    }
    if onset.is_some() {
        bands.push(Band {
            state: State::Scanning,
            from_w,
            until_w: f64::MAX,
        });
    }
    let cycle = learned.iter().find_map(|band| {
        let until_w = band.cycles_until_w?;
        let upper = bands.iter().find(|upper| until_w < upper.until_w);
        Some(CycleBand {
            state: band.state,
            from_w: band.from_w,
            until_w: until_w * CLEAR_CYCLE,
            upper: upper.map_or(band.state, |upper| upper.state),
            is_usual: is_usual_cycle,
        })
    });
    Bands::learned(joined(bands), cycle).ok()
}

/// Neighbours of one state are one band.
fn joined(bands: Vec<Band>) -> Vec<Band> {
    let mut joined: Vec<Band> = Vec::with_capacity(bands.len());
    for band in bands {
        match joined.last_mut() {
            Some(last) if last.state == band.state => last.until_w = band.until_w,
            _ => joined.push(band),
        }
    }
    joined
}

/// The levels seen, and between them the published places of states not seen yet.
fn places(modality: &Modality, learned: &[LearnedBand]) -> Vec<Place> {
    let seen = learned.iter().enumerate().map(|(number, band)| Place {
        state: band.state,
        low_w: band.from_w_seen,
        high_w: band.until_w_seen,
        learned: Some(number),
    });
    let mut places: Vec<Place> = seen.collect();
    let idle_w = main_idle(learned).map(|band| band.level_w);
    for (number, name) in modality.names.iter().enumerate() {
        if name.state == State::Scanning || places.iter().any(|place| place.state == name.state) {
            continue;
        }
        let (low_w, high_w) = match idle_w {
            Some(idle_w) if name.state != State::Idle => (idle_w * name.of_idle.0, idle_w * name.of_idle.1),
            _ => name.watts,
        };
        let rank = |state: State| modality.names.iter().position(|name| name.state == state);
        // it must lie where the order of names has it, clear of what was seen
        let below = places
            .iter()
            .filter(|place| rank(place.state) < Some(number))
            .map(|place| place.high_w)
            .fold(0.0, f64::max);
        let above = places
            .iter()
            .filter(|place| rank(place.state) > Some(number))
            .map(|place| place.low_w)
            .fold(f64::MAX, f64::min);
        let (low_w, high_w) = (low_w.max(below * CLEAR), high_w.min(above / CLEAR));
        if low_w < high_w {
            let place = Place {
                state: name.state,
                low_w,
                high_w,
                learned: None,
            };
            let at = places.partition_point(|other| other.low_w < low_w);
            places.insert(at, place);
        }
    }
    places
}

impl Modality {
    /// Where acquisitions begin by bands that were not learned; none where they name none.
    pub(crate) fn onset(&self, bands: &Bands) -> Option<Onset> {
        let scanning = bands
            .as_slice()
            .iter()
            .find(|band| band.state == State::Scanning)?;
        Some(Onset::new(
            self.acquisition.as_ref()?,
            scanning.from_w,
            None,
            None,
        ))
    }

    /// Whether it draws power even when it is off: the magnet's cooling.
    fn is_always_powered(&self) -> bool {
        self.levels.first().is_some_and(|(_, from_w, _)| *from_w > 0.0)
    }
}
