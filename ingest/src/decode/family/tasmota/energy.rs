//! The groups of Tasmota's own drivers: `ENERGY`, the Teleinfo fork's `METER`, `ANALOG.CTEnergy<n>`.
//!
//! After `xdrv_03_energy.ino`: energies are kWh, whatever their name; OpenBeken in Tasmota's dress counts
//! `ConsumptionTotal` in Wh. Several values of one kind are an array: nothing says whether of phases or of outlets, so
//! three are taken as phases (l1 to l3), any other number as outlets (1, 2, …). `Total` stays one sum unless
//! SetOption129 is on; a shared voltage stays one number. Of two keys for one quantity the first that has a value is taken:
//! `Total` stands before `ImportActive`.

use super::super::super::collect::{Channels, Quantity, from_kilo};
use super::super::super::json::Value;
use super::LOADS_MAX;

/// A quantity's value, and the factor to its base unit.
type Stated<'d> = Option<(Value<'d>, f64)>;

/// The quantities in the order of [`Stated`] values.
const QUANTITIES: [Quantity; 5] = [
    Quantity::Power,
    Quantity::Energy,
    Quantity::EnergyExport,
    Quantity::Voltage,
    Quantity::Current,
];

const PHASES: [&str; 3] = ["l1", "l2", "l3"];
const OUTLETS: [&str; LOADS_MAX] = [
    "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "13", "14", "15", "16",
];

/// What a key states: the place in [`QUANTITIES`], the factor to the base unit.
fn field(key: &str) -> Option<(usize, f64)> {
    Some(match key {
        "Power" | "ActivePower" => (0, 1.0),
        "Total" | "ImportActive" => (1, 1000.0),
        "ConsumptionTotal" => (1, 1.0),
        "ExportActive" => (2, 1000.0),
        "Voltage" => (3, 1.0),
        "Current" => (4, 1.0),
        _ => return None,
    })
}

/// The ENERGY group: scalars of one load, or arrays of several beside what they share.
pub(super) fn group(channels: &mut Channels<'_>, group: Value<'_>) {
    let mut stated: [Stated<'_>; QUANTITIES.len()] = [None; _];
    for (key, value) in group.entries() {
        if let Some((place, factor)) = field(key)
            && stated[place].is_none()
            && !value.is_null()
        {
            stated[place] = Some((value, factor));
        }
    }
    let lists = stated.iter().flatten().filter(|(value, _)| value.is_list());
    let loads = lists.map(|(value, _)| value.items().count()).max().unwrap_or(1);
    for (quantity, stated) in QUANTITIES.into_iter().zip(stated) {
        let Some((value, factor)) = stated else { continue };
        let scaled = |value: Value<'_>| value.number().map(|value| value * factor);
        if value.is_object() {
            for (name, value) in value.entries().take(LOADS_MAX) {
                channels.set(Some(&name.to_ascii_lowercase()), quantity, scaled(value));
            }
        } else if value.is_list() {
            for (index, value) in value.items().take(LOADS_MAX).enumerate() {
                channels.set(load_name(index, loads), quantity, scaled(value));
            }
        } else if loads <= 1 {
            channels.set(None, quantity, scaled(value));
        } else if quantity == Quantity::Voltage {
            for index in 0..loads.min(LOADS_MAX) {
                channels.set(load_name(index, loads), quantity, scaled(value));
            }
        } else {
            channels.set(Some("total"), quantity, scaled(value));
        }
    }
}

fn load_name(index: usize, loads: usize) -> Option<&'static str> {
    match loads {
        0 | 1 => None,
        3 => PHASES.get(index).copied(),
        _ => OUTLETS.get(index).copied(),
    }
}

/// `ANALOG.CTEnergy<n>`: a clamp on the analog input; its voltage is a constant of the configuration. Whether there is one.
pub(super) fn clamps(channels: &mut Channels<'_>, root: Value<'_>) -> bool {
    let mut has_clamp = false;
    let entries = root.get("ANALOG").into_iter().flat_map(Value::entries);
    for (name, clamp) in entries.take(LOADS_MAX) {
        let Some(number) = name.strip_prefix("CTEnergy") else {
            continue;
        };
        has_clamp = true;
        let channel = format!("ct{}", if number.is_empty() { "1" } else { number });
        let value = |key| clamp.get(key).and_then(Value::number);
        channels.set(Some(&channel), Quantity::Power, value("Power"));
        channels.set(Some(&channel), Quantity::Energy, from_kilo(value("Energy")));
        channels.set(Some(&channel), Quantity::Voltage, value("Voltage"));
        channels.set(Some(&channel), Quantity::Current, value("Current"));
    }
    has_clamp
}

