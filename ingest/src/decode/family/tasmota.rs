//! Tasmota: `tele/<topic>/SENSOR`, `stat/<topic>/STATUS8|10` and their kin, in every order of FullTopic; the old
//! `tele/<topic>/ENERGY`; clamps (CTEnergy), Teleinfo and SML scripts in the same topics.
//!
//! Documented at <https://tasmota.github.io/docs/MQTT/>; the groups' fields stand in `energy.rs` and `sml.rs`. `Time`
//! is local unless SetOption52 is on, a number or beside an `Epoch` by the command Time; a message that states no
//! meter's value is no reading, and no error.
//!
//! Limits: what was told once of a meter (that its power is apparent) is remembered for
//! [`DecoderConfig::meters_max`] meters.

mod energy;
mod sml;

use analyzer::{FaultKind, Notice};
use jiff::Timestamp;

use super::super::collect::Channels;
use super::super::json::Value;
use super::super::naming::Namings;
use super::super::recent::Recent;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome, is_online};

const NO_VALUE: &str = "Tasmota: the message carries no meter's values";
/// More loads than any Tasmota device meters (eight since version 14), more groups than any script has.
const LOADS_MAX: usize = 16;

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "tasmota",
    title: "Tasmota",
    begin,
    reads: "tele/<topic>/SENSOR, stat/<topic>/STATUS0, STATUS8 and STATUS10 and the ENERGY topic of 2017, in any order of \
            FullTopic: power, import and export register, voltage, current of the ENERGY group. One load has no channel; \
            three values of a kind are l1 to l3, any other number are outlets 1, 2, …; what there is once for all of them \
            is total. Clamps (ANALOG.CTEnergy) as ct1, ct2, …; the Teleinfo fork's METER; SML scripts with the names of the \
            documented examples, or with names explained by a [[naming]] (family tasmota; name is the key, profile the \
            group). LWT as availability.",
    leaves_out: &[
        "Today, Yesterday, Period and the tariffs: they are not registers of the load",
        "apparent and reactive power, power factor, frequency, neutral current",
        "the export hidden in a net per-phase Total below zero: a register is never negative",
        "which loads are phases and which are outlets: Tasmota does not say; configure the channels of the device",
        "Time without a zone, unless zone_of_local_stamps is configured",
        "raw Teleinfo frames (TIC): apparent power and registers by tariff",
        "SML scripts whose names nobody explained, that state kW instead of W, or Wh under OBIS names such as 1_8_0: \
         map them with a [[naming]]",
        "Zigbee devices behind a Tasmota coordinator (ZbReceived)",
        "STATE, RESULT, MARGINS, WARNING, INFO and discovery: no measured values",
    ],
    evidence: Evidence::Messages,
    samples: &[
        (
            "tele/plug-7/SENSOR",
            br#"{"Time":"2026-03-02T08:00:05","ENERGY":{"Total":[1.5,2.5,-0.1],"ExportActive":[0,0,0.5],"Power":[10,-20,null],
            "Voltage":230,"Current":[0.1,0.2,0.3]},"ANALOG":{"CTEnergy1":{"Energy":0.5,"Power":460}}}"#,
        ),
        (
            "a/b/plug-8/tele/SENSOR",
            br#"{"Time":"2026-03-02T08:00:05+01:00","ENERGY":{"Total":{"Phase1":1},"Power":nan,"Voltage":1}}"#,
        ),
        (
            "stat/m/STATUS10",
            br#"{"StatusSNS":{"":{"Total_in":12.5,"Total_out":0.5,"Power_curr":-80,"Power_L1":5}}}"#,
        ),
        (
            "tele/m/SENSOR",
            br#"{"DZ4":{"Energy":12.5,"en_out":0.5,"Power":-80,"36.7.0":7,"Volt_p1":230,"Amp_p2":1},"E2":{"P_in":5}}"#,
        ),
        (
            "tele/m/SENSOR",
            br#"{"METER":{"PH":3,"P":900,"W":700,"I":4,"W1":300,"U1":230,"I1":2,"W2":400},"Epoch":1772434805}"#,
        ),
        (
            "tele/m/SENSOR",
            br#"{"Time":1772434805123,"ENERGY":{"Total":5.5,"Power":1840,"Current":8},"TIC":{"PAPP":1840}}"#,
        ),
        (
            "tele/m/ENERGY",
            br#"{"Time":"2017-01-01T01:00:00","Total":0.25,"Power":7,"Voltage":229}"#,
        ),
        (
            "ward/m/STATUS8",
            br#"{"StatusSNS":{"ENERGY":{"Power":[1,2],"Total":3}}}"#,
        ),
        ("tasmota/discovery/00AA11BB22CC/sensors", br#"{"sn":{"ENERGY":{"Power":1}}}"#),
        ("tele/m/LWT", b"Online"),
    ],
};

