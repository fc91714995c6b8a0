//! End to end: real broker, real databases, real binaries.

mod kill;
mod page;
mod page_hospital;
mod session;
mod session_fault;
mod sinks;
mod whole;
