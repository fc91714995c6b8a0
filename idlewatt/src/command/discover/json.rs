//! The report for scripts: one object; times in UTC, values in W, Wh, V, A. It only grows.

use ingest::decode::survey::{ChannelReport, Counting, Equal, Grade, MeterReport, UnreadReport};
use serde_json::{Value, json};

use super::Found;
use super::stanza::stanzas;
use super::text::twin_in_words;
use super::words::payload;

/// Letters of a sample.
const SAMPLE_WIDTH: usize = 240;

/// The whole report.
pub(super) fn of(found: &Found) -> Value {
    let report = &found.report;
    let named = |at: usize| report.meters.get(at).map(|meter| meter.meter.as_str());
    let twin = |twin: &ingest::decode::survey::Twin| {
        json!({
            "keep": { "meter": named(twin.keep.0), "channel": twin.keep.1 },
            "leave": { "meter": named(twin.leave.0), "channel": twin.leave.1 },
            "topics": twin.topics.as_ref().map(|(one, two)| [one, two]),
            "equal": match twin.equal { Equal::Counter => "counter", Equal::Power => "power" },
            "pairs": twin.pairs,
            "says": twin_in_words(report, twin),
        })
    };
    json!({
        "source": found.source,
        "listened_s": found.listened_s,
        "said_at": found.now.to_string(),
        "from": report.span.map(|(from, _)| from.to_string()),
        "until": report.span.map(|(_, until)| until.to_string()),
        "messages": report.messages,
        "topics": report.topics,
        "troubles": found.troubles,
        "forgotten": {
            "meters": report.forgotten.meters,
            "topics": report.forgotten.topics,
            "shapes": report.forgotten.shapes,
            "decoder": report.forgotten.decoder,
        },
        "meters": report.meters.iter().map(|meter| {
            self::meter(meter, meter.copy_of.and_then(named), found.feeding.get(&meter.meter))
        }).collect::<Vec<_>>(),
        "only_availability": report.only_availability.iter().map(|(meter, is_online)| {
            json!({ "meter": meter, "is_online": is_online })
        }).collect::<Vec<_>>(),
        "duplicates": report.twins.iter().map(twin).collect::<Vec<_>>(),
        "unread": report.unread.iter().map(unread).collect::<Vec<_>>(),
        "stanzas": stanzas(found),
    })
}

fn meter(meter: &MeterReport, copy_of: Option<&str>, device: Option<&String>) -> Value {
    json!({
        "meter": meter.meter,
        "family": meter.family,
        "messages": meter.messages,
        "live_messages": meter.live,
        "interval_s": meter.interval_s,
        "is_online": meter.is_online,
        "quality": match meter.grade { Grade::A => "A", Grade::B => "B", Grade::C => "C" },
        "reasons": meter.reasons,
        "views": meter.views,
        "topics": meter.topics,
        "copy_of": copy_of,
        "device": device,
        "channels": meter.channels.iter().map(channel).collect::<Vec<_>>(),
    })
}

fn channel(channel: &ChannelReport) -> Value {
    json!({
        "channel": channel.channel,
        "power_w": channel.power_w,
        "power_w_min": channel.power_w_min,
        "power_w_max": channel.power_w_max,
        "energy_wh": channel.energy_wh,
        "energy_rose": channel.rose.map(|rose| rose.to_string()),
        "counter": channel.counting.map(|counting| match counting {
            Counting::Rises => "rises",
            Counting::Stands => "stands",
            Counting::Fell => "fell",
            Counting::Unproven => "unproven",
        }),
        "energy_export_wh": channel.energy_export_wh,
        "voltage_v": channel.voltage_v,
        "current_a": channel.current_a,
    })
}

fn unread(unread: &UnreadReport) -> Value {
    json!({
        "shape": unread.shape,
        "family": unread.family,
        "is_malformed": unread.is_malformed,
        "reason": unread.reason,
        "messages": unread.messages,
        "topics": unread.topics,
        "sample": { "topic": unread.sample_topic, "payload": payload(&unread.sample_payload, SAMPLE_WIDTH) },
        "has_mapper": unread.mapper.is_some(),
    })
}
