//! Shelly Gen2, Gen3 and Gen4: `<prefix>/status/<component>:<n>` with a whole component, `<prefix>/events/rpc` with
//! NotifyStatus (what changed) or NotifyFullStatus (all), `<prefix>/online`.
//!
//! Documented at <https://shelly-api-docs.shelly.cloud/gen2/General/Notifications> and `…/ComponentsAndServices/Mqtt`,
//! `…/Switch`, `…/EM`, `…/EMData`, `…/EM1`, `…/EM1Data`. The meter is the prefix in a status topic, the factory id
//! (`src`) in a notification: the two are different meters of one load, so feed a device from one of them.
//!
//! Where a switch, pm1, cover or light has a register of returned energy, its `aenergy` counts both directions:
//! import = aenergy − ret_aenergy, not below zero. A notification may state one of the two; the returned register is
//! remembered for that, for at most [`DecoderConfig::meters_max`] channels. All else is taken as stated and nothing is
//! filled up: a notification of a counter of switching cycles is no reading.

use std::fmt::Write as _;

use analyzer::Availability;
use jiff::Timestamp;

use super::super::collect::{Channels, Quantity};
use super::super::json::Value;
use super::super::recent::Recent;
use super::super::stamp;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome, is_online};

const NO_VALUE: &str = "Shelly: states no power, energy, voltage or current";

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "shelly_gen2",
    title: "Shelly Gen2, Gen3, Gen4",
    begin,
    reads: "TODO",
    leaves_out: &[],
    evidence: Evidence::Messages,
    samples: &[
        (
        "b2/shellypro3em-00aa11bb22cc/status/em:0",
        br#"{"id":0,"a_act_power":1200.5,"a_voltage":231,"a_current":5.3,"b_act_power":-4,"c_act_power":null,
            "total_current":5.6,"total_act_power":1196.5,"a_errors":["out_of_range:voltage"]}"#,
    ),
        (
        "ct/status/emdata:0",
        br#"{"id":0,"a_total_act_energy":10,"b_total_act_ret_energy":1,"total_act":30,"total_act_ret":1}"#,
    ),
        (
        "ct/status/switch:1",
        br#"{"id":1,"apower":-5.5,"voltage":230.1,"current":0.2,"aenergy":{"total":100.5},"ret_aenergy":{"total":40.25}}"#,
    ),
        (
        "ct/events/rpc",
        br#"{"src":"shellyplug-1","method":"NotifyStatus","params":{"ts":1790000000.25,"switch:0":{"aenergy":{"total":110}},
            "em1:2":{"act_power":7,"errors":[]},"cover:0":{"apower":1},"em1data:0":{"total_act_energy":1}}}"#,
    ),
    ],
};

fn begin(config: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Shelly {
        returned: Recent::of(config.meters_max),
        sources: Recent::of(config.meters_max),
        name: String::new(),
    })
}

struct Shelly {
    /// The returned register, Wh, by meter and channel; only where it is above zero.
    returned: Recent<f64>,
    /// The factory id that notifies under a prefix: the will knows the prefix alone.
    sources: Recent<String>,
    /// The name under which `returned` is looked up, kept for its allocation.
    name: String,
}

/// How a component states its values.
#[derive(Clone, Copy)]
enum Shape {
    /// switch, pm1, light, …: one load, `apower`, `aenergy`.
    Load,
    /// em1: one clamp.
    Clamp,
    /// em1data: its registers.
    ClampRegister,
    /// em: three phases and their sum.
    Phases,
    /// emdata: their registers.
    PhaseRegisters,
    /// A component without a meter.
    Other,
}

/// The component's name, its shape, and whether its name stands in the channel's.
const COMPONENTS: [(&str, Shape, bool); 29] = [
    ("switch", Shape::Load, false),
    ("pm1", Shape::Load, false),
    ("em", Shape::Phases, false),
    ("emdata", Shape::PhaseRegisters, false),
    ("em1", Shape::Clamp, false),
    ("em1data", Shape::ClampRegister, false),
    ("cover", Shape::Load, true),
    ("light", Shape::Load, true),
    ("rgb", Shape::Load, true),
    ("rgbw", Shape::Load, true),
    ("cct", Shape::Load, true),
    ("sys", Shape::Other, false),
    ("wifi", Shape::Other, false),
    ("cloud", Shape::Other, false),
    ("mqtt", Shape::Other, false),
    ("ble", Shape::Other, false),
    ("ws", Shape::Other, false),
    ("eth", Shape::Other, false),
    ("input", Shape::Other, false),
    ("script", Shape::Other, false),
    ("temperature", Shape::Other, false),
    ("humidity", Shape::Other, false),
    ("voltmeter", Shape::Other, false),
    ("devicepower", Shape::Other, false),
    ("bthome", Shape::Other, false),
    ("matter", Shape::Other, false),
    ("knx", Shape::Other, false),
    ("modbus", Shape::Other, false),
    ("plugs_ui", Shape::Other, false),
];

