//! Tuya data points as bridges print them: `<…>/<id>/dps`, numbers by number.
//!
//! What a number means depends on the model; known are the plugs (18 mA, 19 0.1 W, 20 0.1 V; documented at
//! <https://developer.tuya.com>, "Socket") and the clamp meter PJ-1203A (101 to 115; after
//! <https://github.com/make-all/tuya-local>). The plugs' 17 is an increment, not a register. Other models are for a mapper.

use super::super::collect::{Channels, Quantity};
use super::super::json::Value;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Fields, Input, Outcome, Stateless, take};

const PLUG: Fields<'_> = &[
    ("18", Quantity::Current, 0.001),
    ("19", Quantity::Power, 0.1),
    ("20", Quantity::Voltage, 0.1),
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

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "tuya",
    title: "Tuya, raw data points",
    begin,
    reads: "TODO",
    leaves_out: &[],
    evidence: Evidence::Messages,
    samples: &[(
        "tuya/clamp/dps",
        br#"{"101":1005,"102":"REVERSE","105":20,"106":150,"112":2300,"115":-985}"#,
    )],
};

fn begin(_: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Stateless(decode))
}

fn decode(input: &Input<'_>) -> Option<Outcome> {
    if input.level(0) != "dps" || input.level(1).is_empty() || !input.is_object() {
        return None;
    }
    let root = match input.json() {
        Ok(root) => root,
        Err(fault) => return Some(Outcome::malformed(format!("Tuya: {fault}"))),
    };
    let points = root.get("dps").unwrap_or(root);
    let has = |point| points.get(point).is_some();
    let mut channels = Channels::of(input.level(1));
    if has("102") || has("112") || has("115") {
        for (name, direction, fields) in CLAMPS {
            take(&mut channels, Some(name), points, fields);
            let direction = points.get(direction).and_then(Value::text).unwrap_or_default();
            if direction.eq_ignore_ascii_case("REVERSE") {
                let clamp = channels.channel(Some(name));
                clamp.power_w = clamp.power_w.map(|power_w| -power_w.abs());
            }
        }
        take(&mut channels, Some("ab"), points, BOTH);
    } else {
        take(&mut channels, None, points, PLUG);
    }
    Some(Outcome::readings(
        channels.stamped(None),
        "Tuya: no data points of a known meter",
    ))
}

#[cfg(test)]
mod tests {
    use super::super::super::check::check;

    #[test]
    fn data_points() {
        check(
            "tuya/plug-9/dps",
            r#"{"dps":{"1":true,"17":5,"18":120,"19":275,"20":2301}}"#,
            "tuya: plug-9 - power_w=27.5 voltage_v=230.1 current_a=0.12",
        );
        check(
            "tuya/clamp/dps",
            r#"{"101":1005,"102":"REVERSE","105":20,"104":"FORWARD","106":150,"112":2300,"115":-985,"116":1000}"#,
            "tuya: clamp a power_w=-100.5 energy_wh=1500 voltage_v=230
             tuya: clamp b power_w=2 voltage_v=230
             tuya: clamp ab power_w=-98.5",
        );
        check("tuya/lamp/dps", r#"{"1":true}"#, "tuya: not a reading");
        check("tuya/lamp/dps", "{", "tuya: malformed");
    }
}
