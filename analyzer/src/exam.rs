//! Examinations: scanning clustered by short gaps. A guess from power; no patient is known here, ever.
//!
//! A morning calibration is real exposures without a patient. It is told apart where it looks as its modality says
//! ([`Calibration`]); one whose pauses are as short as a patient's stays a patient. Before the device was first seen
//! to acquire, it is taken to have rested.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::finding::{Exam, ExamKind, Interval};
use crate::modality::{Calibration, Modality};
use crate::{DeviceId, Energy, State};

/// The examination that is going on, if any.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ExamState {
    count: u64,
    open: Option<Open>,
    /// End of the last acquisition of the examination before.
    last_until: Option<Timestamp>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Open {
    from: Timestamp,
    until: Timestamp,
    energy: Energy,
    scanning_energy: Energy,
    scanning: SignedDuration,
    /// Energy since `until`: part of the examination if scanning goes on soon.
    since_energy: Energy,
    course: Course,
}

/// What tells a calibration from a patient.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Course {
    scans: u32,
    last_from: Timestamp,
    longest_s: f64,
    spacing_s_min: f64,
    spacing_s_max: f64,
}

impl Course {
    const fn begin(from: Timestamp) -> Self {
        Self {
            scans: 0,
            last_from: from,
            longest_s: 0.0,
            spacing_s_min: f64::MAX,
            spacing_s_max: 0.0,
        }
    }

    fn scan(&mut self, interval: &Interval) {
        if self.scans > 0 {
            let spacing_s = interval.from.duration_since(self.last_from).as_secs_f64();
            self.spacing_s_min = self.spacing_s_min.min(spacing_s);
            self.spacing_s_max = self.spacing_s_max.max(spacing_s);
        }
        let seconds = interval.until.duration_since(interval.from).as_secs_f64();
        self.longest_s = self.longest_s.max(seconds);
        self.last_from = interval.from;
        self.scans = self.scans.saturating_add(1);
    }

    fn is_of(&self, calibration: &Calibration, rest_s: f64) -> bool {
        rest_s >= calibration.rest_s_min
            && self.scans >= calibration.exposures_min
            && self.longest_s <= calibration.exposure_s_max
            && self.spacing_s_max <= calibration.spacing_ratio_max * self.spacing_s_min
    }
}

impl ExamState {
    /// Takes the next final interval of the device; returns the examination that ended with it.
    pub(crate) fn interval(
        &mut self,
        device: &DeviceId,
        modality: &Modality,
        interval: &Interval,
    ) -> Option<Exam> {
        let gap = modality.exam_gap?;
        if interval.state != State::Scanning {
            let open = self.open.as_mut()?;
            open.since_energy += interval.energy;
            return if interval.until.duration_since(open.until) > gap {
                self.close(device, modality)
            } else {
                None
            };
        }
        let is_new = self
            .open
            .as_ref()
            .is_none_or(|open| interval.from.duration_since(open.until) > gap);
        let ended = if is_new {
            self.close(device, modality)
        } else {
            None
        };
        let open = self.open.get_or_insert(Open {
            from: interval.from,
            until: interval.from,
            energy: Energy::ZERO,
            scanning_energy: Energy::ZERO,
            scanning: SignedDuration::ZERO,
            since_energy: Energy::ZERO,
            course: Course::begin(interval.from),
        });
        open.course.scan(interval);
        open.energy += open.since_energy + interval.energy;
        open.since_energy = Energy::ZERO;
        open.scanning_energy += interval.energy;
        open.scanning += interval.until.duration_since(interval.from);
        open.until = interval.until;
        ended
    }

    /// Ends the open examination, if any.
    pub(crate) fn close(&mut self, device: &DeviceId, modality: &Modality) -> Option<Exam> {
        let open = self.open.take()?;
        self.count += 1;
        let before = self.last_until.replace(open.until);
        let rest_s = before.map_or(f64::INFINITY, |before| {
            open.from.duration_since(before).as_secs_f64()
        });
        let looks_so = |calibration: Calibration| open.course.is_of(&calibration, rest_s);
        let kind = if modality.calibration.is_some_and(looks_so) {
            ExamKind::CalibrationGuess
        } else {
            ExamKind::Patient
        };
        Some(Exam {
            device: device.clone(),
            number: self.count,
            from: open.from,
            until: open.until,
            energy: open.energy,
            scanning_energy: open.scanning_energy,
            scanning: open.scanning,
            kind,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST: i64 = 1_790_000_000;

    /// Scans as (from, seconds) and the rest between them, until an hour after the last.
    fn exams(modality: &str, scans: &[(i64, i64)]) -> Vec<ExamKind> {
        let modality = Modality::named(modality).expect("known");
        let device: DeviceId = "ct".into();
        let (mut state, mut kinds, mut last) = (ExamState::default(), Vec::new(), 0);
        let at = |second: i64| Timestamp::from_second(FIRST + second).expect("in range");
        let mut take = |from: i64, until: i64, of: State| {
            let interval = Interval {
                device: device.clone(),
                from: at(from),
                until: at(until),
                state: of,
                energy: Energy::from_wh(10.0),
                estimated: Energy::ZERO,
            };
            kinds.extend(state.interval(&device, modality, &interval).map(|exam| exam.kind));
        };
        for (from, seconds) in scans {
            take(last, *from, State::Idle);
            take(*from, from + seconds, State::Scanning);
            last = from + seconds;
        }
        take(last, last + 3_600, State::Idle);
        kinds
    }

    const CALIBRATION: [(i64, i64); 5] = [(100, 6), (190, 4), (284, 8), (370, 5), (470, 7)];

    #[test]
    fn single_short_regular_exposures_after_a_night_are_guessed_to_be_a_calibration() {
        assert_eq!(exams("ct", &CALIBRATION), [ExamKind::CalibrationGuess]);
        assert_eq!(
            exams("xray", &CALIBRATION),
            [ExamKind::Patient],
            "only a CT calibrates so"
        );
    }

    #[test]
    fn anything_that_does_not_look_like_it_is_a_patient() {
        let irregular = [(100, 6), (190, 4), (400, 8)];
        assert_eq!(exams("ct", &irregular), [ExamKind::Patient]);
        let long = [(100, 6), (190, 40), (284, 8)];
        assert_eq!(exams("ct", &long), [ExamKind::Patient]);
        assert_eq!(exams("ct", &CALIBRATION[..2]), [ExamKind::Patient], "too few");
        let again: Vec<(i64, i64)> = CALIBRATION.iter().map(|(from, s)| (from + 4_000, *s)).collect();
        let both = [&CALIBRATION[..], &again].concat();
        assert_eq!(
            exams("ct", &both),
            [ExamKind::CalibrationGuess, ExamKind::Patient],
            "an hour later it is not the first of the day"
        );
    }
}
