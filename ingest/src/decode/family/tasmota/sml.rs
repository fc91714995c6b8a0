//! SML scripts: a group whose name and keys the user chose (`SML`, `MT175`, even the empty name), most often after
//! the examples of <https://tasmota.github.io/docs/Smart-Meter-Interface/>. Registers are kWh, power is W.
//!
//! A group counts as a meter only where a register or one of the scripts' own names of power is among its keys, so
//! that a lamp's or a sensor's `Power` is not taken for one.

use super::super::super::collect::{Channels, Quantity, from_kilo};
use super::super::super::json::Value;
use super::{LOADS_MAX, is_own_group};

/// Lower-case key, quantity, whether it shows a meter. Without the suffix of a phase.
const KEYS: [(&str, Quantity, bool); 30] = [
    ("total_in", Quantity::Energy, true),
    ("totalin", Quantity::Energy, true),
    ("total_kwh", Quantity::Energy, true),
    ("e_in", Quantity::Energy, true),
    ("energy_in", Quantity::Energy, true),
    ("import", Quantity::Energy, true),
    ("1.8.0", Quantity::Energy, true),
    ("1_8_0", Quantity::Energy, true),
    ("total_out", Quantity::EnergyExport, true),
    ("totalout", Quantity::EnergyExport, true),
    ("e_out", Quantity::EnergyExport, true),
    ("energy_out", Quantity::EnergyExport, true),
    ("export", Quantity::EnergyExport, true),
    ("2.8.0", Quantity::EnergyExport, true),
    ("2_8_0", Quantity::EnergyExport, true),
    ("power_curr", Quantity::Power, true),
    ("power_cur", Quantity::Power, true),
    ("curr_power", Quantity::Power, true),
    ("power_total", Quantity::Power, true),
    ("power_in", Quantity::Power, true),
    ("16.7.0", Quantity::Power, true),
    ("16_7_0", Quantity::Power, true),
    ("power", Quantity::Power, false),
    ("watt", Quantity::Power, false),
    ("voltage", Quantity::Voltage, false),
    ("volt", Quantity::Voltage, false),
    ("spannung", Quantity::Voltage, false),
    ("current", Quantity::Current, false),
    ("amperage", Quantity::Current, false),
    ("strom", Quantity::Current, false),
];

/// The suffix of a phase, lower case, and the channel's name.
const PHASES: [(&str, &str); 9] = [
    ("_l1", "l1"),
    ("_l2", "l2"),
    ("_l3", "l3"),
    ("_p1", "l1"),
    ("_p2", "l2"),
    ("_p3", "l3"),
    ("_phase1", "l1"),
    ("_phase2", "l2"),
    ("_phase3", "l3"),
];

/// Takes the scripts' groups. Where there is more than one, their names stand in the channels'.
pub(super) fn groups(channels: &mut Channels<'_>, root: Value<'_>) {
    let meters = || {
        root.entries()
            .filter(|(name, group)| !is_own_group(name) && is_meter(*group))
            .take(LOADS_MAX)
    };
    let has_several = meters().nth(1).is_some();
    for (name, group) in meters() {
        let has_phases = fields(group).any(|(phase, ..)| phase.is_some());
        for (phase, quantity, value) in fields(group) {
            let channel = phase.or(has_phases.then_some("total"));
            let value = match quantity {
                Quantity::Energy | Quantity::EnergyExport => from_kilo(Some(value)),
                _ => Some(value),
            };
            match channel {
                _ if !has_several => channels.set(channel, quantity, value),
                Some(channel) => channels.set(Some(&format!("{name}:{channel}")), quantity, value),
                None => channels.set(Some(name), quantity, value),
            }
        }
    }
}

fn is_meter(group: Value<'_>) -> bool {
    let shows = |key: &str| {
        KEYS.iter()
            .any(|(name, _, is_shown)| *is_shown && key.eq_ignore_ascii_case(name))
    };
    group.is_object()
        && group
            .entries()
            .any(|(key, value)| shows(key) && value.number().is_some())
}

fn fields(group: Value<'_>) -> impl Iterator<Item = (Option<&'static str>, Quantity, f64)> {
    group.entries().filter_map(|(key, value)| {
        let (key, phase) = without_phase(key);
        let (_, quantity, _) = KEYS.iter().find(|(name, ..)| key.eq_ignore_ascii_case(name))?;
        Some((phase, *quantity, value.number()?))
    })
}

fn without_phase(key: &str) -> (&str, Option<&'static str>) {
    let found = PHASES.iter().find_map(|(suffix, phase)| {
        let at = key.len().checked_sub(suffix.len())?;
        let tail = key.get(at..)?;
        tail.eq_ignore_ascii_case(suffix).then(|| (&key[..at], *phase))
    });
    found.map_or((key, None), |(key, phase)| (key, Some(phase)))
}

#[cfg(test)]
mod tests {
    use super::super::super::super::check::check;

    #[test]
    fn scripts() {
        check(
            "stat/m/STATUS10",
            r#"{"StatusSNS":{"Time":"2026-03-02T08:00:05","":{"Total_in":12.5,"Total_out":0.5,"Power_curr":-80,"Meter_number":"0a"}}}"#,
            "tasmota: m - power_w=-80 energy_wh=12500 energy_export_wh=500",
        );
        check(
            "tele/m/SENSOR",
            r#"{"MT175":{"E_in":1,"Power":30,"Power_L1":10,"Power_L2":20,"Voltage_L1":230,"phase_angle_L1":9},"Gas":{"Count":5}}"#,
            "tasmota: m total power_w=30 energy_wh=1000
             tasmota: m l1 power_w=10 voltage_v=230
             tasmota: m l2 power_w=20",
        );
        check(
            "tele/m/SENSOR",
            r#"{"in":{"Total_in":1},"out":{"Total_in":2,"Power_L1":3}}"#,
            "tasmota: m in energy_wh=1000
             tasmota: m out:total energy_wh=2000
             tasmota: m out:l1 power_w=3",
        );
        check(
            "tele/m/SENSOR",
            r#"{"INA219":{"Voltage":4.4,"Current":0.02,"Power":0.09}}"#,
            "tasmota: not a reading",
        );
    }
}
