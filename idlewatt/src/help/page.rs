//! Manual pages: clap_mangen writes what clap's tree says of arguments, this the chapters beyond it.

use std::io::{self, Write};

use clap::Command;
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, roman};

use super::surroundings::{self, Surrounding};
use super::{Chapter, EXIT_CODES, called, chapters};

/// Where there is more to read.
const DOCUMENTS: &str =
    "/usr/share/doc/idlewatt: runbook.md says how to run the service, cli.md has all commands on one page";

/// The name of a command's page: `idlewatt-alert-list.1`.
pub(crate) fn file_name(command: &Command) -> String {
    format!("{}.1", called(command).replace(' ', "-"))
}

/// Writes the page of a command of the built tree; `above` is the command it belongs to.
pub(crate) fn write(command: &Command, above: Option<&Command>, out: &mut dyn Write) -> io::Result<()> {
    let version = env!("CARGO_PKG_VERSION");
    // what follows the arguments has chapters of its own below
    let bare = command.clone().after_help("").after_long_help("");
    let man = Man::new(bare)
        .title(called(command).replace(' ', "-").to_uppercase())
        .source(format!("idlewatt {version}"))
        .manual("idlewatt manual");
    man.render_title(out)?;
    man.render_name_section(out)?;
    man.render_synopsis_section(out)?;
    man.render_description_section(out)?;
    man.render_options_section(out)?;
    if command.has_subcommands() {
        man.render_subcommands_section(out)?;
    }
    let mut roff = Roff::new();
    let all = chapters(command);
    for (title, heading) in [
        ("", "NOTES"),
        ("Input", "INPUT"),
        ("Output", "OUTPUT"),
        ("With --json", "JSON OUTPUT"),
    ] {
        let of_title = all.iter().filter(|chapter| chapter.title == title);
        of_title.for_each(|chapter| paragraph(&mut roff, heading, chapter));
    }
    let of = |title: &str| all.iter().find(|chapter| chapter.title == title);
    exit_status(&mut roff, of("Exit codes"));
    surrounding(&mut roff, "FILES", surroundings::files(command));
    surrounding(&mut roff, "ENVIRONMENT", surroundings::variables(command));
    if let Some(examples) = of("Examples") {
        roff.control("SH", ["EXAMPLES"]).control("EX", []);
        for line in &examples.lines {
            roff.text(vec![roman(line.as_str())]);
        }
        roff.control("EE", []);
    }
    see_also(&mut roff, command, above);
    roff.to_writer(out)
}

fn paragraph(roff: &mut Roff, title: &str, chapter: &Chapter) {
    roff.control("SH", [title])
        .text(vec![roman(chapter.lines.join(" "))]);
}

fn exit_status(roff: &mut Roff, own: Option<&Chapter>) {
    roff.control("SH", ["EXIT STATUS"]);
    let usual = EXIT_CODES.iter().copied();
    let lines: Vec<&str> = match own {
        Some(own) => own.lines.iter().map(String::as_str).collect(),
        None => usual.collect(),
    };
    for line in lines {
        let (code, says) = line.split_once("  ").unwrap_or((line, ""));
        entry(roff, code, says);
    }
}

fn surrounding(roff: &mut Roff, title: &str, entries: impl Iterator<Item = &'static Surrounding>) {
    let mut entries = entries.peekable();
    if entries.peek().is_some() {
        roff.control("SH", [title]);
    }
    for one in entries {
        entry(roff, one.name, one.says);
    }
}

fn entry(roff: &mut Roff, name: &str, says: &str) {
    roff.control("TP", [])
        .text(vec![bold(name)])
        .text(vec![roman(says)]);
}

fn see_also(roff: &mut Roff, command: &Command, above: Option<&Command>) {
    let siblings = above.into_iter().flat_map(|above| {
        let others = above.get_subcommands();
        std::iter::once(above).chain(others.filter(|other| other.get_name() != command.get_name()))
    });
    let mut words: Vec<Inline> = Vec::new();
    for other in siblings {
        words.extend([bold(called(other).replace(' ', "-")), roman("(1), ")]);
    }
    words.push(roman(DOCUMENTS));
    roff.control("SH", ["SEE ALSO"]).text(words);
}
