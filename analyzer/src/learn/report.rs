//! When people are told what a device has learned: as soon as a name or an edge changes enough to matter, and when its
//! meter is too slow for acquisitions.
//!
//! What matters: a band appears, leaves or has another name; an edge has moved by more than [`EDGE_MOVED`]; a band that
//! was provisional is known, or the other way round; where acquisitions begin appears, leaves or has moved as much.
//! At most once in [`SAY_EVERY`]: a change that comes sooner is said then, if it still holds.
//!
//! Limits: one device's last words, as many as it has bands.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::evidence::LearnedBand;
use super::{Learned, Learner};
use crate::finding::{BandsLearned, Fault, FaultKind, Finding};
use crate::{Device, State};

/// What is learned is said at most so often.
const SAY_EVERY: SignedDuration = SignedDuration::from_hours(1);
/// An edge that has moved by more than this part is worth saying.
const EDGE_MOVED: f64 = 0.05;
/// A meter is told to be too slow once it has been for a whole day, and then once a day: one that reports changes only
/// looks slow while nothing changes.
const COARSE_EVERY: SignedDuration = SignedDuration::from_hours(24);

/// What was said of one device.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Report {
    said_at: Option<Timestamp>,
    bands: Vec<Said>,
    scanning_from_w: Option<f64>,
    /// Since when the meter is too slow, or when that was said last.
    coarse_since: Option<Timestamp>,
}

impl Report {
    /// What is said next is said at once: a person waits for it.
    pub(crate) fn hurry(&mut self) {
        self.said_at = None;
    }
}

/// A band as it was said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Said {
    state: State,
    label: Option<String>,
    from_w: f64,
    until_w: f64,
    is_provisional: bool,
}

impl From<&LearnedBand> for Said {
    fn from(band: &LearnedBand) -> Self {
        Self {
            state: band.state,
            label: band.label.clone(),
            from_w: band.from_w,
            until_w: band.until_w,
            is_provisional: band.evidence.is_provisional(),
        }
    }
}

impl Said {
    fn is_as(&self, other: &Self) -> bool {
        self.state == other.state
            && self.label == other.label
            && self.is_provisional == other.is_provisional
            && is_near(self.from_w, other.from_w)
            && is_near(self.until_w, other.until_w)
    }
}

fn is_near(one_w: f64, other_w: f64) -> bool {
    (one_w - other_w).abs() <= one_w.abs().max(1.0) * EDGE_MOVED
}

impl Report {
    /// The device's curve has been looked at: says what is worth saying.
    pub(crate) fn look(
        &mut self,
        device: &Device,
        learner: &Learner,
        now: Timestamp,
        out: &mut Vec<Finding>,
    ) {
        // bands of the configuration hold whatever is learned: then it is of no interest
        if device.bands.is_none() && self.is_due(learner, now) {
            let learned = learner.learned(device.modality);
            self.bands = learned.bands.iter().map(Said::from).collect();
            (self.said_at, self.scanning_from_w) = (Some(now), learned.scanning_from_w);
            out.push(Finding::Bands(BandsLearned {
                device: device.id.clone(),
                at: now,
                bands: learned.bands,
                scanning_from_w: learned.scanning_from_w,
                scout_from_w: learned.scout_from_w,
                interval_s: learned.interval_s,
                is_too_coarse: learned.is_too_coarse,
            }));
        }
        out.extend(self.too_coarse(device, learner, now));
    }

    fn is_due(&self, learner: &Learner, now: Timestamp) -> bool {
        if self
            .said_at
            .is_some_and(|said| now.duration_since(said) < SAY_EVERY)
        {
            return false;
        }
        let has_moved = match (self.scanning_from_w, learner.onset.map(|onset| onset.strong_w)) {
            (Some(said_w), Some(is_w)) => !is_near(said_w, is_w),
            (said, is) => said.is_some() != is.is_some(),
        };
        let is_same = self.bands.len() == learner.named.len()
            && self
                .bands
                .iter()
                .zip(&learner.named)
                .all(|(said, band)| said.is_as(&band.into()));
        // before the first level there is nothing to say
        !learner.named.is_empty() && (!is_same || has_moved)
            || (!self.bands.is_empty() && learner.named.is_empty())
    }

    fn too_coarse(&mut self, device: &Device, learner: &Learner, now: Timestamp) -> Option<Finding> {
        let acquisition = device.modality.acquisition?;
        if !learner.is_too_coarse(device.modality) {
            self.coarse_since = None;
            return None;
        }
        let since = *self.coarse_since.get_or_insert(now);
        if now.duration_since(since) < COARSE_EVERY {
            return None;
        }
        self.coarse_since = Some(now);
        let detail = format!(
            "news come every {:.0} s; scans of this kind of machine need a reading at least every {} s to be seen, so \
             scanning is not claimed and its energy is booked to what lies around it; let the meter report every \
             second or two, or at each change",
            learner.interval_s(),
            acquisition.interval_s_max
        );
        Some(Finding::Fault(Fault {
            device: device.id.clone(),
            meter: device.feeds.first()?.meter.clone(),
            at: now,
            kind: FaultKind::IntervalTooCoarse,
            detail,
        }))
    }
}

impl LearnedBand {
    /// Its first watt and the first above it; none where it has no end on that side.
    #[must_use]
    pub fn edges_w(&self) -> (Option<f64>, Option<f64>) {
        let edge = |watts: f64| (f64::MIN < watts && watts < f64::MAX).then_some(watts);
        (edge(self.from_w), edge(self.until_w))
    }
}

impl Learned {
    /// Time on the curve in all, s; older time counts less.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        self.curve.iter().map(|point| point.seconds).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(state: State, from_w: f64, until_w: f64) -> Said {
        Said {
            state,
            label: None,
            from_w,
            until_w,
            is_provisional: false,
        }
    }

    #[test]
    fn a_name_an_edge_or_a_doubt_is_worth_saying_and_a_little_drift_is_not() {
        let idle = said(State::Idle, 1_600.0, 9_000.0);
        assert!(idle.is_as(&said(State::Idle, 1_640.0, 8_800.0)));
        assert!(!idle.is_as(&said(State::Idle, 1_700.0, 9_000.0)));
        assert!(!idle.is_as(&said(State::Standby, 1_600.0, 9_000.0)));
        assert!(!idle.is_as(&Said {
            is_provisional: true,
            ..idle.clone()
        }));
        let open = said(State::Idle, f64::MIN, f64::MAX);
        assert!(open.is_as(&open.clone()), "edges without an end are equal");
    }
}
