//! Two sources that say the same: one load that is heard twice.
//!
//! Learned from equal values: at least [`PAIRS_MIN`] pairs of the same counter or power within two seconds, of several
//! values, and nearly all that can be compared equal. Standing loads and zeros prove nothing.
//!
//! Limits: each value is compared with its [`NEIGHBOURS_MAX`] nearest, [`SUSPECTS_MAX`] pairs of sources are followed.

use std::collections::HashMap;

use super::series::{Sample, Series};

/// So many equal values at the same time are no chance.
const PAIRS_MIN: u32 = 5;
/// … if they are not always the same value.
const VALUES_MIN: u32 = 3;
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

/// What is known of two sources.
#[derive(Default)]
struct Suspect {
    pairs: u32,
    values: u32,
    last: f64,
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
    let mut suspects: HashMap<(Voice, Voice), Suspect> = HashMap::new();
    for (at, (source, sample)) in values.iter().enumerate() {
        for (other_source, other) in values[at + 1..].iter().take(NEIGHBOURS_MAX) {
            if other.value - sample.value > sample.value.abs() * TOLERANCE {
                break;
            }
            let is_near = (other.at_us - sample.at_us).abs() <= WITHIN_US;
            let (one, two) = ((*source, sample.topic), (*other_source, other.topic));
            if !is_near || !are_comparable(sources, one, two) {
                continue;
            }
            let key = (one.min(two), one.max(two));
            if suspects.len() >= SUSPECTS_MAX && !suspects.contains_key(&key) {
                continue;
            }
            let suspect = suspects.entry(key).or_default();
            suspect.pairs += 1;
            let is_another = (sample.value - suspect.last).abs() > sample.value.abs() * TOLERANCE;
            suspect.values += u32::from(suspect.values == 0 || is_another);
            suspect.last = sample.value;
        }
    }
    let values_min = |equal| if equal == Equal::Counter { 1 } else { VALUES_MIN };
    let mut found: Vec<Pair> = suspects
        .into_iter()
        .filter(|(_, suspect)| suspect.pairs >= PAIRS_MIN && suspect.values >= values_min(equal))
        .filter(|((one, two), _)| agree(series(&sources[one.0]), one.1, series(&sources[two.0]), two.1))
        .map(|((one, two), suspect)| Pair {
            sources: (one.0, two.0),
            topics: (one.1, two.1),
            equal,
            pairs: suspect.pairs,
        })
        .collect();
    found.sort_by_key(|pair| (pair.sources, pair.topics));
    found
}

/// Whether equality would mean anything: another meter, or another topic of the same channel.
fn are_comparable(sources: &[Source<'_>], one: Voice, two: Voice) -> bool {
    match one.0 == two.0 {
        true => one.1 != two.1,
        false => sources[one.0].meter != sources[two.0].meter,
    }
}

/// Whether nearly all values of the one that have a value of the other beside them equal it.
fn agree(one: &Series, topic: u32, two: &Series, other_topic: u32) -> bool {
    let (mut comparable, mut equal) = (0_u32, 0_u32);
    for sample in one.samples().filter(|sample| sample.topic == topic) {
        let others = two.samples().filter(|other| other.topic == other_topic);
        let mut beside = others
            .filter(|other| (other.at_us - sample.at_us).abs() <= WITHIN_US)
            .peekable();
        if beside.peek().is_none() {
            continue;
        }
        comparable += 1;
        let is_equal = |other: &Sample| (other.value - sample.value).abs() <= sample.value.abs() * TOLERANCE;
        equal += u32::from(beside.any(is_equal));
    }
    equal * 5 >= comparable * 4
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

    #[test]
    fn equal_series_are_one_load_and_standing_ones_prove_nothing() {
        let none = Series::default();
        let power = series(1, 0, |second| 2600.0 + second as f64 * 7.3);
        let rounded = series(2, 900_000, |second| (2600.0 + second as f64 * 7.3).round());
        let standing = series(3, 0, |_| 75.0);
        let also_standing = series(4, 0, |_| 75.0);
        let counter = series(5, 0, |_| 123_456.0);
        let same_counter = series(6, 5_000, |_| 123_456.0);
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
