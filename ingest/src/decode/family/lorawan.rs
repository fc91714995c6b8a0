//! LoRaWAN uplinks: ChirpStack v4 (`application/<id>/device/<devEui>/event/up`) and The Things Stack v3
//! (`v3/<app>/devices/<id>/up`), with the object that the device profile's codec made of the frame.
//!
//! Documented at <https://www.chirpstack.io/docs/chirpstack/integrations/events.html> and
//! <https://www.thethingsindustries.com/docs/integrations/data-formats/>. A raw frame without an object is not
//! decoded: give the profile its codec. What a field means depends on the codec; known are Milesight CT (current only,
//! A), Milesight WS52x plugs (current in mA), Yobiiq EM meters (current in mA, energy by tariff in Wh). Other objects
//! are for a mapper.

use jiff::Timestamp;

use super::super::collect::{Channels, Quantity};
use super::super::json::Value;
use super::super::stamp;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Fields, Input, Outcome, Stateless, take};

const NO_OBJECT: &str = "LoRaWAN: a raw frame; give the device profile its codec in the network server";
const UNKNOWN_OBJECT: &str =
    "LoRaWAN: no field of a known meter codec; describe the object with a [[mapper]] if it is a meter";
/// Milesight WS52x.
const PLUG: Fields<'_> = &[
    ("active_power", Quantity::Power, 1.0),
    ("power_consumption", Quantity::Energy, 1.0),
    ("voltage", Quantity::Voltage, 1.0),
    ("current", Quantity::Current, 0.001),
];
/// Yobiiq's names, without the phase.
const YOBIIQ: [(&str, Quantity, f64); 3] = [
    ("activePower", Quantity::Power, 1.0),
    ("voltage", Quantity::Voltage, 1.0),
    ("current", Quantity::Current, 0.001),
];
const PHASES: [(&str, &str); 7] = [
    ("L123", "total"),
    ("L1", "l1"),
    ("L2", "l2"),
    ("L3", "l3"),
    ("L1N", "l1"),
    ("L2N", "l2"),
    ("L3N", "l3"),
];

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: "lorawan",
    title: "LoRaWAN meters by ChirpStack and The Things Stack",
    begin,
    reads: "TODO",
    leaves_out: &[],
    evidence: Evidence::Messages,
    samples: &[
        (
        "application/app/device/24e1/event/up",
        br#"{"time":"2026-05-01T08:00:00.5+00:00","deviceInfo":{"devEui":"24e1"},"object":{"activePowerL1":-5,"current_chn1":5,
            "activeEnergyImportL123T1":10,"activeEnergyImportL123T2":5,"current":1}}"#,
    ),
        (
        "v3/meters@tenant/devices/ct-7/up",
        br#"{"end_device_ids":{"dev_eui":"24E1"},"uplink_message":{"decoded_payload":{"active_power":2,"power_consumption":5}}}"#,
    ),
    ],
};

fn begin(_: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Stateless(decode))
}

fn decode(input: &Input<'_>) -> Option<Outcome> {
    let is_chirpstack = input.level(1) == "event" && input.level(3) == "device";
    let is_things = input.level(2) == "devices" && input.position(|level| level == "v3").is_some();
    if !(is_chirpstack || is_things) {
        return None;
    }
    if input.level(0) != "up" {
        return Some(Outcome::silent("LoRaWAN: not an uplink"));
    }
    Some(match input.json() {
        Ok(root) => uplink(input, root, is_chirpstack),
        Err(fault) => Outcome::malformed(format!("LoRaWAN uplink: {fault}")),
    })
}

fn uplink(input: &Input<'_>, root: Value<'_>, is_chirpstack: bool) -> Outcome {
    let (meter, object, received_at) = if is_chirpstack {
        ("/deviceInfo/devEui", "/object", "/time")
    } else {
        (
            "/end_device_ids/dev_eui",
            "/uplink_message/decoded_payload",
            "/received_at",
        )
    };
    let named = root.pointer(meter).and_then(Value::text);
    let from_topic = if is_chirpstack {
        input.level(2)
    } else {
        input.level(1)
    };
    let Some(object) = root.pointer(object).filter(|object| object.is_object()) else {
        return Outcome::unmapped(NO_OBJECT);
    };
    let mut channels = Channels::of(named.unwrap_or(from_topic));
    if object.get("active_power").is_some() || object.get("power_consumption").is_some() {
        take(&mut channels, None, object, PLUG);
    } else if object
        .entries()
        .any(|(key, _)| yobiiq(key).is_some() || key.starts_with("activeEnergy"))
    {
        phases(&mut channels, object);
    } else {
        clamps(&mut channels, object);
    }
    let stamp: Option<Timestamp> = root
        .pointer(received_at)
        .and_then(Value::text)
        .and_then(stamp::of_rfc3339);
    let readings = channels.stamped(stamp);
    if readings.is_empty() {
        Outcome::unmapped(UNKNOWN_OBJECT)
    } else {
        Outcome::readings(readings, UNKNOWN_OBJECT)
    }
}

