//! Plateaus of the load-duration curve: levels at which a machine stays, with the valleys between them.
//!
//! The seconds of still stretches are smoothed over neighbouring bins; each maximum that stands clear of its neighbours
//! is a plateau. Where the modality says that compressors cycle, the lower of two levels that alternate within minutes
//! knows that it is half of a cycle.
//!
//! Limits: at most [`PLATEAUS_MAX`], the longest stay. Invariant: plateaus are sorted and do not overlap.

use crate::State;

use super::around;
use super::curve::{Curve, LAST_BIN, Still, lower_w, middle_w};

/// More levels than this no machine has.
pub(super) const PLATEAUS_MAX: usize = 8;
/// The weights by which a bin's neighbours count: some 5 % to both sides.
const KERNEL: [f32; 5] = [1.0, 4.0, 6.0, 4.0, 1.0];
/// A valley between two plateaus is at most this part of the lower one.
const VALLEY: f32 = 0.5;
/// Less time than this is no level yet, s.
const SECONDS_MIN: f32 = 240.0;
/// And less than this part of all still time, fans that run now and then.
const SHARE_MIN: f32 = 0.000_5;

/// Halves nearer to each other than this are not worth telling apart.
const CYCLE_RATIO_MIN: f64 = 1.1;
/// Fewer changes from one to the other may be chance; fewer do for halves that lie wide apart, because no state draws as
/// little as the lower one for long.
const CYCLES_MIN: f32 = 4.0;
const CYCLES_MIN_WIDE: f32 = 1.5;
/// This part of the lower half's changes goes up, and so many come back from the upper one.
const CYCLE_SHARE: f32 = 0.7;
/// An upper level with less of its time in cycles is a level of its own.
const USUAL_SHARE: f32 = 0.5;
/// This part of a level's time at either end is a tail.
const TAIL: f32 = 0.01;

/// A level at which the machine stays.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Plateau {
    /// Its mean, W.
    pub(crate) level_w: f64,
    /// The least and the greatest power that belongs to it, W.
    pub(crate) from_w: f64,
    pub(crate) until_w: f64,
    /// Time spent there.
    pub(crate) seconds: f32,
    /// The part of it in short stretches.
    pub(crate) brief_s: f32,
    /// Pulses that rose from it.
    pub(crate) launches: f32,
    /// Times that the machine was called to work from it.
    pub(super) calls: f32,
    /// Short stretches that went over to a higher level at once, and to a lower one.
    pub(super) ups: f32,
    pub(super) downs: f32,
    /// Time at a level above that gave way to this one.
    pub(super) upper_s: f32,
    /// It is the lower half of a cycle.
    pub(crate) cycle: Option<UpperHalf>,
    /// It is hardly more than the upper half of a cycle.
    pub(crate) is_upper_half: bool,
}

/// The other half of a cycle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct UpperHalf {
    /// Up to where it goes, W.
    pub(super) until_w: f64,
    /// Its level is hardly ever held for longer: what goes there is taken for a cycle until it stays.
    pub(super) is_usual: bool,
}

/// The plateaus of a curve, from low to high.
pub(super) fn plateaus(curve: &Curve, cycles: Option<Cycle>) -> Vec<Plateau> {
    let bins = curve.still();
    let mut height = vec![0.0_f32; usize::from(LAST_BIN) + 1 + KERNEL.len()];
    for (number, still) in bins {
        for (offset, weight) in KERNEL.iter().enumerate() {
            height[usize::from(*number) + offset] += still.seconds * weight;
        }
    }
    let total: f32 = bins.iter().map(|(_, still)| still.seconds).sum();
    let mut found = Vec::new();
    let hills = hills(&height);
    let hills = if cycles.is_some() {
        around::sorted_out(bins, hills)
    } else {
        hills
    };
    for (first, last) in hills {
        found.extend(plateau(curve, first, last));
    }
    found.retain(|plateau| plateau.seconds >= SECONDS_MIN.max(total * SHARE_MIN));
    if let Some(cycle) = cycles {
        find_cycles(&mut found, cycle);
    }
    while found.len() > PLATEAUS_MAX {
        let least = found
            .iter()
            .enumerate()
            .min_by(|a, b| a.1.seconds.total_cmp(&b.1.seconds));
        let Some((place, _)) = least else { break };
        found.remove(place);
    }
    found
}

/// First and last bin of every hill that stands clear of its neighbours.
fn hills(height: &[f32]) -> Vec<(usize, usize)> {
    // (first, summit's height, last)
    let mut hills: Vec<(usize, f32, usize)> = Vec::new();
    let mut place = 0;
    while place < height.len() {
        if height[place] <= 0.0 {
            place += 1;
            continue;
        }
        let first = place;
        let mut summit = height[place];
        while place + 1 < height.len() && height[place + 1] >= height[place] {
            place += 1;
            summit = summit.max(height[place]);
        }
        while place + 1 < height.len() && height[place + 1] < height[place] && height[place + 1] > 0.0 {
            place += 1;
        }
        let last = place;
        place += 1;
        // the slope down ends where the next one rises: a shallow valley divides nothing
        match hills.last_mut() {
            Some((_, before, end)) if *end + 1 == first && height[*end] > before.min(summit) * VALLEY => {
                *before = before.max(summit);
                *end = last;
            }
            _ => hills.push((first, summit, last)),
        }
    }
    let shift = KERNEL.len() / 2;
    let back = |place: usize| place.saturating_sub(shift);
    hills
        .into_iter()
        .map(|(first, _, last)| (back(first), back(last)))
        .collect()
}

