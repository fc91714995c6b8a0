//! DSMR-reader: `<root>/reading/<name>` with bare numbers in kW and kWh, or `<root>/json` with all of them; and the
//! short JSON of P1 readers, `{"power", "tariff": "0002", "timestamp": "<telegram's own>"}`.
//!
//! Documented at <https://dsmr-reader.readthedocs.io> ("MQTT") and in `dsmr_mqtt/defaults.py`. `delivered` is what the
//! house bought. Bought and returned power are two registers, both positive, one of them zero: the one above zero is
//! the signed power. Two tariffs are one register, so their sum is stated once both are known. Identical values are not
//! sent again: silence is normal. The topics of the bare numbers may be the user's (`<meter>/<name>`): their names are
//! long enough to be known by.
//!
//! The short JSON does not name its unit. A telegram says kW with three decimals, and no such meter carries
//! [`KILOWATTS_MAX`], so a whole number above that is W, and so is what its topic says from then on.
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
/// More than the strongest connection with such a meter, three phases of 80 A, could be.
const KILOWATTS_MAX: f64 = 60.0;
/// A telegram's stamp: two digits each from the year to the second, then S in summer and W in winter.
const STAMP_DIGITS: usize = 12;
/// What DSMR-reader publishes beside the readings, as the level above the name.
const STATISTICS: [&str; 4] = ["day-consumption", "current-month", "current-year", "meter-stats"];

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "dsmr",
    title: "DSMR-reader",
    begin,
    reads: "<root>/reading/<name> or <meter>/<name> with bare numbers, and a JSON of the same names on any topic: signed \
            power, registers as the sum of both tariffs, phase powers, voltages and currents, channels total and l1 to \
            l3; the power of a P1 reader's short JSON once it can only be watts",
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
        ("house/telegram/electricity_currently_delivered", b"0.25"),
        ("ward/p1/phase_voltage_l3", b"229"),
        ("dsmr/day-consumption/electricity1", b"5.5"),
        (
            "p1/consumption",
            br#"{"power":385,"tariff":"0001","timestamp":"260921161320S"}"#,
        ),
        ("p1/consumption", br#"{"power":0,"tariff":"0002","timestamp":"260921161330S"}"#),
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
        watts: Recent::of(config.meters_max),
    })
}

struct Dsmr {
    directions: Directions,
    /// The last register of each tariff, by topic.
    tariffs: Recent<f64>,
    /// The topics of short JSONs whose power is W.
    watts: Recent<()>,
}

impl Family for Dsmr {
    fn decode(&mut self, input: &Input<'_>) -> Option<Outcome> {
        if input.is_object() {
            let mentions = |key| input.text().contains(key);
            if mentions("\"electricity_currently_delivered\"") {
                return Some(all(input));
            }
            let is_short = mentions("\"tariff\"") && mentions("\"power\"");
            return if is_short { self.short(input) } else { None };
        }
        if STATISTICS.contains(&input.level(1)) && input.level(0).contains("electricity") {
            return Some(Outcome::silent("DSMR: a sum of some time, not a register"));
        }
        let (name, is_reading) = (input.level(0), input.level(1) == "reading");
        let meter = match input.level(1) {
            "reading" | "telegram" => input.level(2),
            own => own,
        };
        if meter.is_empty() || !(is_reading || name.contains("electricity_") || name.starts_with("phase_")) {
            return None;
        }
        let (start, phase) = match name.rsplit_once('_') {
            Some((start, phase @ ("l1" | "l2" | "l3"))) => (start, Some(phase)),
            _ => (name, None),
        };
        match (start, phase) {
            ("electricity_currently_delivered" | "electricity_currently_returned", None)
            | ("phase_currently_delivered" | "phase_currently_returned", Some(_)) => {
                Some(self.power(input, meter, phase.unwrap_or("total")))
            }
            ("phase_voltage", Some(_)) => Some(bare(input, meter, phase, Quantity::Voltage, 1.0)),
            ("phase_power_current", Some(_)) => Some(bare(input, meter, phase, Quantity::Current, 1.0)),
            ("electricity_delivered_1" | "electricity_delivered_2", _) => {
                Some(self.register(input, meter, Quantity::Energy))
            }
            ("electricity_returned_1" | "electricity_returned_2", _) => {
                Some(self.register(input, meter, Quantity::EnergyExport))
            }
            _ => (is_reading && (meter == "dsmr" || name.contains("electricity") || name == "timestamp"))
                .then(|| Outcome::silent("DSMR: not a power, a register, a voltage or a current")),
        }
    }

