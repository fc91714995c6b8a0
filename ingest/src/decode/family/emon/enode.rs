//! eNode: an ESP8266 with one to three PZEM meters, `<base>/<name>/from/energy` with `Va`, `Aa`, `Pa` and the same with
//! `b` and `c`.
//!
//! Documented at <https://github.com/apreb/eNode> and in its issue 2. A letter is a meter; three are taken for the phases
//! of one connection, as zigbee2mqtt's are. `Ts` is the time since the board began, not a stamp.

use super::super::super::collect::{Channels, Quantity};
use super::super::super::json::Value;
use super::super::{Input, Outcome};

/// A meter's letter, its channel beside others, its channel where there are three, the keys of its values.
type Load = (&'static str, &'static str, [(&'static str, Quantity); 3]);

use Quantity::{Current, Power, Voltage};

const LOADS: [Load; 3] = [
    ("a", "l1", [("Va", Voltage), ("Aa", Current), ("Pa", Power)]),
    ("b", "l2", [("Vb", Voltage), ("Ab", Current), ("Pb", Power)]),
    ("c", "l3", [("Vc", Voltage), ("Ac", Current), ("Pc", Power)]),
];

pub(super) fn decode(input: &Input<'_>) -> Option<Outcome> {
    let is_marked = |mark| input.text().contains(mark);
    if !(input.last(2) == "from/energy" && input.is_object() && is_marked("\"Ts\"") && is_marked("\"Pa\"")) {
        return None;
    }
    let root = input.json().ok()?;
    let mut channels = Channels::of(input.level(2));
    let is_of_phases = root.get("Pc").is_some();
    for (letter, phase, fields) in LOADS {
        let channel = if is_of_phases { phase } else { letter };
        for (key, quantity) in fields {
            channels.set(Some(channel), quantity, root.get(key).and_then(Value::number));
        }
    }
    Some(Outcome::readings(
        channels.stamped(None),
        "eNode: the message holds no numbers",
    ))
}

#[cfg(test)]
mod tests {
    use super::super::super::super::check::check;

    #[test]
    fn meters_by_letter() {
        for (payload, expected) in [
            (
                r#"{"Ts":"52100","Va":229.5,"Aa":1.50,"Pa":340}"#,
                "emon: cellar a power_w=340 voltage_v=229.5 current_a=1.5",
            ),
            (
                r#"{"Ts":"52100","Va":229,"Aa":1,"Pa":200,"Vb":230,"Ab":2,"Pb":400,"Vc":231,"Ac":0,"Pc":0}"#,
                "emon: cellar l1 power_w=200 voltage_v=229 current_a=1
                 emon: cellar l2 power_w=400 voltage_v=230 current_a=2
                 emon: cellar l3 power_w=0 voltage_v=231 current_a=0",
            ),
            (r#"{"Ts":"52100","Pa":null}"#, "emon: not a reading"),
            (r#"{"Ts":"52100","T0":21.5}"#, "unknown"),
        ] {
            check("node/cellar/from/energy", payload, expected);
        }
    }
}
