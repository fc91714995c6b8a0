//! The command: arguments, configuration file, composition root. The only room that knows all others.

mod act;
pub mod command;
pub mod config;
pub mod demo;
#[cfg(test)]
mod example;
mod harmless;
pub mod pipeline;
mod privilege;
mod trace;
