//! eNode: an ESP8266 with one to three PZEM meters, `<base>/<name>/from/energy` with `Va`, `Aa`, `Pa` and the same with
//! `b` and `c`.
//!
//! Documented at <https://github.com/apreb/eNode> and in its issue 2. A letter is a meter; three are taken for the phases
//! of one connection, as zigbee2mqtt's are. `Ts` is the time since the board began, not a stamp.

use super::super::collect::{Channels, Quantity};
use super::super::json::Value;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome, Stateless};

/// A meter's letter, its channel beside others, its channel where there are three, the keys of its values.
type Load = (&'static str, &'static str, [(&'static str, Quantity); 3]);

use Quantity::{Current, Power, Voltage};

const LOADS: [Load; 3] = [
    ("a", "l1", [("Va", Voltage), ("Aa", Current), ("Pa", Power)]),
    ("b", "l2", [("Vb", Voltage), ("Ab", Current), ("Pb", Power)]),
    ("c", "l3", [("Vc", Voltage), ("Ac", Current), ("Pc", Power)]),
];

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "enode",
    title: "eNode, PZEM meters",
    begin,
    reads: "<base>/<name>/from/energy: power, voltage, current of each meter; channels a and b, or l1 to l3 of three",
    leaves_out: &[
        "whether three meters are phases or three loads: eNode does not say; configure the channels of the device",
        "temperatures, which the same board sends on its own topic",
        "its will: it stands outside the board's topics, as a sentence",
    ],
    evidence: Evidence::Messages,
    samples: &[
        (
            "node/cellar/from/energy",
            br#"{"Ts":"52100","Va":229.5,"Aa":1.50,"Pa":340}"#,
        ),
        (
            "node/cellar/from/energy",
            br#"{"Ts":"52100","Va":229,"Aa":1,"Pa":200,"Vb":230,"Ab":2,"Pb":400,"Vc":231,"Ac":0,"Pc":0}"#,
        ),
    ],
};

fn begin(_: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Stateless(decode))
}

fn decode(input: &Input<'_>) -> Option<Outcome> {
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
    use super::super::super::check::check;

    #[test]
    fn meters_by_letter() {
        for (payload, expected) in [
            (
                r#"{"Ts":"52100","Va":229.5,"Aa":1.50,"Pa":340}"#,
                "enode: cellar a power_w=340 voltage_v=229.5 current_a=1.5",
            ),
            (
                r#"{"Ts":"52100","Va":229,"Aa":1,"Pa":200,"Vb":230,"Ab":2,"Pb":400,"Vc":231,"Ac":0,"Pc":0}"#,
                "enode: cellar l1 power_w=200 voltage_v=229 current_a=1
                 enode: cellar l2 power_w=400 voltage_v=230 current_a=2
                 enode: cellar l3 power_w=0 voltage_v=231 current_a=0",
            ),
            (r#"{"Ts":"52100","Pa":null}"#, "enode: not a reading"),
            (r#"{"Ts":"52100","T0":21.5}"#, "unknown"),
        ] {
            check("node/cellar/from/energy", payload, expected);
        }
    }
}
