//! DSMR-reader: `<root>/reading/<name>`, bare numbers in kW and kWh, a topic each.
//!
//! Documented at <https://dsmr-reader.readthedocs.io> ("MQTT") and in `dsmr_mqtt/defaults.py`. `delivered` is what the
//! house bought. Bought and returned power are two registers, both positive, one of them zero: the one above zero is
//! the signed power. Two tariffs are one register, so their sum is stated once both are known. That is what is
//! remembered, for at most [`DecoderConfig::meters_max`] values. Identical values are not sent again: silence is normal.

use super::super::collect::{Channels, Quantity};
use super::super::number::{self, Bare};
use super::super::recent::Recent;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome, bare};

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "dsmr",
    title: "DSMR-reader",
    begin,
    reads: "TODO",
    leaves_out: &[],
    evidence: Evidence::Messages,
    samples: &[
        ("dsmr/reading/electricity_currently_returned", b"0.5"),
        ("dsmr/reading/electricity_currently_delivered", b"0.15"),
        ("dsmr/reading/electricity_delivered_1", b"100.5"),
        ("dsmr/reading/electricity_delivered_2", b"50.1"),
    ],
};

fn begin(config: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Dsmr {
        last: Recent::of(config.meters_max),
    })
}

struct Dsmr {
    /// The last number by topic.
    last: Recent<f64>,
}

impl Family for Dsmr {
    fn decode(&mut self, input: &Input<'_>) -> Option<Outcome> {
        if input.level(1) != "reading" || input.level(2).is_empty() {
            return None;
        }
        let (meter, name) = (input.level(2), input.level(0));
        let (start, phase) = match name.rsplit_once('_') {
            Some((start, phase @ ("l1" | "l2" | "l3"))) => (start, Some(phase)),
            _ => (name, None),
        };
        match (start, phase) {
            ("electricity_currently_delivered" | "electricity_currently_returned", None)
            | ("phase_currently_delivered" | "phase_currently_returned", Some(_)) => {
                Some(self.power(input, phase.unwrap_or("total")))
            }
            ("phase_voltage", _) => Some(bare(input, meter, phase, Quantity::Voltage, 1.0)),
            ("phase_power_current", _) => Some(bare(input, meter, phase, Quantity::Current, 1.0)),
            ("electricity_delivered_1" | "electricity_delivered_2", _) => {
                Some(self.register(input, Quantity::Energy))
            }
            ("electricity_returned_1" | "electricity_returned_2", _) => {
                Some(self.register(input, Quantity::EnergyExport))
            }
            _ => (meter == "dsmr" || name.contains("electricity") || name == "timestamp")
                .then(|| Outcome::silent("DSMR: not a power, a register, a voltage or a current")),
        }
    }
}

impl Dsmr {
    fn power(&mut self, input: &Input<'_>, channel: &str) -> Outcome {
        let Bare::Value(kilowatts) = number::bare(input.text()) else {
            return bare(input, input.level(2), None, Quantity::Power, 1.0);
        };
        let topic = input.topic();
        let is_returned = topic.contains("_returned");
        self.last.put(topic, kilowatts);
        let other = if is_returned {
            topic.replace("_returned", "_delivered")
        } else {
            topic.replace("_delivered", "_returned")
        };
        let other = self.last.get(&other).copied();
        let power_w = match (kilowatts > 0.0, is_returned) {
            (true, false) => Some(kilowatts * 1000.0),
            (true, true) => Some(kilowatts * -1000.0),
            // A zero is the house's power only where the other direction is zero as well.
            (false, false) => other.is_none_or(|other| other <= 0.0).then_some(0.0),
            (false, true) => other.filter(|other| *other <= 0.0).map(|_| 0.0),
        };
        let mut channels = Channels::of(input.level(2));
        channels.set(Some(channel), Quantity::Power, power_w);
        Outcome::readings(
            channels.stamped(None),
            "DSMR: zero in this direction, the other one says the power",
        )
    }

    fn register(&mut self, input: &Input<'_>, quantity: Quantity) -> Outcome {
        let Bare::Value(kilowatt_hours) = number::bare(input.text()) else {
            return bare(input, input.level(2), None, quantity, 1.0);
        };
        let topic = input.topic();
        self.last.put(topic, kilowatt_hours);
        let other = match topic.strip_suffix("_1") {
            Some(start) => format!("{start}_2"),
            None => format!("{}_1", topic.trim_end_matches("_2")),
        };
        let other = self.last.get(&other).copied();
        let mut channels = Channels::of(input.level(2));
        channels.set(
            Some("total"),
            quantity,
            other.map(|other| (other + kilowatt_hours) * 1000.0),
        );
        Outcome::readings(
            channels.stamped(None),
            "DSMR: one tariff's register; the other is not known yet",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::check::{check, check_by, decoder};

    #[test]
    fn what_is_bought_and_returned_is_one_power() {
        let mut decoder = decoder();
        for (name, payload, expected) in [
            ("electricity_currently_delivered", "0.5", "total power_w=500"),
            ("electricity_currently_returned", "0", ""),
            ("electricity_currently_delivered", "0", "total power_w=0"),
            ("electricity_currently_returned", "1.25", "total power_w=-1250"),
            ("electricity_currently_delivered", "0", ""),
            ("electricity_currently_returned", "0", "total power_w=0"),
            ("phase_currently_returned_l2", "0.25", "l2 power_w=-250"),
            ("phase_voltage_l2", "231", "l2 voltage_v=231"),
            ("electricity_delivered_1", "100.5", ""),
            ("electricity_delivered_2", "50", "total energy_wh=150500"),
            ("electricity_delivered_1", "101", "total energy_wh=151000"),
        ] {
            let expected = match expected {
                "" => "dsmr: not a reading".to_owned(),
                values => format!("dsmr: dsmr {values}"),
            };
            check_by(&mut decoder, &format!("dsmr/reading/{name}"), payload, &expected);
        }
        check("dsmr/reading/extra_device_delivered", "5", "dsmr: not a reading");
        check(
            "dsmr/reading/electricity_currently_delivered",
            "x",
            "dsmr: malformed",
        );
        check("book/reading/page", "5", "unknown");
    }
}
