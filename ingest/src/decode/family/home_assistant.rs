//! Home Assistant: what discovery documents announce (`<prefix>/<component>/[<node>/]<object>/config`), whoever
//! publishes them and wherever the values then come, and Home Assistant's own states (`mqtt_statestream`).
//!
//! Documented at <https://www.home-assistant.io/integrations/mqtt/#mqtt-discovery>. A document is a lesson, never a
//! reading; its state topic is read from then on. The meter is the device's first identifier, else its name, the node
//! or the object; for ESPHome (the node stands in both topics) the node, so that all of a node's topics agree.
//! Values of one meter stand on the loads that their names speak of, and never two of a quantity on one channel.
//!
//! Limits: sensors, topics and meters by the configuration's bound, [`SHARERS_MAX`] sensors or meters a topic; what was
//! announced longest ago is forgotten first. Documents may lie, so a topic that another family knows by itself is that
//! family's: this one is asked late, and what zigbee2mqtt announces is not learned at all.

mod announce;
mod statestream;
mod template;

use analyzer::{Availability, Reading};

use super::super::collect::{self, Quantity};
use super::super::json::Value;
use super::super::naming::load::Loads;
use super::super::number::{self, Bare};
use super::super::recent::Recent;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome};
use announce::{Announced, Document, How, Will};
use statestream::Streams;

/// Sensors of one state topic, or meters of one availability topic.
const SHARERS_MAX: usize = 256;
const LEARNED: &str =
    "Home Assistant discovery: describes a sensor, carries no value; its topic is read from now on";
const NOT_METERED: &str = "Home Assistant discovery: describes something that is not metered";

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "home_assistant",
    title: "Home Assistant discovery and statestream",
    begin,
    reads: "Topics that a discovery document announces with a unit of power, energy, voltage or current: bare numbers, \
            or JSON by a template that finds one number and multiplies or divides it; several sensors a topic; the \
            announced availability topics. Meter: the device's first identifier, or the ESPHome node; channel: the \
            load that the sensor's name speaks of. Statestream: `<base>/sensor/<object id>/state` once \
            `unit_of_measurement` was heard; meter: the object id without `_power`, `_energy`.",
    leaves_out: &[
        "templates with conditions, sums or other filters: their topics are listed with the reason",
        "energies of a day or a month, and energies announced as a measurement: no counters",
        "powers of one direction only: half of a signed power",
        "sensors whose unit and device class contradict each other",
        "topics that another family recognises: its own units are believed, not the document's",
        "statestream states before their unit was heard",
    ],
    evidence: Evidence::Fixtures,
    samples: &[
        (
            "homeassistant/sensor/press/load/config",
            br#"{"~":"shop/press","stat_t":"~/v","unit_of_meas":"kW","dev_cla":"power","avty_t":"~/alive",
                "val_tpl":"{{ value_json.p | float / 1 }}","name":"Load","dev":{"ids":["press-1"],"name":"Press"}}"#,
        ),
        ("shop/press/v", br#"{"p":1.5}"#),
        ("shop/press/alive", b"offline"),
        (
            "ha/device/pump/config",
            br#"{"device":{"identifiers":"pump-5"},"availability":[{"topic":"shop/pump","value_template":"{{ value_json.s }}"}],
                "components":{"e1":{"platform":"sensor","unit_of_measurement":"Wh","device_class":"energy","state_topic":"shop/pump",
                "value_template":"{{ value_json['e'][1] }}"},"p":{"p":"sensor","unit_of_meas":"W","stat_t":"shop/pump","val_tpl":"{{ 1 if 1 }}"}}}"#,
        ),
        ("shop/pump", br#"{"e":[5,1],"s":"online"}"#),
        ("ha/sensor/lamp_load/unit_of_measurement", br#""W""#),
        ("ha/sensor/lamp_load/state", b"15"),
    ],
};

fn begin(config: &DecoderConfig) -> Box<dyn Family> {
    let max = config.meters_max;
    Box::new(HomeAssistant {
        announced: 0,
        announced_max: max,
        sensors: Recent::of(max),
        wills: Recent::of(max),
        taught: Recent::of(max),
        loads: Loads::of(max),
        streams: Streams::of(max),
    })
}

