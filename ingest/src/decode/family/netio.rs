//! NETIO power sockets and PDUs over MQTT-flex: the JSON of their REST interface, and topics that end as its variables.
//!
//! MQTT-flex has no topics of its own: somebody writes them. Two forms say by themselves what they are: the variable
//! `REST_JSON`, `{"Agent":{…},"GlobalMeasure":{…},"Outputs":[{…}]}`, and topics written like the variables,
//! `…/OUTPUTS/<n>/LOAD`. Documented at <https://wiki.netio-products.com/index.php?title=MQTT-flex> and, for the JSON,
//! <https://www.netio-products.com/en/glossary/json-api>: `Load` W, `Current` mA, `Energy` Wh (can be reset),
//! `EnergyNR` Wh (cannot).
//!
//! The meter is the serial number, or the topic before `OUTPUTS`; channels are the outputs' numbers and `total`.

use super::super::collect::{Channels, Quantity};
use super::super::json::Value;
use super::super::stamp;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Fields, Input, Outcome, Stateless, bare, take};

const OUTPUT: Fields<'_> = &[
    ("Load", Quantity::Power, 1.0),
    ("Current", Quantity::Current, 1e-3),
];
const TOTAL: Fields<'_> = &[
    ("TotalLoad", Quantity::Power, 1.0),
    ("TotalCurrent", Quantity::Current, 1e-3),
    ("Voltage", Quantity::Voltage, 1.0),
];
/// Registers, the one that cannot be reset first: only the first that is there is read.
const ENERGY: [&str; 3] = ["EnergyNR", "Energy_NR", "Energy"];
const REVERSE: [&str; 3] = ["ReverseEnergyNR", "ReverseEnergy_NR", "ReverseEnergy"];
const TOTAL_ENERGY: [&str; 3] = ["TotalEnergyNR", "TotalEnergy_NR", "TotalEnergy"];
const TOTAL_REVERSE: [&str; 3] = [
    "TotalReverseEnergyNR",
    "TotalReverseEnergy_NR",
    "TotalReverseEnergy",
];
const VARIABLES: [(&str, Quantity); 4] = [
    ("LOAD", Quantity::Power),
    ("ENERGY_NR", Quantity::Energy),
    ("REVERSE_ENERGY_NR", Quantity::EnergyExport),
    ("VOLTAGE", Quantity::Voltage),
];

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "netio",
    title: "NETIO sockets and PDUs, MQTT-flex",
    begin,
    reads: "REST_JSON on any topic: power, registers, current of each output, total with voltage; …/OUTPUTS/<n>/LOAD, \
            ENERGY_NR, REVERSE_ENERGY_NR, VOLTAGE as bare numbers",
    leaves_out: &[
        "topics and JSON of one's own: [[mapper]] with W for LOAD, Wh for ENERGY and ENERGY_NR",
        "OUTPUTS/<n>/CURRENT, whose unit the documentation of MQTT-flex does not confirm, and ENERGY, which people reset",
        "inputs with pulse counters",
    ],
    evidence: Evidence::Documentation,
    samples: &[
        (
            "any/topic",
            br#"{"Agent":{"SerialNumber":"24:A4:2C:00:00:07","Time":"2026-05-01T08:00:00+02:00"},"GlobalMeasure":{"Voltage":231.5,"TotalCurrent":1500,
                "TotalLoad":310,"TotalEnergy":5000},"Outputs":[{"ID":1,"Load":300,"Current":1400,"EnergyNR":4000,"Energy":7},{"ID":2,"State":0}]}"#,
        ),
        ("rack/pdu-2/OUTPUTS/3/LOAD", b"61"),
    ],
};

fn begin(_: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Stateless(decode))
}

fn decode(input: &Input<'_>) -> Option<Outcome> {
    if !input.is_object() {
        return variable(input);
    }
    let mentions = |word| input.text().contains(word);
    if !(mentions("\"Outputs\"") && (mentions("\"Agent\"") || mentions("\"GlobalMeasure\""))) {
        return None;
    }
    Some(match input.json() {
        Ok(root) => status(input, root),
        Err(fault) => Outcome::malformed(format!("NETIO: {fault}")),
    })
}

