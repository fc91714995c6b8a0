//! Readings put together value by value, one per channel, and the rules that hold for every value.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use analyzer::Reading;
use serde::Deserialize;

/// What a value is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Active power, signed.
    Power,
    /// The cumulative import register.
    Energy,
    /// The cumulative export register.
    EnergyExport,
    /// Voltage.
    Voltage,
    /// Current.
    Current,
}

/// The readings of one meter out of one message, in the order in which its channels appear.
#[derive(Debug)]
pub(crate) struct Channels<'a> {
    meter: &'a str,
    readings: Vec<Reading>,
}

impl<'a> Channels<'a> {
    pub(crate) fn of(meter: &'a str) -> Self {
        Self {
            meter,
            readings: Vec::new(),
        }
    }

    pub(crate) fn meter(&self) -> &'a str {
        self.meter
    }

    /// The reading of a channel, made where it is new.
    pub(crate) fn channel(&mut self, channel: Option<&str>) -> &mut Reading {
        let is_it = |reading: &Reading| reading.channel.as_deref() == channel;
        // Values of one channel come one after the other.
        let at = self.readings.iter().rposition(is_it).unwrap_or_else(|| {
            // One allocation for the meter's name, however many channels it has.
            let meter = self.readings.first().map(|first| Arc::clone(&first.meter));
            let meter = meter.unwrap_or_else(|| self.meter.into());
            self.readings.push(Reading::of(meter, channel));
            self.readings.len() - 1
        });
        &mut self.readings[at]
    }

    /// Takes a value in base units (W, Wh, V, A), if it is one; a channel without any value is not made.
    pub(crate) fn set(&mut self, channel: Option<&str>, quantity: Quantity, value: Option<f64>) {
        if let Some(value) = value.and_then(|value| plausible(quantity, value)) {
            put(self.channel(channel), quantity, value);
        }
    }

    /// Takes a value back.
    pub(crate) fn unset(&mut self, channel: Option<&str>, quantity: Quantity) {
        let mut readings = self.readings.iter_mut();
        if let Some(reading) = readings.find(|reading| reading.channel.as_deref() == channel) {
            *place(reading, quantity) = None;
        }
    }

    /// Gives every reading the same stamp.
    pub(crate) fn stamped(mut self, stamp: Option<jiff::Timestamp>) -> Vec<Reading> {
        for reading in &mut self.readings {
            reading.stamp = reading.stamp.or(stamp);
        }
        self.readings
    }
}

/// The readings of a message that speaks of several meters, or several instants: one for each meter, channel and
/// instant, whatever number of parts its values came in. A later value wins.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    readings: Vec<Reading>,
    places: HashMap<Place, usize>,
}

/// Meter, channel, instant.
type Place = (Arc<str>, Option<Cow<'static, str>>, Option<jiff::Timestamp>);

impl Batch {
    pub(crate) fn add(&mut self, readings: impl IntoIterator<Item = Reading>) {
        for reading in readings {
            let place = (reading.meter.clone(), reading.channel.clone(), reading.stamp);
            match self.places.get(&place) {
                Some(at) => unite(&mut self.readings[*at], &reading),
                None => {
                    self.places.insert(place, self.readings.len());
                    self.readings.push(reading);
                }
            }
        }
    }

    pub(crate) fn readings(self) -> Vec<Reading> {
        self.readings
    }
}

/// Takes over what the other states.
fn unite(reading: &mut Reading, other: &Reading) {
    reading.power_w = other.power_w.or(reading.power_w);
    reading.energy_wh = other.energy_wh.or(reading.energy_wh);
    reading.energy_export_wh = other.energy_export_wh.or(reading.energy_export_wh);
    reading.voltage_v = other.voltage_v.or(reading.voltage_v);
    reading.current_a = other.current_a.or(reading.current_a);
}

/// Puts a value in base units into its place.
pub(crate) fn put(reading: &mut Reading, quantity: Quantity, value: f64) {
    *place(reading, quantity) = plausible(quantity, value);
}

fn place(reading: &mut Reading, quantity: Quantity) -> &mut Option<f64> {
    match quantity {
        Quantity::Power => &mut reading.power_w,
        Quantity::Energy => &mut reading.energy_wh,
        Quantity::EnergyExport => &mut reading.energy_export_wh,
        Quantity::Voltage => &mut reading.voltage_v,
        Quantity::Current => &mut reading.current_a,
    }
}

/// The value, if it can be one: finite; a register is never negative, nor is an effective voltage (meters use −1 for
/// "no value"). A zero has no sign.
fn plausible(quantity: Quantity, value: f64) -> Option<f64> {
    let may_be_negative = matches!(quantity, Quantity::Power | Quantity::Current);
    (value.is_finite() && (may_be_negative || value >= 0.0)).then_some(value + 0.0)
}

/// Kilowatt-hours as watt-hours.
pub(crate) fn from_kilo(value: Option<f64>) -> Option<f64> {
    value.map(|value| value * 1000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_values_are_no_values() {
        let mut channels = Channels::of("m");
        channels.set(None, Quantity::Power, Some(-5.0));
        channels.set(None, Quantity::Energy, Some(-0.1));
        channels.set(None, Quantity::EnergyExport, Some(f64::NAN));
        channels.set(None, Quantity::Voltage, Some(-1.0));
        channels.set(Some("x"), Quantity::Energy, Some(-1.0));
        let readings = channels.stamped(None);
        assert_eq!(
            readings,
            [Reading {
                power_w: Some(-5.0),
                ..Reading::of("m", None)
            }]
        );
    }
}
