//! Real servers for the tests: each started on a kernel-chosen port and stopped by its pid.

pub mod chromium;
pub mod influxd;
pub mod judge;
pub mod mosquitto;
mod server;
pub mod victoria;
pub mod publisher;
pub mod session;
