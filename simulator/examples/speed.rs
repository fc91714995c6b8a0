//! How fast a built-in scenario is simulated, what it sends and what was true:
//! `cargo run --release -p simulator --example speed -- demo`.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measurement for a person"
)]

use std::collections::BTreeMap;
use std::time::Instant;

use simulator::{Scenario, Simulation, TruthRecord};

fn main() -> Result<(), simulator::ScenarioError> {
    let name = std::env::args().nth(1).unwrap_or_else(|| "demo".to_owned());
    let scenario = Scenario::builtin(&name)?;
    let begun = Instant::now();
    let mut simulation = Simulation::new(&scenario);
    let (mut messages, mut bytes) = (0_u64, 0);
    let mut per_meter: BTreeMap<String, u64> = BTreeMap::new();
    for message in simulation.by_ref() {
        messages += 1;
        bytes += message.payload.len();
        if let Some(count) = per_meter.get_mut(&message.topic) {
            *count += 1;
        } else {
            per_meter.insert(message.topic, 1);
        }
    }
    let mut truth = simulation.drain_truth();
    truth.extend(simulation.finish());
    let seconds = begun.elapsed().as_secs_f64();
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let rate = messages as f64 / seconds;
    println!("{name}: {messages} messages, {bytes} bytes, {seconds:.2} s, {rate:.0} messages/s");
    for (topic, count) in per_meter {
        println!("{count:>8}  {topic}");
    }
    let mut states: BTreeMap<String, (f64, f64)> = BTreeMap::new();
    let mut exams: BTreeMap<String, u32> = BTreeMap::new();
    for record in &truth {
        match record {
            TruthRecord::Interval {
                device,
                from,
                until,
                state,
                energy_wh,
            } => {
                let sum = states.entry(format!("{device} {state:?}")).or_default();
                sum.0 += until.duration_since(*from).as_secs_f64() / 3600.0;
                sum.1 += energy_wh / 1000.0;
            }
            TruthRecord::Exam { device, .. } => *exams.entry(device.clone()).or_default() += 1,
            TruthRecord::Event { device, at, event } => println!("{device} {at} {event:?}"),
            TruthRecord::Total {
                device, energy_wh, ..
            } => println!("{device} {:.1} kWh", energy_wh / 1000.0),
        }
    }
    for (state, (hours, kwh)) in states {
        println!(
            "{state:<24} {hours:>8.2} h {kwh:>10.2} kWh, mean {:.3} kW",
            kwh / hours
        );
    }
    println!("exams: {exams:?}");
    Ok(())
}
