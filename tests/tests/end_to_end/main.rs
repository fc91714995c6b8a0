//! End to end: real broker, real databases, real binaries.
