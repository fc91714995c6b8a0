//! Z-Wave JS UI: `<prefix>/<node>/{50|meter}/<endpoint>/value/<id>`, JSON `{"value", "time"}` or a bare number.
//!
//! Documented at <https://zwave-js.github.io/zwave-js-ui/#/guide/mqtt>; the id of a meter value (command class 50) is
//! type, scale and direction in one number: 65537 is kWh, then 256 further W, V and A. Discovery documents are not
//! believed: some announce watts as kilowatt-hours.

use super::super::collect::{Channels, Quantity};
use super::super::json::Value;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome, Stateless, bare};

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "zwave_js_ui",
    title: "Z-Wave JS UI",
    begin,
    reads: "TODO",
    leaves_out: &[],
    evidence: Evidence::Messages,
    samples: &[(
        "zwave/Kiosk/50/0/value/66049",
        br#"{"time":1790000000000,"value":12.5}"#,
    )],
};

fn begin(_: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Stateless(decode))
}

fn decode(input: &Input<'_>) -> Option<Outcome> {
    if input.level(1) != "value" || !matches!(input.level(3), "50" | "meter") || input.level(4).is_empty() {
        return None;
    }
    let (quantity, factor) = match input.level(0) {
        "65537" => (Quantity::Energy, 1000.0),
        "65538" => (Quantity::EnergyExport, 1000.0),
        "66049" => (Quantity::Power, 1.0),
        "66561" => (Quantity::Voltage, 1.0),
        "66817" => (Quantity::Current, 1.0),
        _ => return Some(Outcome::silent("Z-Wave: a meter value that is not used")),
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
    let mut channels = Channels::of(meter);
    let value = root.get("value").and_then(Value::number);
    channels.set(channel, quantity, value.map(|value| value * factor));
    let stamp = root.get("time").and_then(|time| input.zone().stamp(time));
    Some(Outcome::readings(
        channels.stamped(stamp),
        "Z-Wave: the value is not known",
    ))
}

#[cfg(test)]
mod tests {
    use super::super::super::check::check;

    #[test]
    fn meter_values() {
        check(
            "zwave/Kiosk/50/0/value/66049",
            r#"{"time":1790000000000,"value":12.5}"#,
            "zwave_js_ui: Kiosk 0 power_w=12.5 stamp=2026-09-21T14:13:20Z",
        );
        check(
            "z/room/Kiosk/meter/endpoint_1/value/65537",
            "2.5",
            "zwave_js_ui: Kiosk 1 energy_wh=2500",
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
        check("zwave/Kiosk/50/0/value/1", "2.5", "zwave_js_ui: not a reading");
        check("zwave/Kiosk/37/0/value/66049", "2.5", "unknown");
    }
}