fn begin(config: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Tasmota {
        scripts: sml::Scripts::of(
            Namings::of(&config.namings).unwrap_or_default(),
            config.meters_max,
        ),
        told: Recent::of(config.meters_max),
    })
}

struct Tasmota {
    scripts: sml::Scripts,
    /// The meters of which it was told that their power is not measured as such.
    told: Recent<()>,
}

impl Family for Tasmota {
    fn decode(&mut self, input: &Input<'_>) -> Option<Outcome> {
        let what = input.level(0);
        if matches!(what, "config" | "sensors")
            && input.level(2) == "discovery"
            && input.level(3) == "tasmota"
        {
            return Some(Outcome::silent(
                "Tasmota discovery: describes the device, its values are old",
            ));
        }
        let is_ours = what.starts_with(|first: char| first.is_ascii_uppercase())
            && what
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        if !is_ours {
            return None;
        }
        let prefix = input.position(|level| matches!(level, "tele" | "stat"));
        let meter = match prefix {
            Some(1) => input.level(2),
            Some(2..) => input.level(1),
            // A prefix of the user's own, or none, shows only in what the message carries.
            _ => return self.without_prefix(what, input),
        };
        if meter.is_empty() {
            return None;
        }
        let is_old = what
            .strip_prefix("ENERGY")
            .is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
        match what {
            "LWT" if input.level(1) == "tele" || input.level(2) == "tele" => {
                Some(match is_online(input.text()) {
                    Some(is_online) => Outcome::availability(meter, is_online),
                    None => Outcome::malformed("Tasmota LWT: neither Online nor Offline"),
                })
            }
            "SENSOR" | "STATUS0" | "STATUS8" | "STATUS10" => Some(self.sensors(meter, input)),
            _ if is_old => Some(self.sensors(meter, input)),
            _ => Some(Outcome::silent(
                "Tasmota: a state, a reply or an alarm, not a reading",
            )),
        }
    }

    fn forgotten(&self) -> u64 {
        self.told.forgotten() + self.scripts.forgotten()
    }
}

impl Tasmota {
    fn without_prefix(&mut self, what: &str, input: &Input<'_>) -> Option<Outcome> {
        // The words that people put in the place of `tele` and `stat`, behind the topic.
        let meter = match input.level(1) {
            "telemetry" | "status" | "state" | "sensor" => input.level(2),
            level => level,
        };
        let wrapper = match what {
            "SENSOR" => "ENERGY",
            "STATUS8" | "STATUS10" => "StatusSNS",
            _ => return None,
        };
        let is_so = !meter.is_empty()
            && input.is_object()
            && input
                .json()
                .is_ok_and(|root| root.get(wrapper).is_some_and(Value::is_object));
        is_so.then(|| self.sensors(meter, input))
    }

