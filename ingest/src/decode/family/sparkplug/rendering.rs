//! JSON renderings of the protobuf: of protobuf libraries (`isNull`, `longValue`, 64-bit numbers as texts), of Tahu and
//! Node-RED (`dataType` as a word, `value`), of Ignition's modules (the same below `payload`, properties as an object).
//!
//! Shapes: <https://docs.chariot.io> (JSON payloads of the MQTT modules), protobuf's JSON mapping
//! <https://protobuf.dev/programming-guides/json/>, the package `sparkplug-payload` of Tahu.

use super::super::super::json::Value;
use super::payload::{METRICS_MAX, Metric, Payload, Property, Raw, TOO_MANY, datatype_of_word, stamp_of_ms};

/// Names of the kinds of value; `value` is last, for one library writes the kind's name there.
const VALUES: [&str; 11] = [
    "intValue",
    "int_value",
    "longValue",
    "long_value",
    "floatValue",
    "float_value",
    "doubleValue",
    "double_value",
    "stringValue",
    "string_value",
    "value",
];

/// Reads a rendering.
///
/// # Errors
/// What is wrong with it, for a person.
pub(super) fn read(root: Value<'_>) -> Result<Payload, String> {
    let root = root
        .get("payload")
        .filter(|inner| inner.is_object())
        .unwrap_or(root);
    let metrics = root.get("metrics");
    if metrics.is_some_and(|metrics| !metrics.is_list() && !metrics.is_null()) {
        return Err("JSON whose \"metrics\" is not a list".to_owned());
    }
    if metrics.is_some_and(|metrics| metrics.items().nth(METRICS_MAX).is_some()) {
        return Err(TOO_MANY.to_owned());
    }
    Ok(Payload {
        stamp: root.get("timestamp").and_then(whole).and_then(stamp_of_ms),
        seq: root.get("seq").and_then(whole),
        metrics: metrics.into_iter().flat_map(Value::items).map(metric).collect(),
    })
}

fn metric(object: Value<'_>) -> Metric {
    let is = |keys: [&str; 2]| {
        let mut values = keys.iter().filter_map(|key| object.get(key));
        values.next().and_then(Value::boolean).unwrap_or_default()
    };
    let name = object.get("name").and_then(Value::text);
    Metric {
        name: name.filter(|name| !name.is_empty()).map(str::to_owned),
        alias: object.get("alias").and_then(whole),
        stamp: object.get("timestamp").and_then(whole).and_then(stamp_of_ms),
        datatype: datatype(object),
        is_historical: is(["isHistorical", "is_historical"]),
        is_without_value: is(["isNull", "is_null"]) || is(["isTransient", "is_transient"]),
        property: property(object),
        raw: raw(object),
    }
}

fn datatype(object: Value<'_>) -> u32 {
    let keys = ["datatype", "dataType", "type"];
    match keys.iter().find_map(|key| object.get(key)) {
        Some(value) => match (value.number(), value.text()) {
            (Some(_), _) => whole(value)
                .and_then(|number| u32::try_from(number).ok())
                .unwrap_or_default(),
            (None, Some(word)) => datatype_of_word(word),
            (None, None) => 0,
        },
        None => 0,
    }
}

fn raw(object: Value<'_>) -> Raw {
    let Some(value) = VALUES.iter().find_map(|key| object.get(key)) else {
        return Raw::Nothing;
    };
    match (whole(value), value.number(), value.text()) {
        (Some(number), ..) => Raw::Whole(number),
        (None, Some(number), _) => Raw::Float(number),
        (None, None, Some(text)) => Raw::Text(text.to_owned()),
        (None, None, None) => Raw::Nothing,
    }
}

/// A whole number from 0 on, also as a text, or as the halves that JavaScript's protobuf has for 64 bits.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "checked to be whole and in range"
)]
fn whole(value: Value<'_>) -> Option<u64> {
    const END: f64 = 18_446_744_073_709_551_616.0;
    let of_number = |number: f64| {
        let is_whole = number.fract() == 0.0 && (0.0..END).contains(&number);
        is_whole.then_some(number as u64)
    };
    if let Some(text) = value.text() {
        return text.trim().parse().ok();
    }
    if let Some(number) = value.number() {
        return of_number(number);
    }
    let half = |key| {
        let number = value.get(key)?.number()?;
        let number = if number < 0.0 {
            number + 4_294_967_296.0
        } else {
            number
        };
        of_number(number).filter(|half| *half <= u64::from(u32::MAX))
    };
    Some(half("high")? << 32 | half("low")?)
}

fn property(object: Value<'_>) -> Property {
    let mut property = Property::default();
    let Some(properties) = object.get("properties") else {
        return property;
    };
    let mut take = |key: &str, value: Value<'_>| {
        let value = if value.is_object() {
            VALUES.iter().find_map(|key| value.get(key))
        } else {
            Some(value)
        };
        let text = value.and_then(Value::text).map(str::to_owned);
        // A negative code is bad whatever its width.
        let code = value.and_then(|value| {
            whole(value).or_else(|| value.number().filter(|code| *code < 0.0).map(|_| 1 << 31))
        });
        property.take(key.as_bytes(), text, code);
    };
    for key in Property::KEYS {
        if let Some(value) = properties.get(key) {
            take(key, value);
        }
    }
    if let (Some(keys), Some(values)) = (properties.get("keys"), properties.get("values")) {
        for (key, value) in keys.items().zip(values.items()) {
            if let Some(key) = key.text().filter(|key| Property::KEYS.contains(key)) {
                take(key, value);
            }
        }
    }
    property
}
