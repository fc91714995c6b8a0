//! Shelly Gen1: `shellies/<id>/{relay|emeter|…}/<n>/<what>`, one bare number a topic, and `shellies/<id>/info` with
//! the whole status as JSON.
//!
//! Documented at <https://shelly-api-docs.shelly.cloud/gen1/#mqtt-support>. Units differ by topic: `relay/<n>/energy`
//! counts watt-minutes and restarts at a reboot; `emeter/<n>/total` counts watt-hours and survives it, so the
//! emeter's own `energy` (watt-minutes) is not used. The info's `timestamp` is local time dressed as an epoch: never
//! used.

use super::super::collect::{Channels, Quantity};
use super::super::json::Value;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome, Stateless, bare, is_online};

const WATT_MINUTES_PER_WATT_HOUR: f64 = 60.0;
const ROOT: &str = "shellies";
const NO_VALUE: &str = "Shelly Gen1: the topic carries no power, energy, voltage or current";
const TYPED: &str = "Shelly 1: the power is a constant that somebody typed, not measured";
const REPEATED: &str = "Shelly 2.5: roller/0/power says the same";

/// The components whose topics carry a meter's values.
const COMPONENTS: [&str; 6] = ["relay", "emeter", "roller", "light", "white", "color"];

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "shelly_gen1",
    title: "Shelly Gen1",
    begin,
    reads: "shellies/<id>/relay|roller|light|white|color/<n>/power and energy (watt-minutes), shellies/<id>/emeter/<n>/power, \
            total, total_returned, voltage, current, and shellies/<id>/info with all of them. The channel is the number; the \
            inputs of a 3EM are l1 to l3; relay/power of a Shelly 2 has no channel. shellies/<id>/online as availability.",
    leaves_out: &[
        "emeter/<n>/energy and returned_energy: they restart at a reboot; total and total_returned are read instead",
        "relay/energy without a number (Shelly 2 of 2018): its unit is not certain",
        "relay/power of a Shelly 2.5: roller/0/power says the same",
        "power of a Shelly 1 or 1L: a constant that the user typed, not a measurement",
        "reactive power, power factor, the neutral of a 3EM, temperatures",
        "the time stamps of info: local time dressed as an epoch",
        "the JSON of light/<n>/status and color/<n>/status",
        "which inputs of a 3EM with an id of the user's own are phases: they keep their numbers",
    ],
    evidence: Evidence::Messages,
    samples: &[
        ("shellies/shellyem3-0A1B2C/emeter/1/power", b"-812.44"),
        ("shellies/shellyem3-0A1B2C/emeter/2/total", b"90211.5"),
        ("shellies/ups-room/relay/0/energy", b"1201"),
        ("shellies/old-2/relay/power", b"40.5"),
        ("shellies/b2/old-25/roller/0/power", b"140.5"),
        ("shellies/old-2/voltage", b"231.5"),
        ("shellies/ups-room/online", b"true"),
        ("b2/kiosk/emeter/1/current", b"0.5"),
        (
            "shellies/shellyem3-0A1B2C/info",
            br#"{"emeters":[{"power":5.5,"is_valid":true,"total":80.5,"total_returned":0.5,"voltage":231.5,"current":0.1}],
            "meters":[{"power":60,"is_valid":true,"total":120}]}"#,
        ),
        (
            "shellies/ups-room/info",
            br#"{"relays":[{"ison":true}],"meters":[{"power":60,"is_valid":true},{"power":5,"is_valid":true,"total":60}]}"#,
        ),
    ],
};

fn begin(_: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Stateless(decode))
}

fn decode(input: &Input<'_>) -> Option<Outcome> {
    let Some(root) = input.position(|level| level == ROOT) else {
        return bare_emeter(input);
    };
    if input.level(1) == "status" || input.last(2) == "events/rpc" {
        return None; // a later generation whose user kept the old prefix
    }
    if root <= 1 {
        return (root == 1).then(|| Outcome::silent("Shelly Gen1: an announcement or a command"));
    }
    let what = input.level(0);
    let has_number = root >= 4 && COMPONENTS.contains(&input.level(2)) && is_number(input.level(1));
    let is_whole = root >= 3 && input.level(1) == "relay" && what == "power";
    let meter = meter(
        input,
        root,
        if has_number {
            3
        } else if is_whole {
            2
        } else {
            1
        },
    )?;
    Some(match what {
        _ if has_number => component(input, meter, input.level(2), what),
        _ if is_whole && meter.contains("switch25") => Outcome::silent(REPEATED),
        _ if is_whole => bare(input, meter, None, Quantity::Power, 1.0),
        "online" => match is_online(input.text()) {
            Some(is_online) => Outcome::availability(meter, is_online),
            None => Outcome::malformed("Shelly Gen1: online is neither true nor false"),
        },
        "info" => info(meter, input),
        "voltage" => bare(input, meter, None, Quantity::Voltage, 1.0),
        _ => Outcome::silent(NO_VALUE),
    })
}

