//! Meters by configuration, each tried out with the decoder it is for.

use ingest::decode::{
    Clamp, ConfigError, Decoder, DecoderConfig, Mapper, MapperField, MapperTime, Naming, Quantity,
};
use ingest::session::BrokerConfig;

use super::device::DeviceConfig;
use super::site::text;
use crate::config::review::Review;
use crate::config::schema;
use crate::config::section::Entry;
use crate::config::value::{QuantityWord, TimeUnitWord, TopicFilter};

/// Where no fault says how to mend itself.
const MEND: &str = "see [[mapper]] in `idlewatt check --print-config`";

/// Builds what the decoders are told.
pub(crate) fn decoder(
    review: &mut Review<'_>,
    file: &schema::File,
    brokers: &[BrokerConfig],
    devices: &[DeviceConfig],
) -> DecoderConfig {
    let mut mappers = Vec::new();
    for section in file.mapper.iter() {
        let Some(mapper) = mapper(review, section) else {
            continue;
        };
        review_topic(review, section, &mapper, brokers);
        mappers.push(mapper);
    }
    let feeds = devices.iter().flat_map(|device| &device.device.feeds);
    let mut meters_of_devices: Vec<String> = feeds.map(|feed| feed.meter.clone()).collect();
    meters_of_devices.sort();
    meters_of_devices.dedup();
    DecoderConfig {
        zone_of_local_stamps: file.decode.stamp_zone.as_ref().map(|zone| zone.0.clone()),
        mappers,
        namings: namings(review, file),
        clamps: clamps(review, file),
        meters_of_devices,
        meters_max: file.decode.meters_max.get(),
        lessons_max: file.decode.lessons_max.get(),
        payload_bytes_max: file.decode.payload_bytes_max.get(),
        ..DecoderConfig::default()
    }
}

fn mapper(review: &mut Review<'_>, section: &Entry<schema::Mapper>) -> Option<Mapper> {
    let name = text(review, section, "name", &section.name);
    let topic = text(review, section, "topic", &section.topic);
    let time = match section.time.as_ref() {
        None => None,
        Some(time) => {
            let pointer = review.need(time, "pointer", &time.pointer);
            let unit = review.need(time, "unit", &time.unit);
            Some(MapperTime {
                pointer: pointer?,
                unit: time_unit(unit?),
            })
        }
    };
    if section.field.is_empty() {
        review.missing(section, "field");
        return None;
    }
    let fields: Vec<_> = section.field.iter().map(|entry| field(review, entry)).collect();
    let mut mapper = Mapper {
        name: name?,
        topic: topic?,
        meter: (*section.meter).clone(),
        items_pointer: (*section.items_pointer).clone(),
        meter_pointer: (*section.meter_pointer).clone(),
        channel_pointer: (*section.channel_pointer).clone(),
        time,
        fields: Vec::new(),
    };
    let fields: Vec<MapperField> = fields.into_iter().collect::<Option<_>>()?;
    // one field at a time, so that each fault is said where it stands
    for (index, field) in fields.iter().enumerate() {
        mapper.fields = vec![field.clone()];
        if try_out(review, section, &section.field[index], &mapper).is_break() {
            break;
        }
    }
    mapper.fields = fields;
    Some(mapper)
}

fn field(review: &mut Review<'_>, section: &Entry<schema::MapperField>) -> Option<MapperField> {
    let quantity = review.need(section, "quantity", &section.quantity);
    let unit = review.need(section, "unit", &section.unit);
    Some(MapperField {
        field: (*section.field).clone(),
        pointer: (*section.pointer).clone(),
        quantity: quantity_of(quantity?),
        unit: unit?,
        scale: section.scale.0,
        sign: if *section.reversed { -1 } else { 1 },
        channel: (*section.channel).clone(),
        no_value: section.no_value.iter().map(|number| number.0).collect(),
    })
}

const fn quantity_of(word: QuantityWord) -> Quantity {
    match word {
        QuantityWord::Power => Quantity::Power,
        QuantityWord::Energy => Quantity::Energy,
        QuantityWord::EnergyExport => Quantity::EnergyExport,
        QuantityWord::Voltage => Quantity::Voltage,
        QuantityWord::Current => Quantity::Current,
    }
}

