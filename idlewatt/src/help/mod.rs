//! The command line about itself: man pages, the reference in the documents, and what both are made of.
//!
//! Everything is worked out from clap's tree, so nothing is said twice. What a command has to say beyond its arguments
//! stands in its `after_help`, as chapters: a line that ends with a colon, then indented lines. `Examples:` is one of
//! every command, `Exit codes:` of those that mean something of their own, `With --json:` of those that know it.

pub(crate) mod page;
pub mod reference;
mod surroundings;

use clap::Command;

/// What exit codes mean where a command says nothing else.
pub(crate) const EXIT_CODES: [&str; 3] = [
    "0  done",
    "1  it failed, or found faults; the reason is on standard error",
    "2  wrong arguments",
];

/// A chapter of what a command says after its arguments.
#[derive(Debug, PartialEq, Eq)]
pub struct Chapter {
    /// What it is about, without the colon; empty for words that stand by themselves.
    pub title: String,
    /// Its lines, without their indentation.
    pub lines: Vec<String>,
}

/// The chapters of a command, in their order.
#[must_use]
pub fn chapters(command: &Command) -> Vec<Chapter> {
    let text = command.get_after_help().map(ToString::to_string);
    let text = text.unwrap_or_default();
    let parts = text.split("\n\n").filter(|part| !part.trim().is_empty());
    let chapters = parts.map(|part| {
        let (title, lines) = match part.split_once(":\n") {
            Some((title, rest)) if !title.contains('\n') => (title, rest),
            _ => ("", part),
        };
        let lines = lines.lines().map(|line| line.trim().to_owned());
        Chapter {
            title: title.trim().to_owned(),
            lines: lines.collect(),
        }
    });
    chapters.collect()
}

/// The whole tree with its names worked out: `idlewatt alert list` is called that.
#[must_use]
pub fn tree() -> Command {
    let mut tree = crate::command::tree().disable_help_subcommand(true);
    tree.build();
    tree
}

/// A command and all that are below it, each before its own.
#[must_use]
pub fn all(command: &Command) -> Vec<&Command> {
    let below = command.get_subcommands().filter(|below| !below.is_hide_set());
    std::iter::once(command).chain(below.flat_map(all)).collect()
}

/// As one calls it: `idlewatt alert list`.
#[must_use]
pub fn called(command: &Command) -> &str {
    command.get_bin_name().unwrap_or_else(|| command.get_name())
}
