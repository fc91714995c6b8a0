//! The JSON that dbus-mqtt-grid and dbus-mqtt-pv read: `{"grid": {"power", "voltage", "energy_forward", "L1": {…}}}`,
//! and the same under `pv`.
//!
//! Documented at <https://github.com/mr-manuel/venus-os_dbus-mqtt-grid> and
//! <https://github.com/mr-manuel/venus-os_dbus-mqtt-pv>. Power is W, positive from the grid, of an inverter positive where
//! it generates; energies are kWh. A Tasmota script for dbus-mqtt-grid writes the phases flat, `power_L1`, and each value
//! as a message of its own. The topic is the user's: the meter is its last level, or the one before where the last is
//! `SENSOR`. `pv` is a common word, so it needs a power and a register or a phase beside it.

use super::super::collect::{Channels, Quantity};
use super::super::json::Value;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Fields, Input, Outcome, Stateless, take};

const FIELDS: Fields<'_> = &[
    ("power", Quantity::Power, 1.0),
    ("voltage", Quantity::Voltage, 1.0),
    ("current", Quantity::Current, 1.0),
    ("energy_forward", Quantity::Energy, 1000.0),
    ("energy_reverse", Quantity::EnergyExport, 1000.0),
];

/// Key of the phase's object, key of its power where it stands flat, channel.
const PHASES: [(&str, &str, &str); 3] = [
    ("L1", "power_L1", "l1"),
    ("L2", "power_L2", "l2"),
    ("L3", "power_L3", "l3"),
];

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "dbus_mqtt",
    title: "dbus-mqtt-grid and its kin",
    begin,
    reads: "any topic with a JSON that has grid or pv with a power: power, registers, voltage, current, channels total and \
            l1 to l3",
    leaves_out: &[
        "the other documents that these bridges read, of Shelly, Tasmota or Home Assistant, belong to those families",
        "batteries, tanks and temperatures of the same bridges",
    ],
    evidence: Evidence::Messages,
    samples: &[
        (
            "energy/mains",
            br#"{"grid":{"power":-80,"energy_forward":1.5,"L2":{"power":-80}}}"#,
        ),
        ("mains/SENSOR", br#"{"grid":{"power_L3":62}}"#),
        (
            "energy/roof",
            br#"{"pv":{"power":800,"energy_forward":150.5,"L1":{"power":800,"current":3.5}},"timestamp":1790000000}"#,
        ),
    ],
};

fn begin(_: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Stateless(decode))
}

fn decode(input: &Input<'_>) -> Option<Outcome> {
    let mentions = |key| input.text().contains(key);
    let mentions_power = || mentions("\"power\"") || mentions("\"power_L");
    if !(input.is_object() && (mentions("\"grid\"") || mentions("\"pv\"")) && mentions_power()) {
        return None;
    }
    let root = input.json().ok()?;
    let number = |part: &Value<'_>, key| part.get(key).and_then(Value::number);
    let has_power = |part: &Value<'_>| {
        number(part, "power").is_some() || PHASES.iter().any(|(_, flat, _)| number(part, flat).is_some())
    };
    let is_marked = |pv: &Value<'_>| ["energy_forward", "L1"].iter().any(|key| pv.get(key).is_some());
    let grid = root
        .get("grid")
        .or_else(|| root.get("pv").filter(is_marked))
        .filter(has_power)?;
    let meter = if input.level(0) == "SENSOR" {
        input.level(1)
    } else {
        input.level(0)
    };
    let mut channels = Channels::of(meter);
    take(&mut channels, Some("total"), grid, FIELDS);
    for (key, flat, name) in PHASES {
        channels.set(Some(name), Quantity::Power, number(&grid, flat));
        if let Some(phase) = grid.get(key) {
            take(&mut channels, Some(name), phase, FIELDS);
        }
    }
    let stamp = root
        .get("Time")
        .or_else(|| root.get("timestamp"))
        .and_then(|time| input.zone().stamp(time));
    Some(Outcome::readings(
        channels.stamped(stamp),
        "grid: no values in it",
    ))
}

#[cfg(test)]
mod tests {
    use super::super::super::check::check;

    #[test]
    fn grid() {
        check(
            "energy/mains",
            r#"{"grid":{"power":-80,"energy_forward":1.5,"energy_reverse":2,"L2":{"power":-80,"voltage":230}}}"#,
            "dbus_mqtt: mains total power_w=-80 energy_wh=1500 energy_export_wh=2000
             dbus_mqtt: mains l2 power_w=-80 voltage_v=230",
        );
        check(
            "mains/SENSOR",
            r#"{"grid":{"power":5}}"#,
            "dbus_mqtt: mains total power_w=5",
        );
        check(
            "energy/roof",
            r#"{"pv":{"power":800,"energy_forward":150.5,"L1":{"power":800,"current":3.5}},"timestamp":1790000000}"#,
            "dbus_mqtt: roof total power_w=800 energy_wh=150500 stamp=2026-09-21T14:13:20Z
             dbus_mqtt: roof l1 power_w=800 current_a=3.5 stamp=2026-09-21T14:13:20Z",
        );
        check(
            "mains/SENSOR",
            r#"{"Time":"2026-03-04T05:06:07","grid":{"power_L3":62}}"#,
            "dbus_mqtt: mains l3 power_w=62",
        );
        check("mains/SENSOR", r#"{"grid":{"power_L3":null}}"#, "unknown");
        check("roof", r#"{"pv":{"power":800}}"#, "unknown");
        check("mains", r#"{"grid":{"power":null}}"#, "unknown");
    }
}
