//! Is `week` fit to judge by? Somebody who knew every state, and had only the meters' power, must come close to the truth.
//!
//! A meter that looks every 2 s tells of a change one second late on average. Whoever cuts its power at the true instants
//! loses the last second of every exposure to idle (5 % of a CT's scanning energy). So every value is booked here to the
//! true state at its own instant, until the next value: as a live classifier does that cuts where it sees the change.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::collections::BTreeMap;

use serde_json::Value;
use simulator::{Message, Scenario, Simulation, TruthRecord};

/// Device, part of the power (phase or whole) and watts that a message states.
fn power(message: &Message) -> Option<(&'static str, usize, f64)> {
    let json = || serde_json::from_slice::<Value>(&message.payload).unwrap();
    let number = || {
        std::str::from_utf8(&message.payload)
            .unwrap()
            .parse::<f64>()
            .unwrap()
    };
    let event = |device| {
        json()["params"]["em:0"]["total_act_power"]
            .as_f64()
            .map(|watts| (device, 0, watts))
    };
    match message.topic.as_str() {
        "ct1-panel/events/rpc" => event("ct-1"),
        "xray1-panel/events/rpc" => event("xray-1"),
        "gateway/ct2/data" => Some(("ct-2", 0, json()["P_total_kW"].as_f64()? * 1000.0)),
        "mri2-panel/status/em:0" => Some(("mri-2", 0, json()["total_act_power"].as_f64()?)),
        "plc/angio1/power_kw" => Some(("angio-1", 0, number() * 1000.0)),
        topic => {
            let phase = topic
                .strip_prefix("shellies/shellyem3-MRI1/emeter/")?
                .strip_suffix("/power")?;
            Some(("mri-1", phase.parse().unwrap(), number()))
        }
    }
}

/// Held power of one device, as (milliseconds, watts).
type Trace = Vec<(i64, f64)>;

fn traces(scenario: &Scenario) -> (BTreeMap<&'static str, Trace>, Vec<TruthRecord>) {
    let mut simulation = Simulation::new(scenario);
    let mut parts: BTreeMap<&'static str, [f64; 3]> = BTreeMap::new();
    let mut traces: BTreeMap<&'static str, Trace> = BTreeMap::new();
    let mut truth = Vec::new();
    for message in simulation.by_ref() {
        if let Some((device, part, watts)) = power(&message) {
            let known = parts.entry(device).or_default();
            known[part] = watts;
            let trace = traces.entry(device).or_default();
            trace.push((message.at.as_millisecond(), known.iter().sum()));
        }
    }
    truth.extend(simulation.drain_truth());
    truth.extend(simulation.finish());
    (traces, truth)
}

#[test]
fn power_alone_gives_the_energy_of_every_state() {
    let (traces, truth) = traces(&Scenario::builtin("week").unwrap());
    let mut held: BTreeMap<(&str, String), f64> = BTreeMap::new();
    let mut really: BTreeMap<(&str, String), f64> = BTreeMap::new();
    let mut next: BTreeMap<&str, usize> = BTreeMap::new();
    for record in &truth {
        let TruthRecord::Interval {
            device,
            until,
            state,
            energy_wh,
            ..
        } = record
        else {
            continue;
        };
        let Some((device, trace)) = traces.get_key_value(device.as_str()) else {
            continue;
        };
        let key = (*device, format!("{state:?}"));
        *really.entry(key.clone()).or_default() += energy_wh;
        let index = next.entry(device).or_default();
        while let Some(&(at, watts)) = trace.get(*index).filter(|(at, _)| *at < until.as_millisecond()) {
            *index += 1;
            let end = trace.get(*index).map_or(until.as_millisecond(), |next| next.0);
            let seconds = f64::from(u32::try_from(end - at).unwrap()) / 1000.0;
            *held.entry(key.clone()).or_default() += watts * seconds / 3600.0;
        }
    }
    assert!(really.len() >= 17, "{really:?}");
    for (key, true_wh) in &really {
        let error = held[key] / true_wh - 1.0;
        assert!(error.abs() < 0.01, "{key:?}: {:.2} %", error * 100.0);
    }
}
