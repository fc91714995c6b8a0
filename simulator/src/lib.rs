//! Virtual scanners behind virtual meters, with the truth alongside.
//!
//! A [`Scenario`] (a TOML file with a seed, see `simulator/README.md`) names the devices of a hospital, the meter in
//! front of each, and what goes wrong. A [`Simulation`] of it is an iterator over the [`Message`]s those meters send,
//! in order of time, at hundreds of thousands a second, for as long as one likes:
//!
//! ```
//! use simulator::{Scenario, Simulation};
//!
//! let scenario = Scenario::builtin("ct_room")?;
//! let mut simulation = Simulation::new(&scenario);
//! let first = simulation.next().expect("a meter says that it is there");
//! assert_eq!(first.topic, "ct1-panel/online");
//! simulation.by_ref().take(10_000).for_each(drop);
//! let known_so_far = simulation.drain_truth();
//! # let _ = known_so_far;
//! # Ok::<(), simulator::ScenarioError>(())
//! ```
//!
//! The meters know power over time and nothing of states; the [`TruthRecord`]s say what really happened, so the
//! simulator can be the judge. [`play`] sends a simulation to a real broker.
//!
//! Invariants: the same scenario gives the same bytes; a device's messages do not depend on the other devices; nothing
//! reads a clock (except the player's pace). It imports none of our crates.

mod agenda;
mod dice;
mod fault;
mod load;
mod local_time;
mod machine;
mod meter;
mod metering;
mod parcel;
mod phrase;
mod play;
mod power;
mod protobuf;
mod register;
mod scenario;
mod simulation;
mod speech;
mod truth;

pub use load::{Levels, levels};
pub use play::{BrokerOptions, PlayError, PlayOptions, Played, Speed, play};
pub use power::{Happening, State};
pub use register::{PhaseReading, Sample};
pub use scenario::{
    BUILT_IN, Day, DeviceSpec, EventKind, EventSpec, Family, FaultKind, FaultSpec, LevelsSpec, MeterSpec,
    Modality, Mode, Moment, Policy, ReportSpec, Scenario, ScenarioError, Schedule,
};
pub use simulation::{Message, Simulation};
pub use truth::TruthRecord;

/// A folder holds one file per entry of its table, and `mod.rs`.
#[cfg(test)]
fn assert_files(folder: &str, entries: usize) {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let files = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    assert_eq!(
        files.count(),
        entries + 1,
        "{}: files and table differ",
        folder.display()
    );
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_simulation_may_move_to_another_thread() {
        fn is_send<T: Send>() {}
        is_send::<crate::Simulation>();
    }
}
