//! Telegraf's MQTT output: whatever its inputs (Modbus, SNMP, OPC UA, …) read from meters.
//!
//! `{"fields":{…},"name":…,"tags":{…},"timestamp":…}`, several of them in `{"metrics":[…]}`, recognised by this shape
//! on any topic; and, below a level `telegraf`, the layouts `field` and `homie-v4`, a bare value on a topic that ends
//! in the field's name. Documented in `plugins/serializers/json/README.md` and `plugins/outputs/mqtt/README.md` of
//! <https://github.com/influxdata/telegraf>.
//!
//! The meter is the most specific tag that names one (see [`METER_TAGS`]), with `/` and the slave's address where there
//! is one; where only Telegraf's own host is known, the host, `/` and the measurement. The channel is what a tag of
//! [`CHANNEL_TAGS`] says, or the field's name. Fields are read by `[[naming]]` (profile = measurement) or by a unit in
//! their names. The stamp is in seconds, milliseconds, microseconds or nanoseconds, by its size.

use std::borrow::Cow;

use jiff::Timestamp;

use super::super::collect::{Batch, Channels};
use super::super::json::Value;
use super::super::naming::free::{FreeNames, Unexplained};
use super::super::naming::word;
use super::super::number::{self, Bare};
use super::super::stamp;
use super::{DecoderConfig, Evidence, Family, FamilyEntry, Input, Outcome};

const NAME: &str = "telegraf";
const NO_METER: &str = "Telegraf: no field of a meter";
/// Tags that name a meter, the most specific first; `host` is Telegraf's own.
const METER_TAGS: [&str; 12] = [
    "meter",
    "meter_id",
    "serial",
    "serial_number",
    "device",
    "device_id",
    "device_name",
    "name",
    "source",
    "agent_host",
    "hostname",
    "server",
];
/// Tags that tell the slaves of one bus apart.
const ADDRESS_TAGS: [&str; 4] = ["slave_id", "slave", "unit_id", "address"];
/// Tags that name a part of a meter, and what is written before their values.
const CHANNEL_TAGS: [(&str, &str); 13] = [
    ("channel", ""),
    ("phase", "phase "),
    ("line", "phase "),
    ("outlet", ""),
    ("outlet_id", ""),
    ("outlet_name", ""),
    ("outlet_index", ""),
    ("port", ""),
    ("circuit", "circuit"),
    ("bank", "bank"),
    ("branch", "branch"),
    ("inlet", "inlet"),
    ("index", ""),
];

pub(super) const ENTRY: FamilyEntry = FamilyEntry {
    name: NAME,
    title: "Telegraf, JSON and bare values",
    begin,
    reads: "fields whose names carry a unit (active_power_w, import_kwh), and fields that [[naming]] explains, in single \
            and batch JSON on any topic, and bare values below a level telegraf; meters by tag and slave, channels by \
            tag or field",
    leaves_out: &[
        "fields without a unit in their names: [[naming]] with profile = measurement",
        "payloads reshaped by json_transformation: [[mapper]]",
        "the layout field under a topic without a level telegraf: [[mapper]]",
        "the data formats influx, carbon, wavefront",
    ],
    evidence: Evidence::Documentation,
    samples: &[
        (
            "plant/any",
            br#"{"fields":{"active_power_w":1250,"import_kwh":8.5,"load":3},"name":"panel","tags":{"name":"ct-1","slave_id":"3","phase":"L2"},"timestamp":1790000000}"#,
        ),
        (
            "plant/any",
            br#"{"metrics":[{"fields":{"power_kw":1.5},"name":"p","tags":{"host":"gw"},"timestamp":1790000000123},{"fields":{"power":1},"name":"q","tags":{"outlet":"3","source":"s"},"timestamp":1790000000}]}"#,
        ),
        ("telegraf/modbus/panel 5/power_w", b"215"),
        ("telegraf/modbus/panel 5/energy", b"215"),
    ],
};

fn begin(config: &DecoderConfig) -> Box<dyn Family> {
    Box::new(Telegraf {
        names: FreeNames::of(NAME, config),
    })
}

struct Telegraf {
    names: FreeNames,
}

impl Family for Telegraf {
    fn decode(&mut self, input: &Input<'_>) -> Option<Outcome> {
        if !input.is_object() {
            return self.field(input);
        }
        let mentions = |word| input.text().contains(word);
        if !(mentions("\"fields\"") && mentions("\"name\"") && mentions("\"timestamp\"")) {
            return None;
        }
        let root = match input.json() {
            Ok(root) => root,
            Err(fault) => return Some(Outcome::malformed(format!("Telegraf: {fault}"))),
        };
        match root.get("metrics") {
            Some(metrics) if metrics.is_list() => self.metrics(|| metrics.items()),
            _ => self.metrics(|| std::iter::once(root)),
        }
    }

