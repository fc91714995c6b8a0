//! The demo hospital in one process: embedded broker, simulated meters, and the real service behind them.
//!
//! A week of history is written into the journal as if it had been received, then the meters go on over MQTT through
//! the embedded broker, at a speed of one's choice. Nothing here is a shortcut around the pipeline: all that is shown
//! was decoded and analyzed from the journal.

mod broker;
mod history;

pub use broker::EmbeddedBroker;
pub use history::write_history;

/// The configuration of the demo hospital.
pub const CONFIG: &str = include_str!("../../demo/demo.toml");
/// The name that faults in it are said with.
pub const CONFIG_NAME: &str = "demo.toml";
/// The scenario that is played.
pub const SCENARIO: &str = "demo";
/// The topic on which the player states the simulated time; the configuration says the same.
pub const CLOCK_TOPIC: &str = "simulator/clock";
