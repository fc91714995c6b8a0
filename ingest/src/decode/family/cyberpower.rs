//! The MQTT bridge of CyberPower PDUs: `pdu/<id>/{outlet/<n>|bank/<n>|total|input}/<what>`, bare numbers, retained.
//!
//! Documented in `docs/mqtt-topics.md` of <https://github.com/mvalancy/CyberPower-PDU>. Energy is kWh; `load` is a
//! current in ampere. Outlets, banks and total are views of one load; an outlet's channel is its number.

use super::super::collect::Quantity;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome, Stateless, bare, is_online};

const ROOT: &str = "pdu";

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "cyberpower",
    title: "CyberPower PDUs, MQTT bridge",
    begin,
    reads: "pdu/<id>/outlet/<n>, bank/<n>, total, input: power, energy, current, voltage; channels <n>, bank<n>, total, \
            input; bridge/status as availability",
    leaves_out: &[
        "voltages of the two sources of a transfer switch",
        "apparent power, power factor, frequency, environment, states",
        "what an outlet below the PDU's metering floor draws: the bridge says 0 for it",
    ],
    evidence: Evidence::Fixtures,
    samples: &[
        ("pdu/rack-2/outlet/4/energy", b"12.5"),
        ("pdu/rack-2/bridge/status", b"offline"),
    ],
};

fn begin(_: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Stateless(decode))
}

fn decode(input: &Input<'_>) -> Option<Outcome> {
    let (quantity, factor) = match input.level(0) {
        "power" => (Quantity::Power, 1.0),
        "energy" => (Quantity::Energy, 1000.0),
        "current" | "load" => (Quantity::Current, 1.0),
        "voltage" => (Quantity::Voltage, 1.0),
        _ => return other(input),
    };
    let number = input.level(1);
    let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let channel = |name: &str| bare(input, input.level(3), Some(name), quantity, factor);
    match (input.level(2), number) {
        (_, "total" | "input") if input.level(3) == ROOT => {
            Some(bare(input, input.level(2), Some(number), quantity, factor))
        }
        ("outlet", _) if is_number && input.level(4) == ROOT => Some(channel(number)),
        ("bank", _) if is_number && input.level(4) == ROOT => Some(channel(&format!("bank{number}"))),
        _ => other(input),
    }
}

fn other(input: &Input<'_>) -> Option<Outcome> {
    if input.last(2) == "bridge/status" && input.level(3) == ROOT {
        // The bridge is the PDU's only way here.
        return is_online(input.text()).map(|is_online| Outcome::availability(input.level(2), is_online));
    }
    let is_known = input.level(3) == ROOT
        && matches!(
            input.level(1),
            "total" | "input" | "ats" | "coldstart" | "environment" | "automation"
        )
        || input.level(4) == ROOT && matches!(input.level(2), "outlet" | "bank" | "source" | "environment")
        || input.level(2) == ROOT && matches!(input.level(0), "device" | "status") && input.is_object();
    is_known.then(|| Outcome::silent("CyberPower bridge: no power, energy, voltage or current"))
}

#[cfg(test)]
mod tests {
    use super::super::super::check::check;

    #[test]
    fn views_of_one_load() {
        check(
            "pdu/rack-2/outlet/4/power",
            "61",
            "cyberpower: rack-2 4 power_w=61",
        );
        check(
            "pdu/rack-2/outlet/4/energy",
            "12.5",
            "cyberpower: rack-2 4 energy_wh=12500",
        );
        check(
            "dc/pdu/rack-2/bank/2/current",
            "1.5",
            "cyberpower: rack-2 bank2 current_a=1.5",
        );
        check(
            "pdu/rack-2/total/load",
            "3.5",
            "cyberpower: rack-2 total current_a=3.5",
        );
        check(
            "pdu/rack-2/input/voltage",
            "229.5",
            "cyberpower: rack-2 input voltage_v=229.5",
        );
        check("pdu/rack-2/input/frequency", "50", "cyberpower: not a reading");
        check("pdu/rack-2/outlet/4/state", "on", "cyberpower: not a reading");
        check(
            "pdu/rack-2/bridge/status",
            "online",
            "cyberpower: rack-2 is online",
        );
        check(
            "pdu/rack-2/bridge/status",
            "offline",
            "cyberpower: rack-2 is offline",
        );
        check(
            "pdu/rack-2/status",
            r#"{"input_voltage":229}"#,
            "cyberpower: not a reading",
        );
        check("pdu/rack-2/source/a/voltage", "229", "cyberpower: not a reading");
        check(
            "pdu/rack-2/ats/transfer_voltage",
            "90",
            "cyberpower: not a reading",
        );
        check(
            "pdu/rack-2/bank/1/apparent_power",
            "90",
            "cyberpower: not a reading",
        );
        check("pdu/rack-2/outlet/4/power", "off", "cyberpower: malformed");
        check("rack/outlet/4/power", "61", "unknown");
    }
}
