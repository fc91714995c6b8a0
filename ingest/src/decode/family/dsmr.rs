//! DSMR-reader: `<root>/reading/<name>` with bare numbers in kW and kWh, or `<root>/json` with all of them.
//!
//! Documented at <https://dsmr-reader.readthedocs.io> ("MQTT") and in `dsmr_mqtt/defaults.py`. `delivered` is what the
//! house bought. Bought and returned power are two registers, both positive, one of them zero: the one above zero is
//! the signed power. Two tariffs are one register, so their sum is stated once both are known. Identical values are not
//! sent again: silence is normal.
//!
//! Limits: what is remembered for that is at most [`DecoderConfig::meters_max`] values.

use super::super::collect::{Channels, Quantity};
use super::super::direction::Directions;
use super::super::json::Value;
use super::super::number::{self, Bare};
use super::super::recent::Recent;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome, bare};

/// Channel; bought and returned power; voltage and current, as the JSON names them.
const PARTS: [(&str, [&str; 4]); 4] = [
    (
        "total",
        [
            "electricity_currently_delivered",
            "electricity_currently_returned",
            "",
            "",
        ],
    ),
    (
        "l1",
        [
            "phase_currently_delivered_l1",
            "phase_currently_returned_l1",
            "phase_voltage_l1",
            "phase_power_current_l1",
        ],
    ),
    (
        "l2",
        [
            "phase_currently_delivered_l2",
            "phase_currently_returned_l2",
            "phase_voltage_l2",
            "phase_power_current_l2",
        ],
    ),
    (
        "l3",
        [
            "phase_currently_delivered_l3",
            "phase_currently_returned_l3",
            "phase_voltage_l3",
            "phase_power_current_l3",
        ],
    ),
];
/// The registers of both tariffs, as the JSON names them.
const TARIFFS: [(Quantity, &str, &str); 2] = [
    (
        Quantity::Energy,
        "electricity_delivered_1",
        "electricity_delivered_2",
    ),
    (
        Quantity::EnergyExport,
        "electricity_returned_1",
        "electricity_returned_2",
    ),
];
/// What DSMR-reader publishes beside the readings, as the level above the name.
const STATISTICS: [&str; 4] = ["day-consumption", "current-month", "current-year", "meter-stats"];

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "dsmr",
    title: "DSMR-reader",
    begin,
    reads: "<root>/reading/<name> with bare numbers, and a JSON of the same names on any topic: signed power, registers as \
            the sum of both tariffs, phase powers, voltages and currents, channels total and l1 to l3",
    leaves_out: &[
        "sums of the day, the month and the year",
        "gas and other extra meters",
        "the raw telegram",
        "a register before both tariffs have been heard",
    ],
    evidence: Evidence::Fixtures,
    samples: &[
        ("dsmr/reading/electricity_currently_returned", b"0.5"),
        ("dsmr/reading/electricity_currently_delivered", b"0.15"),
        ("dsmr/reading/electricity_delivered_1", b"100.5"),
        ("dsmr/reading/electricity_delivered_2", b"50.1"),
        ("dsmr/reading/phase_power_current_l1", b"2"),
        ("dsmr/day-consumption/electricity1", b"5.5"),
        (
            "dsmr/json",
            br#"{"timestamp":"2026-09-21T14:13:20Z","electricity_delivered_1":"100.5","electricity_delivered_2":"50","electricity_currently_delivered":"0.15","electricity_currently_returned":"0","phase_voltage_l1":"231"}"#,
        ),
    ],
};

fn begin(config: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Dsmr {
        directions: Directions::of(config.meters_max),
        tariffs: Recent::of(config.meters_max),
    })
}

struct Dsmr {
    directions: Directions,
    /// The last register of each tariff, by topic.
    tariffs: Recent<f64>,
}

impl Family for Dsmr {
    fn decode(&mut self, input: &Input<'_>) -> Option<Outcome> {
        if input.is_object() {
            let is_all = input.text().contains("\"electricity_currently_delivered\"");
            return is_all.then(|| all(input));
        }
        if STATISTICS.contains(&input.level(1)) && input.level(0).contains("electricity") {
            return Some(Outcome::silent("DSMR: a sum of some time, not a register"));
        }
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

    fn forgotten(&self) -> u64 {
        self.directions.forgotten() + self.tariffs.forgotten()
    }
}

impl Dsmr {
    fn power(&mut self, input: &Input<'_>, channel: &str) -> Outcome {
        let Bare::Value(kilowatts) = number::bare(input.text()) else {
            return bare(input, input.level(2), None, Quantity::Power, 1.0);
        };
        let topic = input.topic();
        let is_returned = input.level(0).contains("_returned");
        let opposite = if is_returned {
            topic.replace("_returned", "_delivered")
        } else {
            topic.replace("_delivered", "_returned")
        };
        let power_w = self
            .directions
            .signed(topic, &opposite, kilowatts * 1000.0, is_returned);
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
        self.tariffs.put(topic, kilowatt_hours);
        let other = match topic.strip_suffix("_1") {
            Some(start) => format!("{start}_2"),
            None => format!("{}_1", topic.trim_end_matches("_2")),
        };
        let other = self.tariffs.get(&other).copied();
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

/// The JSON that has everything.
fn all(input: &Input<'_>) -> Outcome {
    let root = match input.json() {
        Ok(root) => root,
        Err(fault) => return Outcome::malformed(format!("DSMR: {fault}")),
    };
    let meter = match input.level(0) {
        "json" if !input.level(1).is_empty() => input.level(1),
        last => last,
    };
    let number = |key| root.get(key).and_then(Value::number);
    let mut channels = Channels::of(meter);
    for (channel, [bought, returned, voltage, current]) in PARTS {
        let channel = Some(channel);
        let power_w = number(bought).map(|bought| (bought - number(returned).unwrap_or_default()) * 1000.0);
        channels.set(channel, Quantity::Power, power_w);
        channels.set(channel, Quantity::Voltage, number(voltage));
        channels.set(channel, Quantity::Current, number(current));
    }
    for (quantity, low, high) in TARIFFS {
        let sum = number(low)
            .zip(number(high))
            .map(|(low, high)| (low + high) * 1000.0);
        channels.set(Some("total"), quantity, sum);
    }
    let stamp = root.get("timestamp").and_then(|stamp| input.zone().stamp(stamp));
    Outcome::readings(channels.stamped(stamp), "DSMR: the JSON has no values")
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
            ("phase_power_current_l2", "2", "l2 current_a=2"),
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
        check("dsmr/day-consumption/electricity1", "5.5", "dsmr: not a reading");
        check(
            "dsmr/reading/electricity_currently_delivered",
            "x",
            "dsmr: malformed",
        );
        check("book/reading/page", "5", "unknown");
    }

    #[test]
    fn all_in_one_message() {
        check(
            "house/json",
            r#"{"timestamp":"2026-09-21T14:13:20Z","electricity_delivered_1":"100.5","electricity_delivered_2":"50",
                "electricity_returned_1":"1","electricity_returned_2":null,"electricity_currently_delivered":"0",
                "electricity_currently_returned":"0.25","phase_currently_delivered_l1":"0.1","phase_voltage_l1":"231"}"#,
            "dsmr: house total power_w=-250 energy_wh=150500 stamp=2026-09-21T14:13:20Z
             dsmr: house l1 power_w=100 voltage_v=231 stamp=2026-09-21T14:13:20Z",
        );
        check(
            "p1",
            r#"{"electricity_currently_delivered":null}"#,
            "dsmr: not a reading",
        );
        check("p1", r#"{"electricity_currently_delivered":5"#, "dsmr: malformed");
    }
}
