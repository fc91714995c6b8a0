//! Messages as JSON lines in, what they say as JSON lines out: `idlewatt decode`.
//!
//! In: `{"topic", "payload", "payload_encoding": "hex", "retained", "qos", "at"}`, all but the first two optional;
//! other keys are ignored. A payload that is not a text is taken as the JSON it is.
//!
//! Out: `{"family", "readings": [{"meter", "channel", "power_w", "energy_wh", "energy_export_wh", "voltage_v",
//! "current_a", "ts"}], "reason"}`. Values that the message does not state are absent, `channel` is null for a meter
//! of one load, `reason` is there exactly where `readings` is empty. `"estimated": true` marks a power that was worked
//! out from a current, `"historical": true` a back-filled value. Scripts rely on this: it only grows.

use analyzer::Reading;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Decoded, Decoder, Message};

#[derive(Deserialize)]
struct LineIn {
    topic: String,
    payload: serde_json::Value,
    payload_encoding: Option<String>,
    retained: Option<bool>,
    qos: Option<u8>,
    at: Option<serde_json::Value>,
}

/// A message as a line has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its topic.
    pub topic: String,
    /// Its payload, any bytes.
    pub payload: Vec<u8>,
    /// Whether it came from the broker's retained store.
    pub is_retained: bool,
    /// Its quality of service.
    pub qos: u8,
    /// When it came, where the line says so: unix seconds or RFC 3339.
    pub at: Option<Timestamp>,
}

#[derive(Serialize)]
struct LineOut<'a> {
    family: Option<&'static str>,
    readings: Vec<ReadingOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

#[derive(Serialize)]
struct ReadingOut<'a> {
    meter: &'a str,
    channel: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    power_w: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    energy_wh: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    energy_export_wh: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    voltage_v: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    current_a: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ts: Option<String>,
    #[serde(skip_serializing_if = "is_false")]
    estimated: bool,
    #[serde(skip_serializing_if = "is_false")]
    historical: bool,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_false(is: &bool) -> bool {
    !is
}

/// Reads one line.
///
/// # Errors
/// What is wrong with it, for a person.
pub fn read(line: &str) -> Result<Line, String> {
    let line: LineIn = serde_json::from_str(line).map_err(|fault| {
        format!("the line itself is not {{\"topic\": \"…\", \"payload\": \"…\"}} as JSON: {fault}")
    })?;
    Ok(Line {
        payload: payload(&line)?,
        topic: line.topic,
        is_retained: line.retained.unwrap_or_default(),
        qos: line.qos.unwrap_or_default(),
        at: line.at.as_ref().and_then(instant),
    })
}

/// Decodes one line; what is wrong with a line is said in its answer.
pub fn decode_line(decoder: &mut Decoder, line: &str) -> String {
    match read(line) {
        Err(reason) => written(&LineOut {
            family: None,
            readings: Vec::new(),
            reason: Some(&reason),
        }),
        Ok(line) => encode(&decoder.decode(&line.message())),
    }
}

impl Line {
    /// As the decoder takes it.
    #[must_use]
    pub fn message(&self) -> Message<'_> {
        Message {
            topic: &self.topic,
            payload: &self.payload,
            is_retained: self.is_retained,
            qos: self.qos,
        }
    }
}

/// Unix seconds or RFC 3339.
fn instant(at: &serde_json::Value) -> Option<Timestamp> {
    match at {
        serde_json::Value::String(text) => text.parse().ok(),
        other => {
            let microseconds = (other.as_f64()? * 1e6).round();
            #[expect(clippy::cast_possible_truncation, reason = "jiff refuses what is no time")]
            let microseconds = microseconds as i64;
            Timestamp::from_microsecond(microseconds).ok()
        }
    }
}

/// What a message said, as one line.
#[must_use]
pub fn encode(decoded: &Decoded) -> String {
    written(&LineOut {
        family: decoded.family,
        readings: decoded.readings.iter().map(ReadingOut::of).collect(),
        reason: decoded.reason.as_ref().map(|reason| reason.text.as_ref()),
    })
}

fn written(line: &LineOut<'_>) -> String {
    serde_json::to_string(line).expect("texts and finite numbers can always be written")
}

