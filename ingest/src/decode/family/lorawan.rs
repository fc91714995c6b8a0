//! LoRaWAN uplinks, with the object that the device profile's codec made of the frame: ChirpStack v4 and v3
//! (`application/<id>/device/<devEui>/event/up`), The Things Stack v3 (`v3/<app>[@<tenant>]/devices/<id>/up`) and v2
//! (`<app>/devices/<id>/up`).
//!
//! Documented at <https://www.chirpstack.io/docs/chirpstack/integrations/events.html> and
//! <https://www.thethingsindustries.com/docs/integrations/data-formats/>. What a field means depends on the codec: a
//! `[[naming]]` with profile (the device profile's name, or The Things Stack's model) takes over the whole object; else
//! the known codecs ([`codec`]), else a unit in the field's name. A raw frame without an object is not decoded: give the profile its
//! codec. The same bytes mean different amperes in different versions of a codec, and the object does not say which.
//!
//! The stamp is the network's; a device's own clock is not used, except for readings that it kept back.
//! A frame that comes again within ten minutes (same counter, session, bytes and values) says nothing new. A sensor that
//! says it could not read is a notice, once for each change.
//!
//! Limits: [`DecoderConfig::meters_max`] devices are remembered; [`HISTORY_MAX`] kept-back readings a frame are read.

mod codec;
mod envelope;

use std::hash::{DefaultHasher, Hash, Hasher};

use analyzer::{FaultKind, Notice, Reading};
use jiff::Timestamp;

use self::codec::Multipliers;
use self::envelope::Uplink;
use super::super::collect::{Batch, Channels};
use super::super::json::Value;
use super::super::naming::free::{FreeNames, Unexplained};
use super::super::recent::Recent;
use super::super::stamp;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Fields, Input, Outcome, take};

const NAME: &str = "lorawan";
const NO_OBJECT: &str = "LoRaWAN: a raw frame; give the device profile its codec in the network server, then the uplink holds an object";
const NO_METER: &str = "LoRaWAN: no power, register, voltage or current in this frame";
const UNKNOWN_OBJECT: &str = "LoRaWAN: no field of a known meter codec; if it is a meter, explain its fields with [[naming]] family = \"lorawan\"";
const FAILED: &str = "LoRaWAN: the sensor says that it could not be read: no value";
const REPEATED: &str = "LoRaWAN: a frame that has come before";
const HISTORY_MAX: usize = 512;
/// Networks deliver a frame again within the device's retries, never so late.
const REPEATED_AFTER_S_MAX: i64 = 600;

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: NAME,
    title: "LoRaWAN meters by ChirpStack and The Things Stack",
    begin,
    reads: "uplinks with a codec's object: Milesight CT (current of each clamp), Milesight WS plugs (power, register, \
            voltage, current), Yobiiq EM (phases and total; registers as the sum of the tariffs), Netvox R718N (current \
            times multiplier), any field that [[naming]] explains by device profile or whose name carries a unit; \
            kept-back readings as historical",
    leaves_out: &[
        "raw frames without an object: give the device profile its codec",
        "power of clamps that state a current only: [[clamp]] estimates it",
        "ampere-hours (total_current), and kilowatt-hours that a clamp works out from a typed voltage (ch1_sumkwh)",
        "fields without a unit of other codecs (Adeunis, nke, Elvaco, Eastron, …): [[naming]]",
        "which version of its codec made an object: [[naming]] with scale where a profile has an old one",
        "joins, acknowledgements, logs, battery and signal",
    ],
    evidence: Evidence::Fixtures,
    samples: &[
        (
            "application/app/device/24e1/event/up",
            br#"{"time":"2026-05-01T08:00:00.5+00:00","deviceInfo":{"devEui":"24e1","deviceProfileName":"p"},"devAddr":"1","fCnt":7,"object":{"activePowerL1":-5,"current_chn1":5,
            "activeEnergyImportL123T1":10,"activeEnergyImportL123T2":5,"current":1}}"#,
        ),
        (
            "v3/meters@tenant/devices/ct-7/up",
            br#"{"end_device_ids":{"dev_eui":"24E1"},"uplink_message":{"f_cnt":3,"decoded_payload":{"active_power":2,"voltage":230,"current":9,"power_consumption":5}}}"#,
        ),
        (
            "meters/devices/ct-8/up",
            br#"{"hardware_serial":"24E2","counter":5,"metadata":{"time":"2026-05-01T08:00:00Z"},"payload_fields":{"Current1":1500,"Multiplier1":10,"Current2":5}}"#,
        ),
        (
            "application/app/device/24e3/event/up",
            br#"{"object":{"current_chn1_alarm":"read failed","history":[{"timestamp":1790000000,"current_chn2":5}],"energy_kwh":5,"power":2}}"#,
        ),
    ],
};

fn begin(config: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Lorawan {
        names: FreeNames::of(NAME, config),
        devices: Recent::of(config.meters_max),
    })
}

struct Lorawan {
    names: FreeNames,
    devices: Recent<Device>,
}

/// What is remembered of a device.
#[derive(Debug, Default)]
struct Device {
    frame: Option<Frame>,
    /// Whether the last frame said that a sensor could not be read.
    has_failed: bool,
    multipliers: Multipliers,
}

/// The last frame of a device.
#[derive(Clone, Copy, Debug)]
struct Frame {
    /// Counter, session, bytes and values as one number.
    digest: u64,
    received_at: Option<Timestamp>,
}

