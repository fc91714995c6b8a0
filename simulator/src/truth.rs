//! What really happened, streamed beside the messages, so that a test can judge what was made of them.
//!
//! One JSON object a record (JSON Lines), times in RFC 3339 UTC with milliseconds:
//! `interval` records tile a device's time from the first instant to the last, states alternate, energies are the exact
//! integral of the true power (before any meter) and add up to the device's `total`. `exam` spans the first to the last
//! acquisition of one patient. `event` marks what is out of the ordinary.
//!
//! Scanning means: acquisition load is present; pauses inside one exam shorter than the modality's bridge (90 s MRI,
//! 60 s all others) are included. Rotor spin-up before the first acquisition, cooling tails after the last one and the
//! pauses of a calibration are idle; exposures of a calibration are scanning but no exam.
//!
//! Bound: a gap waits for its exam to go on, at most the bridge; records wait for `drain_truth`.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::power::{Happening, Segment, State, timestamp, watt_hours};

/// One line of the truth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum TruthRecord {
    /// A device was in one state.
    Interval {
        /// The device.
        device: String,
        /// First instant.
        from: Timestamp,
        /// First instant after.
        until: Timestamp,
        /// The state.
        state: State,
        /// Energy, exact.
        energy_wh: f64,
    },
    /// One patient, from the first to the last acquisition.
    Exam {
        /// The device.
        device: String,
        /// Number of the exam on this device, from 1.
        exam: u32,
        /// Begin of the first acquisition.
        from: Timestamp,
        /// End of the last acquisition.
        until: Timestamp,
        /// Energy, pauses included.
        energy_wh: f64,
        /// Energy while scanning.
        scanning_wh: f64,
    },
    /// Something out of the ordinary.
    Event {
        /// The device.
        device: String,
        /// When.
        at: Timestamp,
        /// What.
        event: Happening,
    },
    /// All energy of a device; the last record of a device.
    Total {
        /// The device.
        device: String,
        /// The simulation's first instant.
        from: Timestamp,
        /// The simulation's last instant.
        until: Timestamp,
        /// Energy, exact.
        energy_wh: f64,
    },
}

impl TruthRecord {
    /// The device it is about.
    #[must_use]
    pub fn device(&self) -> &str {
        match self {
            Self::Interval { device, .. }
            | Self::Exam { device, .. }
            | Self::Event { device, .. }
            | Self::Total { device, .. } => device,
        }
    }
}

/// Time and energy of one stretch.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    from_ms: i64,
    until_ms: i64,
    state: State,
    microjoules: i64,
}

impl Stretch {
    fn of(piece: &Segment) -> Self {
        Self {
            from_ms: piece.from_ms,
            until_ms: piece.until_ms,
            state: piece.state,
            microjoules: piece.microjoules(),
        }
    }

    fn add(&mut self, other: &Self) {
        self.until_ms = other.until_ms;
        self.microjoules += other.microjoules;
    }

    fn ms(&self) -> i64 {
        self.until_ms - self.from_ms
    }
}

#[derive(Debug)]
struct OpenExam {
    number: u32,
    acquired: Stretch,
    gap: Option<Stretch>,
    scanning_microjoules: i64,
}

/// Makes records of the pieces of one device.
pub(crate) struct Witness {
    device: String,
    bridge_ms: i64,
    start_ms: i64,
    total_microjoules: i128,
    current: Option<Stretch>,
    gap: Option<Stretch>,
    exam: Option<OpenExam>,
    records: Vec<TruthRecord>,
}

impl Witness {
    pub(crate) fn new(device: &str, bridge_ms: i64, start_ms: i64) -> Self {
        Self {
            device: device.to_owned(),
            bridge_ms,
            start_ms,
            total_microjoules: 0,
            current: None,
            gap: None,
            exam: None,
            records: Vec::new(),
        }
    }

