//! GUDE Expert Power Controls and PDUs: `<prefix>/device/telemetry` with `line_in` and the ports.
//!
//! Documented in the manuals, chapter "MQTT", and at <https://wiki.gude-systems.com/index.php?title=MQTT_eng>. The prefix
//! is `de/gudesystems/epc/[mac]` unless somebody changed it; telemetry is recognised under any. The units of the
//! registers are not documented there: they are not used until a device has confirmed them. `ts` counts seconds since
//! the boot until the clock is set: such a stamp is none.

use super::super::collect::{Channels, Quantity};
use super::super::json::Value;
use super::super::stamp;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Fields, Input, Outcome, Stateless, take};

const FIELDS: Fields<'_> = &[
    ("act_pow", Quantity::Power, 1.0),
    ("voltage", Quantity::Voltage, 1.0),
    ("current", Quantity::Current, 1.0),
];

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "gude",
    title: "GUDE power controls and PDUs",
    begin,
    reads: "<prefix>/device/telemetry: power, voltage and current of each line; channels l1.. where there are several",
    leaves_out: &[
        "tot_energy and res_energy, whose unit no document says: [[mapper]] once the display has confirmed it",
        "values of single outlets (83xx), for which no message was found: [[mapper]]",
        "switch/<n>, which is a relay's state",
    ],
    evidence: Evidence::Documentation,
    samples: &[(
        "de/gudesystems/epc/00:19:32:0a:0b:0c/device/telemetry",
        br#"{"line_in":[{"voltage":229,"current":1.5,"act_pow":310},{"act_pow":1}],"ts":1790000000}"#,
    )],
};

fn begin(_: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Stateless(decode))
}

fn decode(input: &Input<'_>) -> Option<Outcome> {
    let below = input
        .position(|level| level == "epc")
        .filter(|at| input.level(at + 1) == "gudesystems")
        .and_then(|at| at.checked_sub(1));
    let is_telemetry = input.last(2) == "device/telemetry";
    let meter = match below {
        Some(_) if !is_telemetry => return Some(Outcome::silent("GUDE: a switch's state or a reply")),
        Some(at) => input.level(at),
        None if is_telemetry && input.text().contains("\"line_in\"") => input.level(2),
        None => return None,
    };
    let root = match input.json() {
        Ok(root) => root,
        Err(fault) => return Some(Outcome::malformed(format!("GUDE telemetry: {fault}"))),
    };
    let mut channels = Channels::of(meter);
    let lines = || root.get("line_in").into_iter().flat_map(Value::items);
    let has_several = lines().nth(1).is_some();
    for (index, line) in lines().enumerate() {
        let name = has_several.then(|| format!("l{}", index + 1));
        take(&mut channels, name.as_deref(), line, FIELDS);
    }
    let sent_at = root
        .get("ts")
        .and_then(Value::number)
        .and_then(stamp::of_unix_seconds);
    Some(Outcome::readings(
        channels.stamped(sent_at),
        "GUDE telemetry: no line with a meter",
    ))
}

#[cfg(test)]
mod tests {
    use super::super::super::check::check;

    #[test]
    fn telemetry() {
        let topic = "de/gudesystems/epc/00:19:32:0a:0b:0c/device/telemetry";
        check(
            topic,
            r#"{"type":"telemetry","line_in":[{"voltage":229,"current":1.5,"act_pow":310,"tot_energy":5}],"ts":5000}"#,
            "gude: 00:19:32:0a:0b:0c - power_w=310 voltage_v=229 current_a=1.5",
        );
        check(
            topic,
            r#"{"line_in":[{"act_pow":1},{"act_pow":-2}],"ts":1790000000}"#,
            "gude: 00:19:32:0a:0b:0c l1 power_w=1 stamp=2026-09-21T14:13:20Z
             gude: 00:19:32:0a:0b:0c l2 power_w=-2 stamp=2026-09-21T14:13:20Z",
        );
        check(
            "de/gudesystems/epc/x/switch/2",
            r#"{"state":1}"#,
            "gude: not a reading",
        );
        check(
            "rack/pdu-9/device/telemetry",
            r#"{"type":"telemetry","line_in":[{"act_pow":7,"res_energy":1}]}"#,
            "gude: pdu-9 - power_w=7",
        );
        check("rack/pdu-9/device/telemetry", r#"{"act_pow":7}"#, "unknown");
        check(topic, "{", "gude: malformed");
    }
}