impl Family for Shelly {
    fn decode(&mut self, input: &Input<'_>) -> Option<Outcome> {
        match (input.level(1), input.level(0)) {
            ("status", component) => self.status(input, component),
            ("events", "rpc") => Some(self.notification(input)),
            (_, "online") => self.online(meter_of(input, 1)?, is_online(input.text())?),
            _ => None,
        }
    }
}

impl Shelly {
    /// The will of a device is about the meter that its topics name and about the one that its notifications name.
    fn online(&mut self, prefix: &str, is_online: bool) -> Option<Outcome> {
        let mut outcome = Outcome::availability(prefix, is_online);
        if let Some(source) = self.sources.get(prefix) {
            outcome.availability.push(Availability {
                meter: source.clone(),
                is_online,
            });
        }
        Some(outcome)
    }

    fn status(&mut self, input: &Input<'_>, component: &str) -> Option<Outcome> {
        let (shape, has_name) = shape_of(component)?;
        let meter = meter_of(input, 2)?;
        if !input.is_object() {
            // `<…>/status/light` with `ON` is anybody's.
            return component
                .contains(':')
                .then(|| Outcome::malformed("Shelly status: the payload should be a JSON object"));
        }
        if matches!(shape, Shape::Other) {
            return Some(Outcome::silent(NO_VALUE));
        }
        let status = match input.json() {
            Ok(status) => status,
            Err(fault) => {
                return Some(Outcome::malformed(format!(
                    "Shelly status of {component}: {fault}"
                )));
            }
        };
        let mut channels = Channels::of(meter);
        self.component(&mut channels, meter, (component, shape, has_name), status);
        Some(Outcome::readings(channels.stamped(None), NO_VALUE))
    }

    fn notification(&mut self, input: &Input<'_>) -> Outcome {
        let frame = match input.json() {
            Ok(frame) => frame,
            Err(fault) => return Outcome::malformed(format!("Shelly notification: {fault}")),
        };
        let method = frame.get("method").and_then(Value::text).unwrap_or_default();
        if !matches!(method, "NotifyStatus" | "NotifyFullStatus") {
            return Outcome::silent("Shelly: an event, not a status");
        }
        let (Some(meter), Some(params)) = (frame.get("src").and_then(Value::text), frame.get("params"))
        else {
            return Outcome::malformed("Shelly notification: src or params is missing");
        };
        if let Some(prefix) = meter_of(input, 2).filter(|prefix| *prefix != meter)
            && self.sources.get(prefix).is_none_or(|known| *known != meter)
        {
            self.sources.put(prefix, meter.to_owned());
        }
        let mut channels = Channels::of(meter);
        for (component, status) in params.entries().filter(|(_, status)| status.is_object()) {
            if let Some((shape, has_name)) = shape_of(component) {
                self.component(&mut channels, meter, (component, shape, has_name), status);
            }
        }
        Outcome::readings(channels.stamped(sent_at(params)), NO_VALUE)
    }

    fn component(
        &mut self,
        channels: &mut Channels<'_>,
        meter: &str,
        (component, shape, has_name): (&str, Shape, bool),
        status: Value<'_>,
    ) {
        let (kind, number) = component.split_once(':').unwrap_or((component, "0"));
        // Where topic and body differ, the body is the device's own word.
        let own = status.get("id").and_then(|id| {
            id.text()
                .map(str::to_owned)
                .or_else(|| id.number().map(|id| id.to_string()))
        });
        let number = own.as_deref().unwrap_or(number);
        let named = has_name.then(|| format!("{kind}:{number}"));
        let channel = named.as_deref().unwrap_or(number);
        match shape {
            Shape::Load => self.load(channels, meter, channel, status),
            Shape::Clamp => clamp(channels, channel, status),
            Shape::ClampRegister => {
                let value = |key| status.get(key).and_then(Value::number);
                channels.set(Some(channel), Quantity::Energy, value("total_act_energy"));
                channels.set(
                    Some(channel),
                    Quantity::EnergyExport,
                    value("total_act_ret_energy"),
                );
            }
            Shape::Phases => phases(channels, status),
            Shape::PhaseRegisters => phase_registers(channels, status),
            Shape::Other => {}
        }
    }

