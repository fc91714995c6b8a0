//! Tasmota: `tele/<topic>/SENSOR`, `stat/<topic>/STATUS8|10` and their kin, in every order of FullTopic; the old
//! `tele/<topic>/ENERGY`; clamps (CTEnergy), Teleinfo and SML scripts in the same topics.
//!
//! Documented at <https://tasmota.github.io/docs/MQTT/> and in `xdrv_03_energy.ino`. Energies are kWh, whatever their
//! name; OpenBeken in Tasmota's dress counts `ConsumptionTotal` in Wh. Several values of one kind are an array: nothing says whether of
//! phases or of outlets, so three are taken as phases (l1 to l3), any other number as outlets (1, 2, …); `Total`
//! stays one sum unless SetOption129 is on. `Time` is local unless SetOption52 is on.

mod sml;

use jiff::Timestamp;

use super::super::collect::{Channels, Quantity, from_kilo};
use super::super::json::Value;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome, Stateless, is_online};

const NO_VALUE: &str = "Tasmota: the message carries no meter's values";
/// More loads than any Tasmota device meters (eight since version 14).
const LOADS_MAX: usize = 16;

/// Key, quantity, and whether in kilo units.
const FIELDS: [(&[&str], Quantity, bool); 6] = [
    (&["Power", "ActivePower"], Quantity::Power, false),
    (&["Total", "ImportActive"], Quantity::Energy, true),
    (&["ConsumptionTotal"], Quantity::Energy, false),
    (&["ExportActive"], Quantity::EnergyExport, true),
    (&["Voltage"], Quantity::Voltage, false),
    (&["Current"], Quantity::Current, false),
];

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "tasmota",
    title: "Tasmota",
    begin,
    reads: "TODO",
    leaves_out: &[],
    evidence: Evidence::Messages,
    samples: &[
        (
        "tele/plug-7/SENSOR",
        br#"{"Time":"2026-03-02T08:00:05","ENERGY":{"Total":[1.5,2.5,-0.1],"ExportActive":[0,0,0.5],"Power":[10,-20,null],
            "Voltage":230,"Current":[0.1,0.2,0.3]},"ANALOG":{"CTEnergy1":{"Energy":0.5,"Power":460}}}"#,
    ),
        (
        "a/b/plug-8/tele/SENSOR",
        br#"{"Time":"2026-03-02T08:00:05+01:00","ENERGY":{"Total":{"Phase1":1},"Power":nan,"Voltage":1}}"#,
    ),
        (
        "stat/m/STATUS10",
        br#"{"StatusSNS":{"":{"Total_in":12.5,"Total_out":0.5,"Power_curr":-80,"Power_L1":5}}}"#,
    ),
        (
        "tele/m/SENSOR",
        br#"{"METER":{"PH":3,"P":900,"W":700,"I":4,"W1":300,"U1":230,"I1":2,"W2":400},"Epoch":1772434805}"#,
    ),
        (
        "tele/m/ENERGY",
        br#"{"Time":"2017-01-01T01:00:00","Total":0.25,"Power":7,"Voltage":229}"#,
    ),
        ("tele/m/LWT", b"Online"),
    ],
};

fn begin(_: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Stateless(decode))
}

fn decode(input: &Input<'_>) -> Option<Outcome> {
    let what = input.level(0);
    let is_ours = what.starts_with(|first: char| first.is_ascii_uppercase())
        && what
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
    if !is_ours {
        return None;
    }
    let prefix = input.position(|level| matches!(level, "tele" | "stat"));
    let meter = match prefix {
        Some(1) => input.level(2),
        Some(2..) => input.level(1),
        // A FullTopic without %prefix% shows only in what it carries.
        _ => return without_prefix(input),
    };
    if meter.is_empty() {
        return None;
    }
    let old = what
        .strip_prefix("ENERGY")
        .filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
    match what {
        "LWT" => Some(match is_online(input.text()) {
            Some(is_online) => Outcome::availability(meter, is_online),
            None => Outcome::malformed("Tasmota LWT: neither Online nor Offline"),
        }),
        "SENSOR" | "STATUS0" | "STATUS8" | "STATUS10" => Some(sensors(meter, input)),
        _ if old.is_some() => Some(sensors(meter, input)),
        _ => Some(Outcome::silent(
            "Tasmota: a state, a reply or an alarm, not a reading",
        )),
    }
}

fn without_prefix(input: &Input<'_>) -> Option<Outcome> {
    let meter = input.level(1);
    let has_energy = || {
        input
            .json()
            .is_ok_and(|root| root.get("ENERGY").is_some_and(Value::is_object))
    };
    (input.level(0) == "SENSOR" && !meter.is_empty() && input.is_object() && has_energy())
        .then(|| sensors(meter, input))
}