impl Family for Lorawan {
    fn decode(&mut self, input: &Input<'_>) -> Option<Outcome> {
        let network = envelope::network(input)?;
        if !matches!(input.level(0), "up" | "rx") {
            return Some(Outcome::silent("LoRaWAN: not an uplink"));
        }
        let root = match input.json() {
            Ok(root) => root,
            Err(fault) => return Some(Outcome::malformed(format!("LoRaWAN uplink: {fault}"))),
        };
        let uplink = envelope::uplink(input, network, root);
        Some(match uplink.object {
            Some(object) => self.uplink(&uplink, object),
            None => Outcome::unmapped(NO_OBJECT),
        })
    }

    fn forgotten(&self) -> u64 {
        self.names.forgotten() + self.devices.forgotten()
    }
}

impl Lorawan {
    fn uplink(&mut self, uplink: &Uplink<'_>, object: Value<'_>) -> Outcome {
        let mut device = self.devices.forget(uplink.meter).unwrap_or_default();
        let mut unexplained = Unexplained::default();
        let mut readings = self.readings(uplink, object, &mut device, &mut unexplained);
        for reading in &mut readings {
            reading.stamp = uplink.received_at;
        }
        let frame = uplink.counter.map(|counter| Frame {
            digest: digest(uplink, counter, &readings),
            received_at: uplink.received_at,
        });
        let is_repeated = is_repeated(frame, device.frame);
        readings.extend(self.history(uplink, object, &mut device));
        let failure = codec::failure(object).map(str::to_owned);
        let is_news = failure.is_some() && !device.has_failed;
        device.has_failed = failure.is_some();
        device.frame = frame;
        self.devices.put(uplink.meter, device);
        if is_repeated {
            return Outcome::silent(REPEATED);
        }
        let is_known = failure.is_some() || codec::is_known(object);
        let else_reason = if failure.is_some() { FAILED } else { NO_METER };
        let notices = failure.filter(|_| is_news).map(|detail| Notice {
            meter: uplink.meter.to_owned(),
            kind: FaultKind::MeterError,
            detail,
        });
        let outcome = if readings.is_empty() && !is_known && unexplained.is_empty() {
            Outcome::unmapped(UNKNOWN_OBJECT)
        } else {
            self.names.outcome(readings, unexplained, else_reason)
        };
        outcome.noting(notices)
    }

    /// What the object states, without a stamp: what is configured, else what the codec means, else what the fields'
    /// names say.
    fn readings(
        &mut self,
        uplink: &Uplink<'_>,
        object: Value<'_>,
        device: &mut Device,
        unexplained: &mut Unexplained,
    ) -> Vec<Reading> {
        let mut channels = Channels::of(uplink.meter);
        let profile = uplink.profile;
        let is_configured = |(name, _)| self.names.is_configured(uplink.meter, profile, name);
        let is_explained = object.entries().any(is_configured);
        if !is_explained && codec::take_all(&mut channels, object, &mut device.multipliers) {
            return channels.stamped(None);
        }
        for (name, value) in object.entries() {
            let place = (profile, None);
            self.names
                .take(&mut channels, place, (name, None), value.number(), unexplained);
        }
        channels.stamped(None)
    }

    /// Readings that the device kept back while it had no network: each with its own clock's stamp.
    fn history(&mut self, uplink: &Uplink<'_>, object: Value<'_>, device: &mut Device) -> Vec<Reading> {
        let mut batch = Batch::default();
        let kept = object.get("history").into_iter().flat_map(Value::items);
        for entry in kept.take(HISTORY_MAX) {
            let stamp = entry.get("timestamp").and_then(Value::number);
            let stamp = stamp.and_then(stamp::of_unix);
            let is_before = uplink
                .received_at
                .is_none_or(|received_at| stamp < Some(received_at));
            if stamp.is_none() || !is_before {
                continue;
            }
            let readings = self.readings(uplink, entry, device, &mut Unexplained::default());
            batch.add(readings.into_iter().map(|reading| Reading {
                stamp,
                is_historical: true,
                ..reading
            }));
        }
        batch.readings()
    }
}

/// Whether a frame is the one before once more. One that looks the same much later is a new one of a device that does
/// not count.
fn is_repeated(frame: Option<Frame>, before: Option<Frame>) -> bool {
    let (Some(frame), Some(before)) = (frame, before) else {
        return false;
    };
    let apart_s = frame
        .received_at
        .zip(before.received_at)
        .map_or(0, |(received_at, before)| {
            (received_at.as_second() - before.as_second()).abs()
        });
    frame.digest == before.digest && apart_s <= REPEATED_AFTER_S_MAX
}

/// Counter, session, bytes and values of a frame as one number.
fn digest(uplink: &Uplink<'_>, counter: f64, readings: &[Reading]) -> u64 {
    let mut hasher = DefaultHasher::new();
    (counter.to_bits(), uplink.session, uplink.bytes).hash(&mut hasher);
    for reading in readings {
        reading.channel.hash(&mut hasher);
        for value in [
            reading.power_w,
            reading.energy_wh,
            reading.energy_export_wh,
            reading.voltage_v,
            reading.current_a,
        ] {
            value.map(f64::to_bits).hash(&mut hasher);
        }
    }
    hasher.finish()
}

#[cfg(test)]
mod tests;
