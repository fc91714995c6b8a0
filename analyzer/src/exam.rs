//! Examinations: scanning clustered by short gaps. A guess from power; no patient is known here, ever.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::finding::{Exam, Interval};
use crate::{DeviceId, Energy, State};

/// The examination that is going on, if any.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ExamState {
    count: u64,
    open: Option<Open>,
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
}

impl ExamState {
    /// Takes the next final interval of the device; returns the examination that ended with it.
    pub(crate) fn interval(
        &mut self,
        device: &DeviceId,
        gap: SignedDuration,
        interval: &Interval,
    ) -> Option<Exam> {
        if interval.state != State::Scanning {
            let open = self.open.as_mut()?;
            open.since_energy += interval.energy;
            return if interval.until.duration_since(open.until) > gap {
                self.close(device)
            } else {
                None
            };
        }
        let is_new = self
            .open
            .as_ref()
            .is_none_or(|open| interval.from.duration_since(open.until) > gap);
        let ended = if is_new { self.close(device) } else { None };
        let open = self.open.get_or_insert(Open {
            from: interval.from,
            until: interval.from,
            energy: Energy::ZERO,
            scanning_energy: Energy::ZERO,
            scanning: SignedDuration::ZERO,
            since_energy: Energy::ZERO,
        });
        open.energy += open.since_energy + interval.energy;
        open.since_energy = Energy::ZERO;
        open.scanning_energy += interval.energy;
        open.scanning += interval.until.duration_since(interval.from);
        open.until = interval.until;
        ended
    }

    /// Ends the open examination, if any.
    pub(crate) fn close(&mut self, device: &DeviceId) -> Option<Exam> {
        let open = self.open.take()?;
        self.count += 1;
        Some(Exam {
            device: device.clone(),
            number: self.count,
            from: open.from,
            until: open.until,
            energy: open.energy,
            scanning_energy: open.scanning_energy,
            scanning: open.scanning,
        })
    }
}
