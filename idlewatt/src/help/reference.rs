//! All commands on one page, as Markdown: docs/cli.md.

use std::io::{self, Write};

use clap::{Arg, ArgAction, Command};

use super::{EXIT_CODES, all, called, chapters, tree};

/// Before the commands.
const HEAD: &str = "# The command line\n\n\
Written by `idlewatt man --markdown > docs/cli.md`; a test keeps it true. The same stands in `--help` of each command and, with \
more around it, in the manual pages (`idlewatt man FOLDER`). `idlewatt completions bash` prints what a shell needs to complete \
all of it.\n\n\
Results go to standard output, messages, logs and progress to standard error. `--json` and lines of JSON are made for scripts: \
keys may be added, none is renamed or taken away. Instants are RFC 3339 in UTC unless a key says otherwise; units end the names \
of the keys.\n";
/// Before the exit codes.
const EXIT: &str = "\n## Exit codes\n\n| Code | What it means |\n|---|---|\n";
const EXIT_MORE: &str = "\nWhere a command means more by them, its chapter says so. A reader that has enough (`| head`) is no error. \
Ctrl-C: `serve`, `demo`, `discover` and `simulate --broker` end in good order; the others end at once, which a shell shows as 130.\n";
const OPTIONS: &str = "\n| Option | What it does |\n|---|---|\n";

/// Writes it.
///
/// # Errors
/// Writing fails.
pub fn write(out: &mut dyn Write) -> io::Result<()> {
    let tree = tree();
    write!(out, "{HEAD}{EXIT}")?;
    for line in EXIT_CODES {
        let (code, says) = line.split_once("  ").unwrap_or((line, ""));
        writeln!(out, "| {code} | {says} |")?;
    }
    write!(out, "{EXIT_MORE}")?;
    all(&tree)
        .into_iter()
        .skip(1)
        .try_for_each(|command| write_command(command, out))
}

fn write_command(command: &Command, out: &mut dyn Write) -> io::Result<()> {
    let name = called(command);
    let depth = "#".repeat(name.split(' ').count());
    writeln!(out, "\n{depth} {name}\n")?;
    if let Some(about) = command.get_about() {
        writeln!(out, "{}.", escaped(&about.to_string()))?;
    }
    let arguments: Vec<&Arg> = command
        .get_arguments()
        .filter(|argument| is_shown(argument))
        .collect();
    if !arguments.is_empty() {
        write!(out, "{OPTIONS}")?;
    }
    for argument in arguments {
        writeln!(out, "| `{}` | {} |", written(argument), says(argument))?;
    }
    for chapter in chapters(command) {
        if chapter.title.is_empty() {
            writeln!(out, "\n{}", escaped(&chapter.lines.join(" ")))?;
        } else if chapter.title == "Examples" {
            writeln!(out)?;
            chapter
                .lines
                .iter()
                .try_for_each(|line| writeln!(out, "    {line}"))?;
        } else if chapter.title == "Exit codes" {
            writeln!(out, "\n**Exit codes.** {}.", escaped(&chapter.lines.join("; ")))?;
        } else {
            writeln!(
                out,
                "\n**{}.** {}",
                chapter.title,
                escaped(&chapter.lines.join(" "))
            )?;
        }
    }
    Ok(())
}

/// Help and version are everywhere; what holds for a whole group stands with the group.
fn is_shown(argument: &Arg) -> bool {
    !argument.is_hide_set()
        && !matches!(
            argument.get_action(),
            ArgAction::Help | ArgAction::HelpLong | ArgAction::HelpShort | ArgAction::Version
        )
}

/// As one types it.
fn written(argument: &Arg) -> String {
    let value = || {
        let names = argument.get_value_names().unwrap_or_default().iter();
        names
            .map(|name| format!("<{name}>"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let flags = [
        argument.get_short().map(|short| format!("-{short}")),
        argument.get_long().map(|long| format!("--{long}")),
    ];
    let flags: Vec<String> = flags.into_iter().flatten().collect();
    match (flags.is_empty(), argument.get_action().takes_values()) {
        (true, _) => value(),
        (false, true) => format!("{} {}", flags.join(", "), value()),
        (false, false) => flags.join(", "),
    }
}

/// Its help, the words it takes, its default.
fn says(argument: &Arg) -> String {
    let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
    let mut says = escaped(&help);
    let takes_values = argument.get_action().takes_values();
    let words = argument.get_possible_values();
    if takes_values && !words.is_empty() {
        let words: Vec<String> = words
            .iter()
            .map(|word| format!("`{}`", word.get_name()))
            .collect();
        says += &format!("; one of {}", words.join(", "));
    }
    let defaults = argument.get_default_values().iter();
    let defaults = defaults.filter(|value| !value.is_empty());
    let defaults: Vec<String> = defaults
        .map(|value| format!("`{}`", value.to_string_lossy()))
        .collect();
    if takes_values && !defaults.is_empty() {
        says += &format!("; default {}", defaults.join(", "));
    }
    if argument.is_required_set() {
        says += "; must be said";
    }
    says
}

/// A text in a table or a paragraph: what Markdown would take for its own stands as it is.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;").replace('*', "\\*")
}