    fn load(&mut self, channels: &mut Channels<'_>, meter: &str, channel: &str, status: Value<'_>) {
        let value = |key| status.get(key).and_then(Value::number);
        let is_sound = |quantity| !has_error(status, "errors", quantity);
        channels.set(
            Some(channel),
            Quantity::Power,
            value("apower").filter(|_| is_sound("power")),
        );
        channels.set(
            Some(channel),
            Quantity::Voltage,
            value("voltage").filter(|_| is_sound("voltage")),
        );
        channels.set(
            Some(channel),
            Quantity::Current,
            value("current").filter(|_| is_sound("current")),
        );
        let total_wh = |key| {
            status
                .get(key)
                .and_then(|register| register.get("total"))
                .and_then(Value::number)
        };
        let returned_wh = total_wh("ret_aenergy");
        self.name.clear();
        write!(self.name, "{meter}\0{channel}").expect("writing to a string cannot fail");
        match returned_wh {
            Some(wh) if wh > 0.0 => drop(self.returned.put(&self.name, wh)),
            None if status
                .get("ret_aenergy")
                .is_none_or(|register| !register.is_null()) => {}
            _ => drop(self.returned.forget(&self.name)),
        }
        if let Some(both_wh) = total_wh("aenergy").filter(|wh| *wh >= 0.0) {
            let returned_wh = returned_wh
                .or_else(|| self.returned.get(&self.name).copied())
                .unwrap_or(0.0);
            channels.set(
                Some(channel),
                Quantity::Energy,
                Some((both_wh - returned_wh.max(0.0)).max(0.0)),
            );
        }
        channels.set(Some(channel), Quantity::EnergyExport, returned_wh);
    }
}

fn clamp(channels: &mut Channels<'_>, channel: &str, status: Value<'_>) {
    for (key, quantity, fault) in [
        ("act_power", Quantity::Power, "power"),
        ("voltage", Quantity::Voltage, "voltage"),
        ("current", Quantity::Current, "current"),
    ] {
        let value = status.get(key).and_then(Value::number);
        channels.set(
            Some(channel),
            quantity,
            value.filter(|_| !has_error(status, "errors", fault)),
        );
    }
}

fn phases(channels: &mut Channels<'_>, status: Value<'_>) {
    let is_named = |key: &str| key.ends_with("errors");
    let has_errors = status
        .entries()
        .any(|(key, errors)| is_named(key) && errors.items().next().is_some());
    for (key, value) in status.entries() {
        let (channel, errors, what) = match key.split_at_checked(2) {
            Some(("a_", what)) => ("l1", "a_errors", what),
            Some(("b_", what)) => ("l2", "b_errors", what),
            Some(("c_", what)) => ("l3", "c_errors", what),
            _ => ("total", "errors", key.strip_prefix("total_").unwrap_or_default()),
        };
        let (quantity, fault) = match what {
            "act_power" => (Quantity::Power, "power"),
            "voltage" => (Quantity::Voltage, "voltage"),
            "current" => (Quantity::Current, "current"),
            _ => continue,
        };
        let is_faulty = || has_error(status, errors, fault) || has_error(status, "errors", fault);
        if !(has_errors && is_faulty()) {
            channels.set(Some(channel), quantity, value.number());
        }
    }
}

fn phase_registers(channels: &mut Channels<'_>, status: Value<'_>) {
    for (name, import, export) in [
        ("total", "total_act", "total_act_ret"),
        ("l1", "a_total_act_energy", "a_total_act_ret_energy"),
        ("l2", "b_total_act_energy", "b_total_act_ret_energy"),
        ("l3", "c_total_act_energy", "c_total_act_ret_energy"),
    ] {
        channels.set(
            Some(name),
            Quantity::Energy,
            status.get(import).and_then(Value::number),
        );
        channels.set(
            Some(name),
            Quantity::EnergyExport,
            status.get(export).and_then(Value::number),
        );
    }
}

/// Whether the device itself says that a value is not to be trusted.
fn has_error(status: Value<'_>, key: &str, quantity: &str) -> bool {
    let mut errors = status
        .get(key)
        .into_iter()
        .flat_map(Value::items)
        .filter_map(Value::text);
    errors.any(|error| match error.split_once(':') {
        Some(("out_of_range", what)) => what.ends_with(quantity) && !what.contains("aprt"),
        _ => error == "power_meter_failure" || (error == "ct_type_not_set" && quantity != "voltage"),
    })
}

