//! ESPurna: `<root>/data` with a JSON of texts, or `<root>/<magnitude>` with bare numbers.
//!
//! Documented at <https://github.com/xoseperez/espurna/wiki/MQTT> and in `code/espurna/sensor.cpp`. Power is W or kW,
//! energy J or kWh, as the user chose; the message does not say which, but the firmware prints the kilo units with three
//! decimals and the others with none, so the decimals tell. A counter in joules stops at 2147483647 and says nothing
//! from then on. `time` is local time without its zone. The meter is the last level of the root.
//!
//! Bare numbers on `<root>/power` could be anybody's: they are read where the root has said `app` is `ESPURNA`, which it
//! does every few minutes and which is kept as a lesson. Limits: at most [`DecoderConfig::meters_max`] roots are known.

use super::super::collect::{Channels, Quantity};
use super::super::json::Value;
use super::super::number::{self, Bare};
use super::super::recent::Recent;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome};

/// A signed 32-bit counter of joules that has run full.
const FULL_COUNTER_J: f64 = 2_147_483_647.0;
const WATT_HOURS_PER_JOULE: f64 = 1.0 / 3600.0;
const NO_VALUE: &str = "ESPurna: a relay, the device itself, or a magnitude that is not used";

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "espurna",
    title: "ESPurna",
    begin,
    reads: "<root>/data with a JSON of texts, and <root>/{power|current|voltage|energy}[/<n>] of roots that call \
            themselves ESPURNA: power, current, voltage, register; the channel is the index, where there is one; \
            availability of <root>/status",
    leaves_out: &[
        "a register that has run full (2147483647)",
        "energy_delta, which is an increment",
        "apparent and reactive power, power factor",
        "a power or an energy whose decimals the user has changed: its unit would be misread, map it",
    ],
    evidence: Evidence::Messages,
    samples: &[
        (
            "lab/oven/data",
            br#"{"current":"1.250","voltage":"231","power":"287","apparent":"290","energy":"7200","time":"2026-09-21 16:13:20","mac":"00:11","host":"OVEN","id":7}"#,
        ),
        ("lab/oven/data", br#"{"app":"ESPURNA","version":"1.13.2","host":"OVEN","mac":"00:11"}"#),
        ("lab/oven/app", b"ESPURNA"),
        ("lab/oven/power", b"12"),
        ("lab/oven/energy/1", b"0.125"),
        ("lab/oven/status", b"0"),
    ],
};

fn begin(config: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Espurna {
        roots: Recent::of(config.meters_max),
    })
}

struct Espurna {
    /// The roots that have called themselves ESPURNA.
    roots: Recent<()>,
}

impl Family for Espurna {
    fn decode(&mut self, input: &Input<'_>) -> Option<Outcome> {
        match input.level(0) {
            "data" if input.is_object() => self.data(input),
            "app" if input.text() == "ESPURNA" => {
                self.roots.put(input.before(1)?, ());
                Some(Outcome::silent("ESPurna: the device says what it is").taught())
            }
            "status" if matches!(input.text(), "0" | "1") && self.is_known(input, 1) => {
                Some(Outcome::availability(input.level(1), input.text() == "1"))
            }
            _ => self.bare(input),
        }
    }

    fn unlearn(&mut self, topic: &str) {
        if let Some((root, _)) = topic.rsplit_once('/') {
            self.roots.forget(root);
        }
    }

    fn forgotten(&self) -> u64 {
        self.roots.forgotten()
    }
}

impl Espurna {
    fn is_known(&mut self, input: &Input<'_>, levels: usize) -> bool {
        let root = input.before(levels);
        root.is_some_and(|root| self.roots.get(root).is_some())
    }

    fn data(&mut self, input: &Input<'_>) -> Option<Outcome> {
        let mentions = |key| input.text().contains(key);
        let is_named = mentions("\"host\"") || mentions("\"mac\"");
        let has_values = [
            "\"power",
            "\"voltage",
            "\"current",
            "\"energy",
            "\"app\"",
            "\"relay/",
        ];
        if !is_named || !has_values.into_iter().any(mentions) {
            return None;
        }
        let root = match input.json() {
            Ok(root) => root,
            Err(fault) => return Some(Outcome::malformed(format!("ESPurna: {fault}"))),
        };
        let mut channels = Channels::of(input.level(1));
        for (key, value) in root.entries() {
            let (name, index) = key
                .split_once('/')
                .map_or((key, None), |(name, index)| (name, Some(index)));
            if let (Some(quantity), Some(text)) = (magnitude(name), value.text()) {
                channels.set(index, quantity, in_base_unit(quantity, text));
            }
        }
        let stamp = root.get("time").and_then(|time| input.zone().stamp(time));
        let readings = channels.stamped(stamp);
        let is_heartbeat = root.get("app").and_then(Value::text) == Some("ESPURNA");
        let has_relay = root.entries().any(|(key, _)| key.starts_with("relay/"));
        let is_known = self.is_known(input, 1);
        if readings.is_empty() && !(is_heartbeat || has_relay || is_known) {
            return None;
        }
        let outcome = Outcome::readings(readings, NO_VALUE);
        if is_heartbeat && !is_known {
            self.roots.put(input.before(1)?, ());
            return Some(outcome.taught());
        }
        Some(outcome)
    }

