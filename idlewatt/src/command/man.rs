//! `idlewatt man`: manual pages of all commands, for `man idlewatt` and for a package; or all of it on one page, docs/cli.md.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Command, ValueHint};

use crate::help::{self, page, reference};

/// Writes the manual pages: idlewatt.1, and one page for each command and what is below it.
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  idlewatt man /usr/local/share/man/man1\n  \
                  idlewatt man --markdown > cli.md")]
pub struct Arguments {
    /// The folder for the pages; it is made where it is missing, and pages of the same name are written anew
    #[arg(value_name = "FOLDER", value_hint = ValueHint::DirPath, required_unless_present = "markdown")]
    folder: Option<PathBuf>,
    /// Print all commands on one page instead, as Markdown: docs/cli.md
    #[arg(long, conflicts_with = "folder")]
    markdown: bool,
}

/// Writes the pages and says how many.
///
/// # Errors
/// A file cannot be written.
pub fn run(arguments: &Arguments, out: &mut dyn Write) -> anyhow::Result<ExitCode> {
    let Some(folder) = &arguments.folder else {
        let mut text = Vec::new();
        reference::write(&mut text)?;
        out.write_all(&text)?;
        return Ok(ExitCode::SUCCESS);
    };
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
