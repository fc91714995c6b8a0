//! TP-Link Kasa and Tapo plugs through a bridge: the device's own JSON, mqtt2kasa's bare numbers, or a Python print.
//!
//! Documented in <https://github.com/flavio-fernandes/mqtt2kasa> and python-kasa, `kasa/iot/modules/emeter.py` and
//! `kasa/smart/modules/energy.py`. Hardware 1 says W, V, A, kWh; hardware 2 and Tapo say mW, mV, mA, Wh under keys that
//! end in the unit. Tapo's `current_power` is mW in the answer that also has `today_energy`, and W in other answers and
//! bridges: alone it says nothing. Python prints of an answer (`{'today_runtime': 5, …}`, `<EmeterStatus power=5 …>`) are
//! read like the JSON.

use super::super::collect::{Channels, Quantity};
use super::super::json::{Document, Value};
use super::super::number;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Fields, Input, Outcome, Stateless, bare, take};

const FIELDS: Fields<'_> = &[
    ("power", Quantity::Power, 1.0),
    ("power_mw", Quantity::Power, 0.001),
    ("voltage", Quantity::Voltage, 1.0),
    ("voltage_mv", Quantity::Voltage, 0.001),
    ("current", Quantity::Current, 1.0),
    ("current_ma", Quantity::Current, 0.001),
    ("total", Quantity::Energy, 1000.0),
    ("total_wh", Quantity::Energy, 1.0),
];
const TAPO: Fields<'_> = &[("current_power", Quantity::Power, 0.001)];
/// How python-kasa prints what it knows of an emeter.
const PRINT: &str = "<EmeterStatus ";
/// The topic's last level where it names the message, not the plug.
const MESSAGES: [&str; 9] = [
    "emeter",
    "energy",
    "energy_usage",
    "get_energy_usage",
    "emeter_data",
    "get_emeter_data",
    "state",
    "status",
    "realtime",
];

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "kasa",
    title: "Kasa and Tapo plugs, bridged",
    begin,
    reads: "/<name>/switch/emeter[/<what>] of mqtt2kasa; any topic with a JSON or a Python print of get_realtime, of an \
            emeter with keys that name their unit, or of Tapo's energy usage: power, register, voltage, current, one load",
    leaves_out: &[
        "Tapo's current_power alone: watts or milliwatts, the message does not say which",
        "energy of today and of the month",
        "the single outlets of a strip",
    ],
    evidence: Evidence::Messages,
    samples: &[
        ("/fridge/switch/emeter/power", b"5.5"),
        (
            "/fridge/switch/emeter",
            b"<EmeterStatus power=5.5 voltage=230.5 current=None total=12.5>",
        ),
        (
            "kasa/fridge/emeter",
            br#"{"emeter":{"get_realtime":{"voltage_mv":230500,"power_mw":20500,"total_wh":7,"err_code":0}}}"#,
        ),
        ("kasa/fridge", br#"{"power":20.5,"voltage":230.5,"current":0.1,"total":1.5,"err_code":0}"#),
        (
            "tapo/oven/energy",
            br#"{"today_runtime":90,"month_runtime":900,"today_energy":100,"month_energy":1000,"current_power":20500}"#,
        ),
        ("tapo/oven", b"{'result': {'today_energy': 100, 'current_power': 20500}, 'error_code': 0}"),
    ],
};

fn begin(_: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Stateless(decode))
}

fn decode(input: &Input<'_>) -> Option<Outcome> {
    if input.level(1) == "emeter" && input.level(2) == "switch" && !input.is_object() {
        let (_, quantity, factor) = FIELDS.iter().find(|(name, ..)| *name == input.level(0))?;
        return Some(bare(input, input.level(3), None, *quantity, *factor));
    }
    if let Some(print) = input.text().strip_prefix(PRINT) {
        return Some(printed(name(input), print));
    }
    let mentions = |key| input.text().contains(key);
    let is_marked = mentions("get_realtime")
        || mentions("power_mw")
        || mentions("err_code") && mentions("total")
        || mentions("current_power") && mentions("today_energy");
    if !(input.is_object() && is_marked) {
        return None;
    }
    let is_python = input.text()[1..].trim_start().starts_with('\'');
    if is_python {
        let json = input
            .text()
            .replace('\'', "\"")
            .replace("None", "null")
            .replace("True", "true")
            .replace("False", "false");
        let document = Document::parse(json.as_bytes()).ok()?;
        return answer(name(input), document.root());
    }
    match input.json() {
        Ok(root) => answer(name(input), root),
        Err(fault) => Some(Outcome::malformed(format!("Kasa: {fault}"))),
    }
}

/// The plug's name: mqtt2kasa's topics end in `/switch/emeter`, others in the name or in the name of the message.
fn name<'m>(input: &Input<'m>) -> &'m str {
    match (input.level(0), input.level(1), input.level(2)) {
        ("emeter", "switch", name) if !name.is_empty() => name,
        (last, name, _) if MESSAGES.contains(&last) && !name.is_empty() => name,
        (last, ..) => last,
    }
}

