//! Readings put together value by value, one per channel, and the rules that hold for every value.

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

    /// The reading of a channel, made where it is new.
    pub(crate) fn channel(&mut self, channel: Option<&str>) -> &mut Reading {
        let is_it = |reading: &Reading| reading.channel.as_deref() == channel;
        let at = self.readings.iter().position(is_it).unwrap_or_else(|| {
            self.readings.push(Reading::of(self.meter, channel));
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

    /// Gives every reading the same stamp.
    pub(crate) fn stamped(mut self, stamp: Option<jiff::Timestamp>) -> Vec<Reading> {
        for reading in &mut self.readings {
            reading.stamp = reading.stamp.or(stamp);
        }
        self.readings
    }
}

/// Puts a value in base units into its place.
pub(crate) fn put(reading: &mut Reading, quantity: Quantity, value: f64) {
    let place = match quantity {
        Quantity::Power => &mut reading.power_w,
        Quantity::Energy => &mut reading.energy_wh,
        Quantity::EnergyExport => &mut reading.energy_export_wh,
        Quantity::Voltage => &mut reading.voltage_v,
        Quantity::Current => &mut reading.current_a,
    };
    *place = plausible(quantity, value);
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
