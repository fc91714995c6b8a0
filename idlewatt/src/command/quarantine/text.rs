//! Messages of the quarantine for people and for scripts. What they hold is not to be trusted: a terminal gets only what can
//! be shown.

use std::fmt::Write as _;
use std::io::{self, Write};

use ingest::quarantine::Quarantined;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::super::status::printable;

/// Characters of a payload that a list shows.
const EXCERPT_CHARS: usize = 60;
/// Bytes in a line of hexadecimal digits.
const HEX_BYTES: usize = 32;

fn local(at: Timestamp, zone: &TimeZone) -> String {
    at.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

fn excerpt(payload: &[u8]) -> String {
    let text = String::from_utf8_lossy(&payload[..payload.len().min(4 * EXCERPT_CHARS)]).into_owned();
    let mut short: String = text.chars().take(EXCERPT_CHARS).collect();
    if short.len() < payload.len() {
        short.push('…');
    }
    printable(&short)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// One message in two lines.
pub(super) fn line(message: &Quarantined, zone: &TimeZone, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "{}:{}  {}  {}  {} bytes  {}\n    {}: {}",
        message.seq,
        message.index,
        local(message.received, zone),
        printable(&message.broker),
        message.payload.len(),
        printable(&message.topic),
        printable(&message.reason),
        excerpt(&message.payload)
    )
}

/// One message whole.
pub(super) fn whole(message: &Quarantined, zone: &TimeZone, out: &mut dyn Write) -> io::Result<()> {
    let family = message.family.as_deref().unwrap_or("-");
    for (name, value) in [
        ("number", format!("{}:{}", message.seq, message.index)),
        ("received", format!("{} ({})", local(message.received, zone), message.received)),
        ("broker", message.broker.clone()),
        ("topic", message.topic.clone()),
        ("qos", message.qos.to_string()),
        ("retained", message.is_retained.to_string()),
        ("family", family.to_owned()),
        ("reason", message.reason.clone()),
        ("cut", message.is_cut.to_string()),
        ("bytes", message.payload.len().to_string()),
    ] {
        writeln!(out, "{name:<9} {}", printable(&value))?;
    }
    match std::str::from_utf8(&message.payload) {
        Ok(text) => writeln!(out, "\n{}", text.lines().map(printable).collect::<Vec<_>>().join("\n")),
        Err(_) => {
            writeln!(out, "\nno text; in hexadecimal digits:")?;
            message.payload.chunks(HEX_BYTES).try_for_each(|some| writeln!(out, "{}", hex(some)))
        }
    }
}

/// One message for a script; `idlewatt decode` takes topic and payload as they stand here.
pub(super) fn json(message: &Quarantined) -> Value {
    let (payload, encoding) = match std::str::from_utf8(&message.payload) {
        Ok(text) => (text.to_owned(), None),
        Err(_) => (hex(&message.payload), Some("hex")),
    };
    let mut value = json!({
        "number": format!("{}:{}", message.seq, message.index),
        "received": message.received.to_string(),
        "broker": message.broker,
        "topic": message.topic,
        "qos": message.qos,
        "retained": message.is_retained,
        "family": message.family,
        "reason": message.reason,
        "cut": message.is_cut,
        "bytes": message.payload.len(),
        "payload": payload,
    });
    if let Some(encoding) = encoding {
        value["payload_encoding"] = encoding.into();
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(payload: &[u8]) -> Quarantined {
        Quarantined {
            seq: 7,
            index: 1,
            received: "2026-11-27T12:00:00Z".parse().expect("an instant"),
            topic: "ward\u{1b}[31m/a".to_owned(),
            payload: payload.to_owned(),
            qos: 1,
            is_retained: false,
            family: None,
            reason: "no number".to_owned(),
            broker: "main".to_owned(),
            is_cut: false,
        }
    }

    #[test]
    fn a_list_shows_local_time_and_nothing_that_moves_a_terminal() {
        let zone = TimeZone::get("Europe/Paris").expect("it is bundled");
        let mut out = Vec::new();
        line(&message(&[b'x'; 100]), &zone, &mut out).expect("memory grows");
        let text = String::from_utf8(out).expect("text");
        assert!(text.starts_with("7:1  2026-11-27 13:00:00  main  100 bytes  ward\u{fffd}[31m/a\n"), "{text}");
        assert!(text.ends_with("x…\n"), "{text}");
    }

    #[test]
    fn what_is_no_text_is_shown_in_digits() {
        assert_eq!(json(&message(&[0xff, 0x00]))["payload"], "ff00");
        assert_eq!(json(&message(&[0xff, 0x00]))["payload_encoding"], "hex");
        assert_eq!(json(&message(b"1")).get("payload_encoding"), None);
    }
}
