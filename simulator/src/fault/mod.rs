//! Faults of meters and of their way to the broker: one file per fault, one line each in [`TABLE`].
//!
//! A fault of the meter acts on its register at its ticks; a fault of the way acts on finished messages. Faults act in
//! the order in which the scenario lists them. Bound: `delay` holds a message at most a day, `reorder` one message.

mod clock_wrong;
mod counter_reset;
mod delay;
mod drop;
mod duplicate;
mod poison;
mod reorder;
mod reversed_phase;
mod roll_back;
mod silence;

use std::collections::VecDeque;

use jiff::ToSpan;

use crate::agenda::time_of_day;
use crate::dice::{Dice, Part};
use crate::local_time::LocalTime;
use crate::meter::Availability;
use crate::parcel::Parcel;
use crate::register::Register;
use crate::scenario::{DeviceSpec, FaultKind, FaultSpec, Moment, Scenario};

/// One thing that goes wrong.
pub(crate) trait Fault: Send {
    /// Acts on the meter itself at its tick; true if the split of power changed.
    fn on_meter(&mut self, _at_ms: i64, _register: &mut Register) -> bool {
        false
    }

    /// Whether the meter has come back to the broker since it was last asked: it greets again.
    fn is_back(&mut self, _at_ms: i64) -> bool {
        false
    }

    /// Acts on a message; what is pushed goes on.
    fn on_parcel(&mut self, parcel: Parcel, _way: &mut Way<'_>, out: &mut Vec<Parcel>) {
        out.push(parcel);
    }
}

/// What a fault of the way may use.
pub(crate) struct Way<'a> {
    pub(crate) dice: &'a mut Dice,
    /// None where the meter leaves no will.
    pub(crate) availability: Option<&'a Availability>,
}

/// What a fault is built from.
pub(crate) struct Setup<'a> {
    pub(crate) spec: &'a FaultSpec,
    scenario: &'a Scenario,
}

impl Setup<'_> {
    /// The instant of a moment; `otherwise` where the scenario gives none.
    pub(crate) fn instant_ms(&self, moment: Option<&Moment>, otherwise: i64) -> i64 {
        let Some(moment) = moment else { return otherwise };
        let date = self.scenario.first_date().saturating_add(moment.day.days());
        let time = time_of_day(&moment.time).unwrap_or_default();
        LocalTime::new(self.scenario.zone.clone()).instant_ms(date, time)
    }

    /// The chance per message.
    pub(crate) fn probability(&self) -> f64 {
        self.spec.probability.unwrap_or(0.0)
    }
}

/// One kind of fault.
pub(crate) struct Entry {
    pub(crate) kind: FaultKind,
    pub(crate) fault: fn(&Setup<'_>) -> Box<dyn Fault>,
}

pub(crate) const TABLE: &[Entry] = &[
    clock_wrong::ENTRY,
    counter_reset::ENTRY,
    delay::ENTRY,
    drop::ENTRY,
    duplicate::ENTRY,
    poison::ENTRY,
    reorder::ENTRY,
    reversed_phase::ENTRY,
    roll_back::ENTRY,
    silence::ENTRY,
];

/// What a meter has said and the broker has not yet.
#[derive(Default)]
pub(crate) struct Outbox {
    /// Said just now, before any fault.
    pub(crate) fresh: Vec<Parcel>,
    queue: VecDeque<Parcel>,
}

impl Outbox {
    /// The instant of the next message.
    pub(crate) fn next_ms(&self) -> Option<i64> {
        self.queue.front().map(|parcel| parcel.at_ms)
    }

    pub(crate) fn pop(&mut self) -> Option<Parcel> {
        self.queue.pop_front()
    }

    /// In order of time; of equals, the one pushed first goes first.
    fn push(&mut self, parcel: Parcel) {
        if self.queue.back().is_none_or(|last| last.at_ms <= parcel.at_ms) {
            self.queue.push_back(parcel);
        } else {
            let place = self.queue.partition_point(|other| other.at_ms <= parcel.at_ms);
            self.queue.insert(place, parcel);
        }
    }
}

/// The faults of one meter.
pub(crate) struct Chain {
    faults: Vec<Box<dyn Fault>>,
    dice: Dice,
}

impl Chain {
    pub(crate) fn new(scenario: &Scenario, device: &DeviceSpec) -> Self {
        let build = |spec: &FaultSpec| {
            let entry = TABLE.iter().find(|entry| entry.kind == spec.kind);
            let entry = entry.expect("a test finds every fault in the table");
            (entry.fault)(&Setup { spec, scenario })
        };
        Self {
            faults: device.faults.iter().map(build).collect(),
            dice: Dice::new(scenario.seed, &device.id, Part::Fault),
        }
    }

    /// Lets the meter's own faults act; true if the split of power changed.
    pub(crate) fn on_meter(&mut self, at_ms: i64, register: &mut Register) -> bool {
        self.faults
            .iter_mut()
            .fold(false, |changed, fault| fault.on_meter(at_ms, register) | changed)
    }

    /// Whether the meter has come back to the broker.
    pub(crate) fn is_back(&mut self, at_ms: i64) -> bool {
        self.faults
            .iter_mut()
            .fold(false, |back, fault| fault.is_back(at_ms) | back)
    }

    /// Sends what was just said on its way.
    pub(crate) fn pass(&mut self, availability: Option<&Availability>, out: &mut Outbox) {
        let mut parcels = std::mem::take(&mut out.fresh);
        for fault in &mut self.faults {
            let mut way = Way {
                dice: &mut self.dice,
                availability,
            };
            let mut passed = Vec::with_capacity(parcels.len());
            for parcel in parcels.drain(..) {
                fault.on_parcel(parcel, &mut way, &mut passed);
            }
            parcels = passed;
        }
        for parcel in parcels.drain(..) {
            out.push(parcel);
        }
        out.fresh = parcels;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_and_table_agree() {
        let kinds = [
            FaultKind::Drop,
            FaultKind::Duplicate,
            FaultKind::Delay,
            FaultKind::Reorder,
            FaultKind::Silence,
            FaultKind::CounterReset,
            FaultKind::RollBack,
            FaultKind::ReversedPhase,
            FaultKind::ClockWrong,
            FaultKind::Poison,
        ];
        assert_eq!(TABLE.len(), kinds.len());
        assert!(
            kinds
                .iter()
                .all(|kind| TABLE.iter().any(|entry| entry.kind == *kind))
        );
        crate::assert_files("src/fault", TABLE.len());
    }

    #[test]
    fn the_outbox_keeps_the_order_of_equals() {
        let parcel = |at_ms, payload: u8| Parcel {
            at_ms,
            topic: "t".into(),
            payload: vec![payload],
            qos: 0,
            retain: false,
            sample: None,
        };
        let mut outbox = Outbox::default();
        for (at_ms, payload) in [(5, 0), (9, 1), (5, 2), (7, 3), (9, 4), (1, 5)] {
            outbox.push(parcel(at_ms, payload));
        }
        let order: Vec<u8> = std::iter::from_fn(|| outbox.pop())
            .map(|parcel| parcel.payload[0])
            .collect();
        assert_eq!(order, [5, 0, 2, 3, 1, 4]);
    }
}
