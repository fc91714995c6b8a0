//! ESPHome: `<prefix>/sensor/<name>/state`, bare numbers, retained; `<prefix>/status`, the node's birth and last will.
//!
//! Documented at <https://esphome.io/components/mqtt/>. The topic does not say the unit: Home Assistant discovery does,
//! so an announced sensor is read by `home_assistant` before this family is asked, under the same meter. What is left
//! is read only where the name itself carries a unit (`power_w`); a unit is never guessed.

use super::super::collect::{Channels, Quantity};
use super::super::naming::word;
use super::super::number::{self, Bare};
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome, Stateless, is_online};

/// Components whose states are no measurements.
const OTHERS: [&str; 19] = [
    "alarm_control_panel",
    "binary_sensor",
    "button",
    "climate",
    "cover",
    "date",
    "datetime",
    "event",
    "fan",
    "light",
    "lock",
    "number",
    "select",
    "switch",
    "text",
    "text_sensor",
    "time",
    "update",
    "valve",
];
/// Words of sensors that have nothing to do with electricity.
const NOT_ELECTRIC: [&str; 10] = [
    "temp", "humid", "signal", "rssi", "uptime", "pressure", "illum", "wifi", "heap", "co2",
];
const NO_UNIT: &str = "ESPHome: a sensor whose unit is unknown until its discovery document is heard (discovery: true \
                       on the node); or describe the topic with a [[mapper]]";

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "esphome",
    title: "ESPHome",
    begin,
    reads: "`<prefix>/sensor/<name>/state`: power, energy, voltage or current in the unit that discovery announced, or \
            that the name itself carries (`power_w`, `energy_kwh`); `<prefix>/status`: availability. Meter: the last \
            level of the prefix; channel: the load that the sensor's name speaks of.",
    leaves_out: &[
        "sensors whose unit neither discovery nor their name says: listed with the reason",
        "states of lights, switches, texts and other components",
        "debug logs",
    ],
    evidence: Evidence::Messages,
    samples: &[
        ("press-hall/sensor/pump_power_kw/state", b"1.5"),
        ("press-hall/sensor/power/state", b"nan"),
        ("press-hall/sensor/power/state", b"15"),
        ("press-hall/status", b"offline"),
        (
            "press-hall/light/lamp/state",
            br#"{"state":"ON","brightness":15}"#,
        ),
        (
            "press-hall/debug",
            b"\x1b[0;36m[D][sensor:1]: 'Power' 15 W\x1b[0m",
        ),
    ],
};

fn begin(_: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Stateless(decode))
}

/// The node in the state topic of one of its sensors.
pub(super) fn node(state_topic: &str) -> Option<&str> {
    let mut levels = state_topic.rsplit('/');
    let is_state = levels.next() == Some("state") && levels.next().is_some();
    (is_state && levels.next() == Some("sensor"))
        .then(|| levels.next())?
        .filter(|node| !node.is_empty())
}

fn decode(input: &Input<'_>) -> Option<Outcome> {
    match input.level(0) {
        "state" if input.level(3).is_empty() => None,
        "state" if input.level(2) == "sensor" => Some(sensor(input)),
        "state" if OTHERS.contains(&input.level(2)) => Some(Outcome::silent(
            "ESPHome: the state of a component that measures nothing",
        )),
        "status" if !input.level(1).is_empty() => {
            let is_word = matches!(input.text(), "online" | "offline");
            is_word.then(|| Outcome::availability(input.level(1), is_online(input.text()) == Some(true)))
        }
        "debug" if input.text().contains("][") => Some(Outcome::silent("ESPHome: a debug log")),
        _ => None,
    }
}

fn sensor(input: &Input<'_>) -> Outcome {
    let (meter, name) = (input.level(3), input.level(1));
    let value = match number::bare(input.text()) {
        Bare::Value(value) => value,
        Bare::Nothing => return Outcome::silent("ESPHome: the sensor has no value"),
        Bare::Broken => return Outcome::silent("ESPHome: a sensor's text, not a number"),
    };
    let said = word::said(name);
    if let Some((quantity, factor)) = said.and_then(|said| Some((said.quantity, said.factor?))) {
        // A register counts its lifetime: its total is not one beside phases.
        let is_register = matches!(quantity, Quantity::Energy | Quantity::EnergyExport);
        let load = word::load(name, meter).filter(|load| !(is_register && load == "total"));
        let mut channels = Channels::of(meter);
        channels.set(load.as_deref(), quantity, Some(value * factor));
        return Outcome::readings(
            channels.stamped(None),
            "a register or a voltage cannot be negative",
        );
    }
    let is_foreign = NOT_ELECTRIC.iter().any(|word| name.contains(word));
    if said.is_none() && (is_foreign || word::is_other(name)) {
        return Outcome::silent("ESPHome: a sensor that measures no power, energy, voltage or current");
    }
    Outcome::unmapped(NO_UNIT)
}

#[cfg(test)]
mod tests {
    use super::super::super::check::{check, check_by, decoder};

    #[test]
    fn a_unit_in_the_name_is_believed_and_none_is_guessed() {
        for (topic, payload, expected) in [
            (
                "b2/press-hall/sensor/pump_power_kw/state",
                "1.5",
                "esphome: press-hall pump power_w=1500",
            ),
            (
                "press-hall/sensor/energy_total_kwh/state",
                "2",
                "esphome: press-hall - energy_wh=2000",
            ),
            (
                "press-hall/sensor/total_power_w/state",
                "2",
                "esphome: press-hall total power_w=2",
            ),
            ("press-hall/sensor/power/state", "15", "unknown"),
            ("press-hall/sensor/pump/state", "15", "unknown"),
            ("press-hall/sensor/power/state", "nan", "esphome: not a reading"),
            ("press-hall/sensor/mode/state", "Normal", "esphome: not a reading"),
            (
                "press-hall/sensor/energy_today_kwh/state",
                "1",
                "esphome: not a reading",
            ),
            (
                "press-hall/sensor/room_temperature/state",
                "21",
                "esphome: not a reading",
            ),
            (
                "press-hall/light/lamp/state",
                r#"{"state":"ON"}"#,
                "esphome: not a reading",
            ),
            (
                "press-hall/debug",
                "[D][sensor:094]: 'Power'",
                "esphome: not a reading",
            ),
            ("press-hall/status", "online", "esphome: press-hall is online"),
            ("press-hall/status", "offline", "esphome: press-hall is offline"),
            ("press-hall/status", "idle", "unknown"),
            ("sensor/x/state", "5", "unknown"),
        ] {
            check(topic, payload, expected);
        }
    }

    #[test]
    fn discovery_says_the_unit_and_the_meter_stays_the_node() {
        let mut decoder = decoder();
        for (topic, payload, expected) in [
            ("press-hall/sensor/power/state", "15", "unknown"),
            (
                "homeassistant/sensor/press-hall/power/config",
                r#"{"name":"Power","stat_t":"press-hall/sensor/power/state","unit_of_meas":"kW","dev_cla":"power",
                    "avty_t":"press-hall/status","dev":{"ids":"a1b2c3","name":"press-hall"}}"#,
                "home_assistant: not a reading",
            ),
            (
                "press-hall/sensor/power/state",
                "15",
                "home_assistant: press-hall - power_w=15000",
            ),
            (
                "press-hall/sensor/power/state",
                "nan",
                "home_assistant: not a reading",
            ),
            (
                "press-hall/status",
                "offline",
                "home_assistant: press-hall is offline",
            ),
        ] {
            check_by(&mut decoder, topic, payload, expected);
        }
    }
}
