//! DSMR-reader: `<topic>/reading/<name>`, a bare number each, kW and kWh with three decimals.
//!
//! What is bought and what is returned are two powers, both positive, one of them 0. There is a register for each tariff
//! and direction: tariff 1 counts at night (23:00 to 07:00 local) and on weekends. A value that has not changed is not said
//! again. Retained, QoS 2, no will. <https://dsmr-reader.readthedocs.io/en/latest/mqtt.html>.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::civil::Weekday;

use super::{Availability, Context, Due, Entry, Line, WireFormat};
use crate::local_time::LocalTime;
use crate::parcel::{Parcel, put_number};
use crate::register::Sample;
use crate::scenario::Family;

pub(super) const ENTRY: Entry = Entry {
    family: Family::Dsmr,
    phases: 3,
    class_percent: 1.0,
    format: |context: &Context<'_>| {
        let line = |name: &&str| context.line(format!("{}/reading/{name}", context.topic()), 2, true);
        Box::new(Dsmr {
            powers: POWERS.iter().map(line).collect(),
            registers: REGISTERS.iter().map(line).collect(),
            local: LocalTime::new(context.scenario.zone.clone()),
            counted: None,
            tariffs: [[0.0; 2]; 2],
            said: HashMap::new(),
        })
    },
};

const POWERS: [&str; 8] = [
    "electricity_currently_delivered",
    "electricity_currently_returned",
    "phase_currently_delivered_l1",
    "phase_currently_returned_l1",
    "phase_currently_delivered_l2",
    "phase_currently_returned_l2",
    "phase_currently_delivered_l3",
    "phase_currently_returned_l3",
];
const REGISTERS: [&str; 4] = [
    "electricity_delivered_1",
    "electricity_delivered_2",
    "electricity_returned_1",
    "electricity_returned_2",
];

struct Dsmr {
    powers: Vec<Line>,
    registers: Vec<Line>,
    local: LocalTime,
    /// What the two counters showed when they were last looked at.
    counted: Option<[f64; 2]>,
    /// Delivered and returned Wh, each by tariff.
    tariffs: [[f64; 2]; 2],
    /// The last payload of each topic.
    said: HashMap<Arc<str>, Vec<u8>>,
}

impl Dsmr {
    /// Puts what has been counted since the last look into the tariff in force.
    fn count(&mut self, sample: &Sample) {
        let now = self.local.civil(sample.stamp_ms);
        let is_weekend = matches!(now.weekday(), Weekday::Saturday | Weekday::Sunday);
        let tariff = usize::from((7..23).contains(&now.hour()) && !is_weekend);
        let counters = [sample.import_wh(), sample.export_wh()];
        let before = self.counted.replace(counters).unwrap_or_default();
        for (direction, (now_wh, before_wh)) in counters.into_iter().zip(before).enumerate() {
            if now_wh < before_wh {
                self.tariffs[direction] = [0.0; 2];
                self.tariffs[direction][tariff] = now_wh;
            } else {
                self.tariffs[direction][tariff] += now_wh - before_wh;
            }
        }
    }

    fn say(&mut self, at_ms: i64, line: &Line, value: f64, out: &mut Vec<Parcel>) {
        let mut text = Vec::with_capacity(12);
        put_number(&mut text, value / 1000.0, 3);
        if self.said.get(&line.topic) != Some(&text) {
            self.said.insert(line.topic.clone(), text.clone());
            out.push(line.say(at_ms, text));
        }
    }
}

impl WireFormat for Dsmr {
    fn report(&mut self, sample: &Sample, due: Due, out: &mut Vec<Parcel>) {
        self.count(sample);
        if due.power {
            let watts = std::iter::once(sample.watts()).chain(sample.each().iter().map(|phase| phase.watts));
            let values = watts.flat_map(|watts| [watts.max(0.0), (-watts).max(0.0)]);
            for (line, value) in self.powers.clone().iter().zip(values) {
                self.say(sample.at_ms, line, value, out);
            }
        }
        if due.counter {
            let values = self.tariffs;
            for (line, value) in self.registers.clone().iter().zip(values.into_iter().flatten()) {
                self.say(sample.at_ms, line, value, out);
            }
        }
    }

    fn availability(&self) -> Option<&Availability> {
        None
    }
}
