//! Meross and Refoss: `/appliance/<uuid>/publish` with `electricity`: power mW, voltage 0.1 V, current mA.
//!
//! Documented by the traces of <https://github.com/krahabb/meross_lan>. `consumptionx` counts days, not a register: it
//! is not used.

use super::super::collect::{Channels, Quantity};
use super::super::json::Value;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Fields, Input, Outcome, Stateless, take};

/// More outlets than a strip has.
const OUTLETS_MAX: usize = 32;
const FIELDS: Fields<'_> = &[
    ("power", Quantity::Power, 0.001),
    ("voltage", Quantity::Voltage, 0.1),
    ("current", Quantity::Current, 0.001),
];

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "meross",
    title: "Meross, Refoss",
    begin,
    reads: "TODO",
    leaves_out: &[],
    evidence: Evidence::Messages,
    samples: &[(
        "/appliance/90a1/publish",
        br#"{"electricity":{"channel":0,"current":150,"voltage":2305,"power":-34500}}"#,
    )],
};

fn begin(_: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Stateless(decode))
}

fn decode(input: &Input<'_>) -> Option<Outcome> {
    if input.level(2) != "appliance" || input.level(1).is_empty() {
        return None;
    }
    let root = match input.json() {
        Ok(root) => root,
        Err(fault) => return Some(Outcome::malformed(format!("Meross: {fault}"))),
    };
    let payload = root.get("payload").unwrap_or(root);
    let electricity = payload.get("electricity");
    let mut channels = Channels::of(input.level(1));
    // A strip sends a list, a plug one object.
    let outlets = electricity.filter(|one| one.is_object()).into_iter();
    for outlet in outlets
        .chain(electricity.into_iter().flat_map(Value::items))
        .take(OUTLETS_MAX)
    {
        let number = outlet.get("channel").and_then(Value::number).unwrap_or_default();
        take(&mut channels, Some(&number.to_string()), outlet, FIELDS);
    }
    Some(Outcome::readings(
        channels.stamped(None),
        "Meross: no electricity in the message",
    ))
}

#[cfg(test)]
mod tests {
    use super::super::super::check::check;

    #[test]
    fn electricity() {
        let topic = "/appliance/90a1/publish";
        let electricity = r#"{"electricity":{"channel":0,"current":150,"voltage":2305,"power":-34500}}"#;
        let expected = "meross: 90a1 0 power_w=-34.5 voltage_v=230.5 current_a=0.15";
        check(topic, electricity, expected);
        check(
            topic,
            &format!(r#"{{"header":{{}},"payload":{electricity}}}"#),
            expected,
        );
        check(
            topic,
            r#"{"electricity":[{"channel":1,"power":1000}]}"#,
            "meross: 90a1 1 power_w=1",
        );
        check(
            topic,
            r#"{"consumptionx":[{"value":5}]}"#,
            "meross: not a reading",
        );
        check(topic, "{", "meross: malformed");
    }
}