struct HomeAssistant {
    /// All that [`Self::taught`] holds.
    announced: usize,
    announced_max: usize,
    /// By state topic.
    sensors: Recent<Vec<Sensor>>,
    /// By availability topic.
    wills: Recent<Announcement>,
    /// What a discovery topic taught.
    taught: Recent<Vec<Trace>>,
    loads: Loads,
    streams: Streams,
}

/// An announced sensor.
struct Sensor {
    key: String,
    meter: String,
    quantity: Quantity,
    how: Result<How, &'static str>,
}

/// An announced availability topic.
struct Announcement {
    will: Will,
    /// The meters that it is of, with the discovery topics that said so.
    meters: Vec<(String, String)>,
}

/// What is to be forgotten with a discovery topic.
enum Trace {
    Sensor {
        state_topic: String,
        meter: String,
        key: String,
    },
    Will {
        topic: String,
    },
}

impl Family for HomeAssistant {
    fn decode(&mut self, input: &Input<'_>) -> Option<Outcome> {
        if input.level(0) == "config" && input.is_object() {
            return Some(self.discovery(input));
        }
        if matches!(input.topic(), "homeassistant/status" | "hass/status") {
            return Some(Outcome::silent(
                "Home Assistant's own birth or will, not a meter's",
            ));
        }
        let state = self.state(input);
        let availability = self.availability(input);
        match (state, availability) {
            (Some(mut state), Some(availability)) => {
                state.availability.extend(availability.availability);
                Some(state)
            }
            (state, availability) => state.or(availability).or_else(|| self.streams.decode(input)),
        }
    }

    fn unlearn(&mut self, topic: &str) {
        self.streams.unlearn(topic);
        if let Some(traces) = self.taught.forget(topic) {
            self.let_go(topic, traces);
        }
    }

    fn forgotten(&self) -> u64 {
        self.sensors.forgotten()
            + self.wills.forgotten()
            + self.taught.forgotten()
            + self.loads.forgotten()
            + self.streams.forgotten()
    }
}

impl HomeAssistant {
    fn discovery(&mut self, input: &Input<'_>) -> Outcome {
        let is_announced = |level| matches!(input.level(level), "sensor" | "device");
        if !(is_announced(2) || is_announced(3)) {
            return Outcome::silent(NOT_METERED);
        }
        let root = match input.json() {
            Ok(root) => root,
            Err(fault) => return Outcome::malformed(format!("Home Assistant discovery: {fault}")),
        };
        let was_known = self.taught.holds(input.topic());
        self.unlearn(input.topic());
        let document = announce::read(input, root);
        if document.sensors.is_empty() {
            let outcome = Outcome::silent(NOT_METERED);
            // What it taught before holds no more, after a restart either.
            return if was_known { outcome.taught() } else { outcome };
        }
        self.learn(input.topic(), document);
        Outcome::silent(LEARNED).taught()
    }

    fn learn(&mut self, topic: &str, document: Document) {
        let mut traces = Vec::new();
        let mut meters: Vec<String> = Vec::new();
        for announced in document.sensors {
            if !meters.contains(&announced.meter) {
                meters.push(announced.meter.clone());
            }
            traces.push(self.sensor(announced));
        }
        for will in document.wills {
            traces.push(Trace::Will {
                topic: will.topic.clone(),
            });
            self.will(topic, will, &meters);
        }
        self.announced += traces.len();
        if let Some((oldest, traces)) = self.taught.put(topic, traces) {
            self.let_go(&oldest, traces);
        }
        while self.announced > self.announced_max
            && let Some((oldest, traces)) = self.taught.forget_oldest()
        {
            self.let_go(&oldest, traces);
        }
    }

    /// What a discovery topic taught holds no more.
    fn let_go(&mut self, topic: &str, traces: Vec<Trace>) {
        self.announced -= traces.len();
        for trace in traces {
            match trace {
                Trace::Sensor {
                    state_topic,
                    meter,
                    key,
                } => {
                    self.loads.release(&meter, &key);
                    if let Some(sensors) = self.sensors.get(&state_topic) {
                        sensors.retain(|sensor| sensor.key != key);
                        if sensors.is_empty() {
                            self.sensors.forget(&state_topic);
                        }
                    }
                }
                Trace::Will { topic: will } => {
                    if let Some(known) = self.wills.get(&will) {
                        known.meters.retain(|(_, taught_by)| taught_by != topic);
                        if known.meters.is_empty() {
                            self.wills.forget(&will);
                        }
                    }
                }
            }
        }
    }

