//! Faults do what they say, and nothing else.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;
use simulator::{Message, Scenario, Simulation};

fn room(family: &str, fault: &str) -> Vec<Message> {
    let text = format!(
        r#"
        name = "room"
        seed = 9
        zone = "Europe/Paris"
        start = "2026-11-16"
        days = 1
        [[devices]]
        id = "one"
        modality = "ct"
        meter = {{ family = "{family}", topic = "meter", stamped = true, report = {{ seconds = 10 }} }}
        faults = [{fault}]
        "#
    );
    Simulation::new(&Scenario::from_toml(&text).unwrap()).collect()
}

fn counts(messages: &[Message]) -> BTreeMap<&[u8], usize> {
    let mut counts = BTreeMap::new();
    for message in messages {
        *counts.entry(message.payload.as_slice()).or_default() += 1;
    }
    counts
}

fn value(message: &Message) -> Value {
    serde_json::from_slice(&message.payload).unwrap()
}

#[test]
fn drop_loses_about_as_many_as_asked() {
    let (clean, faulty) = (
        room("generic_json", ""),
        room("generic_json", r#"{ kind = "drop", probability = 0.1 }"#),
    );
    let lost = 1.0 - faulty.len() as f64 / clean.len() as f64;
    assert!((0.08..0.12).contains(&lost), "{lost}");
    let known = counts(&clean);
    assert!(
        faulty
            .iter()
            .all(|message| known.contains_key(message.payload.as_slice()))
    );
}

#[test]
fn duplicate_sends_the_same_bytes_again() {
    let clean = room("generic_json", "");
    let faulty = room("generic_json", r#"{ kind = "duplicate", probability = 0.1 }"#);
    let twice = faulty.len() - clean.len();
    assert!((700..1_000).contains(&twice), "{twice}");
    let (before, after) = (counts(&clean), counts(&faulty));
    assert!(before.keys().eq(after.keys()));
}

#[test]
fn delay_and_reorder_change_the_order_and_lose_nothing() {
    for fault in [
        r#"{ kind = "delay", probability = 0.1, seconds = 60 }"#,
        r#"{ kind = "reorder", probability = 0.1 }"#,
    ] {
        let (clean, faulty) = (room("generic_json", ""), room("generic_json", fault));
        assert!(
            clean.len() - faulty.len() <= 6,
            "{fault}: only what is held at the end may be missing"
        );
        let stamps = |messages: &[Message]| -> Vec<i64> {
            messages
                .iter()
                .filter(|message| message.topic == "meter")
                .map(|m| value(m)["time"].as_i64().unwrap())
                .collect()
        };
        assert!(stamps(&clean).is_sorted());
        let inversions = stamps(&faulty)
            .windows(2)
            .filter(|pair| pair[0] > pair[1])
            .count();
        assert!((400..1_000).contains(&inversions), "{fault}: {inversions}");
        assert!(
            faulty.is_sorted_by_key(|message| message.at),
            "{fault}: messages still come in order of time"
        );
    }
}

#[test]
fn silence_is_silent_and_the_broker_publishes_the_will() {
    let fault =
        r#"{ kind = "silence", from = { day = 0, time = "10:00" }, until = { day = 0, time = "11:00" } }"#;
    let messages = room("generic_json", fault);
    let at = |text: &str| -> Timestamp { text.parse().unwrap() };
    let (from, until) = (at("2026-11-16T09:00:00Z"), at("2026-11-16T10:00:00Z"));
    let inside: Vec<&Message> = messages
        .iter()
        .filter(|message| message.at >= from && message.at < until)
        .collect();
    assert_eq!(inside.len(), 1);
    assert_eq!(
        (inside[0].topic.as_str(), inside[0].payload.as_slice()),
        ("meter/status", &b"offline"[..])
    );
    let back = messages.iter().find(|message| message.at >= until).unwrap();
    assert_eq!(
        (back.topic.as_str(), back.payload.as_slice()),
        ("meter/status", &b"online"[..])
    );
    assert_eq!(room("generic_json", "").len() - messages.len(), 360 - 2);
}

fn imports(messages: &[Message]) -> Vec<(Timestamp, f64)> {
    let readings = messages.iter().filter(|message| message.topic == "meter");
    readings
        .map(|message| (message.at, value(message)["E_import_kWh"].as_f64().unwrap()))
        .collect()
}

#[test]
fn counters_reset_and_roll_back_once() {
    for (fault, back_kwh) in [
        (
            r#"{ kind = "counter_reset", at = { day = 0, time = "12:00" } }"#,
            None,
        ),
        (
            r#"{ kind = "roll_back", at = { day = 0, time = "12:00" }, watt_hours = 900 }"#,
            Some(0.9),
        ),
    ] {
        let (clean, faulty) = (
            imports(&room("generic_json", "")),
            imports(&room("generic_json", fault)),
        );
        let falls: Vec<_> = faulty.windows(2).filter(|pair| pair[1].1 < pair[0].1).collect();
        assert_eq!(falls.len(), 1, "{fault}");
        assert_eq!(falls[0][1].0.to_string()[..16], *"2026-11-16T11:00");
        let missing = clean.last().unwrap().1 - faulty.last().unwrap().1;
        match back_kwh {
            Some(back_kwh) => assert!((missing - back_kwh).abs() < 0.002, "{missing}"),
            None => assert!(faulty.last().unwrap().1 < 100.0 && falls[0][1].1 == 0.0),
        }
    }
}

#[test]
fn a_reversed_phase_is_negative_and_counts_as_export() {
    let faulty = room("shelly_gen2_status", r#"{ kind = "reversed_phase", phase = 2 }"#);
    let clean = room("shelly_gen2_status", "");
    for (right, wrong) in clean
        .iter()
        .zip(&faulty)
        .filter(|(right, _)| right.topic.ends_with("em:0"))
    {
        let (right, wrong) = (value(right), value(wrong));
        assert_eq!(right["a_act_power"], wrong["a_act_power"]);
        assert_eq!(
            right["b_act_power"].as_f64().unwrap(),
            -wrong["b_act_power"].as_f64().unwrap()
        );
    }
    let last = faulty
        .iter()
        .rfind(|message| message.topic.ends_with("emdata:0"))
        .unwrap();
    assert!(value(last)["b_total_act_ret_energy"].as_f64().unwrap() > 1_000.0);
    assert_eq!(value(last)["a_total_act_ret_energy"].as_f64().unwrap(), 0.0);
}

#[test]
fn a_wrong_clock_stamps_wrong_and_sends_on_time() {
    let (clean, faulty) = (
        room("generic_json", ""),
        room("generic_json", r#"{ kind = "clock_wrong", hours = -3 }"#),
    );
    for (right, wrong) in clean
        .iter()
        .zip(&faulty)
        .filter(|(right, _)| right.topic == "meter")
    {
        assert_eq!(right.at, wrong.at);
        let stamp = |message: &Message| value(message)["time"].as_i64().unwrap();
        assert_eq!(stamp(right) - stamp(wrong), 3 * 3_600_000);
    }
}

#[test]
fn poison_breaks_about_as_many_as_asked() {
    let faulty = room("generic_json", r#"{ kind = "poison", probability = 0.1 }"#);
    let readings: Vec<&Message> = faulty.iter().filter(|message| message.topic == "meter").collect();
    let broken = readings
        .iter()
        .filter(|message| serde_json::from_slice::<Value>(&message.payload).is_err())
        .count();
    let share = broken as f64 / readings.len() as f64;
    assert!((0.08..0.12).contains(&share), "{share}");
    assert!(readings.iter().any(|message| message.payload.is_empty()));
    assert!(
        readings
            .iter()
            .any(|message| message.payload.windows(3).any(|part| part == b"NaN"))
    );
}
