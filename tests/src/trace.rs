//! A power trace of a simulated device, as a file that `classify` and `calibrate` read, with the truth beside it.

use std::fmt::Write as _;

use anyhow::Context;
use simulator::{Scenario, Simulation, TruthRecord};

/// What one device's meter measured, and what the device really did.
pub struct Trace {
    /// CSV with the header `ts_unix_s,power_w`.
    pub csv: String,
    /// The truth of the same time.
    pub truth: Vec<TruthRecord>,
}

/// Plays a scenario of one device to its end.
///
/// # Errors
/// The scenario has a fault.
pub fn simulated(scenario: &str) -> anyhow::Result<Trace> {
    let scenario = Scenario::from_toml(scenario).context("the test's scenario is sound")?;
    let mut simulation = Simulation::new(&scenario);
    let mut csv = String::from("ts_unix_s,power_w\n");
    for sample in simulation.by_ref().filter_map(|message| message.sample) {
        let (seconds, millis) = (sample.at_ms / 1000, sample.at_ms % 1000);
        writeln!(csv, "{seconds}.{millis:03},{:.1}", sample.watts())?;
    }
    let mut truth = simulation.drain_truth();
    truth.extend(simulation.finish());
    Ok(Trace { csv, truth })
}
