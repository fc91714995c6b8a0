//! Homie: `<root>/<device>/<node>/<property>` in version 2 to 4, `<domain>/5/<device>/<node>/<property>` in version 5.
//!
//! Documented at <https://homieiot.github.io/specification/>. The unit comes from `$unit` beside the property, or from
//! the device's `$description` in version 5: both are lessons. `$state` is the device's word on itself; children of a
//! lost device are lost with it. The meter is the device; a property stands on the load that its node and its name
//! speak of, and never two of a quantity on one channel. NaN and infinity are no values.
//!
//! Limits: properties and devices by the configuration's bound, [`description::ENTRIES_MAX`] a description.

mod description;

use super::super::collect::{Channels, Quantity};
use super::super::naming::load::{Claim, Loads};
use super::super::naming::word;
use super::super::number::{self, Bare};
use super::super::recent::Recent;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome};
use analyzer::Availability;

const ROOT: &str = "homie";
const VERSION: &str = "5";
const ATTRIBUTE: &str = "a Homie attribute, not a value";
const NO_VALUE: &str = "Homie: a property that measures no power, energy, voltage or current";
const NO_UNIT: &str = "Homie: a property whose unit is unknown until its $unit or the device's $description is heard; \
                       or describe the topic with a [[mapper]]";
const QUANTITIES: [Quantity; 4] = [
    Quantity::Power,
    Quantity::Energy,
    Quantity::Voltage,
    Quantity::Current,
];

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "homie",
    title: "Homie 2 to 5",
    begin,
    reads: "Properties whose `$unit`, or whose unit in `$description`, is one of power, energy, voltage or current, \
            below any root; below `homie/` also those whose id carries the unit. `$state`, `$online`: availability, of \
            the children as well. Meter: the device; channel: the load that node and property speak of.",
    leaves_out: &[
        "properties without a unit: listed with the reason where their id speaks of electricity",
        "energies of a day or a month: no counters",
        "powers of one direction only: half of a signed power",
        "$state sleeping and init: neither there nor away",
        "a cleared $state (a removed device): an empty payload says nothing of its meter",
    ],
    evidence: Evidence::Documentation,
    samples: &[
        ("homie/press/motor/power/$unit", b"kW"),
        ("homie/press/motor/power", b"1.5"),
        ("homie/press/$state", b"lost"),
        (
            "plant/5/hall/$description",
            br##"{"homie":"5.0","version":1,"children":["hall-b"],"nodes":{"l1":{"properties":{"power":{"datatype":"float","unit":"W"},
                "energy":{"datatype":"float","unit":"kWh"}}},"x":{"properties":[{"id":"u","unit":"V"},{"id":"on","unit":"#"}]}}}"##,
        ),
        ("plant/5/hall/l1/power", b"15"),
        ("plant/5/hall/$state", b"disconnected"),
    ],
};

fn begin(config: &DecoderConfig) -> Box<dyn Family> {
    let max = config.meters_max;
    Box::new(Homie {
        properties: Recent::of(max),
        described: Recent::of(max),
        children: Recent::of(max),
        loads: Loads::of(max),
    })
}

struct Homie {
    /// By the property's topic.
    properties: Recent<Announced>,
    /// The properties' topics that a description named, by the description's topic.
    described: Recent<Vec<String>>,
    /// The children's names, by the device's topic.
    children: Recent<Vec<String>>,
    loads: Loads,
}

/// A property that is metered.
#[derive(Clone, Copy, Debug)]
struct Announced {
    quantity: Quantity,
    factor: f64,
    /// A power of one direction: half of a signed one.
    is_half: bool,
}

impl Family for Homie {
    fn decode(&mut self, input: &Input<'_>) -> Option<Outcome> {
        let (last, above) = (input.level(0), input.level(1));
        if last.starts_with('$') {
            return Some(self.attribute(input));
        }
        if above.starts_with('$') {
            return Some(Outcome::silent(ATTRIBUTE));
        }
        let is_below_root = input.level(3) == ROOT || (input.level(3) == VERSION && input.level(4) == ROOT);
        match self.properties.get(input.topic()).copied() {
            Some(announced) => Some(self.value(input, announced)),
            None => is_below_root.then(|| by_name(input)),
        }
    }

    fn unlearn(&mut self, topic: &str) {
        let Some((of, attribute)) = topic.rsplit_once('/') else {
            return;
        };
        match attribute {
            "$unit" => self.forget(of),
            "$description" => {
                self.children.forget(of);
                for property in self.described.forget(topic).unwrap_or_default() {
                    self.forget(&property);
                }
            }
            _ => {}
        }
    }

    fn forgotten(&self) -> u64 {
        self.properties.forgotten()
            + self.described.forgotten()
            + self.children.forgotten()
            + self.loads.forgotten()
    }
}

impl Homie {
    fn attribute(&mut self, input: &Input<'_>) -> Outcome {
        match (input.level(0), input.before(1)) {
            ("$unit", Some(property)) if !input.level(3).is_empty() => self.unit(input, property),
            ("$description", Some(device)) if input.is_object() => self.description(input, device),
            ("$state" | "$online", Some(device)) => self.lifecycle(input, device),
            _ => Outcome::silent(ATTRIBUTE),
        }
    }

