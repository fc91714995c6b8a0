//! Two sources that say the same: one load that is heard twice.
//!
//! Learned from equal values: the value that comes next to a value in time, within two seconds, is compared with it. At
//! least [`PAIRS_MIN`] must be equal, of several values, and nearly all that can be compared. Standing loads and zeros
//! prove nothing, nor do small loads that happen to draw the same watts now and then.
//!
//! Limits: each value is compared with its [`NEIGHBOURS_MAX`] nearest, [`SUSPECTS_MAX`] pairs of sources are followed.

use std::collections::HashMap;

use super::series::{Sample, Series};

/// So many equal values at the same time are no chance.
const PAIRS_MIN: u32 = 5;
/// … if they are not always the same value: a power repeats itself by chance, a counter does not.
const POWERS_MIN: usize = 3;
const COUNTERS_MIN: usize = 2;
const WITHIN_US: i64 = 2_000_000;
/// How far two roundings of one value may be apart, of the value.
const TOLERANCE: f64 = 2e-4;
const NEIGHBOURS_MAX: usize = 64;
const SUSPECTS_MAX: usize = 100_000;

/// What was found equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Equal {
    /// The counters.
    Counter,
    /// The powers.
    Power,
}

/// One source of values.
#[derive(Clone, Debug)]
pub(super) struct Source<'m> {
    /// The meter's place in the report.
    pub(super) meter: usize,
    pub(super) channel: Option<&'m str>,
    pub(super) power: &'m Series,
    pub(super) energy: &'m Series,
}

/// Two sources that say the same.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pair {
    /// Indices of the sources, the smaller first; the same where two topics feed one channel.
    pub(super) sources: (usize, usize),
    /// The topics' short names.
    pub(super) topics: (u32, u32),
    pub(super) equal: Equal,
    pub(super) pairs: u32,
}

/// One topic of one source.
type Voice = (usize, u32);

