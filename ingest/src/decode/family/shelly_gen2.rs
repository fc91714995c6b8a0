//! Shelly Gen2, Gen3 and Gen4: `<prefix>/status/<component>:<n>` with a whole component, `<prefix>/events/rpc` with
//! NotifyStatus (what changed) or NotifyFullStatus (all), `<prefix>/online`.
//!
//! Documented at <https://shelly-api-docs.shelly.cloud/gen2/General/Notifications> and `…/ComponentsAndServices/Mqtt`;
//! the components in `component.rs`, what they say of their own faults in `fault.rs`. The meter is the prefix in a status
//! topic, the factory id (`src`) in a notification: the two are different meters of one load, so feed a device from one
//! of them. Values are taken as stated and nothing is filled up: a notification of a counter of switching cycles is no
//! reading, and a key that is null or missing is no value.
//!
//! Limits: at most [`DecoderConfig::meters_max`] prefixes, returned registers and faulty components are remembered.

mod component;
mod fault;

use analyzer::Availability;
use jiff::Timestamp;

use super::super::collect::Channels;
use super::super::json::Value;
use super::super::recent::Recent;
use super::super::stamp;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome, is_online};
use component::{Component, Shape};

const NO_VALUE: &str = "Shelly: states no power, energy, voltage or current";

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "shelly_gen2",
    title: "Shelly Gen2, Gen3, Gen4",
    begin,
    reads: "<prefix>/status/<component>:<n> and NotifyStatus or NotifyFullStatus on <prefix>/events/rpc: power, import and \
            export register, voltage, current of switch, pm1 and em1 (the channel is the number), cover, light, rgb, rgbw, \
            rgbcct, cct (the channel is cover:0, light:0, …), em and emdata (l1 to l3 and total). The meter is the prefix of \
            a status topic and the factory id of a notification. The import register of a load that also returns energy is \
            aenergy less ret_aenergy. <prefix>/online as availability; errors and flags of a component as findings.",
    leaves_out: &[
        "apparent power, power factor, frequency, neutral current, temperatures",
        "by_minute, counts, on-times and the stored records of EMData and EM1Data",
        "a value that the device's own errors call false: power of a clamp whose type is not set, a value out of range",
        "virtual components (number:200, …) and BLU sensors: their names and units are the user's",
        "NotifyEvent, replies to remote calls, settings",
        "that a status topic and a notification are one meter: feed a device from one of them",
        "components of the same number after a change of profile: the old channel falls silent",
    ],
    evidence: Evidence::Messages,
    samples: &[
        (
            "b2/shellypro3em-00aa11bb22cc/status/em:0",
            br#"{"id":0,"a_act_power":1200.5,"a_voltage":231,"a_current":5.3,"b_act_power":-4,"c_act_power":null,
            "total_current":5.6,"total_act_power":1196.5,"a_errors":["out_of_range:voltage"],"errors":["phase_sequence"]}"#,
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
            "em1:2":{"act_power":7,"errors":[],"flags":["count_disabled"]},"cover:0":{"apower":1},"em1data:0":{"total_act_energy":1}}}"#,
        ),
        (
            "ct/events/rpc",
            br#"{"src":"shellyplug-1","method":"NotifyFullStatus","params":{"ts":1790000000.25,"switch:0":{"id":0,"errors":["overpower"],
            "ret_aenergy":null,"aenergy":{"total":110}},"light:0":{"apower":3},"sys":{"mac":"00AA11BB22CC"}}}"#,
        ),
        ("ct/online", b"false"),
    ],
};

fn begin(config: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Shelly {
        components: component::Memory::of(config.meters_max),
        sources: Recent::of(config.meters_max),
    })
}

struct Shelly {
    components: component::Memory,
    /// The factory id that notifies under a prefix: the will knows the prefix alone.
    sources: Recent<String>,
}

