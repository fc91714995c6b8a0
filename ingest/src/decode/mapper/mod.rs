//! Meters by configuration: whatever publishes plain JSON or bare numbers is described, not programmed.
//!
//! ```toml
//! [[mapper]]
//! name = "gateway of the angio room"
//! topic = "plant/{meter}/{field}"
//! [[mapper.field]]
//! field = "P_total"
//! quantity = "power"
//! unit = "kW"
//! ```
//!
//! The first mapper whose topic matches takes the message; what it does not describe is no reading, so no family is
//! asked. A value is what stands at `pointer` in the JSON, or the payload itself; a unit behind a number (`140.25W`)
//! is believed rather than the configured one. Numbers listed in `no_value` are none, as is every word for it.
//!
//! A message that speaks of several meters or channels has `items_pointer`: the fields' pointers then start at each
//! item of that list, those of meter, channel and time at the item or, where it lacks them, at the whole message. An
//! object is a list as well: its keys name the channels. An item that names no meter is passed over.

mod part;
mod template;

use analyzer::Reading;
use serde::Deserialize;

use self::part::Part;
use self::template::{Captures, Template};
use super::collect::{Batch, Channels, Quantity};
use super::input::Input;
use super::json::Value;
use super::message::Outcome;
use super::naming;
use super::naming::unit::{self, Unit};
use super::number::{self, Bare};
use super::{ConfigError, stamp};

/// How to read one kind of topic.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mapper {
    /// For messages to people.
    pub name: String,
    /// Levels, `+`, a trailing `#`, and `{meter}`, `{channel}`, `{field}`, each a level of its own.
    pub topic: String,
    /// The meter's name where the topic does not hold it.
    pub meter: Option<String>,
    /// JSON pointer to a list of items, or to an object whose keys name the channels: each is read by itself.
    pub items_pointer: Option<String>,
    /// JSON pointer to the meter's name.
    pub meter_pointer: Option<String>,
    /// JSON pointer to the channel's name.
    pub channel_pointer: Option<String>,
    /// Where the message says when it was measured.
    pub time: Option<MapperTime>,
    /// The values.
    #[serde(rename = "field", default)]
    pub fields: Vec<MapperField>,
}

/// One value of a message.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MapperField {
    /// The word at `{field}` for which this holds; needed where the topic has `{field}`.
    pub field: Option<String>,
    /// JSON pointer to the value; without one the payload is the number.
    pub pointer: Option<String>,
    /// What it is.
    pub quantity: Quantity,
    /// W, kW, MW, mW; Wh, kWh, MWh, mWh, Wmin, Ws, J; V, mV; A, mA.
    pub unit: String,
    /// The number is multiplied by this first.
    #[serde(default = "one")]
    pub scale: f64,
    /// −1 where a clamp sits the wrong way round.
    #[serde(default = "plus")]
    pub sign: i8,
    /// The channel's name where neither topic nor payload hold it.
    pub channel: Option<String>,
    /// Numbers, as they are sent, by which the meter says that it has no value: −1, 999, …
    #[serde(default)]
    pub no_value: Vec<f64>,
}

/// Where a message says when it was measured.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MapperTime {
    /// JSON pointer to the stamp.
    pub pointer: String,
    /// How it is written.
    pub unit: TimeUnit,
}

/// How a stamp is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeUnit {
    /// Seconds since 1970.
    UnixS,
    /// Milliseconds since 1970.
    UnixMs,
    /// Microseconds since 1970.
    UnixUs,
    /// Nanoseconds since 1970.
    UnixNs,
    /// Date and time with `Z` or an offset.
    Rfc3339,
    /// Date and time in the configured zone.
    Local,
}

fn one() -> f64 {
    1.0
}

fn plus() -> i8 {
    1
}

/// A number with a unit of its own behind it, in base units; none where either is missing or does not fit.
pub(super) fn with_unit(text: &str, quantity: Quantity) -> Option<f64> {
    let (number, written) = number::with_unit(text)?;
    let unit = unit::find(written, quantity).ok()?;
    Some(number * unit.factor)
}

/// A mapper that has been found right.
#[derive(Debug)]
pub(super) struct CompiledMapper {
    mapper: Mapper,
    template: Template,
    units: Vec<Unit>,
}