/// The levels between `shellies` and the last `tail` ones: an id of the user's own may have several.
fn meter<'m>(input: &Input<'m>, root: usize, tail: usize) -> Option<&'m str> {
    let before = input.before(tail)?;
    let from = before
        .len()
        .checked_sub(input.last(root).len() - input.last(tail).len() - 1)?;
    before.get(from..).filter(|meter| !meter.is_empty())
}

fn is_number(level: &str) -> bool {
    level.parse::<u8>().is_ok()
}

/// `<id>/emeter/<n>/<what>` below any other root: no other family publishes so.
fn bare_emeter(input: &Input<'_>) -> Option<Outcome> {
    let meter = input.level(3);
    if input.level(2) != "emeter" || !is_number(input.level(1)) || meter.is_empty() {
        return None;
    }
    Some(component(input, meter, "emeter", input.level(0)))
}

fn component(input: &Input<'_>, meter: &str, kind: &str, what: &str) -> Outcome {
    let is_emeter = kind == "emeter";
    let (quantity, factor) = match what {
        "power" if kind == "relay" && has_typed_power(meter) => return Outcome::silent(TYPED),
        "power" => (Quantity::Power, 1.0),
        "voltage" => (Quantity::Voltage, 1.0),
        "current" => (Quantity::Current, 1.0),
        "total" if is_emeter => (Quantity::Energy, 1.0),
        "total_returned" if is_emeter => (Quantity::EnergyExport, 1.0),
        "energy" if !is_emeter => (Quantity::Energy, 1.0 / WATT_MINUTES_PER_WATT_HOUR),
        _ => return Outcome::silent(NO_VALUE),
    };
    let channel = channel(meter, is_emeter, input.level(1));
    bare(input, meter, Some(channel), quantity, factor)
}

/// A Shelly 1 or 1L has no meter: its power is a constant that the user typed.
fn has_typed_power(meter: &str) -> bool {
    meter.starts_with("shelly1-") || meter.starts_with("shelly1l-")
}

/// A 3EM's inputs are the phases of one load; nothing but its id says so.
fn channel<'a>(meter: &str, is_emeter: bool, number: &'a str) -> &'a str {
    let is_three_phase = is_emeter && meter.to_ascii_lowercase().contains("em3");
    match number {
        "0" if is_three_phase => "l1",
        "1" if is_three_phase => "l2",
        "2" if is_three_phase => "l3",
        _ => number,
    }
}

fn info(meter: &str, input: &Input<'_>) -> Outcome {
    let status = match input.json() {
        Ok(status) => status,
        Err(fault) => return Outcome::malformed(format!("Shelly Gen1 info: {fault}")),
    };
    let mut channels = Channels::of(meter);
    let items = |key| status.get(key).into_iter().flat_map(Value::items).enumerate();
    for (number, emeter) in items("emeters").filter(|(_, emeter)| is_valid(*emeter)) {
        let number = number.to_string();
        let name = Some(channel(meter, true, &number));
        let value = |key| emeter.get(key).and_then(Value::number);
        channels.set(name, Quantity::Power, value("power"));
        channels.set(name, Quantity::Energy, value("total"));
        channels.set(name, Quantity::EnergyExport, value("total_returned"));
        channels.set(name, Quantity::Voltage, value("voltage"));
        channels.set(name, Quantity::Current, value("current"));
    }
    // Whatever its id: a relay's meter that counts nothing measures nothing.
    let is_typed = has_typed_power(meter);
    let is_relay = status.get("relays").is_some();
    let is_measured = |meter: Value<'_>| !is_typed && (!is_relay || meter.get("total").is_some());
    for (number, meter) in items("meters").filter(|(_, meter)| is_valid(*meter) && is_measured(*meter)) {
        let number = number.to_string();
        let value = |key| meter.get(key).and_then(Value::number);
        channels.set(Some(&number), Quantity::Power, value("power"));
        let energy_wh = value("total").map(|total| total / WATT_MINUTES_PER_WATT_HOUR);
        channels.set(Some(&number), Quantity::Energy, energy_wh);
    }
    Outcome::readings(channels.stamped(None), "Shelly Gen1 info: no valid meter in it")
}

fn is_valid(meter: Value<'_>) -> bool {
    meter.get("is_valid").and_then(Value::boolean) != Some(false)
}

#[cfg(test)]
mod tests {
    use super::super::super::check::check;

