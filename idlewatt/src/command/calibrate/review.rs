//! What there is to review: the learned levels, the bands that follow, and where they differ from the published ones.

use analyzer::band::{Band, Bands};
use analyzer::learn::{CurvePoint, Learned, LearnedBand};
use analyzer::modality::Modality;
use analyzer::{Analyzer, State};

/// A difference of less than this part of the time is not worth a line.
const DIFFERENCE_SHARE_MIN: f64 = 0.001;

/// All that is shown of one device.
pub(super) struct Review {
    pub(super) name: String,
    pub(super) modality: &'static Modality,
    pub(super) learned: Learned,
    /// The bands that follow from it; the published ones while nothing is learned.
    pub(super) bands: Bands,
    /// Bands of the configuration, which hold instead.
    pub(super) fixed: Option<Bands>,
}

/// Time that the published levels would call otherwise.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Difference {
    pub(super) learned: State,
    pub(super) published: State,
    pub(super) from_w: f64,
    pub(super) until_w: f64,
    /// Of all time.
    pub(super) share: f64,
}

impl Review {
    pub(super) fn of(analyzer: &Analyzer, id: &str, name: &str, modality: &'static Modality) -> Option<Self> {
        Some(Self {
            name: name.to_owned(),
            modality,
            learned: analyzer.learned(id)?,
            bands: analyzer
                .learned_bands(id)
                .cloned()
                .unwrap_or_else(|| modality.bands()),
            fixed: None,
        })
    }

    /// Time on the curve in all, s; never zero.
    pub(super) fn seconds(&self) -> f64 {
        self.learned.seconds().max(f64::MIN_POSITIVE)
    }

    /// The part of all time between these watts.
    pub(super) fn share(&self, from_w: f64, until_w: f64) -> f64 {
        let inside = |point: &&CurvePoint| (from_w..until_w).contains(&middle_w(point));
        let seconds: f64 = self
            .learned
            .curve
            .iter()
            .filter(inside)
            .map(|point| point.seconds)
            .sum();
        seconds / self.seconds()
    }

    /// What a power means by what was learned.
    pub(super) fn state_at(&self, power_w: f64) -> State {
        self.bands.state_at(power_w)
    }

    /// The learned band in which a power lies.
    pub(super) fn learned_at(&self, power_w: f64) -> Option<&LearnedBand> {
        self.learned
            .bands
            .iter()
            .find(|band| (band.from_w..band.until_w).contains(&power_w))
    }

    /// What people call a power: the label of its level, else its state.
    pub(super) fn called(&self, power_w: f64) -> String {
        let label = self.learned_at(power_w).and_then(|band| band.label.clone());
        label.unwrap_or_else(|| self.state_at(power_w).to_string())
    }

    /// Bands of states of which no level has been seen yet; there the published place holds.
    pub(super) fn unseen(&self) -> Vec<&Band> {
        let is_seen = |state: State| self.learned.bands.iter().any(|band| band.state == state);
        let bands = self.bands.as_slice().iter();
        bands
            .filter(|band| band.state != State::Scanning && !is_seen(band.state))
            .collect()
    }

    /// Where the published levels would say something else, the most time first.
    pub(super) fn differences(&self) -> Vec<Difference> {
        let published = self.modality.bands();
        let mut differences: Vec<Difference> = Vec::new();
        for point in &self.learned.curve {
            let (learned, other) = (
                self.state_at(middle_w(point)),
                published.state_at(middle_w(point)),
            );
            let share = point.seconds / self.seconds();
            let known = differences
                .iter_mut()
                .find(|known| (known.learned, known.published) == (learned, other));
            match known {
                _ if learned == other => {}
                Some(known) => {
                    known.share += share;
                    known.until_w = point.until_w;
                }
                None => differences.push(Difference {
                    learned,
                    published: other,
                    from_w: point.from_w,
                    until_w: point.until_w,
                    share,
                }),
            }
        }
        differences.retain(|difference| difference.share >= DIFFERENCE_SHARE_MIN);
        differences.sort_by(|a, b| b.share.total_cmp(&a.share));
        differences
    }

    /// The power that is reached or exceeded for each part of the time: (part, W), falling.
    pub(super) fn duration(&self) -> Vec<(f64, f64)> {
        let mut so_far = 0.0;
        let mut points = Vec::with_capacity(self.learned.curve.len() * 2);
        for point in self.learned.curve.iter().rev() {
            points.push((so_far / self.seconds(), middle_w(point)));
            so_far += point.seconds;
            points.push((so_far / self.seconds(), middle_w(point)));
        }
        points
    }

    /// The watts that a picture spans: what was drawn, a little wider, from 1 W at the least.
    pub(super) fn span_w(&self) -> Option<(f64, f64)> {
        let (first, last) = (self.learned.curve.first()?, self.learned.curve.last()?);
        let from_w = (first.from_w * 0.8).max(1.0);
        Some((from_w, (last.until_w * 1.15).max(from_w * 4.0)))
    }
}

pub(super) fn middle_w(point: &CurvePoint) -> f64 {
    f64::midpoint(point.from_w, point.until_w)
}
