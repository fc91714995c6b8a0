//! The composition root: who reads from whom, in which thread, and what is counted on the way.
//!
//! ```text
//! sessions ─▶ journal writer ─▶ [journal] ─▶ analysis ─▶ [findings log] ─▶ history and live page
//!  (tasks)      (thread)                     (thread)                   └▶ one task per sink
//! ```
//!
//! Files in brackets are durable and are all that stands between the stages: any stage may stop, die or lag, and goes
//! on from its own cursor.

mod analysis;
mod channels;
mod figures;
mod interpreter;
mod overview;
pub mod rebuild;
mod recall;
mod recording;
mod reporting;
mod service;
mod stage;
mod tally;
mod vitals;
mod walk;

pub use interpreter::Interpreter;
pub use recall::recall;
pub use service::{Files, Service};
pub use vitals::{Shown, Vitals};
pub use walk::{analyze, journal, walk};
