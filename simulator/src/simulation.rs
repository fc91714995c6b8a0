//! The hospital at work: all devices merged into one stream of messages in order of time, truth alongside.
//!
//! Bounds: each device holds one piece of power, one script and the messages of one report; nothing grows with the
//! simulated time except the truth that nobody drains (about 100 KB a simulated day of the demo hospital).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use jiff::Timestamp;

use crate::fault::Outbox;
use crate::load;
use crate::metering::Meter;
use crate::parcel::Parcel;
use crate::power::{Load, Segment, timestamp};
use crate::register::Sample;
use crate::scenario::{DeviceSpec, Scenario};
use crate::truth::{TruthRecord, Witness};

/// One message as it reaches the broker.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// When it reaches the broker, in simulated time.
    pub at: Timestamp,
    /// Topic.
    pub topic: String,
    /// Payload, raw.
    pub payload: Vec<u8>,
    /// Quality of service the family really uses.
    pub qos: u8,
    /// Retain flag the family really sets.
    pub retain: bool,
    /// What the meter showed as it made this message: what a decoder must find in it, within the format's resolution.
    /// None of what the broker says in the meter's name.
    pub sample: Option<Sample>,
}

struct Device {
    load: Box<dyn Load>,
    rest: Option<Segment>,
    meter: Meter,
    outbox: Outbox,
    witness: Witness,
    now_ms: i64,
}

impl Device {
    fn new(scenario: &Scenario, spec: &DeviceSpec) -> Self {
        let start_ms = scenario.start.as_millisecond();
        Self {
            load: load::build(scenario, spec),
            rest: None,
            meter: Meter::new(scenario, spec),
            outbox: Outbox::default(),
            witness: Witness::new(&spec.id, load::entry(spec.modality).bridge_ms, start_ms),
            now_ms: start_ms,
        }
    }

    /// Lives through one piece of power, not beyond `end_ms`.
    fn live(&mut self, end_ms: i64) {
        let mut piece = self.rest.take().unwrap_or_else(|| self.load.next_segment());
        if piece.until_ms > end_ms {
            self.rest = Some(Segment {
                from_ms: end_ms,
                happening: None,
                ..piece
            });
            piece.until_ms = end_ms;
        }
        self.witness.see(&piece);
        self.meter.feed(&piece, &mut self.outbox);
        self.now_ms = piece.until_ms;
    }

    /// The instant of the next message before `end_ms`, if there is one.
    fn next_ms(&mut self, end_ms: i64) -> Option<i64> {
        loop {
            if let Some(at_ms) = self.outbox.next_ms().filter(|at_ms| *at_ms < self.now_ms) {
                return Some(at_ms);
            }
            if self.now_ms >= end_ms {
                return None;
            }
            self.live(end_ms);
        }
    }
}

/// An iterator over the messages of a scenario, in order of time.
///
/// It ends at its end (at first the scenario's `days`) and goes on from there when the end is moved: the messages are
/// the same however often that is done.
pub struct Simulation {
    devices: Vec<Device>,
    next: BinaryHeap<Reverse<(i64, usize)>>,
    end_ms: i64,
    now_ms: i64,
}

impl Simulation {
    /// The hospital of a checked scenario at its start.
    #[must_use]
    pub fn new(scenario: &Scenario) -> Self {
        let devices = scenario
            .devices
            .iter()
            .map(|spec| Device::new(scenario, spec))
            .collect();
        let start_ms = scenario.start.as_millisecond();
        let mut simulation = Self {
            devices,
            next: BinaryHeap::new(),
            end_ms: start_ms,
            now_ms: start_ms,
        };
        simulation.set_end(Some(scenario.end()));
        simulation
    }

    /// The same, ending at this instant.
    #[must_use]
    pub fn until(mut self, end: Timestamp) -> Self {
        self.set_end(Some(end));
        self
    }

    /// The same, without an end.
    #[must_use]
    pub fn endless(mut self) -> Self {
        self.set_end(None);
        self
    }

    /// Moves the end; `None` is for ever. An end before what was already simulated counts as that instant.
    pub fn set_end(&mut self, end: Option<Timestamp>) {
        self.end_ms = end.map_or(i64::MAX, Timestamp::as_millisecond);
        self.next.clear();
        for (index, device) in self.devices.iter_mut().enumerate() {
            if let Some(at_ms) = device.next_ms(self.end_ms) {
                self.next.push(Reverse((at_ms, index)));
            }
        }
    }

    /// The instant of the last message.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        timestamp(self.now_ms)
    }

    /// The truth that has become final since the last call: in order of time per device, not across devices.
    pub fn drain_truth(&mut self) -> Vec<TruthRecord> {
        self.devices
            .iter_mut()
            .flat_map(|device| device.witness.drain())
            .collect()
    }

    /// Ends the simulation: simulates what is left until the end (without one: until the instant the farthest device has
    /// reached), drops the messages of that, and returns the rest of the truth with every device's total.
    #[must_use]
    pub fn finish(mut self) -> Vec<TruthRecord> {
        let reached_ms = self
            .devices
            .iter()
            .map(|device| device.now_ms)
            .max()
            .unwrap_or(self.now_ms);
        let end_ms = if self.end_ms == i64::MAX {
            reached_ms
        } else {
            self.end_ms.max(reached_ms)
        };
        let mut records = Vec::new();
        for mut device in self.devices.drain(..) {
            while device.now_ms < end_ms {
                device.live(end_ms);
                while device.outbox.pop().is_some() {}
            }
            records.extend(device.witness.finish(end_ms));
        }
        records
    }
}

impl Iterator for Simulation {
    type Item = Message;

    fn next(&mut self) -> Option<Message> {
        let mut first = self.next.peek_mut()?;
        let index = first.0.1;
        let device = &mut self.devices[index];
        let parcel = device
            .outbox
            .pop()
            .expect("the heap names devices that have a message");
        match device.next_ms(self.end_ms) {
            Some(at_ms) => first.0.0 = at_ms,
            None => {
                std::collections::binary_heap::PeekMut::pop(first);
            }
        }
        let Parcel {
            at_ms,
            topic,
            payload,
            qos,
            retain,
            sample,
        } = parcel;
        self.now_ms = at_ms;
        Some(Message {
            at: timestamp(at_ms),
            topic: topic.to_string(),
            payload,
            qos,
            retain,
            sample,
        })
    }
}
