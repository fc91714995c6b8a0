//! Real servers for the tests: each started on a kernel-chosen port and stopped by its pid.

pub mod account;
pub mod chromium;
pub mod idlewatt;
pub mod influxd;
pub mod judge;
pub mod mosquitto;
pub mod pipeline;
pub mod publisher;
mod server;
pub mod session;
pub mod trace;
pub mod victoria;
pub mod week;
