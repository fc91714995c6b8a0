//! GUDE Expert Power Controls and PDUs: `<prefix>/device/telemetry` with `line_in` and the ports.
//!
//! Documented in the manuals, chapter "MQTT", and at <https://wiki.gude-systems.com/index.php?title=MQTT_eng>. The
//! units of the registers are not documented there: they are not used until a device has confirmed them. `ts` counts
//! seconds since the boot until the clock is set: such a stamp is none.

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
    reads: "TODO",
    leaves_out: &[],
    evidence: Evidence::Messages,
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
        .filter(|at| input.level(at + 1) == "gudesystems")?;
    let meter = input.level(below.checked_sub(1)?);
    if input.last(2) != "device/telemetry" {
        return Some(Outcome::silent("GUDE: a switch's state or a reply"));
    }
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
        check(topic, "{", "gude: malformed");
    }
}
