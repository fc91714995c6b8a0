//! Hills of a curve, told apart by the mean around them: a cryocooler that cycles makes two levels of one state, and the
//! upper half of an MRI that is off may touch the lower half of one that is idle.
//!
//! Time at a level goes with the mean of the quarter of an hour around it ([`super::stillness`]). Bins whose means are the
//! same are one level, however far apart they lie; where the mean jumps from one bin to the next, two levels meet.
//!
//! Source: cryocoolers cycle, so a state is to be told by a windowed mean (Overweg, ISMRM 2024 E8954).

use super::curve::{Still, middle_w};

/// First and last bin.
type Hill = (usize, usize);

/// Means of two levels are at least so far apart, in ratios.
const APART: f64 = 0.05;
/// Of what means differ by within a hill, two levels explain at least this part; an even slope has three quarters.
const EXPLAINED: f64 = 0.85;
/// A level that is divided has at least so much time with a known mean on either side, s.
const KNOWN_S_MIN: f64 = 900.0;
/// A half of a cycle has at least so much, s.
const HALF_S_MIN: f64 = 300.0;
/// Halves of a cycle are at most so far apart, in ratios; beyond, the mean around them does not last.
const HALVES: f64 = 0.25;
/// Means of halves differ by less than this part of what their levels differ by.
const SAME: f64 = 0.4;

/// Sums over bins: time of a known mean, and the moments of the mean's and the level's logarithms.
#[derive(Clone, Copy, Default)]
struct Sums {
    seconds: f64,
    mean: f64,
    square: f64,
    level: f64,
}

impl Sums {
    fn of(bins: &[(u16, Still)]) -> Self {
        let mut sums = Self::default();
        for (number, still) in bins.iter().filter(|(_, still)| still.around_s > 0.0) {
            let seconds = f64::from(still.around_s);
            let mean = (f64::from(still.around_ws) / seconds).max(1.0).ln();
            sums.seconds += seconds;
            sums.mean += mean * seconds;
            sums.square += mean * mean * seconds;
            sums.level += middle_w(*number).max(1.0).ln() * seconds;
        }
        sums
    }

    fn mean(self) -> f64 {
        self.mean / self.seconds
    }

    fn spread(self) -> f64 {
        self.square / self.seconds - self.mean().powi(2)
    }
}

/// The hills divided where the mean around them jumps, and joined where it is one.
pub(super) fn sorted_out(bins: &[(u16, Still)], hills: Vec<Hill>) -> Vec<Hill> {
    let inside = |(first, last): Hill| {
        let from = bins.partition_point(|(number, _)| usize::from(*number) < first);
        let until = bins.partition_point(|(number, _)| usize::from(*number) <= last);
        &bins[from..until]
    };
    let mut parts = Vec::new();
    let mut open: Vec<Hill> = hills.into_iter().rev().collect();
    while let Some(hill) = open.pop() {
        match jump(inside(hill)) {
            Some(place) => open.extend([(place, hill.1), (hill.0, place - 1)]),
            None => parts.push(hill),
        }
    }
    let mut joined: Vec<Hill> = Vec::with_capacity(parts.len());
    for part in parts {
        match joined.last_mut() {
            Some(last) if are_halves(inside(*last), inside(part)) => last.1 = part.1,
            _ => joined.push(part),
        }
    }
    joined
}

/// The bin with which a second level begins.
fn jump(bins: &[(u16, Still)]) -> Option<usize> {
    let whole = Sums::of(bins);
    let divided = (1..bins.len()).filter_map(|place| {
        let (below, above) = (Sums::of(&bins[..place]), Sums::of(&bins[place..]));
        let is_known = below.seconds >= KNOWN_S_MIN && above.seconds >= KNOWN_S_MIN;
        if !is_known || above.mean() - below.mean() < APART {
            return None;
        }
        let within = below.spread() * below.seconds + above.spread() * above.seconds;
        Some((1.0 - within / (whole.spread() * whole.seconds), place))
    });
    let (explained, place) = divided.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (explained >= EXPLAINED).then(|| usize::from(bins[place].0))
}

/// Whether two neighbours are halves of one cycle.
fn are_halves(below: &[(u16, Still)], above: &[(u16, Still)]) -> bool {
    let (below, above) = (Sums::of(below), Sums::of(above));
    if below.seconds < HALF_S_MIN || above.seconds < HALF_S_MIN {
        return false;
    }
    let levels = above.level / above.seconds - below.level / below.seconds;
    levels < HALVES && above.mean() - below.mean() < levels * SAME
}

#[cfg(test)]
mod tests {
    use super::super::curve::{Curve, bin_of};
    use super::*;

    /// Bins of (watts, mean around, seconds).
    fn curve(levels: &[(f64, f32, f32)]) -> Curve {
        let mut curve = Curve::default();
        for &(level_w, around_w, seconds) in levels {
            let level = curve.level(level_w);
            level.seconds += seconds;
            level.around_s += seconds;
            level.around_ws += around_w * seconds;
        }
        curve
    }

    fn hills(levels: &[(f64, f32, f32)], hills: &[(f64, f64)]) -> Vec<(f64, f64)> {
        let hills = hills
            .iter()
            .map(|(first, last)| (bin_of(*first).into(), bin_of(*last).into()));
        let sorted = sorted_out(curve(levels).still(), hills.collect());
        let watts = |number: usize| super::super::curve::lower_w(u16::try_from(number).expect("a bin"));
        sorted
            .into_iter()
            .map(|(first, last)| (watts(first), watts(last + 1)))
            .collect()
    }

    #[test]
    fn an_mri_that_is_off_is_told_from_one_that_is_idle_though_their_cycles_touch() {
        let levels = [
            (8_760.0, 9_160.0, 2e4),
            (9_550.0, 9_180.0, 2e4),
            (10_000.0, 9_600.0, 9e3),
            (10_420.0, 10_820.0, 1e4),
            (11_210.0, 10_830.0, 1e4),
        ];
        let found = hills(&levels, &[(8_760.0, 11_210.0)]);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].1 > 10_000.0 && found[1].0 <= 10_420.0, "{found:?}");
    }

    #[test]
    fn halves_of_one_cycle_are_one_level_and_two_levels_are_two() {
        let cycle = [(7_300.0, 7_920.0, 2e4), (8_550.0, 7_930.0, 2e4)];
        assert_eq!(hills(&cycle, &[(7_300.0, 7_300.0), (8_550.0, 8_550.0)]).len(), 1);
        let two = [(7_300.0, 7_310.0, 2e4), (8_550.0, 8_540.0, 2e4)];
        assert_eq!(hills(&two, &[(7_300.0, 7_300.0), (8_550.0, 8_550.0)]).len(), 2);
    }
}