impl CompiledMapper {
    /// # Errors
    /// The mapper's first fault.
    pub(super) fn of(mapper: &Mapper) -> Result<Self, ConfigError> {
        let compile = || {
            let template = Template::parse(&mapper.topic)?;
            check_names(mapper, &template)?;
            let units = mapper.fields.iter().enumerate();
            let units = units.map(|(index, field)| {
                check_field(field, &template).map_err(|fault| {
                    let name = field
                        .field
                        .as_deref()
                        .or(field.pointer.as_deref())
                        .unwrap_or_default();
                    format!("field {} ({name}): {fault}", index + 1)
                })
            });
            Ok(Self {
                mapper: mapper.clone(),
                units: units.collect::<Result<_, String>>()?,
                template,
            })
        };
        compile().map_err(|fault| ConfigError::Mapper {
            mapper: mapper.name.clone(),
            fault,
        })
    }

    /// Whether a topic is this mapper's.
    pub(super) fn matches(&self, topic: &str) -> bool {
        self.template.captures(topic).is_some()
    }

    /// What a message says; none where its topic is not this mapper's.
    pub(super) fn decode(&self, input: &Input<'_>) -> Option<Outcome> {
        let captures = self.template.captures(input.topic())?;
        if input.text().is_empty() {
            return Some(Outcome::silent(
                "empty payload: a request or a cleared retained message",
            ));
        }
        let name = &self.mapper.name;
        Some(match self.readings(input, &captures) {
            Ok(readings) if readings.is_empty() => Outcome::silent(format!(
                "mapper \"{name}\": none of its fields has a value in this message"
            )),
            Ok(readings) => Outcome::readings(readings, "the mapper's meter or channel has no usable name"),
            Err(fault) => Outcome::malformed(format!("mapper \"{name}\": {fault}")),
        })
    }

    /// All parts of a message; a fault is one only where no other part has readings.
    fn readings(&self, input: &Input<'_>, captures: &Captures<'_>) -> Result<Vec<Reading>, String> {
        let Some(pointer) = &self.mapper.items_pointer else {
            let part = Part::whole(input);
            let meter = self.meter(&part, captures)?;
            let meter = meter.ok_or("meter_pointer leads to no name")?;
            return self.part(&part, captures, &meter);
        };
        let (mut batch, mut first_fault) = (Batch::default(), None);
        for part in Part::items(input, pointer)? {
            let read = match self.meter(&part, captures) {
                Ok(Some(meter)) => self.part(&part, captures, &meter),
                Ok(None) => continue,
                Err(fault) => Err(fault),
            };
            match read {
                Ok(readings) => batch.add(readings),
                Err(fault) => {
                    first_fault.get_or_insert(fault);
                }
            }
        }
        match (batch.readings(), first_fault) {
            (readings, Some(fault)) if readings.is_empty() => Err(fault),
            (readings, _) => Ok(readings),
        }
    }

    fn meter(&self, part: &Part<'_, '_>, captures: &Captures<'_>) -> Result<Option<String>, String> {
        match (captures.meter, &self.mapper.meter, &self.mapper.meter_pointer) {
            (Some(meter), ..) => Ok(Some(meter.to_owned())),
            (None, Some(meter), _) => Ok(Some(meter.clone())),
            (None, None, Some(pointer)) => named(part, pointer),
            (None, None, None) => Ok(None),
        }
    }

    fn part(
        &self,
        part: &Part<'_, '_>,
        captures: &Captures<'_>,
        meter: &str,
    ) -> Result<Vec<Reading>, String> {
        let channel = match (captures.channel, &self.mapper.channel_pointer) {
            (Some(channel), _) => Some(channel.to_owned()),
            (None, Some(pointer)) => named(part, pointer)?,
            (None, None) => part.key.map(str::to_owned),
        };
        let mut channels = Channels::of(meter);
        for (field, unit) in self.mapper.fields.iter().zip(&self.units) {
            let wanted = field.field.as_deref();
            if wanted.is_some_and(|wanted| captures.field != Some(wanted)) {
                continue;
            }
            let value = value(part, field, unit)?;
            let channel = field.channel.as_deref().or(channel.as_deref());
            channels.set(
                channel,
                field.quantity,
                value.map(|value| value * field.scale * f64::from(field.sign)),
            );
        }
        let stamp = match &self.mapper.time {
            Some(time) => stamp(part, time)?,
            None => None,
        };
        Ok(channels.stamped(stamp))
    }
}

