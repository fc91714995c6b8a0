//! End to end: real broker, real databases, real binaries.

mod page;
mod page_hospital;
