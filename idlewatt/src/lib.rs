//! The command: arguments, configuration file, composition root. The only room that knows all others.

pub mod backup;
pub mod command;
pub mod config;
pub mod demo;
#[cfg(test)]
mod example;
mod harmless;
pub mod pipeline;
mod privilege;
mod say;
mod trace;
