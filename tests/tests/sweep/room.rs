//! Two hours of one device behind one meter: off, woken, examining (or at work), off again.

use jiff::SignedDuration;
use simulator::{Family, Message, Scenario, Simulation};

use crate::row::Row;

fn scenario(row: &Row, faults: &str) -> Scenario {
    let Row { format, topic, .. } = row;
    let modality = if row.is_plug { "workstation" } else { "ct" };
    let text = format!(
        r#"
        name = "sweep"
        seed = 12
        zone = "Europe/Paris"
        start = "2026-11-16"
        days = 1
        [[devices]]
        id = "one"
        modality = "{modality}"
        schedule = {{ open = "00:30", close = "01:15", exams_per_hour = 6, closing_delay_minutes = 5, after_hours = "off" }}
        meter = {{ family = "{format}", topic = "{topic}", counter_start_kwh = 123.4, report = {{ seconds = 10 }} }}
        faults = [{faults}]
        "#
    );
    Scenario::from_toml(&text).unwrap_or_else(|fault| panic!("{format}: {fault}"))
}

fn play(scenario: &Scenario) -> Vec<Message> {
    Simulation::new(scenario)
        .until(scenario.start + SignedDuration::from_hours(2))
        .collect()
}

pub(crate) fn family(row: &Row) -> Family {
    scenario(row, "").devices[0].meter.family
}

/// Ten minutes without a word: the broker publishes the will, the meter greets again.
pub(crate) fn with_silence(row: &Row) -> Vec<Message> {
    let silence =
        r#"{ kind = "silence", from = { day = 0, time = "00:50" }, until = { day = 0, time = "01:00" } }"#;
    play(&scenario(row, silence))
}

/// A clamp the wrong way round from the start.
pub(crate) fn reversed(row: &Row) -> Vec<Message> {
    play(&scenario(row, r#"{ kind = "reversed_phase", phase = 2 }"#))
}

/// One message in ten is cut, not text, empty, or has NaN for its first number.
pub(crate) fn poisoned(row: &Row) -> Vec<Message> {
    play(&scenario(row, r#"{ kind = "poison", probability = 0.1 }"#))
}
