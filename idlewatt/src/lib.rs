//! The command: arguments, configuration file, composition root. The only room that knows all others.

mod arguments;
pub mod backup;
pub mod command;
pub mod config;
pub mod demo;
#[cfg(test)]
mod example;
mod harmless;
pub mod help;
pub mod pipeline;
mod privilege;
mod progress;
mod say;
mod supervisor;
mod trace;