fn sensors(meter: &str, input: &Input<'_>) -> Outcome {
    let root = match input.json() {
        Ok(root) => root,
        Err(fault) => return Outcome::malformed(format!("Tasmota {}: {fault}", input.level(0))),
    };
    // Some drivers log the key in capitals.
    let status = root
        .entries()
        .find(|(key, _)| key.eq_ignore_ascii_case("StatusSNS"));
    let root = status.map_or(root, |(_, status)| status);
    let mut channels = Channels::of(meter);
    if input.level(0).starts_with("ENERGY") {
        energy(&mut channels, root);
    }
    if let Some(group) = root.get("ENERGY") {
        energy(&mut channels, group);
    }
    if let Some(group) = root.get("METER") {
        teleinfo(&mut channels, group);
    }
    clamps(&mut channels, root);
    sml::groups(&mut channels, root);
    Outcome::readings(channels.stamped(stamp(root, input)), NO_VALUE)
}

/// The groups that are known not to be an SML script's.
fn is_own_group(name: &str) -> bool {
    matches!(
        name,
        "ENERGY" | "METER" | "ANALOG" | "TIC" | "ZbReceived" | "ESP32"
    )
}

fn stamp(root: Value<'_>, input: &Input<'_>) -> Option<Timestamp> {
    let epoch = root.get("Epoch").filter(|epoch| epoch.number().is_some());
    epoch
        .or_else(|| root.get("Time"))
        .and_then(|time| input.zone().stamp(time))
}

/// The ENERGY group: scalars of one load, or arrays of several beside shared scalars.
fn energy(channels: &mut Channels<'_>, group: Value<'_>) {
    let values = FIELDS.map(|(keys, quantity, is_kilo)| {
        let value = keys
            .iter()
            .find_map(|key| group.get(key).filter(|value| !value.is_null()));
        (value, quantity, is_kilo)
    });
    let loads = values
        .iter()
        .filter_map(|(value, ..)| value.filter(|value| value.is_list()));
    let loads = loads
        .map(|value| value.items().count())
        .max()
        .unwrap_or(1)
        .min(LOADS_MAX);
    if loads > 1 {
        shared(channels, &values);
    }
    for (value, quantity, is_kilo) in values {
        let Some(value) = value else { continue };
        let scaled = |value: Value<'_>| {
            if is_kilo {
                from_kilo(value.number())
            } else {
                value.number()
            }
        };
        let is_register = matches!(quantity, Quantity::Energy | Quantity::EnergyExport);
        if value.is_object() {
            for (name, value) in value.entries().take(LOADS_MAX) {
                channels.set(Some(&name.to_ascii_lowercase()), quantity, scaled(value));
            }
        } else if value.is_list() {
            for (index, value) in value.items().take(LOADS_MAX).enumerate() {
                channels.set(load_name(index, loads).as_deref(), quantity, scaled(value));
            }
        } else if loads == 1 {
            channels.set(None, quantity, scaled(value));
        } else if !is_register && quantity != Quantity::Power {
            for index in 0..loads {
                channels.set(load_name(index, loads).as_deref(), quantity, scaled(value));
            }
        }
    }
}

/// What several loads have in common and no load has for itself: one power, one register.
fn shared(channels: &mut Channels<'_>, values: &[(Option<Value<'_>>, Quantity, bool)]) {
    for (value, quantity, is_kilo) in values {
        let is_own = matches!(
            quantity,
            Quantity::Power | Quantity::Energy | Quantity::EnergyExport
        );
        let value = value.and_then(Value::number).filter(|_| is_own);
        channels.set(
            Some("total"),
            *quantity,
            if *is_kilo { from_kilo(value) } else { value },
        );
    }
}

fn load_name(index: usize, loads: usize) -> Option<String> {
    match loads {
        1 => None,
        3 => Some(format!("l{}", index + 1)),
        _ => Some((index + 1).to_string()),
    }
}

/// `ANALOG.CTEnergy<n>`: a clamp on the analog input; its voltage is a constant of the configuration.
fn clamps(channels: &mut Channels<'_>, root: Value<'_>) {
    for (name, clamp) in root
        .get("ANALOG")
        .into_iter()
        .flat_map(Value::entries)
        .take(LOADS_MAX)
    {
        let Some(number) = name.strip_prefix("CTEnergy") else {
            continue;
        };
        let channel = format!("ct{}", if number.is_empty() { "1" } else { number });
        let value = |key| clamp.get(key).and_then(Value::number);
        channels.set(Some(&channel), Quantity::Power, value("Power"));
        channels.set(Some(&channel), Quantity::Energy, from_kilo(value("Energy")));
        channels.set(Some(&channel), Quantity::Voltage, value("Voltage"));
        channels.set(Some(&channel), Quantity::Current, value("Current"));
    }
}

