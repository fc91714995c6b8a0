//! SMA Energy Meter and Sunny Home Manager by the daemon of SMA-EM: `<root>/<serial>` with a JSON.
//!
//! Documented in `features/mqtt.py` of <https://github.com/datenschuft/SMA-EM>. `pconsume` and `psupply` are W bought
//! and returned, both never negative, one of them zero; `p1consume`… are the phases'; the counters behind them are kWh;
//! `u1` V and `i1` A. `timestamp` is seconds. Which of the fields are sent is the user's choice; the same values on a
//! topic each, if they are asked for, are a copy of the JSON.

use super::super::collect::{Channels, Quantity};
use super::super::json::Value;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome, Stateless};

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

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "sma_em",
    title: "SMA Energy Meter, bridged",
    begin,
    reads: "SMA-EM/status/<serial> (any root) with a JSON: power, registers, voltages, currents, channels total and \
            l1 to l3; the power is what is bought without what is returned",
    leaves_out: &[
        "the copy with a topic for each value",
        "a power of which only one direction is published",
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
    ],
};

fn begin(_: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Stateless(decode))
}

fn decode(input: &Input<'_>) -> Option<Outcome> {
    if !input.is_object() {
        let is_copy = input
            .position(|level| level == "SMA-EM")
            .is_some_and(|at| at >= 3);
        return is_copy.then(|| Outcome::silent("SMA-EM: a copy of a value of the meter's JSON"));
    }
    if !(input.text().contains("\"pconsume") || input.text().contains("\"p1consume")) {
        return None;
    }
    let root = match input.json() {
        Ok(root) => root,
        Err(fault) => return Some(Outcome::malformed(format!("SMA-EM: {fault}"))),
    };
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
    use super::super::super::check::check;

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
        check("SMA-EM/status/1900/pconsume", "5", "sma_em: not a reading");
        check("SMA-PV/status/1900", r#"{"AC Power":5}"#, "unknown");
    }
}