/// What lies in these bins. Its ends leave out the outermost hundredths: a tail is not the level.
fn plateau(curve: &Curve, first: usize, last: usize) -> Option<Plateau> {
    let inside = || {
        curve
            .still()
            .iter()
            .filter(|(number, _)| (first..=last).contains(&usize::from(*number)))
    };
    let sum = |part: fn(&Still) -> f32| inside().map(|(_, still)| part(still)).sum::<f32>();
    let seconds = sum(|still| still.seconds);
    let weighted: f64 = inside()
        .map(|(number, still)| middle_w(*number) * f64::from(still.seconds))
        .sum();
    let reaches = |part: f32| {
        let mut so_far = 0.0;
        let reached = inside().find(move |(_, still)| {
            so_far += still.seconds;
            so_far >= seconds * part
        });
        reached.map(|(number, _)| *number)
    };
    Some(Plateau {
        level_w: weighted / f64::from(seconds),
        from_w: lower_w(reaches(TAIL)?),
        until_w: lower_w(reaches(1.0 - TAIL)? + 1),
        seconds,
        brief_s: sum(|still| still.brief_s),
        launches: sum(|still| still.launches),
        calls: sum(|still| still.calls),
        ups: sum(|still| still.ups),
        downs: sum(|still| still.downs),
        upper_s: sum(|still| still.upper_s),
        cycle: None,
        is_upper_half: false,
    })
}

/// Where the two halves of a cycle are one level.
#[derive(Clone, Copy, Debug)]
pub struct Cycle {
    /// The mean of a cycle lies below, W.
    pub below_w: f64,
    /// A cycle whose upper half is this many times the lower is wide; that of another state is not.
    pub wide: f64,
    /// The mean of a cycle that is not wide lies below, W.
    pub narrow_below_w: f64,
    /// The upper half is at most this many times the lower.
    pub ratio: f64,
    /// What a device that cycles is.
    pub state: State,
}

/// Levels of which one always follows the other within minutes are halves of a cycle. The lower half tells it; the
/// upper one may be what another state draws as well (an MRI that is off draws what a running compressor draws).
fn find_cycles(found: &mut [Plateau], cycle: Cycle) {
    for place in 1..found.len() {
        let (low, high) = (found[place - 1], found[place]);
        let (low_s, high_s) = (f64::from(low.seconds), f64::from(high.seconds));
        let mean_w = (low.level_w * low_s + high.level_w * high_s) / (low_s + high_s);
        let ratio = high.level_w / low.level_w.max(1.0);
        let (least, below_w) = if ratio < cycle.wide {
            (CYCLES_MIN, cycle.narrow_below_w)
        } else {
            (CYCLES_MIN_WIDE, cycle.below_w)
        };
        let is_mostly = |part: f32, of: f32| part >= least && part >= of * CYCLE_SHARE;
        // the upper half may have cycles of its own: a cryocooler's, while the machine is off
        let alternate = is_mostly(low.ups, low.ups + low.downs) && is_mostly(high.downs, low.ups);
        if alternate && mean_w < below_w && (CYCLE_RATIO_MIN..=cycle.ratio).contains(&ratio) {
            let is_usual = low.upper_s > high.seconds * USUAL_SHARE;
            found[place - 1].cycle = Some(UpperHalf {
                until_w: high.until_w,
                is_usual,
            });
            found[place].is_upper_half = is_usual;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn curve(levels: &[(f64, f32)]) -> Curve {
        let mut curve = Curve::default();
        for &(level_w, seconds) in levels {
            for (offset, part) in [(0.985, 0.2_f32), (1.0, 0.6), (1.015, 0.2)] {
                curve.level(level_w * offset).seconds += seconds * part;
            }
        }
        curve
    }

    fn levels(curve: &Curve) -> Vec<f64> {
        plateaus(curve, None)
            .iter()
            .map(|plateau| plateau.level_w)
            .collect()
    }

    #[test]
    fn each_level_is_found_with_its_mean() {
        let found = levels(&curve(&[
            (150.0, 4e4),
            (1_000.0, 2e4),
            (2_600.0, 5e4),
            (3_500.0, 900.0),
        ]));
        for (found, true_w) in found.iter().zip([150.0, 1_000.0, 2_600.0, 3_500.0]) {
            assert!((found / true_w - 1.0).abs() < 0.015, "{found} is not {true_w}");
        }
        assert_eq!(found.len(), 4);
    }

    #[test]
    fn a_patient_in_the_room_is_told_from_an_empty_one() {
        assert_eq!(levels(&curve(&[(6_900.0, 4e4), (7_500.0, 8e3)])).len(), 2);
    }

    #[test]
    fn what_is_held_for_moments_only_is_no_level() {
        assert_eq!(levels(&curve(&[(2_600.0, 4e5), (9_500.0, 60.0)])).len(), 1);
    }

    #[test]
    fn the_lower_half_of_a_cycle_knows_the_upper() {
        let mut curve = Curve::default();
        for (level_w, seconds, ups, downs) in [
            (5_200.0, 4_000.0, 50.0, 0.0),
            (7_200.0, 6_000.0, 20.0, 60.0),
            (11_500.0, 40_000.0, 3.0, 2.0),
        ] {
            *curve.level(level_w) = Still {
                seconds,
                ups,
                downs,
                ..Still::default()
            };
        }
        let cycle = Cycle {
            below_w: 9_000.0,
            wide: 1.3,
            narrow_below_w: 7_200.0,
            ratio: 1.6,
            state: State::Standby,
        };
        let found = plateaus(&curve, Some(cycle));
        let cycles: Vec<bool> = found.iter().map(|plateau| plateau.cycle.is_some()).collect();
        assert_eq!(cycles, [true, false, false], "{found:?}");
    }
}
