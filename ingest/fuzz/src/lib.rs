//! What every fuzzer does: it takes its input for a stream of messages and lets one family decode them.
//!
//! Messages are separated by [`BETWEEN`]; a message is its topic, a line feed, and the payload. So a fuzzer can put a
//! birth before data, or a partial update behind a whole one.

use ingest::decode::{Decoder, DecoderConfig, Message};

#[doc(hidden)]
pub use libfuzzer_sys;

/// Stands between two messages of an input.
pub const BETWEEN: &[u8] = b"\n\x1e\n";

/// A decoder of one family with a small memory, so that forgetting is tried as well.
#[must_use]
pub fn decoder(family: &str) -> Decoder {
    let config = DecoderConfig {
        meters_max: 8,
        lessons_max: 8,
        ..DecoderConfig::default()
    };
    Decoder::of_family(family, &config)
        .expect("the configuration is right")
        .expect("a family of that name")
}

/// Decodes an input's messages; whatever they are, values are finite and counters not negative.
pub fn hear(decoder: &mut Decoder, input: &[u8]) {
    for (index, piece) in pieces(input).enumerate() {
        let line = piece.iter().position(|byte| *byte == b'\n');
        let (topic, payload) = piece.split_at(line.unwrap_or(piece.len()));
        let topic = String::from_utf8_lossy(topic);
        let decoded = decoder.decode(&Message {
            topic: &topic,
            payload: payload.get(1..).unwrap_or_default(),
            is_retained: index == 0,
            qos: 1,
        });
        assert_eq!(decoded.reason.is_some(), decoded.readings.is_empty());
        for reading in &decoded.readings {
            let values = [reading.power_w, reading.current_a, reading.voltage_v];
            assert!(values.iter().flatten().all(|value| value.is_finite()));
            let counters = [reading.energy_wh, reading.energy_export_wh];
            assert!(counters.iter().flatten().all(|counter| counter.is_finite() && *counter >= 0.0));
        }
    }
}

fn pieces(mut rest: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut is_over = false;
    std::iter::from_fn(move || {
        if is_over {
            return None;
        }
        let at = rest.windows(BETWEEN.len()).position(|window| window == BETWEEN);
        is_over = at.is_none();
        let piece = &rest[..at.unwrap_or(rest.len())];
        rest = at.map_or(&[], |at| &rest[at + BETWEEN.len()..]);
        Some(piece)
    })
}

/// The fuzzer of the family that has the target's name.
#[macro_export]
macro_rules! family {
    () => {
        $crate::libfuzzer_sys::fuzz_target!(|input: &[u8]| {
            $crate::hear(&mut $crate::decoder(env!("CARGO_BIN_NAME")), input);
        });
    };
}
