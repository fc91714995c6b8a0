//! What holds for any bytes on any topic, swept over all families: random bytes, and mutations of our own messages.
//!
//! `IDLEWATT_LAW_MESSAGES=20000000 cargo test --release -p ingest laws -- --nocapture` runs the long sweep; its seed
//! is fixed, so that what it finds can be found again.

use proptest::prelude::*;
use serde_json::json;

use super::lines::decode_line;
use super::{Decoder, DecoderConfig, FAMILIES, Message};

const SEED: u64 = 0x1d1e_3a77;
/// Messages for the mappers of [`decoder`].
const MAPPED: [(&str, &[u8]); 3] = [
    ("plant/ct1/l2/P", b"1.5kW"),
    (
        "gw/any/thing",
        br#"{"id":"m","port":3,"t":1790000000,"p":"140.25W","e":5}"#,
    ),
    (
        "list/any",
        br#"{"id":"m","all":[{"p":5,"port":1},{"p":-1,"id":"n","t":1790000000},{"p":7,"port":1}]}"#,
    ),
];

/// The samples of every family, and the mappers'.
fn samples() -> Vec<(&'static str, &'static [u8])> {
    let of_families = FAMILIES.iter().flat_map(|family| family.samples);
    of_families.copied().chain(MAPPED).collect()
}

fn decoder() -> Decoder {
    let config = json!({"meters_max": 8, "zone_of_local_stamps": "Europe/Berlin", "meters_of_devices": ["m"], "mapper": [
        {"name": "bare", "topic": "plant/{meter}/{channel}/{field}",
            "field": [{"field": "P", "quantity": "power", "unit": "kW", "sign": -1}]},
        {"name": "json", "topic": "gw/#", "meter_pointer": "/id", "channel_pointer": "/port",
            "time": {"pointer": "/t", "unit": "unix_s"},
            "field": [{"pointer": "/p", "quantity": "power", "unit": "W"}, {"pointer": "/e", "quantity": "energy", "unit": "Ws"}]},
        {"name": "list", "topic": "list/#", "items_pointer": "/all", "meter_pointer": "/id", "channel_pointer": "/port",
            "time": {"pointer": "/t", "unit": "unix_s"}, "field": [{"pointer": "/p", "quantity": "power", "unit": "W", "no_value": [-1.0]}]},
    ]});
    let config: DecoderConfig = serde_json::from_value(config).unwrap();
    Decoder::new(&config).unwrap()
}

#[track_caller]
fn hold(decoder: &mut Decoder, topic: &str, payload: &[u8]) {
    let decoded = decoder.decode(&Message {
        topic,
        payload,
        is_retained: false,
        qos: 1,
    });
    let context = || format!("{topic} {:?} {decoded:?}", String::from_utf8_lossy(payload));
    assert_eq!(
        decoded.reason.is_some(),
        decoded.readings.is_empty(),
        "{}",
        context()
    );
    assert!(
        decoded
            .reason
            .as_ref()
            .is_none_or(|reason| !reason.text.is_empty()),
        "{}",
        context()
    );
    for (at, reading) in decoded.readings.iter().enumerate() {
        assert!(reading.has_value() && !reading.meter.is_empty(), "{}", context());
        let values = [
            reading.power_w,
            reading.current_a,
            reading.voltage_v,
            reading.energy_wh,
            reading.energy_export_wh,
        ];
        assert!(
            values.iter().flatten().all(|value| value.is_finite()),
            "{}",
            context()
        );
        let counters = [reading.energy_wh, reading.energy_export_wh];
        assert!(
            counters.iter().flatten().all(|counter| *counter >= 0.0),
            "{}",
            context()
        );
        let is_same = |other: &analyzer::Reading| {
            (&other.meter, &other.channel, other.stamp) == (&reading.meter, &reading.channel, reading.stamp)
        };
        assert!(
            !decoded.readings[..at].iter().any(is_same),
            "one reading a channel and instant: {}",
            context()
        );
    }
}

/// A small generator of our own: twenty million messages must not wait for it.
struct Dice(u64);

impl Dice {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % end.max(1)
    }

    fn mutate(&mut self, bytes: &mut Vec<u8>) {
        const WORDS: [&str; 14] = [
            "null",
            "nan",
            "-",
            "1e308",
            "-1",
            "\"",
            "{",
            "}",
            "[",
            "]",
            ":",
            "/",
            "9999999999999999999",
            "\u{e9}",
        ];
        for _ in 0..=self.below(3) {
            let at = self.below(bytes.len() + 1);
            match self.below(5) {
                0 if at < bytes.len() => bytes[at] = u8::try_from(self.below(256)).unwrap(),
                1 => bytes.truncate(at),
                2 if at < bytes.len() => drop(bytes.remove(at)),
                3 => {
                    let from = self.below(at + 1);
                    let piece = bytes[from..at].to_vec();
                    bytes.splice(at..at, piece);
                }
                _ => {
                    let word = WORDS[self.below(WORDS.len())].bytes();
                    let end = (at + self.below(4)).min(bytes.len());
                    bytes.splice(at..end, word);
                }
            }
        }
    }
}

#[test]
fn laws_hold_for_mutated_messages() {
    let wanted = std::env::var("IDLEWATT_LAW_MESSAGES")
        .ok()
        .and_then(|count| count.parse().ok());
    let (mut dice, mut decoder, samples) = (Dice(SEED), decoder(), samples());
    for number in 0..wanted.unwrap_or(200_000_u64) {
        // Topics and payloads of different families meet as well.
        let pick = dice.below(samples.len());
        let other = if dice.below(4) == 0 {
            dice.below(samples.len())
        } else {
            pick
        };
        let mut topic = samples[pick].0.as_bytes().to_vec();
        let mut payload = samples[other].1.to_vec();
        if dice.below(3) == 0 {
            dice.mutate(&mut topic);
        }
        if dice.below(8) > 0 {
            dice.mutate(&mut payload);
        }
        let topic = String::from_utf8_lossy(&topic);
        hold(&mut decoder, &topic, &payload);
        if number % 64 == 0 {
            decode_line(&mut decoder, &String::from_utf8_lossy(&payload));
        }
    }
}

proptest! {
    #[test]
    fn laws_hold_for_any_bytes(
        prefix in "[a-z/]{0,6}",
        pick in 0..samples().len(),
        topic in any::<String>(),
        payload in proptest::collection::vec(any::<u8>(), 0..200),
    ) {
        let (mut decoder, (known_topic, known_payload)) = (decoder(), samples()[pick]);
        hold(&mut decoder, &topic, &payload);
        hold(&mut decoder, known_topic, &payload);
        hold(&mut decoder, &format!("{prefix}/{known_topic}"), known_payload);
        hold(&mut decoder, &topic, known_payload);
    }

    /// A number of any size at every place of every message.
    #[test]
    fn laws_hold_for_any_number(number in any::<f64>()) {
        let mut decoder = decoder();
        for (topic, payload) in samples() {
            for digit in ["1", "5"] {
                let payload = String::from_utf8_lossy(payload).replace(digit, &number.to_string());
                hold(&mut decoder, topic, payload.as_bytes());
            }
        }
    }
}