fn answer(meter: &str, root: Value<'_>) -> Option<Outcome> {
    let answer = root
        .pointer("/emeter/get_realtime")
        .or_else(|| root.get("get_realtime"))
        .or_else(|| root.get("result"))
        .unwrap_or(root);
    let has = |key| answer.get(key).is_some();
    let is_tapo = has("current_power") && has("today_energy");
    let is_emeter = has("power") && (has("err_code") || has("total")) || has("power_mw");
    if !(is_tapo || is_emeter) {
        return None;
    }
    let is_sound = [(answer, "err_code"), (root, "error_code")]
        .into_iter()
        .all(|(part, key)| part.get(key).and_then(Value::number).unwrap_or_default() == 0.0);
    let mut channels = Channels::of(meter);
    if is_sound {
        take(&mut channels, None, answer, if is_tapo { TAPO } else { FIELDS });
    }
    Some(Outcome::readings(
        channels.stamped(None),
        "Kasa: the plug reports an error or no values",
    ))
}

/// `power=5.5 voltage=230.5 … >`
fn printed(meter: &str, print: &str) -> Outcome {
    let mut channels = Channels::of(meter);
    for part in print.trim_end_matches('>').split_ascii_whitespace() {
        let Some((key, value)) = part.split_once('=') else {
            continue;
        };
        if let Some((_, quantity, factor)) = FIELDS.iter().find(|(name, ..)| *name == key) {
            channels.set(
                None,
                *quantity,
                number::of_text(value).map(|value| value * factor),
            );
        }
    }
    Outcome::readings(channels.stamped(None), "Kasa: the plug reports no values")
}

#[cfg(test)]
mod tests {
    use super::super::super::check::check;

    #[test]
    fn both_hardware_versions() {
        check("/fridge/switch/emeter/power", "5.5", "kasa: fridge - power_w=5.5");
        check(
            "/fridge/switch/emeter/total",
            "0.5",
            "kasa: fridge - energy_wh=500",
        );
        check(
            "kasa/fridge/emeter",
            r#"{"emeter":{"get_realtime":{"voltage_mv":230500,"current_ma":100,"power_mw":20500,"total_wh":7,"err_code":0}}}"#,
            "kasa: fridge - power_w=20.5 energy_wh=7 voltage_v=230.5 current_a=0.1",
        );
        check(
            "kasa/fridge",
            r#"{"power":20.5,"voltage":230.5,"current":0.1,"total":1.5,"err_code":0}"#,
            "kasa: fridge - power_w=20.5 energy_wh=1500 voltage_v=230.5 current_a=0.1",
        );
        check(
            "kasa/fridge",
            r#"{"emeter":{"get_realtime":{"power":2,"err_code":-1}}}"#,
            "kasa: not a reading",
        );
        check(
            "kasa/fridge",
            r#"{"emeter":{"get_realtime":{"power":2,"#,
            "kasa: malformed",
        );
    }

    #[test]
    fn python_prints() {
        check(
            "/fridge/switch/emeter",
            "<EmeterStatus power=5.5 voltage=230.5 current=None total=12.5>",
            "kasa: fridge - power_w=5.5 energy_wh=12500 voltage_v=230.5",
        );
        check("kasa/x", "<EmeterStatus power=None>", "kasa: not a reading");
    }

    #[test]
    fn tapo_says_milliwatts_beside_the_energy_of_today() {
        let usage = r#"{"today_runtime":90,"today_energy":100,"month_energy":1000,"current_power":20500}"#;
        for message in ["energy", "energy_usage", "get_energy_usage"] {
            check(
                &format!("tapo/oven/{message}"),
                usage,
                "kasa: oven - power_w=20.5",
            );
        }
        check(
            "tapo/oven/get_emeter_data",
            r#"{"current_ma":100,"voltage_mv":230500,"power_mw":20500,"energy_wh":7}"#,
            "kasa: oven - power_w=20.5 voltage_v=230.5 current_a=0.1",
        );
        check(
            "tapo/oven",
            "{'result': {'today_energy': 100, 'current_power': 20500}, 'error_code': 0}",
            "kasa: oven - power_w=20.5",
        );
        check(
            "tapo/oven",
            "{'result': {'today_energy': 100, 'current_power': 20500}, 'error_code': -1}",
            "kasa: not a reading",
        );
        check(
            "tapo/oven",
            "{\n 'today_energy': 100,\n 'current_power': None\n}",
            "kasa: not a reading",
        );
        check("tapo/oven", "{'today_energy': 100, 'current_power': ", "unknown");
        check("tapo/oven", r#"{"current_power":20}"#, "unknown");
        check("tapo/oven/current_power", "0.567", "unknown");
    }
}
