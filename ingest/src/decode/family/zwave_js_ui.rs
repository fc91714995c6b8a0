//! Z-Wave JS UI: `<prefix>/[<location>/]<node>/{50|meter}/<endpoint>/value/<id>`, JSON with `value`, or a bare number.
//!
//! Documented at <https://zwave-js.github.io/zwave-js-ui/#/usage/setup?id=gateway>; the id of a meter value (command class
//! 50) is type, scale and direction in one number: (type << 16) + (scale << 8) + direction. Type 1 is electric; its scales
//! are 0 kWh, 2 W, 4 V, 5 A; its directions 1 consumed, 2 produced, 0 not said. The whole value object of the gateway has
//! the same `value`, and a `unit`, which is believed where it is one. Discovery documents are not: some announce watts as
//! kilowatt-hours. `time` and `lastUpdate` are milliseconds.

use super::super::collect::{Channels, Quantity};
use super::super::json::Value;
use super::super::naming::word;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome, Stateless, bare};

const ELECTRIC: u32 = 1;
/// The direction of what is produced.
const PRODUCED: u32 = 2;
const STATES: [(&str, bool); 4] = [
    ("Alive", true),
    ("Awake", true),
    ("Asleep", true),
    ("Dead", false),
];

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "zwave_js_ui",
    title: "Z-Wave JS UI",
    begin,
    reads: "<prefix>/<node>/{50|meter}/<endpoint>/value/<id> with a JSON or a bare number: power, both registers, voltage, \
            current; the channel is the endpoint; availability of <node>/status",
    leaves_out: &[
        "power that is produced, apparent and reactive energy, power factor, pulses",
        "gas, water and heating meters",
        "the power of multilevel sensors (command class 49), which repeats the meter's or has no unit",
        "gateways with topics of the user's own",
    ],
    evidence: Evidence::Fixtures,
    samples: &[
        (
            "zwave/Kiosk/50/0/value/66049",
            br#"{"time":1790000000000,"value":12.5}"#,
        ),
        (
            "zwave/lab/Kiosk/meter/endpoint_1/value/65537",
            br#"{"id":"7-50-1-value-65537","nodeId":7,"value":2500,"unit":"Wh","lastUpdate":1790000000000}"#,
        ),
        ("zwave/Kiosk/50/0/value/65538", b"2.5"),
        ("zwave/Kiosk/50/0/value/65793", b"2.5"),
        (
            "zwave/Kiosk/status",
            br#"{"time":1790000000000,"value":false,"status":"Dead","nodeId":7}"#,
        ),
    ],
};

fn begin(_: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Stateless(decode))
}

fn decode(input: &Input<'_>) -> Option<Outcome> {
    if input.level(0) == "status" {
        return status(input);
    }
    if input.level(1) != "value" || !matches!(input.level(3), "50" | "meter") || input.level(4).is_empty() {
        return None;
    }
    let Some((quantity, factor)) = input.level(0).parse().ok().and_then(meaning) else {
        return Some(Outcome::silent("Z-Wave: a meter value that is not used"));
    };
    let (meter, endpoint) = (input.level(4), input.level(2));
    let channel = Some(endpoint.strip_prefix("endpoint_").unwrap_or(endpoint));
    if !input.is_object() {
        return Some(bare(input, meter, channel, quantity, factor));
    }
    let root = match input.json() {
        Ok(root) => root,
        Err(fault) => return Some(Outcome::malformed(format!("Z-Wave value: {fault}"))),
    };
    let stated = root.get("unit").and_then(Value::text);
    let factor = stated
        .and_then(|unit| word::factor(unit, quantity))
        .unwrap_or(factor);
    let mut channels = Channels::of(meter);
    let value = root.get("value").and_then(Value::number);
    channels.set(channel, quantity, value.map(|value| value * factor));
    let stamp = root.get("time").or_else(|| root.get("lastUpdate"));
    let stamp = stamp.and_then(|stamp| input.zone().stamp(stamp));
    Some(Outcome::readings(
        channels.stamped(stamp),
        "Z-Wave: the value is not known",
    ))
}