    #[test]
    fn bare_numbers() {
        for (topic, payload, expected) in [
            (
                "shellyem3-AABBCC/emeter/0/power",
                "-12.5",
                "shellyem3-AABBCC l1 power_w=-12.5",
            ),
            (
                "shellyem-AABBCC/emeter/1/total_returned",
                "7",
                "shellyem-AABBCC 1 energy_export_wh=7",
            ),
            ("ct-ups/relay/0/power", "411.25", "ct-ups 0 power_w=411.25"),
            ("ct-ups/relay/0/energy", "180", "ct-ups 0 energy_wh=3"),
            ("old2/relay/power", "40.5", "old2 - power_w=40.5"),
            ("x/roller/0/energy", "60", "x 0 energy_wh=1"),
            ("b2/desk/light/1/power", "9", "b2/desk 1 power_w=9"),
            ("b2/desk/voltage", "231", "b2/desk - voltage_v=231"),
        ] {
            let expected = format!("shelly_gen1: {expected}");
            check(&format!("shellies/{topic}"), payload, &expected);
            check(&format!("b2/shellies/{topic}"), payload, &expected);
        }
        check(
            "b2/meters/kiosk/emeter/1/current",
            "0.5",
            "shelly_gen1: kiosk 1 current_a=0.5",
        );
        check("/plug/switch/emeter/voltage", "230", "kasa: plug - voltage_v=230");
    }

    #[test]
    fn what_is_not_a_reading() {
        for (topic, payload) in [
            ("shellyem3-AABBCC/emeter/2/pf", "0.9"),
            ("shellyem3-AABBCC/emeter/2/energy", "9"),
            ("shellyem-AABBCC/emeter/1/total", "-7"),
            ("shellyem3-AABBCC/relay0", "off"),
            ("shellyswitch25-AABBCC/relay/power", "12"),
            ("shelly1-AABBCC/relay/0/power", "81.5"),
            ("ct-ups/relay/0", "on"),
            ("ct-ups/relay/0/power", "nan"),
            ("old2/relay/energy", "40"),
            ("x/sensor/0/power", "5"),
            ("x/relay/0/overpower_value", "2400"),
            ("x/light/0/status", r#"{"ison":true,"power":5}"#),
            ("x/input_event/0", r#"{"event":"S"}"#),
            ("x/temperature", "41.5"),
        ] {
            check(
                &format!("shellies/{topic}"),
                payload,
                "shelly_gen1: not a reading",
            );
        }
        check("shellies/ct-ups/relay/0/power", "4,5", "shelly_gen1: malformed");
    }

    #[test]
    fn availability() {
        check("shellies/ct-ups/online", "true", "shelly_gen1: ct-ups is online");
        check(
            "shellies/ct-ups/online",
            "false",
            "shelly_gen1: ct-ups is offline",
        );
        check(
            "shellies/b2/desk/online",
            "true",
            "shelly_gen1: b2/desk is online",
        );
        check("shellies/ct-ups/online", "?", "shelly_gen1: malformed");
        check("shellies/announce", r#"{"id":"x"}"#, "shelly_gen1: not a reading");
        check("shellies/command", "announce", "not a reading");
    }

    #[test]
    fn the_whole_status() {
        check(
            "shellies/shellyem3-0011AA/info",
            r#"{"unixtime":1,"emeters":[{"power":5.5,"pf":0.2,"current":0.1,"voltage":231.5,"is_valid":true,"total":80.5,
                "total_returned":0.5},{"power":9,"is_valid":false,"total":1},{"power":-3,"is_valid":true}],"total_power":8.5}"#,
            "shelly_gen1: shellyem3-0011AA l1 power_w=5.5 energy_wh=80.5 energy_export_wh=0.5 voltage_v=231.5 current_a=0.1
             shelly_gen1: shellyem3-0011AA l3 power_w=-3",
        );
        check(
            "shellies/shellyplug-s-1/info",
            r#"{"meters":[{"power":60,"is_valid":true,"timestamp":1700003600,"total":120}]}"#,
            "shelly_gen1: shellyplug-s-1 0 power_w=60 energy_wh=2",
        );
        check(
            "shellies/shelly1-1/info",
            r#"{"meters":[{"power":60,"is_valid":true}]}"#,
            "shelly_gen1: not a reading",
        );
        check(
            "shellies/door/info",
            r#"{"relays":[{"ison":true}],"meters":[{"power":60,"is_valid":true}]}"#,
            "shelly_gen1: not a reading",
        );
        check(
            "shellies/lamp/info",
            r#"{"lights":[{"ison":true}],"meters":[{"power":6,"is_valid":true}],"emeter_n":{"current":0.2}}"#,
            "shelly_gen1: lamp 0 power_w=6",
        );
        check(
            "shellies/shelly1-1/info",
            r#"{"meters":["#,
            "shelly_gen1: malformed",
        );
    }
}