/// `params.ts`: unix seconds, UTC.
fn sent_at(params: Value<'_>) -> Option<Timestamp> {
    stamp::of_unix_seconds(params.get("ts")?.number()?)
}

fn shape_of(component: &str) -> Option<(Shape, bool)> {
    let kind = match component.split_once(':') {
        Some((kind, number)) => number.parse::<u16>().ok().map(|_| kind)?,
        None => component,
    };
    COMPONENTS
        .iter()
        .find(|(name, ..)| *name == kind)
        .map(|(_, shape, has_name)| (*shape, *has_name))
}

/// The prefix before the last `levels` levels, or only its last level where that is a factory id: unique by itself.
fn meter_of<'m>(input: &Input<'m>, levels: usize) -> Option<&'m str> {
    let prefix = input.before(levels)?;
    let last = input.level(levels);
    let is_factory_id = last.rsplit_once('-').is_some_and(|(model, mac)| {
        model
            .get(..6)
            .is_some_and(|start| start.eq_ignore_ascii_case("shelly"))
            && mac.len() >= 6
            && mac.bytes().all(|byte| byte.is_ascii_hexdigit())
    });
    Some(if is_factory_id {
        last
    } else {
        prefix.trim_start_matches('/')
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::check::{check, check_by, decoder};
    use super::super::super::{Decoder, DecoderConfig, Message};

    #[test]
    fn whole_components() {
        check(
            "mri-console/status/switch:0",
            r#"{"id":0,"output":true,"apower":143.2,"voltage":229.9,"current":0.71,"aenergy":{"total":5120.25,"by_minute":[1,2,3]}}"#,
            "shelly_gen2: mri-console 0 power_w=143.2 energy_wh=5120.25 voltage_v=229.9 current_a=0.71",
        );
        check(
            "site/b1/shellypro3em-a0b1c2d3e4f5/status/em:0",
            r#"{"id":0,"a_act_power":1200.5,"a_voltage":231,"a_current":5.3,"b_act_power":-4,"b_voltage":230,"b_current":0.1,
                "c_act_power":null,"c_voltage":229,"c_current":0.2,"n_current":null,"total_current":5.6,"total_act_power":1196.5}"#,
            "shelly_gen2: shellypro3em-a0b1c2d3e4f5 l1 power_w=1200.5 voltage_v=231 current_a=5.3
             shelly_gen2: shellypro3em-a0b1c2d3e4f5 l2 power_w=-4 voltage_v=230 current_a=0.1
             shelly_gen2: shellypro3em-a0b1c2d3e4f5 l3 voltage_v=229 current_a=0.2
             shelly_gen2: shellypro3em-a0b1c2d3e4f5 total power_w=1196.5 current_a=5.6",
        );
        check(
            "radiology/ct/status/emdata:0",
            r#"{"id":0,"a_total_act_energy":10,"a_total_act_ret_energy":1,"b_total_act_energy":20,"total_act":30,"total_act_ret":1}"#,
            "shelly_gen2: radiology/ct total energy_wh=30 energy_export_wh=1
             shelly_gen2: radiology/ct l1 energy_wh=10 energy_export_wh=1
             shelly_gen2: radiology/ct l2 energy_wh=20",
        );
        check(
            "x/status/pm1:1",
            r#"{"apower":-3}"#,
            "shelly_gen2: x 1 power_w=-3",
        );
        check(
            "x/status/cover:0",
            r#"{"id":0,"apower":90}"#,
            "shelly_gen2: x cover:0 power_w=90",
        );
        check(
            "x/status/em1data:1",
            r#"{"id":"1","total_act_energy":7}"#,
            "shelly_gen2: x 1 energy_wh=7",
        );
        check(
            "shellies/x/status/light:0",
            r#"{"id":0,"apower":9}"#,
            "shelly_gen2: shellies/x light:0 power_w=9",
        );
    }

    #[test]
    fn what_is_no_value_is_none() {
        check("x/status/sys", r#"{"mac":"AA"}"#, "shelly_gen2: not a reading");
        check(
            "x/status/em1:0",
            r#"{"id":0,"act_power":5,"voltage":230,"errors":["power_meter_failure"]}"#,
            "shelly_gen2: not a reading",
        );
        check(
            "x/status/em1:0",
            r#"{"id":0,"act_power":5,"voltage":230,"errors":["out_of_range:act_power"]}"#,
            "shelly_gen2: x 0 voltage_v=230",
        );
        check(
            "x/status/em:0",
            r#"{"a_act_power":5,"a_voltage":230,"a_errors":["out_of_range:act_power"],"b_act_power":6,"errors":[]}"#,
            "shelly_gen2: x l1 voltage_v=230
             shelly_gen2: x l2 power_w=6",
        );
        check("x/status/em1:0", "{", "shelly_gen2: malformed");
        check("x/status/light", "ON", "unknown");
        check("x/status/anything:0", "{}", "unknown");
        check(
            "x/rpc",
            r#"{"id":1,"src":"shellyem-1","result":{"act_power":5}}"#,
            "not a reading",
        );
        check(
            "x/events/rpc",
            r#"{"src":"s","method":"NotifyEvent","params":{}}"#,
            "shelly_gen2: not a reading",
        );
        check(
            "x/events/rpc",
            r#"{"src":"s","method":"NotifyStatus"}"#,
            "shelly_gen2: malformed",
        );
        check("ward/x/online", "false", "shelly_gen2: ward/x is offline");
        check("ward/x/online", "3 users", "unknown");
    }

    #[test]
    fn the_will_is_about_the_notifying_meter_too() {
        let mut decoder = decoder();
        let frame =
            r#"{"src":"shellypro3em-1","method":"NotifyStatus","params":{"em:0":{"total_act_power":5}}}"#;
        check_by(
            &mut decoder,
            "panel/events/rpc",
            frame,
            "shelly_gen2: shellypro3em-1 total power_w=5",
        );
        let offline = decoder.decode(&Message {
            topic: "panel/online",
            payload: b"false",
            is_retained: false,
            qos: 0,
        });
        let meters: Vec<&str> = offline
            .availability
            .iter()
            .map(|word| word.meter.as_str())
            .collect();
        assert_eq!(meters, ["panel", "shellypro3em-1"]);
        assert!(offline.availability.iter().all(|word| !word.is_online));
    }

    #[test]
    fn import_is_without_what_was_returned() {
        let mut decoder = decoder();
        let mut notify = |method: &str, switch: &str, expected: &str| {
            let frame = format!(
                r#"{{"src":"shellyplug-1","method":"{method}","params":{{"ts":1790000000.25,"switch:0":{switch}}}}}"#
            );
            let expected = match expected {
                "" => "shelly_gen2: not a reading".to_owned(),
                values => format!("shelly_gen2: shellyplug-1 0 {values} stamp=2026-09-21T14:13:20.25Z"),
            };
            check_by(&mut decoder, "p/events/rpc", &frame, &expected);
        };
        notify("NotifyStatus", r#"{"aenergy":{"total":10}}"#, "energy_wh=10");
        notify(
            "NotifyFullStatus",
            r#"{"id":0,"aenergy":{"total":100},"ret_aenergy":{"total":40}}"#,
            "energy_wh=60 energy_export_wh=40",
        );
        notify("NotifyStatus", r#"{"id":0,"apower":5}"#, "power_w=5");
        notify(
            "NotifyStatus",
            r#"{"id":0,"aenergy":{"total":110}}"#,
            "energy_wh=70",
        );
        notify(
            "NotifyStatus",
            r#"{"id":0,"ret_aenergy":{"total":45}}"#,
            "energy_export_wh=45",
        );
        notify(
            "NotifyStatus",
            r#"{"id":0,"aenergy":{"total":115},"apower":null}"#,
            "energy_wh=70",
        );
        notify(
            "NotifyStatus",
            r#"{"id":0,"aenergy":{"total":30}}"#,
            "energy_wh=0",
        );
        notify(
            "NotifyStatus",
            r#"{"id":0,"aenergy":{"total":30},"ret_aenergy":null}"#,
            "energy_wh=30",
        );
        notify("NotifyStatus", r#"{"counts":{"on_time":5}}"#, "");
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut decoder = Decoder::new(&DecoderConfig {
            meters_max: 2,
            ..DecoderConfig::default()
        })
        .unwrap();
        for meter in ["a", "b", "c"] {
            let status = r#"{"id":0,"aenergy":{"total":9},"ret_aenergy":{"total":4}}"#;
            let expected = format!("shelly_gen2: {meter} 0 energy_wh=5 energy_export_wh=4");
            check_by(
                &mut decoder,
                &format!("{meter}/status/switch:0"),
                status,
                &expected,
            );
        }
        for (meter, energy_wh) in [("c", 5), ("b", 5), ("a", 9)] {
            let status = r#"{"id":0,"aenergy":{"total":9}}"#;
            let expected = format!("shelly_gen2: {meter} 0 energy_wh={energy_wh}");
            check_by(
                &mut decoder,
                &format!("{meter}/status/switch:0"),
                status,
                &expected,
            );
        }
    }
}