    /// The next piece of true power.
    pub(crate) fn see(&mut self, piece: &Segment) {
        self.total_microjoules += i128::from(piece.microjoules());
        if let Some(event) = piece.happening {
            let (device, at) = (self.device.clone(), timestamp(piece.from_ms));
            self.records.push(TruthRecord::Event { device, at, event });
        }
        let stretch = Stretch::of(piece);
        let bridges = self
            .exam
            .as_ref()
            .is_some_and(|exam| exam.number == piece.exam && piece.exam != 0);
        self.see_exam(piece, &stretch);
        if bridges
            && self
                .current
                .is_some_and(|current| current.state == State::Scanning)
        {
            self.see_inside_exam(stretch);
        } else {
            self.close_gap();
            self.extend(stretch);
        }
    }

    /// Between acquisitions of one exam: wait whether the gap stays below the bridge.
    fn see_inside_exam(&mut self, stretch: Stretch) {
        if stretch.state == State::Scanning {
            if let (Some(gap), Some(current)) = (self.gap.take(), self.current.as_mut()) {
                current.add(&gap);
            }
            self.extend(stretch);
            return;
        }
        match self.gap.as_mut() {
            Some(gap) => gap.add(&stretch),
            None => self.gap = Some(stretch),
        }
        if self.gap.is_some_and(|gap| gap.ms() >= self.bridge_ms) {
            self.close_gap();
        }
    }

    fn close_gap(&mut self) {
        if let Some(gap) = self.gap.take() {
            self.extend(gap);
        }
    }

    fn extend(&mut self, stretch: Stretch) {
        match self.current.as_mut() {
            Some(current) if current.state == stretch.state => current.add(&stretch),
            _ => {
                self.close_interval();
                self.current = Some(stretch);
            }
        }
    }

    fn close_interval(&mut self) {
        if let Some(done) = self.current.take() {
            self.records.push(TruthRecord::Interval {
                device: self.device.clone(),
                from: timestamp(done.from_ms),
                until: timestamp(done.until_ms),
                state: done.state,
                energy_wh: watt_hours(done.microjoules.into()),
            });
        }
    }

    fn see_exam(&mut self, piece: &Segment, stretch: &Stretch) {
        if self.exam.as_ref().is_some_and(|exam| exam.number != piece.exam) {
            self.close_exam();
        }
        if piece.exam == 0 {
            return;
        }
        let bridge_ms = self.bridge_ms;
        match self.exam.as_mut() {
            None => {
                let scanning_microjoules = stretch.microjoules;
                let acquired = *stretch;
                self.exam = Some(OpenExam {
                    number: piece.exam,
                    acquired,
                    gap: None,
                    scanning_microjoules,
                });
            }
            Some(exam) if piece.state == State::Scanning => {
                if let Some(gap) = exam.gap.take() {
                    exam.acquired.add(&gap);
                    if gap.ms() < bridge_ms {
                        exam.scanning_microjoules += gap.microjoules;
                    }
                }
                exam.acquired.add(stretch);
                exam.scanning_microjoules += stretch.microjoules;
            }
            Some(exam) => match exam.gap.as_mut() {
                Some(gap) => gap.add(stretch),
                None => exam.gap = Some(*stretch),
            },
        }
    }

    fn close_exam(&mut self) {
        if let Some(done) = self.exam.take() {
            self.records.push(TruthRecord::Exam {
                device: self.device.clone(),
                exam: done.number,
                from: timestamp(done.acquired.from_ms),
                until: timestamp(done.acquired.until_ms),
                energy_wh: watt_hours(done.acquired.microjoules.into()),
                scanning_wh: watt_hours(done.scanning_microjoules.into()),
            });
        }
    }

    /// What has become final since the last call.
    pub(crate) fn drain(&mut self) -> Vec<TruthRecord> {
        std::mem::take(&mut self.records)
    }