/// The Teleinfo fork's METER: `W` is active power, `P` apparent (VA), contrary to what the letters suggest.
fn teleinfo(channels: &mut Channels<'_>, group: Value<'_>) {
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
    use super::super::super::check::check;

    #[test]
    fn one_load() {
        let payload = r#"{"Time":"2026-03-02T08:00:05","ENERGY":{"TotalStartTime":"2025-01-01T00:00:00","Total":12.5,"Yesterday":1.1,
            "Today":0.2,"Period":3,"Power":-41,"ApparentPower":60,"Factor":0.7,"Voltage":231,"Current":0.26}}"#;
        let expected = "power_w=-41 energy_wh=12500 voltage_v=231 current_a=0.26";
        for topic in [
            "tele/ups/SENSOR",
            "ups/tele/SENSOR",
            "a/b/ups/tele/SENSOR",
            "tele/a/ups/SENSOR",
            "ward/ups/SENSOR",
        ] {
            check(topic, payload, &format!("tasmota: ups - {expected}"));
        }
        check(
            "tele/ups/ENERGY",
            r#"{"Time":"2017-01-01T01:00:00","Total":0.25,"Power":7,"Voltage":229}"#,
            "tasmota: ups - power_w=7 energy_wh=250 voltage_v=229",
        );
        check(
            "tele/ups/SENSOR",
            r#"{"Time":"2026-03-02T08:00:05+01:00","ENERGY":{"Total":1,"Power":nan}}"#,
            "tasmota: ups - energy_wh=1000 stamp=2026-03-02T07:00:05Z",
        );
        check(
            "tele/ups/SENSOR",
            r#"{"Time":"2026-03-02T08:00:05","Epoch":1772434805,"ENERGY":{"ActivePower":4,"ConsumptionTotal":9}}"#,
            "tasmota: ups - power_w=4 energy_wh=9 stamp=2026-03-02T07:00:05Z",
        );
    }

    #[test]
    fn several_loads() {
        check(
            "tele/m/SENSOR",
            r#"{"ENERGY":{"Total":[1.5,2.5,-0.1],"ExportActive":[0,0,0.5],"Power":[10,-20,null],"Voltage":[230,231,232],"Current":[0.1,0.2,0.3]}}"#,
            "tasmota: m l1 power_w=10 energy_wh=1500 energy_export_wh=0 voltage_v=230 current_a=0.1
             tasmota: m l2 power_w=-20 energy_wh=2500 energy_export_wh=0 voltage_v=231 current_a=0.2
             tasmota: m l3 energy_export_wh=500 voltage_v=232 current_a=0.3",
        );
        check(
            "stat/m/STATUS8",
            r#"{"STATUSSNS":{"ENERGY":{"Total":3,"Power":[1,2],"Voltage":230}}}"#,
            "tasmota: m total energy_wh=3000
             tasmota: m 1 power_w=1 voltage_v=230
             tasmota: m 2 power_w=2 voltage_v=230",
        );
        check(
            "tele/m/SENSOR",
            r#"{"ENERGY":{"Total":{"Phase1":1,"Phase2":2}}}"#,
            "tasmota: m phase1 energy_wh=1000
             tasmota: m phase2 energy_wh=2000",
        );
        check(
            "tele/m/SENSOR",
            r#"{"ANALOG":{"A0":5,"CTEnergy2":{"Energy":0.5,"Power":460,"Voltage":230,"Current":2}}}"#,
            "tasmota: m ct2 power_w=460 energy_wh=500 voltage_v=230 current_a=2",
        );
        check(
            "tele/m/SENSOR",
            r#"{"METER":{"PH":3,"P":900,"W":700,"I":4,"W1":300,"U1":230,"I1":2,"W2":400}}"#,
            "tasmota: m total power_w=700 current_a=4
             tasmota: m l1 power_w=300 voltage_v=230 current_a=2
             tasmota: m l2 power_w=400",
        );
    }

    #[test]
    fn what_is_not_a_reading() {
        check("tele/m/LWT", "Online", "tasmota: m is online");
        check("x/m/tele/LWT", "Offline", "tasmota: m is offline");
        check("tele/m/LWT", "?", "tasmota: malformed");
        check(
            "tele/m/STATE",
            r#"{"POWER":"ON","Power":5}"#,
            "tasmota: not a reading",
        );
        check(
            "stat/m/RESULT",
            r#"{"EnergyTotal":{"Total":1}}"#,
            "tasmota: not a reading",
        );
        check("stat/m/POWER1", "ON", "tasmota: not a reading");
        check("stat/m/POWER", "", "not a reading");
        check("cmnd/m/EnergyTotal", "0", "not a reading");
        check(
            "tele/m/SENSOR",
            r#"{"ZbReceived":{"0x1":{"Power":1}}}"#,
            "tasmota: not a reading",
        );
        check(
            "tele/m/SENSOR",
            r#"{"TIC":{"PAPP":160}}"#,
            "tasmota: not a reading",
        );
        check("tele/m/SENSOR", r#""Time":"x"}"#, "tasmota: malformed");
        check("other/SENSOR", r#"{"temperature":5}"#, "unknown");
        check("tele/SENSOR", r#"{"temperature":5}"#, "unknown");
    }
}
