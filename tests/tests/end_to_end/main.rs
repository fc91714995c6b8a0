//! End to end: real broker, real databases, real binaries.

mod page;
mod page_hospital;
mod sinks;
mod session;
mod session_fault;