    fn unit(&mut self, input: &Input<'_>, property: &str) -> Outcome {
        let was_known = self.properties.holds(property);
        self.forget(property);
        match quantity(input.level(1), input.text()) {
            Some(announced) => {
                self.learn(property, announced);
                Outcome::silent(ATTRIBUTE).taught()
            }
            // What it taught before holds no more, after a restart either.
            None if was_known => Outcome::silent(ATTRIBUTE).taught(),
            None => Outcome::silent(ATTRIBUTE),
        }
    }

    fn description(&mut self, input: &Input<'_>, device: &str) -> Outcome {
        let description = match input.json() {
            Ok(root) => description::read(root),
            Err(fault) => return Outcome::malformed(format!("Homie $description: {fault}")),
        };
        let was_known = self.described.holds(input.topic());
        self.unlearn(input.topic());
        let mut topics = Vec::new();
        for (node, id, announced) in description.properties {
            let property = format!("{device}/{node}/{id}");
            self.learn(&property, announced);
            topics.push(property);
        }
        let is_lesson = was_known || !topics.is_empty() || !description.children.is_empty();
        if !description.children.is_empty() {
            self.children.put(device, description.children);
        }
        if is_lesson {
            self.described.put(input.topic(), topics);
            return Outcome::silent(ATTRIBUTE).taught();
        }
        Outcome::silent(ATTRIBUTE)
    }

    fn learn(&mut self, property: &str, announced: Announced) {
        let (device, path) = split(property);
        let claim = Claim {
            key: property.to_owned(),
            quantity: announced.quantity,
            load: word::load(path, device),
            name: path.to_owned(),
        };
        if let Some((oldest, _)) = self.properties.put(property, announced) {
            self.loads.release(split(&oldest).0, &oldest);
        }
        self.loads.claim(device, claim);
    }

    fn forget(&mut self, property: &str) {
        if self.properties.forget(property).is_some() {
            self.loads.release(split(property).0, property);
        }
    }

    fn value(&mut self, input: &Input<'_>, announced: Announced) -> Outcome {
        match number::bare(input.text()) {
            Bare::Value(_) if announced.is_half => Outcome::unmapped(
                "Homie: a power of one direction only is half of a signed one; describe the topic with a [[mapper]]",
            ),
            Bare::Value(value) => {
                let device = split(input.topic()).0;
                let channel = self.loads.channel(device, input.topic());
                let mut channels = Channels::of(device);
                channels.set(
                    channel.as_deref(),
                    announced.quantity,
                    Some(value * announced.factor),
                );
                Outcome::readings(
                    channels.stamped(None),
                    "a register or a voltage cannot be negative",
                )
            }
            Bare::Nothing => Outcome::silent("Homie: the property has no value"),
            Bare::Broken => Outcome::malformed("Homie: a property with a unit should be a number"),
        }
    }

    /// `$state`, and `$online` of version 2: of the device and of all below it.
    fn lifecycle(&mut self, input: &Input<'_>, device: &str) -> Outcome {
        let is_online = match input.text() {
            "ready" | "alert" | "true" => true,
            "disconnected" | "lost" | "false" => false,
            "init" | "sleeping" => return Outcome::silent("Homie: the device begins or sleeps"),
            _ => return Outcome::silent("Homie: not a state of the convention"),
        };
        let mut outcome = Outcome::availability(input.level(1), is_online);
        let root = device.rsplit_once('/').map_or("", |(root, _)| root);
        let mut at = 0;
        // A child that is there again says so itself.
        while !is_online && at < outcome.availability.len() && at < description::ENTRIES_MAX {
            let parent = format!("{root}/{}", outcome.availability[at].meter);
            for child in self.children.get(&parent).into_iter().flatten() {
                if !outcome.availability.iter().any(|said| said.meter == *child) {
                    outcome.availability.push(Availability {
                        meter: child.clone(),
                        is_online,
                    });
                }
            }
            at += 1;
        }
        outcome
    }
}

/// The device of a property, and node and property together.
fn split(topic: &str) -> (&str, &str) {
    let mut slashes = topic.rmatch_indices('/').map(|(at, _)| at);
    let (node, device) = (slashes.nth(1), slashes.next());
    let end = node.unwrap_or(0);
    let begin = device.map_or(0, |at| at + 1);
    (
        topic.get(begin..end).unwrap_or_default(),
        topic.get(end..).unwrap_or_default().trim_start_matches('/'),
    )
}

/// What a property measures, by its unit; its id tells export and what is no register.
fn quantity(id: &str, unit: &str) -> Option<Announced> {
    let of_unit = |quantity| Some((quantity, word::factor(unit, quantity)?));
    let (quantity, factor) = QUANTITIES.into_iter().find_map(of_unit)?;
    let is_export = word::is_export(id);
    (!word::is_other(id)).then_some(Announced {
        quantity: match quantity {
            Quantity::Energy if is_export => Quantity::EnergyExport,
            other => other,
        },
        factor,
        is_half: is_export && quantity == Quantity::Power,
    })
}