    fn forgotten(&self) -> u64 {
        self.directions.forgotten() + self.tariffs.forgotten() + self.watts.forgotten()
    }
}

impl Dsmr {
    fn power(&mut self, input: &Input<'_>, meter: &str, channel: &str) -> Outcome {
        let Bare::Value(kilowatts) = number::bare(input.text()) else {
            return bare(input, meter, None, Quantity::Power, 1.0);
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
        let mut channels = Channels::of(meter);
        channels.set(Some(channel), Quantity::Power, power_w);
        Outcome::readings(
            channels.stamped(None),
            "DSMR: zero in this direction, the other one says the power",
        )
    }

    /// The short JSON: `{"power": 385, "tariff": "0001", "timestamp": "260921161320S"}`.
    fn short(&mut self, input: &Input<'_>) -> Option<Outcome> {
        let root = input.json().ok()?;
        let text = |key| root.get(key).and_then(Value::text).unwrap_or_default();
        let is_telegrams = matches!(text("tariff"), "0001" | "0002") && is_stamp(text("timestamp"));
        if !is_telegrams {
            return None;
        }
        let power = root.get("power").and_then(Value::number);
        let is_whole = power.is_some_and(|power| power.fract() == 0.0);
        if is_whole && power.is_some_and(|power| power.abs() >= KILOWATTS_MAX) {
            self.watts.put(input.topic(), ());
        }
        let is_watts = is_whole && self.watts.get(input.topic()).is_some();
        let meter = [input.level(1), input.level(0)];
        let meter = meter.into_iter().find(|level| !level.is_empty())?;
        let mut channels = Channels::of(meter);
        channels.set(Some("total"), Quantity::Power, power.filter(|_| is_watts));
        let reason = "P1 reader: kilowatts or watts, this topic has not shown which";
        Some(Outcome::readings(channels.stamped(None), reason))
    }

    fn register(&mut self, input: &Input<'_>, meter: &str, quantity: Quantity) -> Outcome {
        let Bare::Value(kilowatt_hours) = number::bare(input.text()) else {
            return bare(input, meter, None, quantity, 1.0);
        };
        let topic = input.topic();
        self.tariffs.put(topic, kilowatt_hours);
        let other = match topic.strip_suffix("_1") {
            Some(start) => format!("{start}_2"),
            None => format!("{}_1", topic.trim_end_matches("_2")),
        };
        let other = self.tariffs.get(&other).copied();
        let mut channels = Channels::of(meter);
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

fn is_stamp(text: &str) -> bool {
    let digits = text.strip_suffix(['S', 'W']);
    digits.is_some_and(|digits| {
        digits.len() == STAMP_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
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
        for (topic, payload, expected) in [
            (
                "house/telegram/electricity_currently_delivered",
                "0.25",
                "dsmr: house total power_w=250",
            ),
            ("ward/p1/phase_voltage_l3", "229", "dsmr: p1 l3 voltage_v=229"),
            ("ward/p1/phase_angle_l3", "229", "unknown"),
            ("ward/p1/electricity_tariff", "2", "unknown"),
            ("electricity_currently_delivered", "0.25", "unknown"),
        ] {
            check(topic, payload, expected);
        }
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

    #[test]
    fn a_short_message_is_read_once_it_can_only_be_watts() {
        let mut decoder = decoder();
        for (power, tariff, expected) in [
            ("12", "0001", "dsmr: not a reading"),
            ("0.385", "0001", "dsmr: not a reading"),
            ("385", "0002", "dsmr: p1 total power_w=385"),
            ("12", "0001", "dsmr: p1 total power_w=12"),
            ("null", "0001", "dsmr: not a reading"),
            ("385", "night", "unknown"),
        ] {
            let message = format!(r#"{{"power":{power},"tariff":"{tariff}","timestamp":"260921161320S"}}"#);
            check_by(&mut decoder, "p1/consumption", &message, expected);
        }
        check(
            "p1/consumption",
            r#"{"power":385,"tariff":"0001","timestamp":"2026-09-21"}"#,
            "unknown",
        );
    }
}
