//! Meross and Refoss: `/appliance/<uuid>/publish` with `electricity`: power mW, current mA, voltage 0.1 V or mV.
//!
//! Documented by the traces of <https://github.com/krahabb/meross_lan>. A plug sends one object with the voltage in
//! tenths; an energy monitor (EM06, EM16) sends a list, one object a clamp, with the voltage in millivolts, to be told by
//! `mConsume` or `factor` beside it. `header.timestamp` is seconds, or since the start where the clock is not set.
//! `consumptionx` counts days and `mConsume` the month: neither is a register.

use super::super::collect::{Channels, Quantity};
use super::super::json::Value;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Fields, Input, Outcome, Stateless, take};

/// More outlets or clamps than a device has.
const OUTLETS_MAX: usize = 32;
const PLUG: Fields<'_> = &[
    ("power", Quantity::Power, 0.001),
    ("voltage", Quantity::Voltage, 0.1),
    ("current", Quantity::Current, 0.001),
];
const CLAMP: Fields<'_> = &[
    ("power", Quantity::Power, 0.001),
    ("voltage", Quantity::Voltage, 0.001),
    ("current", Quantity::Current, 0.001),
];

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "meross",
    title: "Meross, Refoss",
    begin,
    reads: "/appliance/<uuid>/publish with electricity, with or without header and payload around it: power, voltage, \
            current; the channel is the device's number of the outlet or clamp; availability of its online message",
    leaves_out: &[
        "energy: these devices publish sums of the day and the month only",
        "the history of an energy monitor (Sensor.History), sent every quarter of an hour",
        "what is sent to the device (subscribe)",
    ],
    evidence: Evidence::Messages,
    samples: &[
        (
            "/appliance/90a1/publish",
            br#"{"electricity":{"channel":0,"current":150,"voltage":2305,"power":-34500}}"#,
        ),
        (
            "/appliance/90a1/publish",
            br#"{"header":{"method":"PUSH","timestamp":1790000000},"payload":{"electricity":[{"channel":1,"current":150,"voltage":230500,"power":34500,"mConsume":7,"factor":0.9}]}}"#,
        ),
        (
            "/appliance/90a1/publish",
            br#"{"header":{"namespace":"Appliance.System.Online"},"payload":{"online":{"status":2}}}"#,
        ),
        ("/appliance/90a1/subscribe", br#"{"header":{"method":"GET"},"payload":{}}"#),
    ],
};

fn begin(_: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Stateless(decode))
}

fn decode(input: &Input<'_>) -> Option<Outcome> {
    let meter = input.level(1);
    if input.level(2) != "appliance" || meter.is_empty() {
        return None;
    }
    if input.level(0) == "subscribe" {
        return Some(Outcome::silent("Meross: what somebody asks the device"));
    }
    let root = match input.json() {
        Ok(root) => root,
        Err(fault) => return Some(Outcome::malformed(format!("Meross: {fault}"))),
    };
    let payload = root.get("payload").unwrap_or(root);
    let online = payload
        .pointer("/online/status")
        .or_else(|| payload.pointer("/all/system/online/status"));
    if let Some(status) = online.and_then(Value::number) {
        return Some(Outcome::availability(meter, status == 1.0));
    }
    let electricity = payload.get("electricity");
    let mut channels = Channels::of(meter);
    let outlets = electricity.filter(|one| one.is_object()).into_iter();
    for outlet in outlets
        .chain(electricity.into_iter().flat_map(Value::items))
        .take(OUTLETS_MAX)
    {
        let number = outlet.get("channel").and_then(Value::number).unwrap_or_default();
        let is_clamp = outlet.get("mConsume").is_some() || outlet.get("factor").is_some();
        let fields = if is_clamp { CLAMP } else { PLUG };
        take(&mut channels, Some(&number.to_string()), outlet, fields);
    }
    let stamp = root
        .pointer("/header/timestamp")
        .and_then(|stamp| input.zone().stamp(stamp));
    Some(Outcome::readings(
        channels.stamped(stamp),
        "Meross: no electricity in the message",
    ))
}

#[cfg(test)]
mod tests {
    use super::super::super::check::check;

    const TOPIC: &str = "/appliance/90a1/publish";

    #[test]
    fn plugs() {
        let electricity = r#"{"electricity":{"channel":0,"current":150,"voltage":2305,"power":-34500}}"#;
        let expected = "meross: 90a1 0 power_w=-34.5 voltage_v=230.5 current_a=0.15";
        check(TOPIC, electricity, expected);
        for header in ["{}", r#"{"timestamp":18600}"#] {
            let message = format!(r#"{{"header":{header},"payload":{electricity}}}"#);
            check(TOPIC, &message, expected);
        }
        check(
            TOPIC,
            r#"{"header":{"timestamp":1790000000},"payload":{"electricity":[{"channel":1,"power":1000}]}}"#,
            "meross: 90a1 1 power_w=1 stamp=2026-09-21T14:13:20Z",
        );
    }

    #[test]
    fn energy_monitors() {
        check(
            TOPIC,
            r#"{"electricity":[{"channel":1,"current":150,"voltage":230500,"power":34500,"mConsume":7,"factor":0.9},
                               {"channel":2,"current":0,"voltage":230500,"power":0,"mConsume":0}]}"#,
            "meross: 90a1 1 power_w=34.5 voltage_v=230.5 current_a=0.15
             meross: 90a1 2 power_w=0 voltage_v=230.5 current_a=0",
        );
    }

    #[test]
    fn what_is_not_a_reading() {
        for payload in [
            r#"{"consumptionx":[{"date":"2026-09-21","time":1,"value":5}]}"#,
            r#"{"payload":{"history":[{"channel":1,"value":[{"timestamp":1,"power":0}]}]}}"#,
            r#"{"payload":{"electricity":{}}}"#,
        ] {
            check(TOPIC, payload, "meross: not a reading");
        }
        check(
            "/appliance/90a1/subscribe",
            r#"{"payload":{"electricity":{"channel":0,"power":5}}}"#,
            "meross: not a reading",
        );
        check(
            TOPIC,
            r#"{"payload":{"online":{"status":2}}}"#,
            "meross: 90a1 is offline",
        );
        check(TOPIC, "{", "meross: malformed");
    }
}
