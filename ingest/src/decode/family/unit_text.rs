//! Home-made JSON whose numbers carry their units: `{"id": "pdu-7", "port": 2, "power": "140.25W"}`.
//!
//! There is no document; the units make such a message unambiguous, so only values with one are read. The meter is
//! `id` or `device`, the channel `port`, `outlet` or `channel`; a key that begins with `total`, and a system's power or
//! current, speak of all.

use super::super::collect::{Channels, Quantity};
use super::super::json::Value;
use super::super::mapper::with_unit;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome, Stateless};

const KEYS: [(&str, Quantity); 13] = [
    ("power", Quantity::Power),
    ("activePower", Quantity::Power),
    ("powerConsumption", Quantity::Power),
    ("totalPower", Quantity::Power),
    ("totalPowerConsumption", Quantity::Power),
    ("systemPower", Quantity::Power),
    ("energy", Quantity::Energy),
    ("totalEnergy", Quantity::Energy),
    ("voltage", Quantity::Voltage),
    ("systemVoltage", Quantity::Voltage),
    ("current", Quantity::Current),
    ("systemCurrent", Quantity::Current),
    ("totalCurrent", Quantity::Current),
];

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "unit_text",
    title: "JSON whose numbers carry their units",
    begin,
    reads: "any topic with a JSON that names its meter (id, device) and has a power or an energy as a text with its unit; the \
            channel is port, outlet or channel, and total where a key begins so",
    leaves_out: &[
        "numbers without a unit: they need a mapper",
        "maxima, limits, apparent and reactive power",
        "several loads in one message",
    ],
    evidence: Evidence::Messages,
    samples: &[
        (
            "rack/any",
            br#"{"id":"strip-2","port":3,"power":"0.25 kW","voltage":"231V","current":"900mA"}"#,
        ),
        (
            "rack/any",
            br#"{"device":9,"totalPower":"80W","systemVoltage":"48V","totalEnergy":"2kWh"}"#,
        ),
    ],
};

fn begin(_: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Stateless(decode))
}

fn decode(input: &Input<'_>) -> Option<Outcome> {
    let mentions = |word| input.text().contains(word);
    if !(input.is_object()
        && (mentions("ower") || mentions("nergy"))
        && (mentions("W\"") || mentions("Wh\"")))
    {
        return None;
    }
    let root = input.json().ok()?;
    let name = |keys: &[&str]| keys.iter().find_map(|key| root.get(key)).and_then(named);
    let meter = name(&["id", "device"])?;
    let values = || {
        root.entries().filter_map(|(key, value)| {
            let (known, quantity) = KEYS.iter().find(|(known, _)| known.eq_ignore_ascii_case(key))?;
            Some((*known, *quantity, with_unit(value.text()?, *quantity)?))
        })
    };
    if !values().any(|(_, quantity, _)| matches!(quantity, Quantity::Power | Quantity::Energy)) {
        return None;
    }
    let is_of_all = |key: &str| key.starts_with("total") || matches!(key, "systemPower" | "systemCurrent");
    let has_total = values().any(|(key, ..)| is_of_all(key));
    let channel = name(&["port", "outlet", "channel"]).or_else(|| has_total.then(|| "total".to_owned()));
    let mut channels = Channels::of(&meter);
    for (_, quantity, value) in values() {
        channels.set(channel.as_deref(), quantity, Some(value));
    }
    Some(Outcome::readings(channels.stamped(None), "no plausible value"))
}

fn named(value: Value<'_>) -> Option<String> {
    value
        .text()
        .map(str::to_owned)
        .or_else(|| value.number().map(|number| number.to_string()))
}

#[cfg(test)]
mod tests {
    use super::super::super::check::check;

    #[test]
    fn values_with_units() {
        check(
            "rack/any",
            r#"{"id":"strip-2","port":3,"power":"0.25 kW","voltage":"231V","current":"900mA","maxPower":"60W"}"#,
            "unit_text: strip-2 3 power_w=250 voltage_v=231 current_a=0.9",
        );
        check(
            "rack/any",
            r#"{"device":"poe","totalPower":"80W","systemVoltage":"48V"}"#,
            "unit_text: poe total power_w=80 voltage_v=48",
        );
        check(
            "rack/all",
            r#"{"id":"strip-2","systemPower":"0.5kW","systemCurrent":"2.5A","systemVoltage":"229V","frequency":"50Hz"}"#,
            "unit_text: strip-2 total power_w=500 voltage_v=229 current_a=2.5",
        );
        check(
            "rack/any",
            r#"{"id":"x","energy":"2kWh"}"#,
            "unit_text: x - energy_wh=2000",
        );
        check("rack/any", r#"{"id":"x","power":"80"}"#, "unknown");
        check("rack/any", r#"{"id":"x","power":"80VA"}"#, "unknown");
        check("rack/any", r#"{"power":"80W"}"#, "unknown");
    }
}