/// The Teleinfo fork's METER: `W` is active power, `P` apparent (VA), contrary to what the letters suggest. It repeats
/// what ENERGY says, where both are sent.
pub(super) fn teleinfo(channels: &mut Channels<'_>, group: Value<'_>) {
    let value = |key: &str| group.get(key).and_then(Value::number);
    if value("PH").is_some_and(|phases| phases > 1.0) {
        channels.set(Some("total"), Quantity::Power, value("W"));
        channels.set(Some("total"), Quantity::Current, value("I"));
    }
    for (channel, power, voltage, current) in [
        ("l1", "W1", "U1", "I1"),
        ("l2", "W2", "U2", "I2"),
        ("l3", "W3", "U3", "I3"),
    ] {
        channels.set(Some(channel), Quantity::Power, value(power));
        channels.set(Some(channel), Quantity::Voltage, value(voltage));
        channels.set(Some(channel), Quantity::Current, value(current));
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::super::check::check;

    #[track_caller]
    fn check_energy(group: &str, expected: &str) {
        check("tele/m/SENSOR", &format!(r#"{{"ENERGY":{group}}}"#), expected);
    }

    #[test]
    fn one_load() {
        check_energy(
            r#"{"Total":5361.5,"ActivePower":373,"ReactivePower":-25,"Voltage":248,"Current":1.6,"ImportActive":9}"#,
            "tasmota: m - power_w=373 energy_wh=5361500 voltage_v=248 current_a=1.6",
        );
        check_energy(
            r#"{"Power":4,"Total":null,"ImportActive":2,"ExportActive":"0.5"}"#,
            "tasmota: m - power_w=4 energy_wh=2000 energy_export_wh=500",
        );
        check_energy(
            r#"{"ConsumptionTotal":9,"Power":[7]}"#,
            "tasmota: m - power_w=7 energy_wh=9",
        );
        check_energy(
            r#"{"Power":"unknown","Total":-1,"Voltage":-1}"#,
            "tasmota: not a reading",
        );
    }

    #[test]
    fn three_loads_are_phases() {
        check_energy(
            r#"{"Total":[1.5,2.5,-0.1],"ExportActive":[0,0,0.5],"Power":[10,-20,null],"Voltage":[230,231,232],
                "Current":[0.1,0.2,0.3],"CurrentNeutral":0.01}"#,
            "tasmota: m l1 power_w=10 energy_wh=1500 energy_export_wh=0 voltage_v=230 current_a=0.1
             tasmota: m l2 power_w=-20 energy_wh=2500 energy_export_wh=0 voltage_v=231 current_a=0.2
             tasmota: m l3 energy_export_wh=500 voltage_v=232 current_a=0.3",
        );
        check_energy(
            r#"{"Total":0,"Today":-0.1,"ExportActive":[0.5,0,0],"Power":[-2.5,0,0],"Frequency":[50,50,50]}"#,
            "tasmota: m l1 power_w=-2.5 energy_export_wh=500
             tasmota: m l2 power_w=0 energy_export_wh=0
             tasmota: m l3 power_w=0 energy_export_wh=0
             tasmota: m total energy_wh=0",
        );
    }

    #[test]
    fn other_numbers_of_loads_are_outlets() {
        check_energy(
            r#"{"Total":3,"Power":[1,2],"Voltage":230,"Current":[0.1,0.2],"BL09XX":{"Temperature":43}}"#,
            "tasmota: m 1 power_w=1 voltage_v=230 current_a=0.1
             tasmota: m 2 power_w=2 voltage_v=230 current_a=0.2
             tasmota: m total energy_wh=3000",
        );
        check_energy(
            r#"{"Total":[1,2,3,4],"Power":[ 5,6.5, 7,-8],"Voltage":230}"#,
            "tasmota: m 1 power_w=5 energy_wh=1000 voltage_v=230
             tasmota: m 2 power_w=6.5 energy_wh=2000 voltage_v=230
             tasmota: m 3 power_w=7 energy_wh=3000 voltage_v=230
             tasmota: m 4 power_w=-8 energy_wh=4000 voltage_v=230",
        );
        check_energy(
            r#"{"Power":[1,2,3,4,5,6,7,8],"Total":9}"#,
            "tasmota: m 1 power_w=1\ntasmota: m 2 power_w=2\ntasmota: m 3 power_w=3\ntasmota: m 4 power_w=4
             tasmota: m 5 power_w=5\ntasmota: m 6 power_w=6\ntasmota: m 7 power_w=7\ntasmota: m 8 power_w=8
             tasmota: m total energy_wh=9000",
        );
        check_energy(
            r#"{"Total":[1.5, 2.5],"Power":4,"Current":0.02}"#,
            "tasmota: m total power_w=4 current_a=0.02
             tasmota: m 1 energy_wh=1500
             tasmota: m 2 energy_wh=2500",
        );
        check_energy(
            r#"{"Total":{"Phase1":1,"Phase2":2}}"#,
            "tasmota: m phase1 energy_wh=1000
             tasmota: m phase2 energy_wh=2000",
        );
    }

    #[test]
    fn teleinfo_is_read_once() {
        check(
            "tele/m/SENSOR",
            r#"{"METER":{"PH":3,"P":900,"W":700,"I":4,"W1":300,"U1":230,"I1":2,"W2":400}}"#,
            "tasmota: m total power_w=700 current_a=4
             tasmota: m l1 power_w=300 voltage_v=230 current_a=2
             tasmota: m l2 power_w=400",
        );
        check(
            "tele/m/SENSOR",
            r#"{"ENERGY":{"Total":7,"Power":203},"METER":{"PH":1,"P":350,"W":203,"W1":203,"U1":230}}"#,
            "tasmota: m - power_w=203 energy_wh=7000",
        );
        check(
            "tele/m/SENSOR",
            r#"{"METER":{"PH":1,"PSUB":9000}}"#,
            "tasmota: not a reading",
        );
    }
}
