//! Messages that are nobody's cost no allocation: a broker of a hospital carries far more of them than of meters'.

use ingest::decode::{Decoder, DecoderConfig, Message, ReasonKind};

/// Topic and payload of messages that no meter family knows.
fn foreign() -> Vec<(String, Vec<u8>)> {
    let mut messages: Vec<(String, Vec<u8>)> = [
        ("site/b2/room-114/co2/value", "612"),
        ("site/b2/room-114/temperature", "21.5"),
        ("lab/freezer-3/door", "open"),
        ("lab/freezer-3/alarm", "ON"),
        (
            "owntracks/porter/phone",
            r#"{"_type":"location","lat":1.5,"lon":2.5,"batt":81}"#,
        ),
        (
            "site/b2/hvac/ahu-7/state",
            r#"{"supply_temperature":18.4,"fan":{"speed":62,"mode":"auto"},"filters":["ok","change"]}"#,
        ),
        ("queue/orders", "[1,2,3]"),
        ("queue/orders/broken", r#"{"id":5,"#),
        ("pacs/storage/free_bytes", "81234567890"),
        (
            "nurse-call/ward-3/bed-2",
            r#"{"call":true,"at":"2026-03-02T08:00:05Z"}"#,
        ),
        ("a", "1"),
        ("/", "1"),
        ("site/élévateur/étage", "3"),
    ]
    .into_iter()
    .map(|(topic, payload)| (topic.to_owned(), payload.as_bytes().to_vec()))
    .collect();
    messages.push((
        "camera/entrance/frame".to_owned(),
        [0xff, 0xd8, 0x00, 0x7b, 0x80].repeat(2000),
    ));
    messages.push((
        "device/firmware/chunk".to_owned(),
        (0..=255).cycle().take(4096).collect(),
    ));
    messages.push((format!("{}end", "level/".repeat(40)), b"5".to_vec()));
    messages.push((format!("x/{}", "long".repeat(250)), b"5".to_vec()));
    messages
}

#[test]
fn messages_that_are_nobodys_cost_no_allocation() {
    let mut decoder = Decoder::new(&DecoderConfig::default()).expect("the default configuration is sound");
    let messages = foreign();
    for (topic, payload) in &messages {
        let message = Message {
            topic,
            payload,
            is_retained: false,
            qos: 0,
        };
        let decoded = decoder.decode(&message);
        let kind = decoded.reason.as_ref().map(|reason| reason.kind);
        assert_eq!(
            kind,
            Some(ReasonKind::UnknownTopic),
            "{}",
            &topic[..topic.len().min(60)]
        );
        let spent = allocation_counter::measure(|| drop(decoder.decode(&message)));
        assert_eq!(spent.count_total, 0, "{}", &topic[..topic.len().min(60)]);
    }
}
