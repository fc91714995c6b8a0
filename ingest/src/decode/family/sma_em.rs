//! SMA Energy Meter and Sunny Home Manager by bridges: the daemon of SMA-EM sends `<root>/<serial>` with a JSON, the add-on
//! for Home Assistant `SMA-EM/status/<serial>/<field>` with bare numbers alone.
//!
//! Documented in `features/mqtt.py` of <https://github.com/datenschuft/SMA-EM> and in
//! <https://github.com/kellerza/hassio-sma-em>. `pconsume` and `psupply` are W bought and returned, both never negative,
//! one of them zero; `p1consume`… are the phases'; the counters behind them are kWh; `u1` V and `i1` A. `timestamp` is
//! seconds. Which of the fields are sent is the user's choice. The daemon sends bare numbers too, if it is asked to: below
//! a JSON that has been heard they are a copy.
//!
//! Limits: which meters send a JSON, and the last value of each direction, is remembered for at most
//! [`DecoderConfig::meters_max`] topics.

use super::super::collect::{Channels, Quantity};
use super::super::direction::Directions;
use super::super::json::Value;
use super::super::number::{self, Bare};
use super::super::recent::Recent;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome, bare};

/// Channel; bought and returned power; bought and returned energy; voltage and current.
const CHANNELS: [(&str, [&str; 6]); 4] = [
    (
        "total",
        ["pconsume", "psupply", "pconsumecounter", "psupplycounter", "", ""],
    ),
    (
        "l1",
        [
            "p1consume",
            "p1supply",
            "p1consumecounter",
            "p1supplycounter",
            "u1",
            "i1",
        ],
    ),
    (
        "l2",
        [
            "p2consume",
            "p2supply",
            "p2consumecounter",
            "p2supplycounter",
            "u2",
            "i2",
        ],
    ),
    (
        "l3",
        [
            "p3consume",
            "p3supply",
            "p3consumecounter",
            "p3supplycounter",
            "u3",
            "i3",
        ],
    ),
];

/// What stands at the places of [`CHANNELS`], and the factor to the base unit.
const QUANTITIES: [(Quantity, f64); 6] = [
    (Quantity::Power, 1.0),
    (Quantity::Power, 1.0),
    (Quantity::Energy, 1000.0),
    (Quantity::EnergyExport, 1000.0),
    (Quantity::Voltage, 1.0),
    (Quantity::Current, 1.0),
];

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "sma_em",
    title: "SMA Energy Meter, bridged",
    begin,
    reads: "SMA-EM/status/<serial> (any root) with a JSON, or SMA-EM/status/<serial>/<field> with bare numbers: power, \
            registers, voltages, currents, channels total and l1 to l3; the power is what is bought without what is \
            returned",
    leaves_out: &[
        "the bare numbers of a meter that sends a JSON as well, which are its copy",
        "a power of which a JSON states only one direction",
        "the inverters on SMA-PV/status, and the sums worked out with them (pvsum, pusage, pvdaily)",
        "reactive and apparent power, power factor",
    ],
    evidence: Evidence::Fixtures,
    samples: &[
        (
            "SMA-EM/status/1900",
            br#"{"pconsume":0.0,"psupply":250.5,"pconsumecounter":12.5,"psupplycounter":3.0,"p1consume":10,"p1supply":0,"u1":231.1,"i1":0.5,"timestamp":1790000000.5}"#,
        ),
        ("SMA-EM/status/1900/pconsume", b"12.5"),
        ("SMA-EM/status/1901/psupply", b"40"),
        ("SMA-EM/status/1901/p2consume", b"0"),
        ("SMA-EM/status/1901/u2", b"231.5"),
        ("SMA-EM/status/1901/psupplycounter", b"3.125"),
        ("SMA-EM/status/1901/cosphi", b"0.9"),
    ],
};

fn begin(config: &DecoderConfig) -> Box<dyn Family> {
    Box::new(SmaEm {
        documents: Recent::of(config.meters_max),
        directions: Directions::of(config.meters_max),
    })
}

struct SmaEm {
    /// The topics with a JSON.
    documents: Recent<()>,
    directions: Directions,
}

impl Family for SmaEm {
    fn decode(&mut self, input: &Input<'_>) -> Option<Outcome> {
        if input.is_object() {
            let mentions = |key| input.text().contains(key);
            let outcome = (mentions("\"pconsume") || mentions("\"p1consume")).then(|| document(input))??;
            self.documents.put(input.topic(), ());
            return Some(outcome);
        }
        let is_bare = input.level(2) == "status" && input.level(3) == "SMA-EM" && !input.level(1).is_empty();
        is_bare.then(|| self.bare(input))
    }

    fn forgotten(&self) -> u64 {
        self.documents.forgotten() + self.directions.forgotten()
    }
}

