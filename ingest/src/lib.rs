//! In: the MQTT session, the durable journal, one decoder per meter family.
//!
//! A message is acknowledged to the broker only when it is on disk; all that comes after the journal is derived
//! and can be done again.

pub mod account;
pub mod clock;
pub mod decode;
pub mod incident;
pub mod journal;
pub mod pulse;
pub mod quarantine;
pub mod record;
pub mod session;
