//! WemosEM: a Wemos D1 with one current clamp, `wemos/<host>/power` with a JSON whose numbers stand in strings, and
//! `wemos/<host>/status` as its will.
//!
//! Documented at <https://github.com/alcar21/WemosEM>. The clamp measures current only: `watios` is the product with a
//! voltage that the user typed or another meter sent, an apparent power. `kwh` may be reset by the user or once a month.
//! `time` is local, without a zone, and is not taken.

use super::super::super::collect::{Channels, Quantity};
use super::super::{Fields, Input, Outcome, is_online, take};

const ROOT: &str = "wemos";
/// What every host's name begins with.
const HOST: &str = "wemosEM-";

const FIELDS: Fields<'_> = &[
    ("watios", Quantity::Power, 1.0),
    ("kwh", Quantity::Energy, 1000.0),
    ("voltage", Quantity::Voltage, 1.0),
    ("current", Quantity::Current, 1.0),
];

pub(super) fn decode(input: &Input<'_>) -> Option<Outcome> {
    let meter = input.level(1);
    if !(meter.starts_with(HOST) && input.level(2) == ROOT) {
        return None;
    }
    match input.level(0) {
        "power" => Some(power(input, meter)),
        "status" => is_online(input.text()).map(|is_online| Outcome::availability(meter, is_online)),
        _ => None,
    }
}

fn power(input: &Input<'_>, meter: &str) -> Outcome {
    let root = match input.json() {
        Ok(root) => root,
        Err(error) => return Outcome::malformed(format!("WemosEM: not JSON: {error}")),
    };
    let mut channels = Channels::of(meter);
    take(&mut channels, None, root, FIELDS);
    Outcome::readings(channels.stamped(None), "WemosEM: the message holds no numbers")
}

#[cfg(test)]
mod tests {
    use super::super::super::super::check::check;

    #[test]
    fn one_load_and_its_will() {
        for (leaf, payload, expected) in [
            (
                "power",
                r#"{"current":"1.50","voltage":"230.00","watios":"345.00","kwh":"2.25","beforeKwh":"7.00","ical":"29.00",
                    "time":"12:30:05 03/02/2026","wifidb":"70% Good"}"#,
                "emon: wemosEM-A1B2C3 - power_w=345 energy_wh=2250 voltage_v=230 current_a=1.5",
            ),
            ("power", r#"{"watios":"nan","kwh":""}"#, "emon: not a reading"),
            ("power", r#"{"watios":"345.00","#, "emon: malformed"),
            ("status", "online", "emon: wemosEM-A1B2C3 is online"),
            ("status", "Offline", "emon: wemosEM-A1B2C3 is offline"),
        ] {
            check(&format!("wemos/wemosEM-A1B2C3/{leaf}"), payload, expected);
        }
    }
}
