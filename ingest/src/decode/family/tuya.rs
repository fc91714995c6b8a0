//! Tuya data points as bridges print them: `<…>/<id>/dps` with numbers by number, or the cloud's list of codes.
//!
//! What a number means depends on the model. Known are the plugs of two generations (18 mA, 19 0.1 W, 20 0.1 V, and 4, 5,
//! 6 or, with two outlets, 7, 8, 9 likewise; documented at <https://developer.tuya.com>, "Socket"), the clamp meter
//! PJ-1203A (101 to 115; after <https://github.com/make-all/tuya-local>), and breakers and DIN meters with packed phases
//! (6, 7, 8; 1 is the register in 0.01 kWh). The codes of the cloud (`cur_power`, `phase_a`, …) say the same by name. The
//! plugs' 17 and `add_ele` are increments, not registers. Other models are for a mapper.
//!
//! The old plugs' numbers, 4 to 9, mean other things elsewhere: they are believed together only, and where the power is
//! no more than voltage and current carry.

mod phase;

use super::super::collect::{Channels, Quantity};
use super::super::json::Value;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Fields, Input, Outcome, Stateless, take};

const PLUG: Fields<'_> = &[
    ("18", Quantity::Current, 0.001),
    ("19", Quantity::Power, 0.1),
    ("20", Quantity::Voltage, 0.1),
];
const OLD_PLUG: Fields<'_> = &[
    ("4", Quantity::Current, 0.001),
    ("5", Quantity::Power, 0.1),
    ("6", Quantity::Voltage, 0.1),
];
/// An old plug with two outlets states their sum.
const OLD_PAIR: Fields<'_> = &[
    ("7", Quantity::Current, 0.001),
    ("8", Quantity::Power, 0.1),
    ("9", Quantity::Voltage, 0.1),
];
/// Clamp, its direction, its points.
const CLAMPS: [(&str, &str, Fields<'_>); 2] = [
    (
        "a",
        "102",
        &[
            ("101", Quantity::Power, 0.1),
            ("106", Quantity::Energy, 10.0),
            ("112", Quantity::Voltage, 0.1),
            ("113", Quantity::Current, 0.001),
        ],
    ),
    (
        "b",
        "104",
        &[
            ("105", Quantity::Power, 0.1),
            ("108", Quantity::Energy, 10.0),
            ("112", Quantity::Voltage, 0.1),
            ("114", Quantity::Current, 0.001),
        ],
    ),
];
const BOTH: Fields<'_> = &[("115", Quantity::Power, 0.1)];
/// Points of the clamp meter with two clamps; the one with a single clamp (PJ2101A) has only 101 and 102, in whole watts.
const TWO_CLAMPS: [&str; 6] = ["104", "105", "106", "112", "113", "115"];
/// Points with a packed phase.
const PHASES: [(&str, &str); 3] = [("6", "l1"), ("7", "l2"), ("8", "l3")];
const REGISTER: Fields<'_> = &[("1", Quantity::Energy, 10.0)];
/// Codes of the cloud: quantity, factor.
const CODES: Fields<'_> = &[
    ("cur_current", Quantity::Current, 0.001),
    ("cur_power", Quantity::Power, 0.1),
    ("cur_voltage", Quantity::Voltage, 0.1),
];
const PHASE_CODES: [(&str, &str); 3] = [("phase_a", "l1"), ("phase_b", "l2"), ("phase_c", "l3")];
const REGISTER_CODES: [&str; 2] = ["total_forward_energy", "forward_energy_total"];
/// Where the cloud's list may stand.
const LISTS: [&str; 5] = [
    "/status",
    "/properties",
    "/result",
    "/result/status",
    "/result/properties",
];
const NO_VALUE: &str = "Tuya: no data points of a known meter";

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "tuya",
    title: "Tuya, raw data points",
    begin,
    reads: "…/<id>/dps[/state] with numbered data points of plugs (one load), of the clamp meter PJ-1203A (channels a, b \
            and ab) and of breakers with packed phases (l1 to l3 and total); any topic with the cloud's list of codes",
    leaves_out: &[
        "other models: their numbers need a mapper",
        "the energy of plugs, which is an increment",
        "a topic for each data point: a number alone does not say what it is",
        "the direction of breakers, which count both alike",
    ],
    evidence: Evidence::Messages,
    samples: &[
        (
            "tuya/clamp/dps",
            br#"{"101":1005,"102":"REVERSE","105":20,"106":150,"112":2300,"115":-985}"#,
        ),
        ("tuya/plug-9/dps", br#"{"dps":{"1":true,"17":5,"18":120,"19":275,"20":2301}}"#),
        ("tuya/plug-8/dps/state", br#"{"1":true,"4":120,"5":275,"6":2301}"#),
        ("tuya/plug-7/dps", br#"{"1":true,"2":false,"7":120,"8":275,"9":2301}"#),
        ("tuya/breaker/dps", br#"{"dps":{"1":1234,"6":"CRAAA+gAAMg=","7":"CRAAA+gAAMg=","16":true}}"#),
        (
            "cloud/tuya",
            br#"{"id":"d7","status":[{"code":"cur_power","value":275},{"code":"cur_voltage","value":2301},{"code":"add_ele","value":1}]}"#,
        ),
        (
            "cloud/breaker",
            br#"{"result":{"properties":[{"code":"total_forward_energy","dp_id":1,"value":1234},{"code":"phase_a","dp_id":6,"value":"CRAAA+gAAMg="}]}}"#,
        ),
    ],
};

fn begin(_: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Stateless(decode))
}

fn decode(input: &Input<'_>) -> Option<Outcome> {
    if !input.is_object() {
        return None;
    }
    let above = match (input.level(0), input.level(1)) {
        ("dps", _) => input.level(1),
        ("state", "dps") => input.level(2),
        _ => return coded(input),
    };
    if above.is_empty() {
        return None;
    }
    let root = match input.json() {
        Ok(root) => root,
        Err(fault) => return Some(Outcome::malformed(format!("Tuya: {fault}"))),
    };
    let points = root.get("dps").unwrap_or(root);
    let has = |point| points.get(point).is_some();
    let is_switch = |point| points.get(point).and_then(Value::boolean).is_some();
    let mut channels = Channels::of(above);
    if TWO_CLAMPS.into_iter().any(has) {
        clamps(&mut channels, points);
    } else if PHASES
        .iter()
        .any(|(point, _)| packed(points.get(point)).is_some())
    {
        for (point, name) in PHASES {
            set_phase(&mut channels, name, points.get(point));
        }
        take(&mut channels, Some("total"), points, REGISTER);
    } else if are_load(points, ["4", "5", "6"]) {
        take(&mut channels, None, points, OLD_PLUG);
    } else if ["1", "2"].into_iter().all(is_switch) && are_load(points, ["7", "8", "9"]) {
        take(&mut channels, None, points, OLD_PAIR);
    } else {
        take(&mut channels, None, points, PLUG);
    }
    Some(Outcome::readings(channels.stamped(None), NO_VALUE))
}

fn clamps(channels: &mut Channels<'_>, points: Value<'_>) {
    for (name, direction, fields) in CLAMPS {
        take(channels, Some(name), points, fields);
        let direction = points.get(direction).and_then(Value::text).unwrap_or_default();
        if direction.eq_ignore_ascii_case("REVERSE") {
            let clamp = channels.channel(Some(name));
            clamp.power_w = clamp.power_w.map(|power_w| -power_w.abs());
        }
    }
    take(channels, Some("ab"), points, BOTH);
}

/// Whether three points are an old plug's current, power and voltage.
fn are_load(points: Value<'_>, names: [&str; 3]) -> bool {
    let values = names.map(|point| points.get(point).and_then(Value::number));
    let [Some(milliamperes), Some(deciwatts), Some(decivolts)] = values else {
        return false;
    };
    let apparent_va = milliamperes / 1000.0 * (decivolts / 10.0);
    (900.0..=2800.0).contains(&decivolts) && deciwatts >= 0.0 && deciwatts / 10.0 <= apparent_va * 1.1 + 1.0
}

fn packed(point: Option<Value<'_>>) -> Option<phase::Phase> {
    phase::unpack(point?.text()?)
}

fn set_phase(channels: &mut Channels<'_>, name: &str, point: Option<Value<'_>>) {
    if let Some(phase) = packed(point) {
        channels.set(Some(name), Quantity::Power, Some(phase.power_w));
        channels.set(Some(name), Quantity::Voltage, Some(phase.voltage_v));
        channels.set(Some(name), Quantity::Current, Some(phase.current_a));
    }
}

/// The cloud's list: `[{"code": "cur_power", "value": 275}, …]`.
fn coded(input: &Input<'_>) -> Option<Outcome> {
    let mentions = |key| input.text().contains(key);
    if !(mentions("\"code\"") && (mentions("\"cur_power\"") || mentions("\"phase_a\""))) {
        return None;
    }
    let root = input.json().ok()?;
    let list = LISTS
        .iter()
        .filter_map(|at| root.pointer(at))
        .find(|list| list.is_list())?;
    let id = ["id", "devId"].into_iter().find_map(|key| root.get(key));
    let meter = id.and_then(Value::text).unwrap_or(input.level(0));
    let mut channels = Channels::of(meter);
    for point in list.items() {
        let code = point.get("code").and_then(Value::text).unwrap_or_default();
        let value = point.get("value");
        let number = value.and_then(Value::number);
        if let Some((_, quantity, factor)) = CODES.iter().find(|(known, ..)| *known == code) {
            channels.set(None, *quantity, number.map(|number| number * factor));
        } else if let Some((_, name)) = PHASE_CODES.iter().find(|(known, _)| *known == code) {
            set_phase(&mut channels, name, value);
        } else if REGISTER_CODES.contains(&code) {
            channels.set(
                Some("total"),
                Quantity::Energy,
                number.map(|number| number * 10.0),
            );
        }
    }
    Some(Outcome::readings(channels.stamped(None), NO_VALUE))
}

#[cfg(test)]
mod tests {
    use super::super::super::check::check;

    #[test]
    fn plugs() {
        check(
            "tuya/plug-9/dps",
            r#"{"dps":{"1":true,"17":5,"18":120,"19":275,"20":2301}}"#,
            "tuya: plug-9 - power_w=27.5 voltage_v=230.1 current_a=0.12",
        );
        check(
            "tuya/plug-8/dps/state",
            r#"{"1":true,"2":0,"4":120,"5":275,"6":2301}"#,
            "tuya: plug-8 - power_w=27.5 voltage_v=230.1 current_a=0.12",
        );
        for payload in [
            r#"{"1":true}"#,
            r#"{"4":120,"5":9000,"6":2301}"#,
            r#"{"4":120,"5":20,"6":45}"#,
            r#"{"4":120,"5":20}"#,
        ] {
            check("tuya/lamp/dps", payload, "tuya: not a reading");
        }
        check("tuya/lamp/dps", "{", "tuya: malformed");
        check("tuya/plug-9/dps/19/state", "275", "unknown");
    }

    #[test]
    fn two_clamps() {
        check(
            "tuya/clamp/dps",
            r#"{"101":1005,"102":"REVERSE","105":20,"104":"FORWARD","106":150,"112":2300,"115":-985,"116":1000}"#,
            "tuya: clamp a power_w=-100.5 energy_wh=1500 voltage_v=230
             tuya: clamp b power_w=2 voltage_v=230
             tuya: clamp ab power_w=-98.5",
        );
    }

    #[test]
    fn an_old_plug_with_two_outlets() {
        for (points, expected) in [
            (
                r#"{"1":true,"2":false,"7":120,"8":275,"9":2301}"#,
                "tuya: plug-7 - power_w=27.5 voltage_v=230.1 current_a=0.12",
            ),
            (r#"{"1":true,"7":120,"8":275,"9":2301}"#, "tuya: not a reading"),
            (
                r#"{"1":true,"2":false,"7":0,"8":275,"9":2301}"#,
                "tuya: not a reading",
            ),
        ] {
            check("tuya/plug-7/dps", points, expected);
        }
    }

    #[test]
    fn a_single_clamp_has_another_scale() {
        check(
            "tuya/clamp/dps",
            r#"{"1":5000,"2":70,"101":1005,"102":"FORWARD"}"#,
            "tuya: not a reading",
        );
    }

    #[test]
    fn packed_phases() {
        check(
            "tuya/breaker/dps",
            r#"{"dps":{"1":1234,"6":"CRAAA+gAAMg=","8":"CRAAA+gAAAA=","16":true}}"#,
            "tuya: breaker l1 power_w=200 voltage_v=232 current_a=1
             tuya: breaker l3 power_w=0 voltage_v=232 current_a=1
             tuya: breaker total energy_wh=12340",
        );
    }

    #[test]
    fn codes_of_the_cloud() {
        check(
            "cloud/tuya",
            r#"{"id":"d7","status":[{"code":"cur_power","value":275},{"code":"cur_voltage","value":2301},
                                    {"code":"cur_current","value":120},{"code":"add_ele","value":1}]}"#,
            "tuya: d7 - power_w=27.5 voltage_v=230.1 current_a=0.12",
        );
        check(
            "cloud/breaker",
            r#"{"result":{"properties":[{"code":"total_forward_energy","value":1234},{"code":"phase_a","value":"CRAAA+gAAMg="}]}}"#,
            "tuya: breaker total energy_wh=12340
             tuya: breaker l1 power_w=200 voltage_v=232 current_a=1",
        );
        check(
            "x",
            r#"{"status":[{"code":"cur_power","value":null}]}"#,
            "tuya: not a reading",
        );
        check("x", r#"{"code":"cur_power","why":"\"cur_power\""}"#, "unknown");
    }
}
