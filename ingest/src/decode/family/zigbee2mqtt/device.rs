//! A device's message: all that is known of it as one JSON object.

use analyzer::Reading;

use super::super::super::collect::{self, Channels, Quantity};
use super::super::super::json::Value;
use super::super::{Input, Outcome};
use super::NO_VALUE;
use super::devices::Device;
use super::property::{self, Meaning, Part, Spelling, TOTAL};

/// Room for the properties that a three-phase meter states.
const STATED_USUAL: usize = 16;

/// Readings of a device; what the bridge says of its properties is believed before their names.
pub(super) fn device(name: &str, input: &Input<'_>, known: Option<&Device>) -> Outcome {
    let root = match input.json() {
        Ok(root) => root,
        Err(fault) => return Outcome::malformed(format!("zigbee2mqtt: {fault}")),
    };
    let Stated {
        values,
        beside,
        has_battery,
        last_seen,
    } = Stated::of(root, known);
    if !values.iter().any(is_of_meter) {
        return Outcome::silent(NO_VALUE);
    }
    let described = known.into_iter().flat_map(Device::meanings);
    let spelling = Spelling::of(
        described.chain(values.iter().map(|(meaning, _)| *meaning)),
        known.is_some(),
    );
    let mut channels = Channels::of(name);
    let mut shared_voltage_v = None;
    for (
        Meaning {
            quantity,
            factor,
            part,
        },
        value,
    ) in values
    {
        let value = value.filter(|value| property::is_measured(quantity, *value));
        let value = value.map(|value| value * factor);
        match (quantity, part) {
            (Quantity::Voltage, _) if has_battery => {}
            (Quantity::Voltage, Part::Bare) if !spelling.has_voltages => shared_voltage_v = value,
            _ => channels.set(spelling.channel(part, quantity), quantity, value),
        }
    }
    let mut readings = channels.stamped(None);
    for reading in &mut readings {
        if let Some(voltage_v) = shared_voltage_v {
            collect::put(reading, Quantity::Voltage, voltage_v);
        }
    }
    take_beside(&mut readings, &beside, &spelling, input);
    let last_seen = last_seen.and_then(|seen| input.zone().stamp(seen));
    for reading in &mut readings {
        reading.stamp = reading.stamp.or(last_seen);
    }
    readings.sort_by(|a, b| order(a).cmp(&order(b)));
    Outcome::readings(readings, NO_VALUE)
}

/// What a message states, sorted out in one pass.
struct Stated<'d> {
    values: Vec<(Meaning<'d>, Option<f64>)>,
    /// Directions and stamps of single loads.
    beside: Vec<(&'static str, Part<'static>, Value<'d>)>,
    has_battery: bool,
    last_seen: Option<Value<'d>>,
}

impl<'d> Stated<'d> {
    fn of(root: Value<'d>, known: Option<&'d Device>) -> Self {
        let mut stated = Self {
            values: Vec::with_capacity(STATED_USUAL),
            beside: Vec::new(),
            has_battery: false,
            last_seen: None,
        };
        for (key, value) in root.entries() {
            if let Some(meaning) = meaning(key, known) {
                stated.values.push((meaning, value.number()));
            } else if let Some((what, part)) = property::beside(key) {
                stated.beside.push((what, part, value));
            } else if key == "battery" {
                stated.has_battery = true;
            } else if key == "last_seen" && stated.last_seen.is_none() {
                stated.last_seen = Some(value);
            }
        }
        stated
    }
}

/// The total first, then the loads by their names.
fn order(reading: &Reading) -> (bool, usize, &str) {
    let name = reading.channel.as_deref().unwrap_or_default();
    (name != TOTAL, name.len(), name)
}

/// Whether a device meters at all: a voltage alone is a battery's.
pub(super) fn is_meter(root: Value<'_>, known: Option<&Device>) -> bool {
    root.entries()
        .filter_map(|(key, value)| Some((meaning(key, known)?, value.number())))
        .any(|stated| is_of_meter(&stated))
}

fn is_of_meter((meaning, value): &(Meaning<'_>, Option<f64>)) -> bool {
    value.is_some() && meaning.quantity != Quantity::Voltage
}

pub(super) fn meaning<'d>(key: &str, known: Option<&'d Device>) -> Option<Meaning<'d>> {
    known.map_or_else(|| property::meaning(key), |device| device.meaning(key))
}

/// Directions and stamps of single loads.
fn take_beside(
    readings: &mut [Reading],
    beside: &[(&str, Part<'_>, Value<'_>)],
    spelling: &Spelling,
    input: &Input<'_>,
) {
    for (what, part, value) in beside {
        let channel = spelling.channel(*part, Quantity::Power);
        let is_it = |reading: &&mut Reading| reading.channel.as_deref() == channel;
        if let Some(reading) = readings.iter_mut().find(is_it) {
            match *what {
                "energy_flow" => sign_by_flow(reading, *value),
                _ => reading.stamp = input.zone().stamp(*value),
            }
        }
    }
}

fn sign_by_flow(reading: &mut Reading, flow: Value<'_>) {
    if flow
        .text()
        .is_some_and(|flow| flow.eq_ignore_ascii_case("producing"))
    {
        reading.power_w = reading
            .power_w
            .map(|power_w| if power_w > 0.0 { -power_w } else { power_w });
    }
}