    fn forgotten(&self) -> u64 {
        self.names.forgotten()
    }
}

impl Telegraf {
    /// None where not one of them has a metric's shape.
    fn metrics<'d, I: Iterator<Item = Value<'d>>>(&mut self, metrics: impl Fn() -> I) -> Option<Outcome> {
        let (mut batch, mut unexplained) = (Batch::default(), Unexplained::default());
        let mut is_ours = false;
        for metric in metrics() {
            let fields = metric.get("fields").filter(|fields| fields.is_object());
            let measurement = metric.get("name").and_then(Value::text);
            let (Some(fields), Some(measurement)) = (fields, measurement) else {
                continue;
            };
            is_ours = true;
            let tags = metric.get("tags");
            let Some(meter) = meter(tags, measurement) else {
                continue;
            };
            let channel = tags.and_then(channel);
            let mut channels = Channels::of(&meter);
            for (name, value) in fields.entries() {
                let place = (Some(measurement), channel.as_deref());
                self.names.take(
                    &mut channels,
                    place,
                    (name, None),
                    value.number(),
                    &mut unexplained,
                );
            }
            batch.add(channels.stamped(metric.get("timestamp").and_then(stamp_of)));
        }
        is_ours.then(|| self.names.outcome(batch.readings(), unexplained, NO_METER))
    }

    /// The layouts `field` and `homie-v4`: measurement, meter, field, and nothing else.
    fn field(&mut self, input: &Input<'_>) -> Option<Outcome> {
        let root = input.position(|level| level == NAME)?;
        if root < 2 {
            return None;
        }
        let value = match number::bare(input.text()) {
            Bare::Value(value) => value,
            Bare::Nothing => return Some(Outcome::silent("Telegraf: the field has no value")),
            Bare::Broken => return Some(Outcome::silent("Telegraf: a field that is no number")),
        };
        let below = input.last(root);
        let (path, name) = below.rsplit_once('/')?;
        let measurement = path.split('/').next();
        let meter = path.split_once('/').map_or(path, |(_, meter)| meter);
        let mut channels = Channels::of(meter);
        let mut unexplained = Unexplained::default();
        let place = (measurement, None);
        self.names
            .take(&mut channels, place, (name, None), Some(value), &mut unexplained);
        Some(self.names.outcome(channels.stamped(None), unexplained, NO_METER))
    }
}

fn first<'d>(tags: Value<'d>, names: &[&str]) -> Option<&'d str> {
    let mut texts = names.iter().filter_map(|name| tags.get(name)?.text());
    texts.find(|text| !text.is_empty())
}

fn meter<'d>(tags: Option<Value<'d>>, measurement: &str) -> Option<Cow<'d, str>> {
    let tags = tags?;
    let address = first(tags, &ADDRESS_TAGS);
    let named = match first(tags, &METER_TAGS) {
        Some(meter) => Cow::Borrowed(meter),
        None => Cow::Owned(format!("{}/{measurement}", first(tags, &["host"])?)),
    };
    Some(match address {
        Some(address) => Cow::Owned(format!("{named}/{address}")),
        None => named,
    })
}

