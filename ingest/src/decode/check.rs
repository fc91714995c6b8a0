//! The one check that the families' tests go through: messages in, what they say as plain lines.

use std::fmt::Write as _;

use super::{Decoded, Decoder, DecoderConfig, Message, ReasonKind};

/// What a fresh decoder makes of one message, against lines such as `tasmota: ct1 l1 power_w=5 stamp=…`.
#[track_caller]
pub(crate) fn check(topic: &str, payload: &str, expected: &str) {
    check_by(&mut decoder(), topic, payload, expected);
}

/// The same with a decoder that has seen messages before.
#[track_caller]
pub(crate) fn check_by(decoder: &mut Decoder, topic: &str, payload: &str, expected: &str) {
    check_bytes(decoder, topic, payload.as_bytes(), expected);
}

/// The same with a payload that is not text.
#[track_caller]
pub(crate) fn check_bytes(decoder: &mut Decoder, topic: &str, payload: &[u8], expected: &str) {
    let message = Message {
        topic,
        payload,
        is_retained: false,
        qos: 0,
    };
    let said = said(&decoder.decode(&message));
    let expected: Vec<&str> = expected.lines().map(str::trim).collect();
    assert_eq!(said.lines().collect::<Vec<_>>(), expected, "{topic} {payload:?}");
}

/// A decoder without configuration.
pub(crate) fn decoder() -> Decoder {
    Decoder::new(&DecoderConfig::default()).unwrap()
}

fn said(decoded: &Decoded) -> String {
    let family = decoded
        .family
        .map(|family| format!("{family}: "))
        .unwrap_or_default();
    let mut lines = String::new();
    for reading in &decoded.readings {
        let channel = reading.channel.as_deref().unwrap_or("-");
        write!(lines, "{family}{} {channel}", reading.meter).unwrap();
        for (name, value) in [
            ("power_w", reading.power_w),
            ("energy_wh", reading.energy_wh),
            ("energy_export_wh", reading.energy_export_wh),
            ("voltage_v", reading.voltage_v),
            ("current_a", reading.current_a),
        ] {
            if let Some(value) = value {
                // Nine digits: what multiplying by a power of ten leaves behind is not looked at.
                let value: f64 = format!("{value:.9e}").parse().unwrap();
                write!(lines, " {name}={value}").unwrap();
            }
        }
        if let Some(stamp) = reading.stamp {
            write!(lines, " stamp={stamp}").unwrap();
        }
        for (word, is) in [
            ("estimated", reading.is_estimated),
            ("historical", reading.is_historical),
        ] {
            if is {
                write!(lines, " {word}").unwrap();
            }
        }
        lines.push('\n');
    }
    for said in &decoded.availability {
        let word = if said.is_online { "online" } else { "offline" };
        writeln!(lines, "{family}{} is {word}", said.meter).unwrap();
    }
    for notice in &decoded.notices {
        writeln!(lines, "{family}{} notes {}", notice.meter, notice.kind.name()).unwrap();
    }
    let kind = decoded.reason.as_ref().map(|reason| reason.kind);
    assert_eq!(kind.is_some(), decoded.readings.is_empty());
    match kind {
        Some(ReasonKind::NotAReading) if decoded.availability.is_empty() => lines + &family + "not a reading",
        Some(ReasonKind::UnknownTopic) => lines + "unknown",
        Some(ReasonKind::Malformed) => lines + &family + "malformed",
        _ => lines,
    }
}
