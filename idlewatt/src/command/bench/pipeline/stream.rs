//! What the bench's meters say: messages in the shapes of three common families, made of a number.
//!
//! Message `n` is of meter `n % meters`. Its power walks a little around idle, and for some readings of each hundred it
//! is that of a scan; its register grows. The same number gives the same message.

use std::fmt::Write as _;

use jiff::{SignedDuration, Timestamp};

use super::super::dice::Dice;

/// How a meter speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// Tasmota's SENSOR message and a Shelly Gen2 status by turns, without a stamp that names its zone.
    Live,
    /// zigbee2mqtt with `last_seen`: a back-log of it can be put where it belongs.
    Stamped,
}

/// A stream of messages.
#[derive(Clone, Debug)]
pub(super) struct Stream {
    pub(super) shape: Shape,
    pub(super) meters: usize,
    /// The instant of message 0 and the time to the next, for stamps.
    pub(super) begins: Timestamp,
    pub(super) step: SignedDuration,
}

/// A message to be published.
#[derive(Clone, Debug, Default)]
pub(super) struct Message {
    pub(super) topic: String,
    pub(super) payload: String,
}

/// The topics of all shapes.
pub(super) const FILTERS: [&str; 3] = ["tele/+/SENSOR", "+/status/switch:0", "zigbee2mqtt/+"];

/// The meter that only says that it has come so far.
pub(super) const PROBE: &str = "probe";

/// The name of a meter; its device has the same.
pub(super) fn meter(number: usize) -> String {
    format!("m{number:06}")
}

impl Stream {
    /// When message `n` was measured.
    pub(super) fn instant(&self, n: usize) -> Timestamp {
        self.begins + self.step * i32::try_from(n).unwrap_or(i32::MAX)
    }

    /// Message `n`.
    #[expect(clippy::cast_precision_loss, reason = "a bench has less than 2^52 messages")]
    pub(super) fn message(&self, n: usize) -> Message {
        let (number, turn) = (n % self.meters, n / self.meters);
        let mut dice = Dice::of(7, n as u64);
        let is_scan = (turn + number) % 100 >= 95;
        let power_w = if is_scan {
            dice.between(52_000.0, 61_000.0)
        } else {
            dice.between(2_850.0, 2_950.0)
        };
        let energy_kwh = 400.0 + number as f64 + turn as f64 * 0.001;
        let name = meter(number);
        match self.shape {
            Shape::Stamped => zigbee2mqtt(&name, power_w, energy_kwh, self.instant(n)),
            Shape::Live if number.is_multiple_of(2) => tasmota(&name, power_w, energy_kwh),
            Shape::Live => shelly(&name, power_w, energy_kwh),
        }
    }
}

/// Tasmota, as the probe too speaks.
pub(super) fn tasmota(meter: &str, power_w: f64, energy_kwh: f64) -> Message {
    let mut message = Message::default();
    let _ = write!(message.topic, "tele/{meter}/SENSOR");
    let _ = write!(
        message.payload,
        "{{\"Time\":\"2026-11-27T12:00:05\",\"ENERGY\":{{\"TotalStartTime\":\"2025-01-01T00:00:00\",\"Total\":{energy_kwh:.3},\
         \"Yesterday\":41.113,\"Today\":20.874,\"Power\":{power_w:.3},\"ApparentPower\":{:.0},\"ReactivePower\":{:.0},\
         \"Factor\":0.91,\"Voltage\":231,\"Current\":{:.3}}}}}",
        power_w / 0.91,
        power_w * 0.45,
        power_w / 231.0,
    );
    message
}

fn shelly(meter: &str, power_w: f64, energy_kwh: f64) -> Message {
    let mut message = Message::default();
    let _ = write!(message.topic, "{meter}/status/switch:0");
    let _ = write!(
        message.payload,
        "{{\"id\":0,\"source\":\"init\",\"output\":true,\"apower\":{power_w:.1},\"voltage\":231.4,\"freq\":50.0,\
         \"current\":{:.3},\"aenergy\":{{\"total\":{:.3},\"by_minute\":[0.000,0.000,0.000],\"minute_ts\":1795780800}},\
         \"temperature\":{{\"tC\":41.2,\"tF\":106.1}}}}",
        power_w / 231.4,
        energy_kwh * 1000.0,
    );
    message
}

fn zigbee2mqtt(meter: &str, power_w: f64, energy_kwh: f64, at: Timestamp) -> Message {
    let mut message = Message::default();
    let _ = write!(message.topic, "zigbee2mqtt/{meter}");
    let _ = write!(
        message.payload,
        "{{\"current\":{:.2},\"energy\":{energy_kwh:.3},\"last_seen\":\"{at:.3}\",\"linkquality\":138,\"power\":{power_w:.1},\
         \"state\":\"ON\",\"voltage\":231}}",
        power_w / 231.0,
    );
    message
}

#[cfg(test)]
mod tests {
    use ingest::decode::{Decoder, DecoderConfig, Message as Heard};

    use super::*;

    #[test]
    fn every_message_is_one_meters_power_and_register() {
        let mut decoder = Decoder::new(&DecoderConfig::default()).unwrap();
        for shape in [Shape::Live, Shape::Stamped] {
            let stream = Stream {
                shape,
                meters: 3,
                begins: "2026-11-27T06:00:00Z".parse().unwrap(),
                step: SignedDuration::from_secs(1),
            };
            for n in 0..12 {
                let Message { topic, payload } = stream.message(n);
                let decoded = decoder.decode(&Heard {
                    topic: &topic,
                    payload: payload.as_bytes(),
                    is_retained: false,
                    qos: 1,
                });
                let [reading] = &*decoded.readings else {
                    panic!("{topic} {payload}: {decoded:?}");
                };
                assert_eq!(*reading.meter, meter(n % 3));
                assert!(
                    reading.power_w.is_some() && reading.energy_wh.is_some(),
                    "{reading:?}"
                );
                assert_eq!(
                    reading.stamp,
                    (shape == Shape::Stamped).then(|| stream.instant(n))
                );
            }
        }
    }
}
