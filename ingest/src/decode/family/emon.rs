//! emonTx and emonPi by emonHub: `emon/<node>/<input>` with a bare number, or `emon/<node>` with all as JSON.
//!
//! Documented at <https://docs.openenergymonitor.org> ("MQTT"). `power<n>` and `P<n>` are W, `e<n>` is Wh since the
//! node's start, `vrms` is V; other names are the user's. The CSV copy below `emonhub/rx` says the same by position. Two
//! boards of the same circle of makers speak JSON of their own: eNode, and WemosEM ([`wemosem`]).

mod wemosem;

use super::super::collect::{Channels, Quantity};
use super::super::json::Value;
use super::super::stamp;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Fields, Input, Outcome, Stateless, bare, take};

/// eNode's meters: channel, the voltage's key, values.
const BOARD: [(&str, &str, Fields<'_>); 3] = [
    (
        "a",
        "Va",
        &[
            ("Va", Quantity::Voltage, 1.0),
            ("Aa", Quantity::Current, 1.0),
            ("Pa", Quantity::Power, 1.0),
        ],
    ),
    (
        "b",
        "Vb",
        &[
            ("Vb", Quantity::Voltage, 1.0),
            ("Ab", Quantity::Current, 1.0),
            ("Pb", Quantity::Power, 1.0),
        ],
    ),
    (
        "c",
        "Vc",
        &[
            ("Vc", Quantity::Voltage, 1.0),
            ("Ac", Quantity::Current, 1.0),
            ("Pc", Quantity::Power, 1.0),
        ],
    ),
];
const NO_VALUE: &str = "emon: the input is neither power<n>, e<n> nor vrms";

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "emon",
    title: "emonTx, emonPi, eNode, WemosEM",
    begin,
    reads: "emon/<node>/<input> with a bare number, emon/<node> with a JSON: power<n>, P<n>, e<n>, E<n> as channel <n>, \
            vrms without one; wemos/<host>/power of WemosEM, status as availability; eNode's <base>/<name>/from/energy: power, \
            voltage, current, one load, or channels a to c",
    leaves_out: &[
        "inputs that the user named otherwise",
        "sums of inputs (power1pluspower2) and pulse counts",
        "the copy by position below emonhub/rx",
        "WemosEM: that its power is the current times a stated voltage, too high without the power factor; beforeKwh",
        "eNode: whether three meters are phases or three loads; configure the channels of the device",
    ],
    evidence: Evidence::Messages,
    samples: &[
        ("emon/panel4/power2", b"-120"),
        ("emon/panel4/E12", b"5000"),
        ("emon/panel4/power1pluspower2", b"12"),
        ("emonhub/rx/5/values", b"1,2,3"),
        (
            "emon/panel4",
            br#"{"P1":10,"e1":20,"vrms":230,"time":1790000000}"#,
        ),
        (
            "board/panel5/from/energy",
            br#"{"Ts":"905","Va":231.5,"Aa":0.5,"Pa":115}"#,
        ),
        (
            "board/panel6/from/energy",
            br#"{"Ts":"905","Va":231.5,"Aa":0.5,"Pa":-115,"Vb":231.5,"Ab":0.25,"Pb":57}"#,
        ),
        (
            "wemos/wemosEM-A1B2C3/power",
            br#"{"current":"1.50","voltage":"230.00","watios":"345.00","kwh":"2.25","beforeKwh":"7.00","ical":"29.00"}"#,
        ),
        (
            "wemos/wemosEM-A1B2C3/status",
            b"offline",
        ),
    ],
};

fn begin(_: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Stateless(decode))
}

fn decode(input: &Input<'_>) -> Option<Outcome> {
    if input.level(1) == "emon" && input.is_object() {
        return Some(match input.json() {
            Ok(root) => node(input.level(0), root),
            Err(fault) => Outcome::malformed(format!("emon: {fault}")),
        });
    }
    if input.level(3) == "emonhub" && matches!(input.level(2), "rx" | "tx") {
        return Some(Outcome::silent(
            "emonHub's copy by position; the values come below emon/",
        ));
    }
    if input.level(0) == "energy" && input.level(1) == "from" && input.text().contains("\"Pa\"") {
        return board(input);
    }
    if input.level(2) != "emon" || input.level(1).is_empty() {
        return wemosem::decode(input);
    }
    Some(match meaning(input.level(0)) {
        Some((channel, quantity)) => bare(input, input.level(1), channel, quantity, 1.0),
        None => Outcome::silent(NO_VALUE),
    })
}

