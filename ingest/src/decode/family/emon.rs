//! emonTx and emonPi by emonHub: `emon/<node>/<input>` with a bare number, or `emon/<node>` with all as JSON.
//!
//! Documented at <https://docs.openenergymonitor.org> ("MQTT"). `power<n>` and `P<n>` are W, `e<n>` is Wh since the
//! node's start, `vrms` is V; other names are the user's. The CSV copy below `emonhub/rx` says the same by position. Two
//! boards of the same makers' circle speak JSON of their own: [`wemosem`] and [`enode`].

mod enode;
mod wemosem;

use super::super::collect::{Channels, Quantity};
use super::super::json::Value;
use super::super::stamp;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome, Stateless, bare};

const NO_VALUE: &str = "emon: the input is neither power<n>, e<n> nor vrms";

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "emon",
    title: "emonTx, emonPi",
    begin,
    reads: "emon/<node>/<input> with a bare number, emon/<node> with a JSON: power<n>, P<n>, e<n>, E<n> as channel <n>, \
            vrms without one; WemosEM: wemos/<host>/power, status as availability; eNode: <base>/<name>/from/energy, \
            channels a and b, or l1 to l3 of three",
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
            "wemos/wemosEM-A1B2C3/power",
            br#"{"current":"1.50","voltage":"230.00","watios":"345.00","kwh":"2.25","beforeKwh":"7.00","ical":"29.00"}"#,
        ),
        ("wemos/wemosEM-A1B2C3/status", b"offline"),
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
    if input.level(2) != "emon" || input.level(1).is_empty() {
        return wemosem::decode(input).or_else(|| enode::decode(input));
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
}
