use analyzer::site::TariffPeriod;
use analyzer::{Energy, Finding, LedgerRow, Sample, State, StateChange};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::board::{Board, Topic};
use super::*;

fn board() -> Board {
    let zone = TimeZone::get("Europe/Paris").unwrap();
    Board::new(zone, "EUR".to_owned(), BTreeSet::from(["ct1".to_owned()]))
}

fn at(text: &str) -> Timestamp {
    format!("2026-11-{text}Z").parse().unwrap()
}

fn sample(when: &str, power_w: f64) -> Finding {
    let at = at(when);
    Finding::Sample(Sample {
        device: "ct1".into(),
        at,
        power_w,
        state: State::Idle,
        is_provisional: false,
    })
}

fn change(when: &str, to: State) -> Finding {
    let at = at(when);
    Finding::StateChange(StateChange {
        device: "ct1".into(),
        at,
        from: State::Idle,
        to,
        power_w: Some(9.0),
    })
}

fn ledger(hour: &str, state: State, is_open: bool, wh: f64) -> Finding {
    Finding::Ledger(LedgerRow {
        device: "ct1".into(),
        hour: at(hour),
        state,
        is_open,
        tariff: TariffPeriod::Day,
        energy: Energy::from_wh(wh),
        estimated: Energy::ZERO,
        duration: SignedDuration::from_secs(60),
        cost: wh / 4000.0,
        co2e_g: wh / 20.0,
    })
}

fn shown(board: &Board, topic: &Topic) -> Value {
    serde_json::from_slice(&board.payload(topic)).unwrap()
}

fn state_topic() -> Topic {
    Topic::State("ct1".to_owned())
}

#[test]
fn the_newest_of_state_and_power_is_shown() {
    let mut board = board();
    board.fold(&sample("23T10:00:00", 100.0));
    assert_eq!(
        shown(&board, &state_topic()),
        json!({"state": "idle", "since": null, "power_w": 100.0, "at": "2026-11-23T10:00:00Z"})
    );
    board.fold(&sample("23T10:00:10", 200.0));
    board.fold(&sample("23T10:00:05", 150.0));
    board.fold(&change("23T10:00:08", State::Scanning));
    board.fold(&change("23T10:00:01", State::Off));
    assert_eq!(
        shown(&board, &state_topic()),
        json!({"state": "scanning", "since": "2026-11-23T10:00:08Z", "power_w": 200.0, "at": "2026-11-23T10:00:10Z"})
    );
    board.fold(&change("23T10:05:00", State::Unknown));
    let silent = shown(&board, &state_topic());
    assert_eq!(
        (&silent["state"], &silent["power_w"]),
        (&json!("unknown"), &Value::Null)
    );
}

#[test]
fn energy_is_that_of_the_local_day_and_a_rewritten_hour_replaces() {
    let mut board = board();
    let topic = Topic::Energy("ct1".to_owned());
    // 22:30 UTC is 23:30 in Paris, 23:00 UTC is the next day
    board.fold(&ledger("23T22:00:00", State::Idle, false, 1000.0));
    board.fold(&ledger("23T22:00:00", State::Idle, false, 2000.0));
    board.fold(&ledger("23T21:00:00", State::Scanning, true, 500.0));
    let monday = shown(&board, &topic);
    assert_eq!(
        (&monday["day"], &monday["idle_kwh"], &monday["total_kwh"]),
        (&json!("2026-11-23"), &json!(2.0), &json!(2.5))
    );
    assert_eq!(
        (&monday["idle_cost"], &monday["idle_co2e_kg"]),
        (&json!(0.5), &json!(0.1))
    );
    board.fold(&ledger("23T23:00:00", State::Idle, true, 100.0));
    board.fold(&ledger("23T22:00:00", State::Idle, false, 9000.0));
    let tuesday = shown(&board, &topic);
    assert_eq!(
        (&tuesday["day"], &tuesday["idle_kwh"], &tuesday["idle_closed_kwh"]),
        (&json!("2026-11-24"), &json!(0.1), &json!(0.0))
    );
}

#[test]
fn devices_that_are_not_configured_are_left_out() {
    let mut board = board();
    let at = at("23T10:00:00");
    let stranger = Sample {
        device: "x".into(),
        at,
        power_w: 1.0,
        state: State::Off,
        is_provisional: false,
    };
    board.fold(&Finding::Sample(stranger));
    assert!(board.unpublished.is_empty());
}

#[test]
fn what_is_remembered_comes_back_and_gone_devices_are_cleared() {
    let mut old = board();
    old.fold(&change("23T10:00:00", State::Scanning));
    old.fold(&ledger("23T10:00:00", State::Idle, true, 100.0));
    let memory: Vec<(String, Vec<u8>)> = old
        .memory_changes()
        .into_iter()
        .map(|(key, value)| (key, value.unwrap()))
        .collect();
    assert!(old.memory_changes().is_empty(), "only what changed");
    let mut new = board();
    new.recall(memory.clone());
    assert_eq!(new.payload(&state_topic()), old.payload(&state_topic()));
    assert_eq!(new.unpublished.len(), 2, "all is published again");
    let mut other = Board::new(
        TimeZone::UTC,
        "EUR".to_owned(),
        BTreeSet::from(["mri1".to_owned()]),
    );
    other.recall(memory);
    assert!(other.unpublished.contains(&state_topic()) && other.payload(&state_topic()).is_empty());
    assert!(other.memory_changes().iter().all(|(_, value)| value.is_none()));
    new.recall(vec![("nonsense".to_owned(), vec![1])]);
}

#[test]
fn names_cannot_leave_their_level() {
    let topic = Topic::Alert {
        rule: "a/b".to_owned(),
        device: "+#%\n/ü".to_owned(),
    };
    assert_eq!(topic.path(), "alert/a%2Fb/%2B%23%25%0A%2Fü");
}

#[tokio::test]
async fn a_prefix_that_is_no_topic_is_refused() {
    for prefix in ["", "a//b", "a/#", "/a", "a/", "$SYS"] {
        let config = MqttPublishConfig {
            prefix: prefix.to_owned(),
            ..MqttPublishConfig::default()
        };
        assert_eq!(
            config.sink("mqtt", &[]).map(|_| ()).unwrap_err().key,
            "prefix",
            "{prefix}"
        );
    }
}