impl SmaEm {
    fn bare(&mut self, input: &Input<'_>) -> Outcome {
        let (meter, name) = (input.level(1), input.level(0));
        let place = CHANNELS.iter().find_map(|(channel, names)| {
            let at = names.iter().position(|known| *known == name)?;
            Some((*channel, names, at))
        });
        let Some((channel, names, at)) = place.filter(|_| !name.is_empty()) else {
            return Outcome::silent("SMA-EM: a value that is not used");
        };
        let above = input.before(1).unwrap_or_default();
        if self.documents.get(above).is_some() {
            return Outcome::silent("SMA-EM: a copy of a value of the meter's JSON");
        }
        let (quantity, factor) = QUANTITIES[at];
        if quantity != Quantity::Power {
            return bare(input, meter, Some(channel), quantity, factor);
        }
        let Bare::Value(watts) = number::bare(input.text()) else {
            return bare(input, meter, Some(channel), quantity, factor);
        };
        let opposite = format!("{above}/{}", names[1 - at]);
        let mut channels = Channels::of(meter);
        let power_w = self.directions.signed(input.topic(), &opposite, watts, at == 1);
        channels.set(Some(channel), Quantity::Power, power_w);
        Outcome::readings(
            channels.stamped(None),
            "SMA-EM: zero in this direction, the other one says the power",
        )
    }
}

/// The JSON with all fields; none where it has none of them.
fn document(input: &Input<'_>) -> Option<Outcome> {
    let root = match input.json() {
        Ok(root) => root,
        Err(fault) => return Some(Outcome::malformed(format!("SMA-EM: {fault}"))),
    };
    let mut names = CHANNELS.iter().flat_map(|(_, names)| names);
    if !names.any(|name| root.get(name).is_some()) {
        return None;
    }
    let number = |key| root.get(key).and_then(Value::number);
    let mut channels = Channels::of(input.level(0));
    for (channel, [bought, returned, bought_kwh, returned_kwh, voltage, current]) in CHANNELS {
        let channel = Some(channel);
        let power_w = number(bought)
            .zip(number(returned))
            .map(|(bought, returned)| bought - returned);
        channels.set(channel, Quantity::Power, power_w);
        channels.set(
            channel,
            Quantity::Energy,
            number(bought_kwh).map(|kwh| kwh * 1000.0),
        );
        channels.set(
            channel,
            Quantity::EnergyExport,
            number(returned_kwh).map(|kwh| kwh * 1000.0),
        );
        channels.set(channel, Quantity::Voltage, number(voltage));
        channels.set(channel, Quantity::Current, number(current));
    }
    let stamp = root.get("timestamp").and_then(|stamp| input.zone().stamp(stamp));
    Some(Outcome::readings(
        channels.stamped(stamp),
        "SMA-EM: only one direction of the power, or no values",
    ))
}

#[cfg(test)]
mod tests {
    use super::super::super::check::{check, check_by, decoder};

    #[test]
    fn both_directions_are_one_power() {
        check(
            "SMA-EM/status/1900",
            r#"{"pconsume":0.0,"psupply":250.5,"pconsumecounter":12.5,"psupplycounter":3.0,"p1consume":10,"p1supply":0,"p2supply":4,
                "u1":231.1,"i1":0.5,"pvsum":0,"timestamp":1790000000.5}"#,
            "sma_em: 1900 total power_w=-250.5 energy_wh=12500 energy_export_wh=3000 stamp=2026-09-21T14:13:20.5Z
             sma_em: 1900 l1 power_w=10 voltage_v=231.1 current_a=0.5 stamp=2026-09-21T14:13:20.5Z",
        );
        check("any/7", r#"{"pconsume":5}"#, "sma_em: not a reading");
        check("any/7", r#"{"pconsume":5"#, "sma_em: malformed");
        check("any/7", r#"{"name":"pconsume","unit":"W"}"#, "unknown");
        check("SMA-PV/status/1900", r#"{"AC Power":5}"#, "unknown");
    }

    #[test]
    fn bare_numbers_are_read_where_no_json_says_the_same() {
        let mut decoder = decoder();
        for (name, payload, expected) in [
            ("pconsume", "120", "total power_w=120"),
            ("psupply", "0", ""),
            ("p2consume", "0", "l2 power_w=0"),
            ("p2supply", "12.5", "l2 power_w=-12.5"),
            ("p2consume", "0", ""),
            ("u1", "231.5", "l1 voltage_v=231.5"),
            ("i3", "7.5", "l3 current_a=7.5"),
            ("pconsumecounter", "12.5", "total energy_wh=12500"),
            ("psupplycounter", "0", "total energy_export_wh=0"),
            ("p1supplycounter", "nan", ""),
            ("pconsume", "None", ""),
            ("cosphi", "0.9", ""),
        ] {
            let expected = match expected {
                "" => "sma_em: not a reading".to_owned(),
                values => format!("sma_em: 1901 {values}"),
            };
            check_by(
                &mut decoder,
                &format!("SMA-EM/status/1901/{name}"),
                payload,
                &expected,
            );
        }
        for (topic, payload, expected) in [
            (
                "SMA-EM/status/1901",
                r#"{"pconsume":5,"psupply":0}"#,
                "sma_em: 1901 total power_w=5",
            ),
            ("SMA-EM/status/1901/pconsume", "5", "sma_em: not a reading"),
            ("SMA-EM/status/1902/pconsume", "?", "sma_em: malformed"),
        ] {
            check_by(&mut decoder, topic, payload, expected);
        }
    }
}