    /// Closes what is open at the last piece seen and states the total. A gap that waits for its exam is idle then.
    pub(crate) fn finish(mut self, end_ms: i64) -> Vec<TruthRecord> {
        self.close_gap();
        self.close_interval();
        self.close_exam();
        self.records.push(TruthRecord::Total {
            device: self.device.clone(),
            from: timestamp(self.start_ms),
            until: timestamp(end_ms),
            energy_wh: watt_hours(self.total_microjoules),
        });
        self.records
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use State::{Idle, Scanning};

    /// Pieces of a second each second, as (seconds, state, exam), at 3.6 kW: 1 Wh a second.
    fn told(pieces: &[(i64, State, u32)]) -> Vec<TruthRecord> {
        let mut witness = Witness::new("ct", 60_000, 0);
        let mut now_ms = 0;
        for &(seconds, state, exam) in pieces {
            for _ in 0..seconds {
                let until_ms = now_ms + 1000;
                let milliwatts = 3_600_000;
                witness.see(&Segment {
                    from_ms: now_ms,
                    until_ms,
                    milliwatts,
                    state,
                    exam,
                    happening: None,
                });
                now_ms = until_ms;
            }
        }
        witness.finish(now_ms)
    }

    fn states(records: &[TruthRecord]) -> Vec<(State, f64)> {
        let intervals = records.iter().filter_map(|record| match record {
            TruthRecord::Interval { state, energy_wh, .. } => Some((*state, *energy_wh)),
            _ => None,
        });
        intervals.collect()
    }

    #[test]
    fn short_pauses_inside_an_exam_are_scanning() {
        let records = told(&[
            (10, Idle, 0),
            (5, Scanning, 1),
            (59, Idle, 1),
            (5, Scanning, 1),
            (9, Idle, 0),
        ]);
        assert_eq!(states(&records), [(Idle, 10.0), (Scanning, 69.0), (Idle, 9.0)]);
        let exams: Vec<_> = records
            .iter()
            .filter(|record| matches!(record, TruthRecord::Exam { .. }))
            .collect();
        let [
            TruthRecord::Exam {
                from,
                until,
                energy_wh,
                scanning_wh,
                ..
            },
        ] = exams[..]
        else {
            panic!("{exams:?}")
        };
        assert_eq!((from.as_second(), until.as_second()), (10, 79));
        assert_eq!((*energy_wh, *scanning_wh), (69.0, 69.0));
    }

    #[test]
    fn long_pauses_and_pauses_outside_exams_are_idle() {
        let records = told(&[
            (5, Scanning, 1),
            (60, Idle, 1),
            (5, Scanning, 1),
            (3, Idle, 0),
            (5, Scanning, 0),
        ]);
        let expected = [
            (Scanning, 5.0),
            (Idle, 60.0),
            (Scanning, 5.0),
            (Idle, 3.0),
            (Scanning, 5.0),
        ];
        assert_eq!(states(&records), expected);
        let exam = records.iter().find_map(|record| match record {
            TruthRecord::Exam {
                energy_wh,
                scanning_wh,
                ..
            } => Some((*energy_wh, *scanning_wh)),
            _ => None,
        });
        assert_eq!(exam, Some((70.0, 10.0)));
    }

    #[test]
    fn one_exam_right_after_another_is_two() {
        let records = told(&[
            (5, Scanning, 1),
            (10, Idle, 0),
            (5, Scanning, 2),
            (10, Idle, 2),
            (5, Scanning, 2),
        ]);
        assert_eq!(
            states(&records),
            [(Scanning, 5.0), (Idle, 10.0), (Scanning, 20.0)]
        );
        assert_eq!(
            records
                .iter()
                .filter(|record| matches!(record, TruthRecord::Exam { .. }))
                .count(),
            2
        );
    }

    #[test]
    fn records_are_lines_of_json() {
        for record in told(&[(5, Scanning, 1), (3, Idle, 0)]) {
            let line = serde_json::to_string(&record).unwrap();
            assert!(line.starts_with(r#"{"kind":""#), "{line}");
            assert_eq!(serde_json::from_str::<TruthRecord>(&line).unwrap(), record);
        }
    }
}
