//! End to end: real broker, real databases, real binaries.

mod account;
mod alert;
mod bad_input;
mod calibrate;
mod clock_change;
mod commands;
mod dead_sink;
mod demo;
mod discover;
mod disk_full;
mod kill;
mod kpi;
mod page;
mod page_hospital;
mod rebuild;
mod report;
mod session;
mod session_fault;
mod sinks;
mod start;
mod torn;
mod trust;
mod twin;
mod whole;