impl Family for Shelly {
    fn decode(&mut self, input: &Input<'_>) -> Option<Outcome> {
        match (input.level(1), input.level(0)) {
            ("status", component) => self.status(input, component),
            ("events", "rpc") => Some(self.notification(input)),
            (_, "online") => self.online(meter_of(input, 1)?, is_online(input.text())?),
            _ => None,
        }
    }

    fn forgotten(&self) -> u64 {
        self.components.forgotten() + self.sources.forgotten()
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

    fn status(&mut self, input: &Input<'_>, name: &str) -> Option<Outcome> {
        let component = Component::of(name)?;
        let meter = meter_of(input, 2)?;
        if !input.is_object() {
            // `<…>/status/light` with `ON` is anybody's.
            return name
                .contains(':')
                .then(|| Outcome::malformed("Shelly status: the payload should be a JSON object"));
        }
        if component.shape == Shape::Other {
            return Some(Outcome::silent(NO_VALUE));
        }
        let status = match input.json() {
            Ok(status) => status,
            Err(fault) => return Some(Outcome::malformed(format!("Shelly status of {name}: {fault}"))),
        };
        let mut channels = Channels::of(meter);
        let mut notices = Vec::new();
        self.components
            .take(&mut channels, &mut notices, (meter, component, true), status);
        Some(Outcome::readings(channels.stamped(None), NO_VALUE).noting(notices))
    }

    fn notification(&mut self, input: &Input<'_>) -> Outcome {
        let frame = match input.json() {
            Ok(frame) => frame,
            Err(fault) => return Outcome::malformed(format!("Shelly notification: {fault}")),
        };
        let is_whole = match frame.get("method").and_then(Value::text) {
            Some("NotifyStatus") => false,
            Some("NotifyFullStatus") => true,
            _ => return Outcome::silent("Shelly: an event, not a status"),
        };
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
        let mut notices = Vec::new();
        for (name, status) in params.entries().filter(|(_, status)| status.is_object()) {
            if let Some(component) = Component::of(name) {
                self.components
                    .take(&mut channels, &mut notices, (meter, component, is_whole), status);
            }
        }
        Outcome::readings(channels.stamped(sent_at(params)), NO_VALUE).noting(notices)
    }
}

/// `params.ts`: unix seconds, UTC.
fn sent_at(params: Value<'_>) -> Option<Timestamp> {
    stamp::of_unix_seconds(params.get("ts")?.number()?)
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
            "shelly_gen2: radiology/ct l1 energy_wh=10 energy_export_wh=1
             shelly_gen2: radiology/ct l2 energy_wh=20
             shelly_gen2: radiology/ct total energy_wh=30 energy_export_wh=1",
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
            "x/status/em1:0",
            r#"{"id":"1","act_power":4}"#,
            "shelly_gen2: x 1 power_w=4",
        );
        check(
            "x/status/light:0",
            r#"{"id":2,"apower":4}"#,
            "shelly_gen2: x light:2 power_w=4",
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
            "shelly_gen2: x notes meter_error
             shelly_gen2: not a reading",
        );
        check(
            "x/status/em1:0",
            r#"{"id":0,"act_power":5,"voltage":230,"errors":["out_of_range:act_power"]}"#,
            "shelly_gen2: x 0 voltage_v=230
             shelly_gen2: x notes meter_error",
        );
        check(
            "x/status/em:0",
            r#"{"a_act_power":5,"a_voltage":230,"a_errors":["out_of_range:act_power"],"b_act_power":6,"errors":[]}"#,
            "shelly_gen2: x l1 voltage_v=230
             shelly_gen2: x l2 power_w=6
             shelly_gen2: x notes meter_error",
        );
        check(
            "x/status/em1:0",
            r#"{"act_power":5,"current":1,"errors":["ct_type_not_set"]}"#,
            "shelly_gen2: x notes meter_error
             shelly_gen2: not a reading",
        );
        for component in ["bthomesensor:200", "number:201", "wifi", "zigbee"] {
            check(
                &format!("x/status/{component}"),
                r#"{"id":200,"value":5,"apower":1}"#,
                "shelly_gen2: not a reading",
            );
        }
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
    fn a_whole_status_without_a_returned_register_has_none() {
        let mut decoder = decoder();
        for (status, expected) in [
            (
                r#"{"id":0,"aenergy":{"total":9},"ret_aenergy":{"total":4}}"#,
                "energy_wh=5 energy_export_wh=4",
            ),
            (
                r#"{"id":0,"aenergy":{"total":9.5},"ret_aenergy":{"total":null}}"#,
                "energy_wh=5.5",
            ),
            (r#"{"id":0,"aenergy":{"total":10}}"#, "energy_wh=10"),
        ] {
            check_by(
                &mut decoder,
                "x/status/pm1:0",
                status,
                &format!("shelly_gen2: x 0 {expected}"),
            );
        }
    }

    #[test]
    fn faults_are_told_when_they_change() {
        let mut decoder = decoder();
        let mut send = |topic: &str, payload: &str, expected: &str| {
            check_by(&mut decoder, topic, payload, expected);
        };
        let ok = "shelly_gen2: x 0 voltage_v=230";
        let faulty =
            r#"{"id":0,"act_power":5,"voltage":230,"errors":["ct_type_not_set"],"flags":["count_disabled"]}"#;
        let noted = "shelly_gen2: x notes meter_error";
        send("x/status/em1:0", faulty, &format!("{ok}\n{noted}\n{noted}"));
        send("x/status/em1:0", faulty, ok);
        send("x/status/em1:0", r#"{"id":0,"voltage":230}"#, ok);
        send(
            "x/status/em1:0",
            r#"{"id":0,"voltage":230,"flags":["count_disabled"]}"#,
            &format!("{ok}\n{noted}"),
        );
        let mut notify = |component: &str, expected: &str| {
            let frame = format!(r#"{{"src":"y","method":"NotifyStatus","params":{{{component}}}}}"#);
            send("y/events/rpc", &frame, expected);
        };
        let (power, noted) = (
            "shelly_gen2: y total power_w=5",
            "shelly_gen2: y notes meter_error",
        );
        notify(
            r#""em:0":{"total_act_power":5,"errors":["phase_sequence"]}"#,
            &format!("{power}\n{noted}"),
        );
        notify(r#""em:0":{"total_act_power":5}"#, power);
        notify(
            r#""em:0":{"total_act_power":5,"errors":["phase_sequence"]}"#,
            power,
        );
        notify(r#""em:0":{"errors":null}"#, "shelly_gen2: not a reading");
        notify(
            r#""em:0":{"errors":["phase_sequence"]}"#,
            &format!("{noted}\nshelly_gen2: not a reading"),
        );
        notify(
            r#""switch:0":{"id":0,"output":false,"errors":["overpower","overtemp"]}"#,
            &format!("{noted}\nshelly_gen2: not a reading"),
        );
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut decoder = Decoder::new(&DecoderConfig {
            meters_max: 2,
            ..DecoderConfig::default()
        })
        .unwrap();
        let mut notify = |meter: &str, registers: &str, expected: &str| {
            let frame =
                format!(r#"{{"src":"{meter}","method":"NotifyStatus","params":{{"switch:0":{registers}}}}}"#);
            let topic = format!("{meter}/events/rpc");
            check_by(
                &mut decoder,
                &topic,
                &frame,
                &format!("shelly_gen2: {meter} 0 {expected}"),
            );
        };
        for meter in ["a", "b", "c"] {
            notify(
                meter,
                r#"{"aenergy":{"total":9},"ret_aenergy":{"total":4}}"#,
                "energy_wh=5 energy_export_wh=4",
            );
        }
        for (meter, energy_wh) in [("c", 5), ("b", 5), ("a", 9)] {
            notify(
                meter,
                r#"{"aenergy":{"total":9}}"#,
                &format!("energy_wh={energy_wh}"),
            );
        }
        assert_eq!(decoder.forgotten(), 1);
    }
}