/// A property whose unit was not heard: its id may carry one.
fn by_name(input: &Input<'_>) -> Outcome {
    let Some(said) = word::said(input.level(0)) else {
        return Outcome::silent(NO_VALUE);
    };
    match (said.factor, number::bare(input.text())) {
        (Some(factor), Bare::Value(value)) => {
            let meter = input.level(2);
            let load = word::load(input.last(2), meter);
            let mut channels = Channels::of(meter);
            channels.set(load.as_deref(), said.quantity, Some(value * factor));
            Outcome::readings(
                channels.stamped(None),
                "a register or a voltage cannot be negative",
            )
        }
        (None, Bare::Value(_)) => Outcome::unmapped(NO_UNIT),
        _ => Outcome::silent(NO_VALUE),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::check::{check, check_by, decoder};
    use super::super::super::{Decoder, DecoderConfig};
    use super::split;

    #[test]
    fn a_property_is_read_once_its_unit_was_heard() {
        let mut decoder = decoder();
        for (topic, payload, expected) in [
            ("homie/press/motor/power", "1.5", "unknown"),
            ("homie/press/motor/power/$unit", "kW", ""),
            ("homie/press/motor/power", "1.5", "press - power_w=1500"),
            ("homie/press/motor/power", "NaN", ""),
            ("homie/press/motor/power", "on", "malformed"),
            ("homie/press/motor/power/$datatype", "float", ""),
            ("homie/press/motor/$name", "Motor", ""),
            ("homie/press/$stats/uptime", "15", ""),
            ("homie/press/$online", "false", "press is offline"),
            ("homie/press/motor/energy-export/$unit", "Wh", ""),
            (
                "homie/press/motor/energy-export",
                "2",
                "press - energy_export_wh=2",
            ),
            ("homie/press/motor/power-export/$unit", "W", ""),
            ("homie/press/motor/power-export", "2", "unknown"),
            ("homie/press/motor/energy-today/$unit", "kWh", ""),
            ("homie/press/motor/energy-today", "2", ""),
            ("homie/press/motor/energy-kwh", "2", "press motor energy_wh=2000"),
            ("site/press/meter/power/$unit", "W", ""),
            ("site/press/meter/power", "-5", "press total power_w=-5"),
            ("homie/press/motor/power", "1.5", "press motor power_w=1500"),
            ("homie/press/motor/power/$unit", "%", ""),
            ("homie/press/motor/power", "1.5", "unknown"),
        ] {
            let expected = match expected {
                "" => "homie: not a reading".to_owned(),
                "unknown" => expected.to_owned(),
                said => format!("homie: {said}"),
            };
            check_by(&mut decoder, topic, payload, &expected);
        }
    }

    #[test]
    fn version_5_describes_its_properties_and_children() {
        let mut decoder = decoder();
        let description = r##"{"homie":"5.0","children":["hall-b"],"nodes":{
            "phase-1":{"properties":{"power":{"unit":"W","datatype":"float"},"mode":{"unit":"W","datatype":"enum"}}},
            "meter":{"properties":[{"id":"energy","unit":"kWh"},{"id":"count","unit":"#"}]}}}"##;
        for (topic, payload, expected) in [
            ("plant/5/hall/$description", description, "homie: not a reading"),
            ("plant/5/hall/phase-1/power", "15", "homie: hall l1 power_w=15"),
            ("plant/5/hall/phase-1/mode", "15", "unknown"),
            (
                "plant/5/hall/meter/energy",
                "2",
                "homie: hall total energy_wh=2000",
            ),
            ("plant/5/hall/$state", "ready", "homie: hall is online"),
            ("plant/5/hall/$state", "sleeping", "homie: not a reading"),
            (
                "plant/5/hall/$state",
                "lost",
                "homie: hall is offline\nhomie: hall-b is offline",
            ),
            ("plant/5/hall/$description", "", "not a reading"),
            ("plant/5/hall/meter/energy", "2", "unknown"),
            ("plant/5/hall/$state", "lost", "homie: hall is offline"),
            ("plant/5/hall/$description", "{", "homie: malformed"),
        ] {
            check_by(&mut decoder, topic, payload, expected);
        }
        check("homie/5/hall/pump/power_w", "15", "homie: hall pump power_w=15");
    }

    #[test]
    fn properties_are_bounded() {
        let mut decoder = Decoder::new(&DecoderConfig {
            meters_max: 2,
            ..DecoderConfig::default()
        })
        .unwrap();
        for number in 0..5 {
            let topic = format!("homie/d{number}/m/power/$unit");
            check_by(&mut decoder, &topic, "W", "homie: not a reading");
        }
        assert_eq!(decoder.forgotten(), 3);
        check_by(&mut decoder, "homie/d4/m/power", "5", "homie: d4 - power_w=5");
        check_by(&mut decoder, "homie/d0/m/power", "5", "unknown");
    }

    #[test]
    fn topics_are_split() {
        assert_eq!(split("a/b/c/d"), ("b", "c/d"));
        assert_eq!(split("b/c/d"), ("b", "c/d"));
        assert_eq!(split("d"), ("", "d"));
    }
}