    fn bare(&mut self, input: &Input<'_>) -> Option<Outcome> {
        let is_index = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let (name, levels, channel) = match (input.level(1), input.level(0)) {
            (name, index) if is_index(index) && magnitude(name).is_some() => (name, 2, Some(index)),
            (_, name) => (name, 1, None),
        };
        let quantity = magnitude(name)?;
        if !self.is_known(input, levels) {
            return None;
        }
        Some(match number::bare(input.text()) {
            Bare::Value(_) => {
                let mut channels = Channels::of(input.level(levels));
                channels.set(channel, quantity, in_base_unit(quantity, input.text()));
                Outcome::readings(channels.stamped(None), "ESPurna: the register has run full")
            }
            Bare::Nothing => Outcome::silent("ESPurna: the magnitude has no value"),
            Bare::Broken => Outcome::malformed(format!("ESPurna: {name} should be a bare number")),
        })
    }
}

fn magnitude(name: &str) -> Option<Quantity> {
    Some(match name {
        "power" | "activepower" => Quantity::Power,
        "current" => Quantity::Current,
        "voltage" => Quantity::Voltage,
        "energy" => Quantity::Energy,
        _ => return None,
    })
}

/// W, Wh, V or A; three decimals are the mark of a kilo unit.
fn in_base_unit(quantity: Quantity, text: &str) -> Option<f64> {
    let value = number::of_text(text)?;
    let decimals = text
        .split_once('.')
        .map_or(0, |(_, decimals)| decimals.trim_end().len());
    Some(match quantity {
        Quantity::Power | Quantity::Energy if decimals >= 3 => value * 1000.0,
        Quantity::Energy if value >= FULL_COUNTER_J => return None,
        Quantity::Energy => value * WATT_HOURS_PER_JOULE,
        _ => value,
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::check::{check, check_by, decoder};

    #[test]
    fn a_json_of_texts() {
        let data = |values: &str| {
            format!(r#"{{{values},"time":"2026-09-21 16:13:20","mac":"00:11","host":"OVEN","id":7}}"#)
        };
        for (values, expected) in [
            (
                r#""current":"1.250","voltage":"231","power":"287","reactive":"5","apparent":"290","factor":"98","energy":"7200""#,
                "espurna: oven - power_w=287 energy_wh=2 voltage_v=231 current_a=1.25",
            ),
            (
                r#""power":"0.287","energy":"1.500","energy_delta":"0.001""#,
                "espurna: oven - power_w=287 energy_wh=1500",
            ),
            (
                r#""power":"287","energy":"2147483647""#,
                "espurna: oven - power_w=287",
            ),
            (
                r#""power/0":"10","power/1":"20""#,
                "espurna: oven 0 power_w=10
                 espurna: oven 1 power_w=20",
            ),
            (r#""relay/0":"1""#, "espurna: not a reading"),
        ] {
            check("lab/oven/data", &data(values), expected);
        }
        check(
            "lab/oven/data",
            r#"{"host":"OVEN","power":"#,
            "espurna: malformed",
        );
        check("lab/oven/data", r#"{"power":"5"}"#, "unknown");
        check("gate/data", r#"{"host":"gate","power":5}"#, "unknown");
    }

    #[test]
    fn bare_numbers_of_a_root_that_is_known() {
        let mut decoder = decoder();
        for (topic, payload, expected) in [
            ("oven/power", "12", "unknown"),
            ("oven/status", "1", "unknown"),
            ("oven/app", "ESPURNA", "espurna: not a reading"),
            ("oven/power", "12", "espurna: oven - power_w=12"),
            ("oven/energy/1", "0.125", "espurna: oven 1 energy_wh=125"),
            ("oven/energy", "2147483647", "espurna: not a reading"),
            ("oven/voltage", "nan", "espurna: not a reading"),
            ("oven/voltage", "x", "espurna: malformed"),
            ("oven/reactive", "12", "unknown"),
            ("oven/status", "0", "espurna: oven is offline"),
            ("oven/app", "", "not a reading"),
            ("oven/power", "12", "unknown"),
            (
                "tea/data",
                r#"{"app":"ESPURNA","host":"TEA"}"#,
                "espurna: not a reading",
            ),
            ("tea/current", "0.5", "espurna: tea - current_a=0.5"),
        ] {
            check_by(&mut decoder, topic, payload, expected);
        }
        assert_eq!(decoder.lessons().count(), 1);
    }
}
