//! The JSON that dbus-mqtt-grid and its kin read: `{"grid": {"power", "voltage", "energy_forward", "L1": {…}}}`.
//!
//! Documented at <https://github.com/mr-manuel/venus-os_dbus-mqtt-grid>. Power is W, positive from the grid; energies
//! are kWh. The topic is the user's: the meter is its last level, or the one before where the last is `SENSOR`.

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

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "dbus_mqtt",
    title: "dbus-mqtt-grid and its kin",
    begin,
    reads: "TODO",
    leaves_out: &[],
    evidence: Evidence::Messages,
    samples: &[(
        "energy/mains",
        br#"{"grid":{"power":-80,"energy_forward":1.5,"L2":{"power":-80}}}"#,
    )],
};

fn begin(_: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Stateless(decode))
}

fn decode(input: &Input<'_>) -> Option<Outcome> {
    if !(input.is_object() && input.text().contains("\"grid\"")) {
        return None;
    }
    let root = input.json().ok()?;
    let grid = root
        .get("grid")
        .filter(|grid| grid.get("power").and_then(Value::number).is_some())?;
    let meter = if input.level(0) == "SENSOR" {
        input.level(1)
    } else {
        input.level(0)
    };
    let mut channels = Channels::of(meter);
    take(&mut channels, Some("total"), grid, FIELDS);
    for (key, name) in [("L1", "l1"), ("L2", "l2"), ("L3", "l3")] {
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
        check("mains", r#"{"grid":{"power":null}}"#, "unknown");
    }
}
