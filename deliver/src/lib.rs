//! Out: everything that carries findings to people, databases and other programs.
//!
//! [`log`] stands between the analyzer and all who deliver: each [`sink`] (InfluxDB 1, 2 and 3, VictoriaMetrics, MQTT
//! topics) reads it behind a cursor of its own, so one that is away delays no other. [`history`] is the local memory,
//! [`live`] what is true now, and [`page`] shows both; [`channel`] tells people of alerts; [`metrics`] and `/health` say
//! how the service itself is.
//!
//! Imports the analyzer alone. Invariants and limits stand at the head of each module.

pub mod act;
pub mod ask;
pub mod channel;
pub mod device;
#[cfg(test)]
mod document;
#[cfg(test)]
mod example;
mod handshake;
pub mod history;
pub mod kpi;
pub mod line;
pub mod live;
pub mod log;
pub mod metrics;
pub mod page;
pub mod public;
pub mod rebuild;
pub mod report;
pub mod secret;
pub mod sink;