    fn sensor(&mut self, announced: Announced) -> Trace {
        let Announced {
            state_topic,
            meter,
            claim,
            how,
        } = announced;
        let (key, quantity) = (claim.key.clone(), claim.quantity);
        self.loads.claim(&meter, claim);
        let sensor = Sensor {
            key: key.clone(),
            meter: meter.clone(),
            quantity,
            how,
        };
        if let Some(sensors) = self.sensors.get(&state_topic) {
            if sensors.len() < SHARERS_MAX {
                sensors.push(sensor);
            }
        } else {
            self.sensors.put(&state_topic, vec![sensor]);
        }
        Trace::Sensor {
            state_topic,
            meter,
            key,
        }
    }

    fn will(&mut self, taught_by: &str, will: Will, meters: &[String]) {
        let topic = will.topic.clone();
        if !self.wills.holds(&topic) {
            let known = Announcement {
                will,
                meters: Vec::new(),
            };
            self.wills.put(&topic, known);
        }
        if let Some(known) = self.wills.get(&topic) {
            let free = SHARERS_MAX.saturating_sub(known.meters.len());
            let meters = meters.iter().take(free);
            known
                .meters
                .extend(meters.map(|meter| (meter.clone(), taught_by.to_owned())));
        }
    }

    fn state(&mut self, input: &Input<'_>) -> Option<Outcome> {
        let sensors = self.sensors.get(input.topic())?;
        let mut readings: Vec<Reading> = Vec::new();
        let mut reason = Outcome::silent("the announced sensor has no value");
        for sensor in sensors {
            let value = match &sensor.how {
                Ok(how) => value(input, how),
                Err(text) => {
                    reason = Outcome::unmapped(*text);
                    continue;
                }
            };
            match value {
                Bare::Value(value) => {
                    let channel = self.loads.channel(&sensor.meter, &sensor.key);
                    let is_it = |reading: &Reading| {
                        *reading.meter == *sensor.meter && reading.channel.as_deref() == channel.as_deref()
                    };
                    let at = readings.iter().position(is_it).unwrap_or_else(|| {
                        readings.push(Reading::of(sensor.meter.as_str(), channel.as_deref()));
                        readings.len() - 1
                    });
                    collect::put(&mut readings[at], sensor.quantity, value);
                }
                Bare::Nothing => {}
                Bare::Broken => {
                    reason =
                        Outcome::malformed("not the number that Home Assistant discovery announces here");
                }
            }
        }
        reason.readings = readings;
        Some(reason)
    }

    fn availability(&mut self, input: &Input<'_>) -> Option<Outcome> {
        let known = self.wills.get(input.topic())?;
        let root = known.will.pointer.as_ref().and_then(|_| input.json().ok());
        let at = root.and_then(|root| root.pointer(known.will.pointer.as_deref()?));
        let word = at.and_then(Value::text).unwrap_or(input.text());
        let is_online = word == known.will.online;
        if !is_online && word != known.will.offline {
            return Some(Outcome::silent(
                "an announced availability topic: neither of its two words",
            ));
        }
        let mut meters = known.meters.iter().map(|(meter, _)| meter);
        let mut outcome = Outcome::availability(meters.next()?, is_online);
        for meter in meters {
            if !outcome.availability.iter().any(|said| said.meter == *meter) {
                outcome.availability.push(Availability {
                    meter: meter.clone(),
                    is_online,
                });
            }
        }
        Some(outcome)
    }
}

/// The announced value in base units.
fn value(input: &Input<'_>, how: &How) -> Bare {
    let value = match &how.pointer {
        None => number::bare(input.text()),
        Some(pointer) => match input.json() {
            Ok(root) => root
                .pointer(pointer)
                .and_then(Value::number)
                .map_or(Bare::Nothing, Bare::Value),
            Err(_) => Bare::Broken,
        },
    };
    match value {
        Bare::Value(value) => Bare::Value(value * how.factor),
        other => other,
    }
}

#[cfg(test)]
mod tests;