/// `L2`, `phase 2`, `outlet 7` as everywhere else; another name as it is.
fn channel(tags: Value<'_>) -> Option<Cow<'_, str>> {
    CHANNEL_TAGS.iter().find_map(|(tag, before)| {
        let value = tags.get(tag)?.text().filter(|text| !text.is_empty())?;
        let whole = if before.is_empty() {
            Cow::Borrowed(value)
        } else {
            Cow::Owned(format!("{before}{value}"))
        };
        Some(word::channel(&whole).map_or(whole, Cow::Borrowed))
    })
}

fn stamp_of(value: Value<'_>) -> Option<Timestamp> {
    match value.number() {
        Some(number) => stamp::of_unix_any(number),
        None => value.text().and_then(stamp::of_rfc3339),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::super::check::{check, check_by, decoder};
    use super::super::super::{Decoder, DecoderConfig};

    fn metric(fields: &str, tags: &str) -> String {
        format!(r#"{{"fields":{{{fields}}},"name":"panel","tags":{{{tags}}},"timestamp":1790000000}}"#)
    }

    #[test]
    fn fields_with_their_units() {
        let stamp = "stamp=2026-09-21T14:13:20Z";
        let check = |fields, tags, expected: &str| check("any/topic", &metric(fields, tags), expected);
        check(
            r#""active_power_w":1250.5,"import_kwh":8.5,"rx_bytes":9"#,
            r#""host":"gw","name":"ct-1","slave_id":"3","type":"holding_register""#,
            &format!("telegraf: ct-1/3 - power_w=1250.5 energy_wh=8500 {stamp}"),
        );
        check(
            r#""power_l1_kw":-1.5,"power_total_kw":4,"voltage_l1_v":231"#,
            r#""host":"gw","agent_host":"10.0.0.7""#,
            &format!(
                "telegraf: 10.0.0.7 l1 power_w=-1500 voltage_v=231 {stamp}\ntelegraf: 10.0.0.7 total power_w=4000 {stamp}"
            ),
        );
        check(
            r#""power_watts":61"#,
            r#""host":"gw","source":"pdu-4","outlet":"7""#,
            &format!("telegraf: pdu-4 7 power_w=61 {stamp}"),
        );
        check(
            r#""power_l1_watts":61,"outlet_power_watts":7"#,
            r#""source":"pdu-4","inlet":"2""#,
            &format!(
                "telegraf: pdu-4 inlet2_l1 power_w=61 {stamp}\ntelegraf: pdu-4 inlet2 power_w=7 {stamp}"
            ),
        );
        check(
            r#""power_watts":61"#,
            r#""source":"pdu-4","phase":"3""#,
            &format!("telegraf: pdu-4 l3 power_w=61 {stamp}"),
        );
        check(
            r#""power_watts":61"#,
            r#""host":"gw""#,
            &format!("telegraf: gw/panel - power_w=61 {stamp}"),
        );
    }

    #[test]
    fn what_is_not_a_reading() {
        let check = |fields, expected| check("any/topic", &metric(fields, r#""host":"gw""#), expected);
        check(r#""n_images":660,"usage_idle":97.5"#, "telegraf: not a reading");
        check(r#""apparent_power_va":7"#, "telegraf: not a reading");
        check(r#""power_w":null"#, "telegraf: not a reading");
        check(r#""power":7"#, "telegraf: gw/panel notes unknown_name\nunknown");
        check(r#""power_w":7,"#, "telegraf: malformed");
    }

    #[test]
    fn a_name_is_told_once() {
        let mut decoder = decoder();
        let payload = metric(r#""power":7,"energy_wh":5"#, r#""source":"s""#);
        let reading = "telegraf: s - energy_wh=5 stamp=2026-09-21T14:13:20Z";
        check_by(
            &mut decoder,
            "t",
            &payload,
            &format!("{reading}\ntelegraf: s notes unknown_name"),
        );
        check_by(&mut decoder, "t", &payload, reading);
    }

    #[test]
    fn batches_and_configured_names() {
        let config = json!({"naming": [
            {"family": "telegraf", "profile": "rpdu", "name": "load", "quantity": "current", "unit": "A", "scale": 0.1, "channel": "total"}]});
        let config: DecoderConfig = serde_json::from_value(config).unwrap();
        let metric = |name: &str, load: u32, stamp: &str| {
            format!(
                r#"{{"fields":{{"load":{load}}},"name":"{name}","tags":{{"agent_host":"pdu"}},"timestamp":{stamp}}}"#
            )
        };
        let metrics = [
            metric("rpdu", 31, "1790000000"),
            metric("rpdu", 32, "1790000010000"),
            metric("cpu", 32, "1790000010000"),
        ];
        check_by(
            &mut Decoder::new(&config).unwrap(),
            "any",
            &format!(r#"{{"metrics":[{}]}}"#, metrics.join(",")),
            "telegraf: pdu total current_a=3.1 stamp=2026-09-21T14:13:20Z
             telegraf: pdu total current_a=3.2 stamp=2026-09-21T14:13:30Z",
        );
    }

    #[test]
    fn bare_fields() {
        check(
            "telegraf/modbus/panel 5/power_w",
            "215",
            "telegraf: panel 5 - power_w=215",
        );
        check(
            "x/telegraf/gw/meters/b/energy_l2_kwh",
            "2",
            "telegraf: meters/b l2 energy_wh=2000",
        );
        check(
            "telegraf/modbus/panel 5/serial",
            "7f33",
            "telegraf: not a reading",
        );
        check("telegraf/modbus/panel 5/voltage", "24", "telegraf: not a reading");
        check(
            "telegraf/modbus/panel 5/power_w",
            "nan",
            "telegraf: not a reading",
        );
        check(
            "telegraf/modbus/panel 5/power_w/$datatype",
            "float",
            "telegraf: not a reading",
        );
        check(
            "telegraf/modbus/panel 5/power",
            "2",
            "telegraf: panel 5 notes unknown_name\nunknown",
        );
        check("site/modbus/panel 5/power_w", "215", "unknown");
    }
}
