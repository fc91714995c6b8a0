//! Real servers for the tests: each started on a port that the kernel keeps for it, and stopped by its pid.

pub mod account;
pub mod chromium;
pub mod idlewatt;
pub mod influxd;
pub mod judge;
pub mod mosquitto;
pub mod pipeline;
pub mod publisher;
pub mod server;
pub mod session;
pub mod victoria;
pub mod week;
