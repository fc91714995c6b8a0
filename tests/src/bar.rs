//! What the programs of this crate print: things that must hold, and how they are.

use std::fmt;
use std::process::Command;

use anyhow::Context;

/// One thing that must hold.
#[derive(Debug)]
pub struct Bar {
    /// What.
    pub name: &'static str,
    /// How it is.
    pub found: String,
    /// Whether it holds.
    pub is_met: bool,
}

impl fmt::Display for Bar {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = if self.is_met { "PASS" } else { "FAIL" };
        write!(formatter, "{word}  {}\n      {}", self.name, self.found)
    }
}

/// Under `cargo run`, makes sure that the binary is as new as this one.
///
/// # Errors
/// When it cannot be built.
pub fn build_idlewatt() -> anyhow::Result<()> {
    let Some(cargo) = std::env::var_os("CARGO") else {
        return Ok(());
    };
    let program = std::env::current_exe()?;
    let folder = program
        .parent()
        .and_then(|folder| folder.file_name())
        .context("no folder")?;
    let folder = folder.to_string_lossy();
    let profile = if folder == "debug" { "dev" } else { &folder };
    let status = Command::new(cargo)
        .args(["build", "--quiet", "-p", "idlewatt", "--profile", profile])
        .status()?;
    anyhow::ensure!(status.success(), "idlewatt cannot be built");
    Ok(())
}
