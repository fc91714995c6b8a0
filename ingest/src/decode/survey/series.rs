//! The last values of one quantity with their instants, and what can be said of them.
//!
//! Limit: the newest [`SAMPLES_MAX`] values. Their extremes are of all values ever heard.

use std::collections::VecDeque;

/// A meter that says something after at most this long sees scanning.
pub(super) const SCANNING_S_MAX: f64 = 10.0;
/// Enough to learn a rhythm and to recognise a copy.
pub(super) const SAMPLES_MAX: usize = 32;

/// One value, where it came from and when.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sample {
    pub(super) at_us: i64,
    pub(super) value: f64,
    /// A short name of the topic.
    pub(super) topic: u32,
    /// Whether it was of now, not retained.
    pub(super) is_live: bool,
}

/// The values of one quantity.
#[derive(Clone, Debug, Default)]
pub(super) struct Series {
    samples: VecDeque<Sample>,
    pub(super) first: Option<Sample>,
    pub(super) min: Option<f64>,
    pub(super) max: Option<f64>,
    /// When the value last rose, and how often it rose and fell.
    pub(super) rose_us: Option<i64>,
    pub(super) rises: u64,
    pub(super) falls: u64,
    pub(super) count: u64,
    /// Values that came at most [`SCANNING_S_MAX`] after the one before them: of meters that report on change.
    pub(super) quick: u64,
}

impl Series {
    /// Takes a value.
    pub(super) fn push(&mut self, sample: Sample) {
        if let Some(last) = self.last() {
            if sample.value > last.value {
                self.rises += 1;
                self.rose_us = Some(sample.at_us);
            } else if sample.value < last.value {
                self.falls += 1;
            }
        }
        let before = self
            .samples
            .iter()
            .rev()
            .find(|before| before.topic == sample.topic);
        let gap_us = before
            .filter(|before| before.is_live && sample.is_live)
            .map(|before| sample.at_us - before.at_us);
        self.quick += u64::from(gap_us.is_some_and(|gap_us| gap_us > 0 && seconds(gap_us) <= SCANNING_S_MAX));
        self.first = self.first.or(Some(sample));
        self.min = Some(self.min.map_or(sample.value, |min| min.min(sample.value)));
        self.max = Some(self.max.map_or(sample.value, |max| max.max(sample.value)));
        self.count += 1;
        if self.samples.len() == SAMPLES_MAX {
            self.samples.pop_front();
        }
        self.samples.push_back(sample);
    }

    pub(super) fn last(&self) -> Option<&Sample> {
        self.samples.back()
    }

    pub(super) fn samples(&self) -> impl Iterator<Item = &Sample> {
        self.samples.iter()
    }

    /// The median of the time between two values of the topic that brings most of them, seconds.
    pub(super) fn interval_s(&self) -> Option<f64> {
        let mut topics: Vec<(u32, usize)> = Vec::new();
        for sample in self.samples().filter(|sample| sample.is_live) {
            match topics.iter_mut().find(|(topic, _)| *topic == sample.topic) {
                Some((_, count)) => *count += 1,
                None => topics.push((sample.topic, 1)),
            }
        }
        let (topic, _) = topics.into_iter().max_by_key(|(_, count)| *count)?;
        let of_topic: Vec<i64> = self
            .samples
            .iter()
            .filter(|sample| sample.topic == topic && sample.is_live)
            .map(|sample| sample.at_us)
            .collect();
        let mut gaps: Vec<i64> = of_topic.windows(2).map(|pair| pair[1] - pair[0]).collect();
        gaps.retain(|gap| *gap > 0);
        gaps.sort_unstable();
        gaps.get(gaps.len() / 2).map(|gap| seconds(*gap))
    }
}

/// Microseconds as seconds.
#[expect(
    clippy::cast_precision_loss,
    reason = "spans of a listening are far below 2^53 µs"
)]
pub(super) fn seconds(us: i64) -> f64 {
    us as f64 / 1e6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rhythm_is_that_of_the_busiest_topic() {
        let mut series = Series::default();
        for second in 0..100_i64 {
            let (at_us, value) = (second * 1_000_000, 5.0);
            series.push(Sample {
                at_us,
                value,
                topic: 1,
                is_live: true,
            });
            if second % 7 == 0 {
                series.push(Sample {
                    at_us: at_us + 300_000,
                    value,
                    topic: 2,
                    is_live: true,
                });
            }
        }
        assert_eq!(series.interval_s(), Some(1.0));
        assert_eq!(series.samples().count(), SAMPLES_MAX);
        assert_eq!((series.rises, series.falls, series.quick), (0, 0, 99 + 14));
        assert_eq!(Series::default().interval_s(), None);
    }
}