/// What an id of the meter's command class states, and the factor to the base unit.
fn meaning(id: u32) -> Option<(Quantity, f64)> {
    let (kind, scale, direction) = (id >> 16, id >> 8 & 0xff, id & 0xff);
    if kind != ELECTRIC || direction > PRODUCED {
        return None;
    }
    match (scale, direction) {
        (0, PRODUCED) => Some((Quantity::EnergyExport, 1000.0)),
        (_, PRODUCED) => None,
        (0, _) => Some((Quantity::Energy, 1000.0)),
        (2, _) => Some((Quantity::Power, 1.0)),
        (4, _) => Some((Quantity::Voltage, 1.0)),
        (5, _) => Some((Quantity::Current, 1.0)),
        _ => None,
    }
}

/// `<node>/status`: whether the node can be reached.
fn status(input: &Input<'_>) -> Option<Outcome> {
    if !(input.is_object() && input.text().contains("\"nodeId\"")) {
        return None;
    }
    let said = input.json().ok()?.get("status").and_then(Value::text)?;
    let (_, is_online) = STATES.iter().find(|(state, _)| *state == said)?;
    Some(Outcome::availability(input.level(1), *is_online))
}

#[cfg(test)]
mod tests {
    use super::super::super::check::check;

    #[test]
    fn meter_values() {
        check(
            "zwave/Kiosk/50/0/value/66049",
            r#"{"time":1790000000000,"value":12.5,"nodeName":"Kiosk"}"#,
            "zwave_js_ui: Kiosk 0 power_w=12.5 stamp=2026-09-21T14:13:20Z",
        );
        check(
            "z/room/Kiosk/meter/endpoint_1/value/65537",
            "2.5",
            "zwave_js_ui: Kiosk 1 energy_wh=2500",
        );
        check(
            "z/Kiosk/meter/endpoint_1/value/65538",
            "2.5",
            "zwave_js_ui: Kiosk 1 energy_export_wh=2500",
        );
        check(
            "zwave/Kiosk/50/0/value/66817",
            "0.5",
            "zwave_js_ui: Kiosk 0 current_a=0.5",
        );
        check(
            "zwave/Kiosk/50/0/value/65536",
            r#"{"id":"7-50-0-value-65536","nodeId":7,"value":2500,"unit":"Wh","lastUpdate":1790000000000}"#,
            "zwave_js_ui: Kiosk 0 energy_wh=2500 stamp=2026-09-21T14:13:20Z",
        );
        check(
            "zwave/Kiosk/50/0/value/66561",
            r#"{"value":230,"unit":"V?"}"#,
            "zwave_js_ui: Kiosk 0 voltage_v=230",
        );
        check(
            "zwave/Kiosk/50/0/value/66049",
            r#"{"value":null}"#,
            "zwave_js_ui: not a reading",
        );
        check(
            "zwave/Kiosk/50/0/value/66049",
            r#"{"value":"#,
            "zwave_js_ui: malformed",
        );
        for id in ["1", "65793", "66050", "67329", "131585", "x", "4294967296"] {
            check(
                &format!("zwave/Kiosk/50/0/value/{id}"),
                "2.5",
                "zwave_js_ui: not a reading",
            );
        }
        check("zwave/Kiosk/37/0/value/66049", "2.5", "unknown");
    }

    #[test]
    fn a_dead_node_is_offline() {
        let status = |said: &str| format!(r#"{{"time":1790000000000,"status":"{said}","nodeId":7}}"#);
        check(
            "zwave/Kiosk/status",
            &status("Dead"),
            "zwave_js_ui: Kiosk is offline",
        );
        check(
            "zwave/Kiosk/status",
            &status("Asleep"),
            "zwave_js_ui: Kiosk is online",
        );
        check("zwave/Kiosk/status", &status("Unknown"), "unknown");
        check("zwave/Kiosk/status", r#"{"status":"Dead"}"#, "unknown");
    }
}
