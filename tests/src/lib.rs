//! Real servers for the tests: each started on a kernel-chosen port and stopped by its pid.

pub mod chromium;
pub mod judge;
