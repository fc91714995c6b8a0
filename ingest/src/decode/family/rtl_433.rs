//! Radio meters by rtl_433 or OpenMQTTGateway: a JSON with `model`, `id` and keys that end in their unit, or the same
//! key as the last level of `devices/<model>/<id>/<key>`.
//!
//! Documented at <https://triq.org/rtl_433/DATA_FORMAT.html> and <https://docs.openmqttgateway.com/use/rf.html>. The unit
//! is part of the key: `power_W`, `energy_kWh`, `current_A`, `voltage_V`; a digit before it is the input of a meter with
//! several clamps. The meter is model and id: several of one model may be heard. `time` is local time without its zone
//! unless the receiver is told otherwise.

use super::super::collect::{Channels, Quantity};
use super::super::json::Value;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome, Stateless, bare};

/// How a key begins and ends, what it is, the factor to its base unit.
const KEYS: [(&str, &str, Quantity, f64); 6] = [
    ("power", "_W", Quantity::Power, 1.0),
    ("power", "_kW", Quantity::Power, 1000.0),
    ("energy", "_kWh", Quantity::Energy, 1000.0),
    ("energy", "_Wh", Quantity::Energy, 1.0),
    ("current", "_A", Quantity::Current, 1.0),
    ("voltage", "_V", Quantity::Voltage, 1.0),
];

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "rtl_433",
    title: "Radio meters by rtl_433",
    begin,
    reads: "any topic with a JSON that has model, id and power<n>_W or energy<n>_kWh; …/devices/<model>/<id>/<key> with a \
            bare number: power, register, current, voltage; the channel is the number in the key, where there is one",
    leaves_out: &[
        "models that give only an impulse count, or a current without power and energy",
        "what the sensor's battery says",
        "that some models work the power out from a nominal voltage: it is not marked as estimated",
    ],
    evidence: Evidence::Documentation,
    samples: &[
        (
            "home/gate/RTL_433toMQTT",
            br#"{"time":"2026-09-21T14:13:20Z","model":"Meter-X9","id":77,"power0_W":120,"power1_W":0,"energy_kWh":1.5}"#,
        ),
        ("rtl_433/host/devices/Meter-X9/77/power1_W", b"35"),
    ],
};

fn begin(_: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Stateless(decode))
}

fn decode(input: &Input<'_>) -> Option<Outcome> {
    if !input.is_object() {
        let (channel, quantity, factor) = meaning(input.level(0))?;
        let at = input
            .position(|level| level == "devices")
            .filter(|at| (3..=5).contains(at))?;
        let meter = format!("{}/{}", input.level(at - 1), input.level(1));
        return Some(bare(input, &meter, channel, quantity, factor));
    }
    let mentions = |key| input.text().contains(key);
    if !(mentions("\"model\"") && (mentions("\"power") || mentions("\"energy"))) {
        return None;
    }
    let root = input.json().ok()?;
    let model = root.get("model").and_then(Value::text)?;
    let id = root
        .get("id")
        .filter(|id| id.text().is_some() || id.number().is_some())?;
    let of_energy = |quantity| matches!(quantity, Quantity::Power | Quantity::Energy);
    root.entries()
        .find(|(key, _)| meaning(key).is_some_and(|(_, quantity, _)| of_energy(quantity)))?;
    let id = id
        .text()
        .map_or_else(|| id.number().unwrap_or_default().to_string(), str::to_owned);
    let meter = format!("{model}/{id}");
    let mut channels = Channels::of(&meter);
    for (key, value) in root.entries() {
        if let Some((channel, quantity, factor)) = meaning(key) {
            channels.set(channel, quantity, value.number().map(|value| value * factor));
        }
    }
    let stamp = root.get("time").and_then(|time| input.zone().stamp(time));
    Some(Outcome::readings(
        channels.stamped(stamp),
        "rtl_433: the meter has no values",
    ))
}

/// The input's number, the quantity and the factor that a key states.
fn meaning(key: &str) -> Option<(Option<&str>, Quantity, f64)> {
    KEYS.iter().find_map(|(start, end, quantity, factor)| {
        let number = key
            .strip_prefix(start)?
            .strip_suffix(end)?
            .trim_start_matches('_');
        let is_number = number.len() <= 2 && number.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then_some(((!number.is_empty()).then_some(number), *quantity, *factor))
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::check::check;

    #[test]
    fn keys_say_their_unit() {
        check(
            "home/gate/RTL_433toMQTT",
            r#"{"time":"2026-09-21T14:13:20Z","model":"Meter-X9","id":77,"battery_ok":1,"power_W":120,"energy_kWh":1.5,"rssi":-90}"#,
            "rtl_433: Meter-X9/77 - power_w=120 energy_wh=1500 stamp=2026-09-21T14:13:20Z",
        );
        check(
            "rtl_433/host/events",
            r#"{"time":"2026-09-21 14:13:20","model":"Clamp","id":"a7","power0_W":1750,"power1_W":0,"current_2_A":0.5}"#,
            "rtl_433: Clamp/a7 0 power_w=1750
             rtl_433: Clamp/a7 1 power_w=0
             rtl_433: Clamp/a7 2 current_a=0.5",
        );
        check(
            "rtl_433/host/devices/Clamp/7/power1_W",
            "35",
            "rtl_433: Clamp/7 1 power_w=35",
        );
        check("rtl_433/host/devices/Clamp/7/power1_W", "x", "rtl_433: malformed");
        check("rtl_433/host/devices/Clamp/7/time", "5", "unknown");
        check("x/events", r#"{"model":"Rain","id":7,"power_dB":5}"#, "unknown");
        check(
            "x/events",
            r#"{"model":"M","id":7,"power_W":null}"#,
            "rtl_433: not a reading",
        );
    }
}
