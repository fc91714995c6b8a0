//! One decoder per meter family: topic and payload in; readings, or a reason why there are none, out.
//!
//! ```text
//! Message ─▶ Decoder ─▶ configured mappers ─▶ silent topics ─▶ families, in the order of their table ─▶ Decoded
//! ```
//!
//! A family recognises its messages by the shape of topic and payload, however the topics are prefixed. A new one
//! is one file and two adjacent lines in [`family`].
//!
//! Limits: payloads above [`DecoderConfig::payload_bytes_max`] and topics above 1024 bytes are not looked at; JSON nests at most 128 deep; what
//! is remembered of meters (only where a format sends partial updates) is bounded by [`DecoderConfig::meters_max`],
//! what births and discoveries taught by [`DecoderConfig::lessons_max`]; what is forgotten is counted.
//!
//! Invariants, swept by the laws in `laws.rs` over all families: no panic on any bytes; every value is finite, no
//! counter is negative; a reading states at least one value; a reason is given exactly where there are no readings.
//! A value that is null, empty, NaN or a word such as `unavailable` is no value, never zero; a sign is kept.

mod clamp;
mod collect;
mod config;
mod decoder;
mod direction;
pub mod family;
mod input;
mod json;
mod lesson;
pub mod lines;
mod mapper;
mod message;
mod naming;
mod number;
mod recent;
mod silent;
mod stamp;
pub mod survey;

#[cfg(test)]
mod check;
#[cfg(test)]
mod laws;
#[cfg(test)]
mod sweep;

pub use clamp::Clamp;
pub use collect::Quantity;
pub use config::{ConfigError, DecoderConfig};
pub use decoder::Decoder;
pub use family::{Evidence, FAMILIES, Family, FamilyEntry};
pub use input::Input;
pub use mapper::{Mapper, MapperField, MapperTime, TimeUnit};
pub use message::{Decoded, Message, Outcome, Reason, ReasonKind};
pub use naming::Naming;