impl<'a> ReadingOut<'a> {
    fn of(reading: &'a Reading) -> Self {
        Self {
            meter: &reading.meter,
            channel: reading.channel.as_deref(),
            power_w: reading.power_w,
            energy_wh: reading.energy_wh,
            energy_export_wh: reading.energy_export_wh,
            voltage_v: reading.voltage_v,
            current_a: reading.current_a,
            ts: reading.stamp.map(|stamp| stamp.to_string()),
            estimated: reading.is_estimated,
            historical: reading.is_historical,
        }
    }
}

fn payload(line: &LineIn) -> Result<Vec<u8>, String> {
    let text = match &line.payload {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Null => String::new(),
        other => other.to_string(),
    };
    match line.payload_encoding.as_deref() {
        None | Some("" | "utf8" | "utf-8" | "text") => Ok(text.into_bytes()),
        Some("hex") => from_hex(text.trim()).ok_or_else(|| {
            "payload_encoding is \"hex\", but the payload is not pairs of the digits 0-9 and a-f".to_owned()
        }),
        Some(other) => Err(format!(
            "payload_encoding \"{other}\" is not known; leave it out for text, or use \"hex\""
        )),
    }
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| {
        char::from(byte)
            .to_digit(16)
            .and_then(|digit| u8::try_from(digit).ok())
    };
    let (pairs, odd) = text.as_bytes().as_chunks::<2>();
    let bytes = pairs
        .iter()
        .map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?));
    odd.is_empty().then(|| bytes.collect())?
}

#[cfg(test)]
mod tests {
    use super::super::DecoderConfig;
    use super::*;

    #[test]
    fn a_line_may_say_when_it_came() {
        let at = |at: &str| {
            let line = read(&format!(r#"{{"topic":"a","payload":"b","at":{at}}}"#)).unwrap();
            line.at.map(|at| at.as_millisecond())
        };
        assert_eq!(at("1795428000.25"), Some(1_795_428_000_250));
        assert_eq!(at(r#""2026-11-23T10:00:00+01:00""#), Some(1_795_424_400_000));
        for none in ["null", "1e300", r#""yesterday""#, "[]"] {
            assert_eq!(at(none), None, "{none}");
        }
    }

    #[test]
    fn a_line_is_answered_by_a_line() {
        let mut decoder = Decoder::new(&DecoderConfig::default()).unwrap();
        for (line, expected) in [
            (
                r#"{"topic":"shellies/shellyem-AA11BB/emeter/1/power","payload":"-7.5","retained":true}"#,
                r#"{"family":"shelly_gen1","readings":[{"meter":"shellyem-AA11BB","channel":"1","power_w":-7.5}]}"#,
            ),
            (
                r#"{"topic":"shellies/shellyem-AA11BB/emeter/1/power","payload":-7.5,"x":1}"#,
                r#"{"family":"shelly_gen1","readings":[{"meter":"shellyem-AA11BB","channel":"1","power_w":-7.5}]}"#,
            ),
            (
                r#"{"topic":"shellies/shellyem-AA11BB/emeter/1/total","payload":"3132","payload_encoding":"hex"}"#,
                r#"{"family":"shelly_gen1","readings":[{"meter":"shellyem-AA11BB","channel":"1","energy_wh":12.0}]}"#,
            ),
            (
                r#"{"topic":"tele/p/LWT","payload":"Online"}"#,
                r#"{"family":"tasmota","readings":[],"reason":"availability: the meter says that it is online"}"#,
            ),
            (
                r#"{"topic":"a","payload":"1","payload_encoding":"hex"}"#,
                r#"{"family":null,"readings":[],"reason":"payload_encoding is \"hex\", but the payload is not pairs of the digits 0-9 and a-f"}"#,
            ),
        ] {
            assert_eq!(decode_line(&mut decoder, line), expected, "{line}");
        }
        for line in ["", "{", "[]", r#"{"topic":5,"payload":""}"#, r#"{"topic":"a"}"#] {
            let answer = decode_line(&mut decoder, line);
            assert!(
                answer.starts_with(r#"{"family":null,"readings":[],"reason":"the line itself"#),
                "{answer}"
            );
        }
    }
}
