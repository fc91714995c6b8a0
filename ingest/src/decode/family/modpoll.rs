//! modpoll, the Modbus poller: one JSON object a device, or one bare number a reference.
//!
//! `modpoll/<device>` or `modpoll/<device>/data` with `{"<reference>|<unit>":number, …, "timestamp_ms":…}`; with
//! `--mqtt-single` a topic for each reference below the device, without its unit. The references' names and units are
//! what somebody wrote into the poller's table. Source: `modpoll/modbus_task.py` of
//! <https://github.com/gavinying/modpoll>; its fork modpoll2mqtt can leave the units out. Under another prefix the
//! object is recognised by a key that ends in the unit of a power or an energy.

use super::super::collect::Channels;
use super::super::json::Value;
use super::super::naming::free::{FreeNames, Unexplained};
use super::super::number::{self, Bare};
use super::super::stamp;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome};

const NAME: &str = "modpoll";
const NO_METER: &str = "modpoll: no reference of a meter";
/// What marks an object of modpoll's on any topic.
const MARKS: [&str; 4] = ["|W\"", "|kW\"", "|Wh\"", "|kWh\""];

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: NAME,
    title: "modpoll, Modbus poller",
    begin,
    reads: "modpoll/<device>[/data]: power, import, export, voltage and current by the unit behind each reference's name; \
            modpoll/<device>/<reference>: bare numbers whose names carry a unit or that [[naming]] explains; channels by \
            name; timestamp_ms",
    leaves_out: &[
        "references without a unit, and every bare number without one in its name: [[naming]]",
        "one message per reference under another topic pattern: [[mapper]]",
        "references that are lists, diagnostics",
    ],
    evidence: Evidence::Fixtures,
    samples: &[
        (
            "modpoll/panel-3/data",
            br#"{"active_power_l1|W":512,"imp|kWh":8.5,"freq|Hz":50,"state":1,"timestamp_ms":1790000000500}"#,
        ),
        ("modpoll/panel-3/power_kw", b"1.5"),
        ("modpoll/panel-3/data/energy", b"1.5"),
    ],
};

fn begin(config: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Modpoll {
        names: FreeNames::of(NAME, config),
    })
}

struct Modpoll {
    names: FreeNames,
}

impl Family for Modpoll {
    fn decode(&mut self, input: &Input<'_>) -> Option<Outcome> {
        let root = input.position(|level| level == NAME);
        let is_data = input.level(0) == "data";
        match (root, input.is_object()) {
            (Some(2), true) if input.level(0) == "diagnostics" => {
                Some(Outcome::silent("modpoll: how often it polled, no reading"))
            }
            (Some(1), true) => Some(self.object(input, input.level(0))),
            (Some(2), true) if is_data => Some(self.object(input, input.level(1))),
            (None, true) if MARKS.iter().any(|mark| input.text().contains(mark)) => {
                Some(self.object(input, input.level(usize::from(is_data))))
            }
            (Some(1), false) => Some(Outcome::silent("modpoll: the poller's own state")),
            (Some(2), false) => Some(self.reference(input, input.level(1))),
            (Some(3), false) if input.level(1) == "data" => Some(self.reference(input, input.level(2))),
            (Some(3 | 4), false) => Some(Outcome::silent("modpoll: a part of a list")),
            _ => None,
        }
    }

    fn forgotten(&self) -> u64 {
        self.names.forgotten()
    }
}

impl Modpoll {
    fn object(&mut self, input: &Input<'_>, device: &str) -> Outcome {
        let root = match input.json() {
            Ok(root) => root,
            Err(fault) => return Outcome::malformed(format!("modpoll: {fault}")),
        };
        let mut channels = Channels::of(device);
        let mut unexplained = Unexplained::default();
        for (key, value) in root.entries() {
            let (name, unit) = key
                .rsplit_once('|')
                .map_or((key, None), |(name, unit)| (name, Some(unit)));
            self.names.take(
                &mut channels,
                (None, None),
                (name, unit),
                value.number(),
                &mut unexplained,
            );
        }
        let polled_at = root.get("timestamp_ms").and_then(Value::number);
        let readings = channels.stamped(polled_at.and_then(stamp::of_unix_any));
        self.names.outcome(readings, unexplained, NO_METER)
    }

    fn reference(&mut self, input: &Input<'_>, device: &str) -> Outcome {
        let Bare::Value(value) = number::bare(input.text()) else {
            return Outcome::silent("modpoll: a reference without a number");
        };
        let mut channels = Channels::of(device);
        let mut unexplained = Unexplained::default();
        let name = (input.level(0), None);
        self.names
            .take(&mut channels, (None, None), name, Some(value), &mut unexplained);
        self.names.outcome(channels.stamped(None), unexplained, NO_METER)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::check::{check, check_by};
    use super::super::super::{Decoder, DecoderConfig};

    #[test]
    fn objects() {
        let stamp = "stamp=2026-09-21T14:13:20.5Z";
        let payload = r#"{"active_power_l1|W":512.5,"active_power_l1_energy|kWh":null,"imp_total|kWh":8.5,"u_l1|V":231,
            "current_l1|mA":2500,"q_total|var":7,"freq|Hz":50,"state":1,"timestamp_ms":1790000000500}"#;
        let expected = format!(
            "modpoll: panel-3 l1 power_w=512.5 voltage_v=231 current_a=2.5 {stamp}
             modpoll: panel-3 total energy_wh=8500 {stamp}"
        );
        for topic in [
            "modpoll/panel-3/data",
            "modpoll/panel-3",
            "b/panel-3/data",
            "b/panel-3",
        ] {
            check(topic, payload, &expected);
        }
        check("modpoll/panel-3", r#"{"temp|C":20}"#, "modpoll: not a reading");
        check(
            "modpoll/panel-3",
            r#"{"power":20}"#,
            "modpoll: panel-3 notes unknown_name\nunknown",
        );
        check("modpoll/panel-3", "{", "modpoll: malformed");
        check(
            "modpoll/panel-3/diagnostics",
            r#"{"pollCount":3,"errorCount":0}"#,
            "modpoll: not a reading",
        );
        check("b/panel-3", r#"{"temp|C":20}"#, "unknown");
    }

    #[test]
    fn references() {
        check(
            "modpoll/panel-3/power_kw",
            "1.5",
            "modpoll: panel-3 - power_w=1500",
        );
        check(
            "modpoll/panel-3/data/fan_power_w",
            "15",
            "modpoll: panel-3 fan power_w=15",
        );
        check("modpoll/panel-3/temp", "15", "modpoll: not a reading");
        check("modpoll/panel-3/data/power_w/0", "15", "modpoll: not a reading");
        check("modpoll/panel-3/power_w", "None", "modpoll: not a reading");
        check("modpoll/status", "online", "modpoll: not a reading");
        let config = json!({"naming": [
            {"family": "modpoll", "meter": "panel-3", "name": "E", "quantity": "energy", "unit": "MWh"}]});
        let config: DecoderConfig = serde_json::from_value(config).unwrap();
        let mut decoder = Decoder::new(&config).unwrap();
        check_by(
            &mut decoder,
            "modpoll/panel-3/E",
            "2",
            "modpoll: panel-3 - energy_wh=2000000",
        );
        check_by(&mut decoder, "modpoll/panel-4/E", "2", "modpoll: not a reading");
    }
}