/// A field's value in base units, before scale and sign.
fn value(part: &Part<'_, '_>, field: &MapperField, unit: &Unit) -> Result<Option<f64>, String> {
    let is_one = |number: f64| !field.no_value.contains(&number);
    let value = part.value(field.pointer.as_deref())?;
    let text = match value {
        Some(value) => match value.number() {
            Some(number) => return Ok(Some(number * unit.factor).filter(|_| is_one(number))),
            None => value.text().unwrap_or_default(),
        },
        None if field.pointer.is_some() => return Ok(None),
        None => part.text(),
    };
    match (number::bare(text), number::with_unit(text)) {
        (Bare::Value(number), _) => Ok(Some(number * unit.factor).filter(|_| is_one(number))),
        (Bare::Nothing, _) => Ok(None),
        (Bare::Broken, Some((number, written))) => {
            let written =
                unit::find(written, field.quantity).map_err(|fault| format!("\"{text}\": {fault}"))?;
            Ok(Some(number * written.factor).filter(|_| is_one(number)))
        }
        (Bare::Broken, None) => Err(format!(
            "\"{}\" is no number",
            text.chars().take(40).collect::<String>()
        )),
    }
}

fn named(part: &Part<'_, '_>, pointer: &str) -> Result<Option<String>, String> {
    let value = part.shared(pointer)?;
    Ok(value.and_then(|value| match value.text() {
        Some(text) => Some(text.to_owned()),
        None => value.number().map(|number| number.to_string()),
    }))
}

fn stamp(part: &Part<'_, '_>, time: &MapperTime) -> Result<Option<jiff::Timestamp>, String> {
    let Some(value) = part.shared(&time.pointer)? else {
        return Ok(None);
    };
    let unix = |per_second: f64| {
        let number = value.number();
        number.and_then(|number| stamp::of_unix_seconds(number / per_second))
    };
    Ok(match time.unit {
        TimeUnit::UnixS => unix(1.0),
        TimeUnit::UnixMs => unix(1e3),
        TimeUnit::UnixUs => unix(1e6),
        TimeUnit::UnixNs => unix(1e9),
        TimeUnit::Rfc3339 => value.text().and_then(stamp::of_rfc3339),
        TimeUnit::Local => Value::text(value).and_then(|text| part.local(text)),
    })
}

fn check_names(mapper: &Mapper, template: &Template) -> Result<(), String> {
    let names = [
        template.has_meter(),
        mapper.meter.is_some(),
        mapper.meter_pointer.is_some(),
    ];
    match names.iter().filter(|is_given| **is_given).count() {
        0 => return Err("no meter: write {meter} into the topic, or give meter or meter_pointer".to_owned()),
        1 => {}
        _ => return Err("give only one of {meter} in the topic, meter and meter_pointer".to_owned()),
    }
    if template.has_channel() && mapper.channel_pointer.is_some() {
        return Err("give only one of {channel} in the topic and channel_pointer".to_owned());
    }
    if mapper.fields.is_empty() {
        return Err("no [[mapper.field]]: nothing would be read".to_owned());
    }
    let time = mapper.time.as_ref().map(|time| &time.pointer);
    let pointers = [
        mapper.meter_pointer.as_ref(),
        mapper.channel_pointer.as_ref(),
        mapper.items_pointer.as_ref(),
        time,
    ];
    pointers
        .into_iter()
        .flatten()
        .try_for_each(|pointer| check_pointer(pointer))
}

fn check_pointer(pointer: &str) -> Result<(), String> {
    if pointer.is_empty() || pointer.starts_with('/') {
        return Ok(());
    }
    let meant = pointer
        .trim_start_matches('$')
        .trim_start_matches('.')
        .replace('.', "/");
    Err(format!(
        "pointer \"{pointer}\" is no JSON pointer; did you mean \"/{meant}\"?"
    ))
}

fn check_field(field: &MapperField, template: &Template) -> Result<Unit, String> {
    if template.has_field() && field.field.is_none() {
        return Err("the topic has {field}; say for which word this holds: field = \"…\"".to_owned());
    }
    if let (false, Some(word)) = (template.has_field(), &field.field) {
        return Err(format!(
            "field = \"{word}\", but the topic has no {{field}}; add it or leave field out"
        ));
    }
    if let Some(pointer) = &field.pointer {
        check_pointer(pointer)?;
    }
    naming::factor(field.quantity, field.scale, field.sign)?;
    unit::find(&field.unit, field.quantity)
}

#[cfg(test)]
mod tests;
