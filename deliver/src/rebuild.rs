//! The past written again: from which instant on, and what has to go before it is.
//!
//! `idlewatt replay --since T --write` asks for it, the service takes it up at its next start: the analyzer hears the
//! whole journal again with today's configuration, and what is of `T` or later goes to every sink in place of what was
//! there. What a sink holds from `T` on goes first, for points that are not said again must not stay.
//!
//! Points have one instant; intervals and examinations last, so an old one that spans `T` goes too, and from its
//! beginning on ([`Seam`]) new ones are written. Before the seam everything stays as it was said then. Where old and new
//! boundaries differ there, one new interval may begin before the seam.

use std::collections::BTreeMap;

use analyzer::{DeviceId, Finding};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What is to be written again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rebuild {
    /// Names it, so that it is done once.
    pub id: String,
    /// From here on: the beginning of a local hour, for ledger rows are whole hours.
    pub since: Timestamp,
    /// The rows of the findings log up to this one were said before it.
    pub row: u64,
    /// The journal is heard again up to this batch.
    pub until: u64,
    /// Devices whose old intervals, examinations or alerts reach over `since`.
    pub seams: BTreeMap<DeviceId, Seam>,
}

/// Where what lasts is written again from, for one device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seam {
    /// Intervals.
    pub intervals: Timestamp,
    /// Examinations.
    pub exams: Timestamp,
    /// Steps of alerts.
    pub alerts: Timestamp,
}

impl Seam {
    /// Nothing reaches over it.
    #[must_use]
    pub const fn at(since: Timestamp) -> Self {
        Self {
            intervals: since,
            exams: since,
            alerts: since,
        }
    }
}

impl Rebuild {
    /// One from `since` on.
    #[must_use]
    pub const fn new(id: String, since: Timestamp, seams: BTreeMap<DeviceId, Seam>) -> Self {
        Self {
            id,
            since,
            row: 0,
            until: 0,
            seams,
        }
    }

    /// Where what lasts is written again from, for a device.
    #[must_use]
    pub fn seam(&self, device: &str) -> Seam {
        self.seams.get(device).copied().unwrap_or(Seam::at(self.since))
    }

    /// From which instant on points of a measurement go.
    #[must_use]
    pub fn cleared_from(&self, measurement: &str, device: &str) -> Timestamp {
        match measurement {
            "interval" => self.seam(device).intervals,
            "exam" => self.seam(device).exams,
            "alert" => self.seam(device).alerts,
            _ => self.since,
        }
    }

    /// Whether a finding of the past is to be said again.
    #[must_use]
    pub fn says(&self, finding: &Finding) -> bool {
        match finding {
            Finding::Sample(sample) => sample.at >= self.since,
            Finding::StateChange(change) => change.at >= self.since,
            Finding::Interval(interval) => interval.until > self.seam(&interval.device).intervals,
            Finding::Exam(exam) => exam.until > self.seam(&exam.device).exams,
            Finding::Ledger(row) | Finding::Settled(row) => row.hour >= self.since,
            Finding::Alert(event) => event.at >= self.seam(&event.device).alerts,
            Finding::Fault(fault) => fault.at >= self.since,
            Finding::Bands(bands) => bands.at >= self.since,
        }
    }
}

#[cfg(test)]
mod tests {
    use analyzer::{Energy, Interval, State};

    use super::*;

    #[test]
    fn what_lasts_is_said_from_the_seam_on() {
        let since: Timestamp = "2026-11-27T10:00:00Z".parse().unwrap();
        let began: Timestamp = "2026-11-27T09:50:00Z".parse().unwrap();
        let seam = Seam {
            intervals: began,
            ..Seam::at(since)
        };
        let rebuild = Rebuild::new("1".to_owned(), since, [("ct-1".into(), seam)].into());
        let interval = |device: &str, until: Timestamp| {
            Finding::Interval(Interval {
                device: device.into(),
                from: began,
                until,
                state: State::Idle,
                energy: Energy::ZERO,
                estimated: Energy::ZERO,
            })
        };
        assert!(rebuild.says(&interval("ct-1", since)) && !rebuild.says(&interval("ct-1", began)));
        assert!(
            !rebuild.says(&interval("ct-2", since)),
            "it ends where the new ones begin"
        );
        assert_eq!(rebuild.cleared_from("interval", "ct-1"), began);
        assert_eq!(rebuild.cleared_from("power", "ct-1"), since);
    }
}
