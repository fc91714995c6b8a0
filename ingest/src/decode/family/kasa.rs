//! TP-Link Kasa plugs through a bridge: the device's own JSON (`emeter.get_realtime`), or mqtt2kasa's
//! `/<name>/switch/emeter/<what>`.
//!
//! Documented in <https://github.com/flavio-fernandes/mqtt2kasa> and python-kasa, `kasa/iot/modules/emeter.py`. Hardware
//! 1 says W, V, A, kWh; hardware 2 says mW, mV, mA, Wh under other keys.

use super::super::collect::{Channels, Quantity};
use super::super::json::Value;
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

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "kasa",
    title: "Kasa plugs, bridged",
    begin,
    reads: "TODO",
    leaves_out: &[],
    evidence: Evidence::Messages,
    samples: &[
        ("/fridge/switch/emeter/power", b"5.5"),
        (
        "kasa/fridge/emeter",
        br#"{"emeter":{"get_realtime":{"voltage_mv":230500,"power_mw":20500,"total_wh":7,"err_code":0}}}"#,
    ),
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
    if !(input.is_object() && input.text().contains("\"get_realtime\"")) {
        return None;
    }
    let meter = if input.level(0) == "emeter" {
        input.level(1)
    } else {
        input.level(0)
    };
    let root = match input.json() {
        Ok(root) => root,
        Err(fault) => return Some(Outcome::malformed(format!("Kasa: {fault}"))),
    };
    let realtime = root.pointer("/emeter/get_realtime")?;
    let is_sound = realtime
        .get("err_code")
        .and_then(Value::number)
        .unwrap_or_default()
        == 0.0;
    let mut channels = Channels::of(meter);
    if is_sound {
        take(&mut channels, None, realtime, FIELDS);
    }
    Some(Outcome::readings(
        channels.stamped(None),
        "Kasa: the plug reports an error or no values",
    ))
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
            r#"{"emeter":{"get_realtime":{"power":2,"err_code":-1}}}"#,
            "kasa: not a reading",
        );
        check(
            "kasa/fridge",
            r#"{"emeter":{"get_realtime":{"power":2,"#,
            "kasa: malformed",
        );
    }
}