fn status(input: &Input<'_>, root: Value<'_>) -> Outcome {
    let agent = |key| root.get("Agent")?.get(key)?.text();
    let meter = agent("SerialNumber")
        .or_else(|| agent("DeviceName"))
        .unwrap_or(input.topic());
    let mut channels = Channels::of(meter);
    if let Some(total) = root.get("GlobalMeasure") {
        take(&mut channels, Some("total"), total, TOTAL);
        register(&mut channels, "total", total, Quantity::Energy, TOTAL_ENERGY);
        register(
            &mut channels,
            "total",
            total,
            Quantity::EnergyExport,
            TOTAL_REVERSE,
        );
    }
    for output in root.get("Outputs").into_iter().flat_map(Value::items) {
        let Some(number) = output.get("ID").and_then(Value::number) else {
            continue;
        };
        let channel = number.to_string();
        take(&mut channels, Some(&channel), output, OUTPUT);
        register(&mut channels, &channel, output, Quantity::Energy, ENERGY);
        register(&mut channels, &channel, output, Quantity::EnergyExport, REVERSE);
    }
    let readings = channels.stamped(agent("Time").and_then(stamp::of_rfc3339));
    Outcome::readings(readings, "NETIO: no output with a meter")
}

fn register(
    channels: &mut Channels<'_>,
    channel: &str,
    object: Value<'_>,
    quantity: Quantity,
    keys: [&str; 3],
) {
    let value = keys
        .iter()
        .find_map(|key| object.get(key))
        .and_then(Value::number);
    channels.set(Some(channel), quantity, value);
}

fn variable(input: &Input<'_>) -> Option<Outcome> {
    let number = input.level(1);
    let is_output = input.level(2).eq_ignore_ascii_case("OUTPUTS")
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit());
    let (_, quantity) = VARIABLES
        .iter()
        .find(|(name, _)| is_output && name.eq_ignore_ascii_case(input.level(0)))?;
    Some(bare(input, input.before(3)?, Some(number), *quantity, 1.0))
}

#[cfg(test)]
mod tests {
    use super::super::super::check::check;

    #[test]
    fn the_rest_interface_as_a_message() {
        check(
            "any/topic",
            r#"{"Agent":{"Model":"x","SerialNumber":"24:A4:2C:00:00:07","Time":"2026-05-01T08:00:00+02:00"},
                "GlobalMeasure":{"Voltage":231.5,"TotalCurrent":1500,"TotalLoad":310,"TotalEnergy":5000,"OverallPowerFactor":0.9},
                "Outputs":[{"ID":1,"Load":300,"Current":1400,"EnergyNR":4000,"Energy":7,"PowerFactor":0.9},{"ID":2,"State":0,"Load":null}]}"#,
            "netio: 24:A4:2C:00:00:07 total power_w=310 energy_wh=5000 voltage_v=231.5 current_a=1.5 stamp=2026-05-01T06:00:00Z
             netio: 24:A4:2C:00:00:07 1 power_w=300 energy_wh=4000 current_a=1.4 stamp=2026-05-01T06:00:00Z",
        );
        check(
            "rack/socket",
            r#"{"GlobalMeasure":{},"Outputs":[{"ID":1,"Load":-3}]}"#,
            "netio: rack/socket 1 power_w=-3",
        );
        check(
            "a",
            r#"{"Agent":{},"Outputs":[{"Load":3}]}"#,
            "netio: not a reading",
        );
        check("a", r#"{"Agent":{},"Outputs":["#, "netio: malformed");
    }

    #[test]
    fn topics_like_the_variables() {
        check(
            "rack/pdu-2/OUTPUTS/3/LOAD",
            "61",
            "netio: rack/pdu-2 3 power_w=61",
        );
        check(
            "rack/pdu-2/outputs/3/energy_nr",
            "61",
            "netio: rack/pdu-2 3 energy_wh=61",
        );
        check("rack/pdu-2/OUTPUTS/3/ENERGY", "61", "unknown");
        check("rack/pdu-2/OUTPUTS/all/LOAD", "61", "unknown");
        check("rack/pdu-2/OUTPUTS/3/LOAD", "on", "netio: malformed");
    }
}