fn node(meter: &str, root: Value<'_>) -> Outcome {
    let mut channels = Channels::of(meter);
    for (key, value) in root.entries() {
        if let Some((channel, quantity)) = meaning(key) {
            channels.set(channel, quantity, value.number());
        }
    }
    let stamp = root.get("time").and_then(Value::number).and_then(stamp::of_unix);
    Outcome::readings(channels.stamped(stamp), NO_VALUE)
}

/// What an eNode's meters state.
fn board(input: &Input<'_>) -> Option<Outcome> {
    let meter = input.level(2);
    if meter.is_empty() || !input.is_object() {
        return None;
    }
    let root = match input.json() {
        Ok(root) => root,
        Err(fault) => return Some(Outcome::malformed(format!("eNode: {fault}"))),
    };
    let has_several = ["Pb", "Pc"].iter().any(|key| root.get(key).is_some());
    let mut channels = Channels::of(meter);
    for (channel, voltage, fields) in BOARD {
        // The PZEM's library says -1 of everything where the meter does not answer.
        let volts = root.get(voltage).and_then(Value::number);
        if volts.is_none_or(|volts| volts >= 0.0) {
            take(&mut channels, has_several.then_some(channel), root, fields);
        }
    }
    Some(Outcome::readings(
        channels.stamped(None),
        "eNode: its meters do not answer",
    ))
}

fn meaning(name: &str) -> Option<(Option<&str>, Quantity)> {
    if name.eq_ignore_ascii_case("vrms") {
        return Some((None, Quantity::Voltage));
    }
    let at = name.find(|c: char| c.is_ascii_digit()).unwrap_or(name.len());
    let (start, number) = name.split_at(at);
    let quantity = match start {
        "power" | "Power" => Quantity::Power,
        "p" | "P" if !number.is_empty() => Quantity::Power,
        "e" | "E" if !number.is_empty() => Quantity::Energy,
        _ => return None,
    };
    let is_number = number.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then_some(((!number.is_empty()).then_some(number), quantity))
}

#[cfg(test)]
mod tests {
    use super::super::super::check::check;

    #[test]
    fn inputs() {
        check("emon/panel4/power2", "-120", "emon: panel4 2 power_w=-120");
        check("emon/panel4/E12", "5000", "emon: panel4 12 energy_wh=5000");
        check("emon/panel4/vrms", "231.5", "emon: panel4 - voltage_v=231.5");
        check("emon/panel4/power", "12", "emon: panel4 - power_w=12");
        check("emon/panel4/power1power2", "12", "emon: not a reading");
        check("emon/panel4/rssi", "-50", "emon: not a reading");
        check("emon/panel4/power2", "x", "emon: malformed");
        check("emonhub/rx/5/values", "1,2,3", "emon: not a reading");
        check(
            "emon/panel4",
            r#"{"P1":10,"e1":20,"vrms":230,"time":1790000000}"#,
            "emon: panel4 1 power_w=10 energy_wh=20 stamp=2026-09-21T14:13:20Z
             emon: panel4 - voltage_v=230 stamp=2026-09-21T14:13:20Z",
        );
    }

    #[test]
    fn a_board_with_one_meter_or_more() {
        let topic = "board/panel5/from/energy";
        check(
            topic,
            r#"{"Ts":"905","Va":231.5,"Aa":0.5,"Pa":115}"#,
            "emon: panel5 - power_w=115 voltage_v=231.5 current_a=0.5",
        );
        check(
            topic,
            r#"{"Ts":"905","Va":231.5,"Aa":0.5,"Pa":-115,"Vb":230.5,"Ab":0.25,"Pb":57,"Vc":-1,"Ac":-1,"Pc":-1}"#,
            "emon: panel5 a power_w=-115 voltage_v=231.5 current_a=0.5
             emon: panel5 b power_w=57 voltage_v=230.5 current_a=0.25",
        );
        check(
            topic,
            r#"{"Ts":"905","Va":-1.0,"Aa":-1.0,"Pa":-1}"#,
            "emon: not a reading",
        );
        check(topic, r#"{"Ts":"905","Pa":"#, "emon: malformed");
        check("from/energy", r#"{"Pa":5}"#, "unknown");
        check(
            "board/panel5/from/temperature",
            r#"{"Ts":"905","T0":35.5}"#,
            "unknown",
        );
    }
}
