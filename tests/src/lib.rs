//! Real servers for the tests: each started on a kernel-chosen port and stopped by its pid.

pub mod account;
pub mod alertmanager;
pub mod axe;
pub mod bar;
pub mod certificate;
pub mod chromium;
pub mod compare;
pub mod idlewatt;
pub mod influxd;
pub mod judge;
pub mod mosquitto;
pub mod pipeline;
pub mod prometheus;
pub mod proxy;
pub mod publisher;
pub mod receiver;
mod server;
pub mod session;
pub mod shipped;
pub mod small_disk;
pub mod smtpd;
pub mod torture;
pub mod trace;
pub mod victoria;
pub mod week;