/// The namings that can be meant; each is tried out where it stands.
fn namings(review: &mut Review<'_>, file: &schema::File) -> Vec<Naming> {
    let mut namings = Vec::new();
    for section in file.naming.iter() {
        let family = text(review, section, "family", &section.family);
        let name = text(review, section, "name", &section.name);
        let quantity = review.need(section, "quantity", &section.quantity);
        let unit = review.need(section, "unit", &section.unit);
        let (Some(family), Some(name), Some(quantity), Some(unit)) = (family, name, quantity, unit) else {
            continue;
        };
        let naming = Naming {
            family,
            meter: (*section.meter).clone(),
            profile: (*section.profile).clone(),
            name,
            quantity: quantity_of(quantity),
            unit,
            scale: section.scale.0,
            sign: if *section.reversed { -1 } else { 1 },
            channel: (*section.channel).clone(),
        };
        let config = DecoderConfig {
            namings: vec![naming.clone()],
            ..DecoderConfig::default()
        };
        if is_accepted(review, section.span(), &config) {
            namings.push(naming);
        }
    }
    namings
}

/// The clamps that can be meant; each is tried out where it stands.
fn clamps(review: &mut Review<'_>, file: &schema::File) -> Vec<Clamp> {
    let mut clamps = Vec::new();
    for section in file.clamp.iter() {
        let Some(meter) = text(review, section, "meter", &section.meter) else {
            continue;
        };
        let clamp = Clamp {
            meter,
            channel: (*section.channel).clone(),
            voltage_v: section.voltage_v.0,
            power_factor: section.power_factor.0,
            phases: u8::try_from(section.phases.get()).unwrap_or(u8::MAX),
        };
        let config = DecoderConfig {
            clamps: vec![clamp.clone()],
            ..DecoderConfig::default()
        };
        if is_accepted(review, section.span(), &config) {
            clamps.push(clamp);
        }
    }
    clamps
}

/// Whether a decoder can work with it; says its fault at `span` where it cannot.
fn is_accepted(review: &mut Review<'_>, span: std::ops::Range<usize>, config: &DecoderConfig) -> bool {
    let Err(error) = Decoder::new(config) else {
        return true;
    };
    let text = match error {
        ConfigError::Naming { fault, .. } | ConfigError::Clamp { fault, .. } => fault,
        error => error.to_string(),
    };
    let (what, mend) = text
        .split_once("; ")
        .unwrap_or((&text, "see `idlewatt check --print-config`"));
    review.fault(span, what, mend);
    false
}

const fn time_unit(word: TimeUnitWord) -> ingest::decode::TimeUnit {
    match word {
        TimeUnitWord::UnixS => ingest::decode::TimeUnit::UnixS,
        TimeUnitWord::UnixMs => ingest::decode::TimeUnit::UnixMs,
        TimeUnitWord::UnixUs => ingest::decode::TimeUnit::UnixUs,
        TimeUnitWord::UnixNs => ingest::decode::TimeUnit::UnixNs,
        TimeUnitWord::Rfc3339 => ingest::decode::TimeUnit::Rfc3339,
        TimeUnitWord::Local => ingest::decode::TimeUnit::Local,
    }
}

/// Says the decoder's fault; breaks where it is about the mapper as a whole, which would be said for each field.
fn try_out(
    review: &mut Review<'_>,
    section: &Entry<schema::Mapper>,
    field: &Entry<schema::MapperField>,
    mapper: &Mapper,
) -> std::ops::ControlFlow<()> {
    let config = DecoderConfig {
        mappers: vec![mapper.clone()],
        ..DecoderConfig::default()
    };
    let fault = match Decoder::new(&config) {
        Ok(_) => return std::ops::ControlFlow::Continue(()),
        Err(ConfigError::Mapper { fault, .. }) => fault,
        Err(error) => error.to_string(),
    };
    let of_field = fault
        .strip_prefix("field 1 (")
        .and_then(|rest| rest.split_once("): "));
    let (span, text) = match of_field {
        Some((_, text)) => (field.span(), text.to_owned()),
        None => (section.span(), fault.clone()),
    };
    let (what, mend) = text.split_once("; ").unwrap_or((&text, MEND));
    review.fault(span, what, mend);
    if of_field.is_some() {
        std::ops::ControlFlow::Continue(())
    } else {
        std::ops::ControlFlow::Break(())
    }
}

/// A mapper that no subscription feeds reads nothing.
fn review_topic(
    review: &mut Review<'_>,
    section: &Entry<schema::Mapper>,
    mapper: &Mapper,
    brokers: &[BrokerConfig],
) {
    let levels = mapper
        .topic
        .split('/')
        .map(|level| if level.starts_with('{') { "+" } else { level });
    let filter = levels.collect::<Vec<_>>().join("/");
    let mut filters = brokers
        .iter()
        .flat_map(|broker| &broker.topics)
        .filter_map(|topic| topic.parse::<TopicFilter>().ok());
    if !brokers.is_empty() && !filters.any(|topics| topics.covers(&filter)) {
        review.warn(
            section.topic.span(),
            format!("no broker's 'topics' cover \"{filter}\": this mapper may read nothing"),
            format!("add \"{filter}\" to the 'topics' of its [[broker]]"),
        );
    }
}
