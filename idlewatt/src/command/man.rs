//! `idlewatt man`: manual pages of all commands, for `man idlewatt` and for a package.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Command, ValueHint};

use crate::help::{self, page};

/// Writes the manual pages: idlewatt.1, and one page for each command and what is below it.
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  idlewatt man /usr/local/share/man/man1\n  idlewatt man pages; man -l pages/idlewatt-serve.1"
)]
pub struct Arguments {
    /// The folder for the pages; it is made where it is missing, and pages of the same name are written anew
    #[arg(value_name = "FOLDER", value_hint = ValueHint::DirPath)]
    folder: PathBuf,
}

/// Writes the pages and says how many.
///
/// # Errors
/// A file cannot be written.
pub fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let folder = &arguments.folder;
    let cannot = || format!("cannot write to {}; name another folder", folder.display());
    std::fs::create_dir_all(folder).with_context(cannot)?;
    let count = write(&help::tree(), None, folder).with_context(cannot)?;
    writeln!(out, "{count} pages written to {}", folder.display())?;
    Ok(ExitCode::SUCCESS)
}

fn write(command: &Command, above: Option<&Command>, folder: &Path) -> anyhow::Result<usize> {
    let mut text = Vec::new();
    page::write(command, above, &mut text)?;
    std::fs::write(folder.join(page::file_name(command)), text)?;
    let mut count = 1;
    for below in command.get_subcommands() {
        count += write(below, Some(command), folder)?;
    }
    Ok(count)
}