/// Milesight CT: `current`, or `current_chn<n>`; `total_current` is ampere-hours.
fn clamps(channels: &mut Channels<'_>, object: Value<'_>) {
    for (key, value) in object.entries() {
        let channel = match key {
            "current" => None,
            _ => match key
                .strip_prefix("current_")
                .filter(|channel| is_numbered(channel))
            {
                Some(channel) => Some(channel),
                None => continue,
            },
        };
        channels.set(channel, Quantity::Current, value.number());
    }
}

fn is_numbered(channel: &str) -> bool {
    channel
        .strip_prefix("chn")
        .is_some_and(|number| number.parse::<u8>().is_ok())
}

fn phases(channels: &mut Channels<'_>, object: Value<'_>) {
    for (key, value) in object.entries() {
        if let Some((quantity, factor, channel)) = yobiiq(key) {
            channels.set(
                Some(channel),
                quantity,
                value.number().map(|value| value * factor),
            );
        }
    }
    // A register by tariff is one register: both or none.
    for (name, quantity) in [
        ("activeEnergyImport", Quantity::Energy),
        ("activeEnergyExport", Quantity::EnergyExport),
    ] {
        for (phase, channel) in PHASES {
            let tariff = |number| {
                object
                    .get(&format!("{name}{phase}{number}"))
                    .and_then(Value::number)
            };
            let both_wh = tariff("T1")
                .zip(tariff("T2"))
                .map(|(first_wh, second_wh)| first_wh + second_wh);
            channels.set(Some(channel), quantity, both_wh);
        }
    }
}

fn yobiiq(key: &str) -> Option<(Quantity, f64, &'static str)> {
    YOBIIQ.iter().find_map(|(name, quantity, factor)| {
        let phase = key.strip_prefix(name)?;
        let (_, channel) = PHASES.iter().find(|(suffix, _)| *suffix == phase)?;
        Some((*quantity, *factor, *channel))
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::check::check;

    const TOPIC: &str = "application/app/device/24e1/event/up";

    fn chirpstack(object: &str) -> String {
        format!(
            r#"{{"time":"2026-05-01T08:00:00.5+00:00","deviceInfo":{{"devEui":"24e1"}},"object":{object}}}"#
        )
    }

    #[test]
    fn codecs() {
        let stamp = "stamp=2026-05-01T08:00:00.5Z";
        let check = |object: &str, expected: &str| check(TOPIC, &chirpstack(object), expected);
        check(
            r#"{"current":12.5,"total_current":9}"#,
            &format!("lorawan: 24e1 - current_a=12.5 {stamp}"),
        );
        check(
            r#"{"current_chn2":3,"current_chn2_max":9}"#,
            &format!("lorawan: 24e1 chn2 current_a=3 {stamp}"),
        );
        check(
            r#"{"active_power":40,"power_consumption":900,"voltage":231,"current":180,"power_factor":90}"#,
            &format!("lorawan: 24e1 - power_w=40 energy_wh=900 voltage_v=231 current_a=0.18 {stamp}"),
        );
        check(
            r#"{"activePowerL1":-5,"activePowerL123":7,"voltageL2N":230,"currentL2":1500,"reactivePowerL1":3,
                "activeEnergyImportL123T1":10,"activeEnergyImportL123T2":5,"activeEnergyImportL1T1":4}"#,
            &format!(
                "lorawan: 24e1 l1 power_w=-5 {stamp}\nlorawan: 24e1 total power_w=7 energy_wh=15 {stamp}
                 lorawan: 24e1 l2 voltage_v=230 current_a=1.5 {stamp}"
            ),
        );
        check(r#"{"current_chn1_alarm":"read failed"}"#, "unknown");
    }

    #[test]
    fn the_things_stack() {
        let topic = "v3/meters@tenant/devices/ct-7/up";
        check(
            topic,
            r#"{"end_device_ids":{"dev_eui":"24E1"},"received_at":"2026-05-01T08:00:00.25Z","uplink_message":{"decoded_payload":{"current":2}}}"#,
            "lorawan: 24E1 - current_a=2 stamp=2026-05-01T08:00:00.25Z",
        );
        check(topic, r#"{"uplink_message":{"frm_payload":"BJg="}}"#, "unknown");
        check(
            "v3/meters@tenant/devices/ct-7/join",
            "{}",
            "lorawan: not a reading",
        );
        check(TOPIC, "{", "lorawan: malformed");
    }
}