    fn sensors(&mut self, meter: &str, input: &Input<'_>) -> Outcome {
        let root = match input.json() {
            Ok(root) => root,
            Err(fault) => return Outcome::malformed(format!("Tasmota {}: {fault}", input.level(0))),
        };
        // Some drivers log the key in capitals.
        let status = root
            .entries()
            .find(|(key, _)| key.eq_ignore_ascii_case("StatusSNS"));
        let root = status.map_or(root, |(_, status)| status);
        let mut channels = Channels::of(meter);
        let mut has_energy = false;
        if input.level(0).starts_with("ENERGY") {
            energy::group(&mut channels, root);
        }
        if let Some(group) = root.get("ENERGY").filter(|group| group.is_object()) {
            energy::group(&mut channels, group);
            has_energy = true;
        }
        if let Some(group) = root.get("METER").filter(|_| !has_energy) {
            energy::teleinfo(&mut channels, group);
            has_energy = true;
        }
        let has_clamp = energy::clamps(&mut channels, root);
        self.scripts.take(&mut channels, meter, root, has_energy);
        let outcome = Outcome::readings(channels.stamped(stamp(root, input)), NO_VALUE);
        let is_apparent = has_clamp || root.pointer("/TIC/PAPP").is_some_and(|_| has_energy);
        if is_apparent && !self.told.holds(meter) {
            self.told.put(meter, ());
            return outcome.noting([apparent(meter, has_clamp)]);
        }
        outcome
    }
}

fn apparent(meter: &str, has_clamp: bool) -> Notice {
    let (kind, detail) = if has_clamp {
        (
            FaultKind::EstimatedPower,
            "CTEnergy: the power is the current times a configured voltage (VA)",
        )
    } else {
        (
            FaultKind::UnitAssumed,
            "Teleinfo: Power repeats PAPP, which is apparent power (VA); it is taken as W",
        )
    };
    Notice {
        meter: meter.to_owned(),
        kind,
        detail: detail.to_owned(),
    }
}

/// The groups that are known not to be an SML script's.
fn is_own_group(name: &str) -> bool {
    matches!(
        name,
        "ENERGY" | "METER" | "CONTRACT" | "ANALOG" | "TIC" | "ZbReceived" | "ESP32" | "COUNTER"
    )
}

fn stamp(root: Value<'_>, input: &Input<'_>) -> Option<Timestamp> {
    let epoch = root.get("Epoch").filter(|epoch| epoch.number().is_some());
    epoch
        .or_else(|| root.get("Time"))
        .and_then(|time| input.zone().stamp(time))
}

#[cfg(test)]
mod tests {
    use super::super::super::check::{check, check_by, decoder};