/// All pairs that say the same.
pub(super) fn pairs(sources: &[Source<'_>]) -> Vec<Pair> {
    let mut found = of_quantity(sources, Equal::Counter, |source| source.energy);
    for pair in of_quantity(sources, Equal::Power, |source| source.power) {
        let is_known = |known: &Pair| (known.sources, known.topics) == (pair.sources, pair.topics);
        if !found.iter().any(is_known) {
            found.push(pair);
        }
    }
    found
}

fn of_quantity<'m>(
    sources: &[Source<'m>],
    equal: Equal,
    series: impl Fn(&Source<'m>) -> &'m Series,
) -> Vec<Pair> {
    let mut values: Vec<(usize, Sample)> = Vec::new();
    for (at, source) in sources.iter().enumerate() {
        values.extend(series(source).samples().map(|sample| (at, *sample)));
    }
    values.retain(|(_, sample)| sample.is_live && sample.value.abs() > f64::EPSILON);
    values.sort_by(|one, other| {
        one.1
            .value
            .total_cmp(&other.1.value)
            .then(one.1.at_us.cmp(&other.1.at_us))
    });
    let mut suspects: HashMap<(Voice, Voice), u32> = HashMap::new();
    for (at, (source, sample)) in values.iter().enumerate() {
        for (other_source, other) in values[at + 1..].iter().take(NEIGHBOURS_MAX) {
            if !is_equal(sample, other) {
                break;
            }
            let is_near = (other.at_us - sample.at_us).abs() <= WITHIN_US;
            let (one, two) = ((*source, sample.topic), (*other_source, other.topic));
            if !is_near || !are_comparable(sources, one, two) {
                continue;
            }
            let key = (one.min(two), one.max(two));
            if suspects.len() < SUSPECTS_MAX || suspects.contains_key(&key) {
                *suspects.entry(key).or_default() += 1;
            }
        }
    }
    let values_min = match equal {
        Equal::Counter => COUNTERS_MIN,
        Equal::Power => POWERS_MIN,
    };
    suspects.retain(|_, pairs| *pairs >= PAIRS_MIN);
    let agreeing = suspects.into_keys().filter_map(|(one, two)| {
        let of = |voice: Voice| of_topic(series(&sources[voice.0]), voice.1);
        let pairs = agreement(&of(one), &of(two), values_min)?;
        Some(Pair {
            sources: (one.0, two.0),
            topics: (one.1, two.1),
            equal,
            pairs,
        })
    });
    let mut found: Vec<Pair> = agreeing.collect();
    found.sort_by_key(|pair| (pair.sources, pair.topics));
    found
}

/// Whether two values are the same, however they were rounded.
fn is_equal(one: &Sample, other: &Sample) -> bool {
    (other.value - one.value).abs() <= one.value.abs() * TOLERANCE
}

/// The live values that a topic brought.
fn of_topic(series: &Series, topic: u32) -> Vec<Sample> {
    let samples = series
        .samples()
        .filter(|sample| sample.topic == topic && sample.is_live);
    samples.copied().collect()
}

/// Whether equality would mean anything: another meter, or another topic of the same channel.
fn are_comparable(sources: &[Source<'_>], one: Voice, two: Voice) -> bool {
    match one.0 == two.0 {
        true => one.1 != two.1,
        false => sources[one.0].meter != sources[two.0].meter,
    }
}

/// In how many pairs two sources agree; none where that proves nothing. The slower one asks, each value the one of the
/// other that is nearest in time.
fn agreement(one: &[Sample], other: &[Sample], values_min: usize) -> Option<u32> {
    let (slow, fast) = if one.len() <= other.len() {
        (one, other)
    } else {
        (other, one)
    };
    let (mut comparable, mut equal) = (0_u32, 0_u32);
    let mut values: Vec<Sample> = Vec::new();
    for sample in slow {
        let apart = |other: &&Sample| (other.at_us - sample.at_us).abs();
        let Some(nearest) = fast
            .iter()
            .min_by_key(apart)
            .filter(|other| apart(other) <= WITHIN_US)
        else {
            continue;
        };
        comparable += 1;
        if is_equal(sample, nearest) && sample.value.abs() > f64::EPSILON {
            equal += 1;
            if !values.iter().any(|known| is_equal(known, sample)) {
                values.push(*sample);
            }
        }
    }
    let is_proven = equal >= PAIRS_MIN && equal * 5 >= comparable * 4 && values.len() >= values_min;
    is_proven.then_some(equal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn series(topic: u32, delay_us: i64, value: impl Fn(i64) -> f64) -> Series {
        let mut series = Series::default();
        for second in 0..10 {
            series.push(Sample {
                at_us: second * 10_000_000 + delay_us,
                value: value(second),
                topic,
                is_live: true,
            });
        }
        series
    }

    /// Small loads draw the same whole watts now and then, and played in a hurry all of it comes at once.
    #[test]
    fn a_hurried_play_of_small_loads_shows_no_twins() {
        let mut many: Vec<Series> = Vec::new();
        for plug in 0..6_i64 {
            let mut series = Series::default();
            for step in 0..32_i64 {
                series.push(Sample {
                    at_us: step * 10_000 + plug * 1_000,
                    value: (115 + (step * 7 + plug * 5 + step * plug) % 8) as f64,
                    topic: u32::try_from(plug).unwrap(),
                    is_live: true,
                });
            }
            many.push(series);
        }
        let none = Series::default();
        let source = |(meter, power)| Source {
            meter,
            channel: None,
            power,
            energy: &none,
        };
        let sources: Vec<_> = many.iter().enumerate().map(source).collect();
        assert_eq!(pairs(&sources), []);
    }

    #[test]
    fn equal_series_are_one_load_and_standing_ones_prove_nothing() {
        let none = Series::default();
        let power = series(1, 0, |second| 2600.0 + second as f64 * 7.3);
        let rounded = series(2, 900_000, |second| (2600.0 + second as f64 * 7.3).round());
        let standing = series(3, 0, |_| 75.0);
        let also_standing = series(4, 0, |_| 75.0);
        let counter = series(5, 0, |second| 123_456.0 + (second / 5) as f64 * 100.0);
        let same_counter = series(6, 5_000, |second| 123_456.0 + (second / 5) as f64 * 100.0);
        let late = series(7, 5_000_000, |second| 2600.0 + second as f64 * 7.3);
        let source = |meter, power, energy| Source {
            meter,
            channel: None,
            power,
            energy,
        };
        let sources = [
            source(0, &power, &none),
            source(1, &rounded, &none),
            source(2, &standing, &none),
            source(3, &also_standing, &none),
            source(4, &none, &counter),
            source(5, &none, &same_counter),
            source(6, &late, &none),
            source(0, &rounded, &none),
        ];
        let found: Vec<_> = pairs(&sources)
            .into_iter()
            .map(|pair| (pair.sources, pair.equal))
            .collect();
        assert_eq!(
            found,
            [
                ((4, 5), Equal::Counter),
                ((0, 1), Equal::Power),
                ((1, 7), Equal::Power)
            ]
        );
    }
}