    const ONE: &str = r#"{"Time":"2026-03-02T08:00:05","ENERGY":{"TotalStartTime":"2025-01-01T00:00:00","Total":12.5,"Yesterday":1.1,
        "Today":0.2,"Period":3,"Power":-41,"ApparentPower":60,"Factor":0.7,"Voltage":231,"Current":0.26}}"#;

    #[test]
    fn the_meter_is_found_in_every_order_of_the_topic() {
        let expected = "tasmota: ups - power_w=-41 energy_wh=12500 voltage_v=231 current_a=0.26";
        for topic in [
            "tele/ups/SENSOR",
            "ups/tele/SENSOR",
            "a/b/ups/tele/SENSOR",
            "tele/a/ups/SENSOR",
            "ward/ups/SENSOR",
            "ups/telemetry/SENSOR",
            "a/ups/sensor/SENSOR",
        ] {
            check(topic, ONE, expected);
        }
        let status = format!(r#"{{"StatusSNS":{ONE}}}"#);
        for topic in [
            "stat/ups/STATUS8",
            "ups/stat/STATUS10",
            "ward/ups/STATUS8",
            "x/ups/status/STATUS10",
            "stat/ups/STATUS0",
        ] {
            check(topic, &status, expected);
        }
        check("ups/STATUS8", ONE, "unknown");
        check(
            "tele/ups/ENERGY",
            r#"{"Time":"2017-01-01T01:00:00","Total":0.25,"Power":7,"Voltage":229}"#,
            "tasmota: ups - power_w=7 energy_wh=250 voltage_v=229",
        );
    }

    #[test]
    fn a_stamp_is_taken_where_it_names_its_zone() {
        for (time, stamp) in [
            (r#""Time":"2026-03-02T08:00:05+01:00""#, "2026-03-02T07:00:05Z"),
            (
                r#""Time":"2026-03-02T08:00:05","Epoch":1772434805"#,
                "2026-03-02T07:00:05Z",
            ),
            (r#""Time":1772434805"#, "2026-03-02T07:00:05Z"),
            (r#""Time":1772434805250"#, "2026-03-02T07:00:05.25Z"),
        ] {
            check(
                "tele/ups/SENSOR",
                &format!(r#"{{{time},"ENERGY":{{"Total":1,"Power":nan}}}}"#),
                &format!("tasmota: ups - energy_wh=1000 stamp={stamp}"),
            );
        }
        for time in [
            "2026-03-02T08:00:05",
            "1970-01-01T00:00:10",
            "1970-01-01T00:00:10+01:00",
            "2018.02.04 23:17:01",
        ] {
            check(
                "tele/ups/SENSOR",
                &format!(r#"{{"Time":"{time}","ENERGY":{{"Power":4}}}}"#),
                "tasmota: ups - power_w=4",
            );
        }
    }

    #[test]
    fn apparent_power_is_said_once() {
        let mut decoder = decoder();
        let frame =
            r#"{"ENERGY":{"Total":5.5,"Power":1840,"Current":8},"TIC":{"PAPP":1840,"IINST":8,"HCHC":1200}}"#;
        let reading = "tasmota: home - power_w=1840 energy_wh=5500 current_a=8";
        let noted = format!("{reading}\ntasmota: home notes unit_assumed");
        check_by(&mut decoder, "tele/home/SENSOR", frame, &noted);
        check_by(&mut decoder, "tele/home/SENSOR", frame, reading);
        check(
            "tele/m/SENSOR",
            r#"{"ANALOG":{"A0":5,"CTEnergy2":{"Energy":0.5,"Power":460,"Voltage":230,"Current":2}}}"#,
            "tasmota: m ct2 power_w=460 energy_wh=500 voltage_v=230 current_a=2
             tasmota: m notes estimated_power",
        );
    }

    #[test]
    fn what_is_not_a_reading() {
        check("tele/m/LWT", "Online", "tasmota: m is online");
        check("x/m/tele/LWT", "Offline", "tasmota: m is offline");
        check("tele/m/LWT", "?", "tasmota: malformed");
        check("tele/m/SENSOR", r#""Time":"x"}"#, "tasmota: malformed");
        for (topic, payload) in [
            ("stat/m/LWT", "word"),
            ("tele/m/STATE", r#"{"POWER":"ON","Power":5}"#),
            ("stat/m/RESULT", r#"{"EnergyTotal":{"Total":1}}"#),
            ("tele/m/MARGINS", r#"{"PowerLow":100,"PowerDelta":50}"#),
            ("stat/m/STATUS", r#"{"Status":{"Power":1}}"#),
            ("stat/m/POWER1", "ON"),
            ("tele/m/POWER_LOW", "ON"),
            (
                "tele/m/SENSOR",
                r#"{"ZbReceived":{"0x1":{"Power":1,"Dimmer":20}}}"#,
            ),
            ("tele/m/SENSOR", r#"{"TIC":{"PAPP":160}}"#),
            ("tele/m/SENSOR", r#"{"SI7021":{"Temperature":nan},"Power":5}"#),
            (
                "tele/m/SENSOR",
                r#"{"ENERGY":{"TotalTariff":[1.5,2.5],"ApparentPower":[5,6,7]}}"#,
            ),
            ("tele/m/SENSOR", r#"{"COUNTER":{"C1":12,"Total":5,"Power":1}}"#),
            (
                "tasmota/discovery/00AA/sensors",
                r#"{"sn":{"ENERGY":{"Power":1}}}"#,
            ),
        ] {
            check(topic, payload, "tasmota: not a reading");
        }
        check(
            "tasmota/discovery/00AA/config",
            r#"{"t":"m"}"#,
            "tasmota: not a reading",
        );
        check("stat/m/POWER", "", "not a reading");
        check("cmnd/m/EnergyTotal", "0", "not a reading");
        for topic in ["other/SENSOR", "tele/SENSOR", "x/sensors"] {
            check(topic, r#"{"temperature":5}"#, "unknown");
        }
    }
}
