//! `idlewatt decode --families`: the table of meter families as Markdown; `docs/meters.md` is its output.

use std::io::{self, Write};

use ingest::decode::{Evidence, FAMILIES, FamilyEntry};

const OPENING: &str = "\
# Meters

Written by `idlewatt decode --families > docs/meters.md`; a test compares. What stands here is what the decoders'
table says.

A message is recognised by the shape of its topic and payload, however its topics are prefixed; the order of the
families is the order in which they are asked. Whatever no family knows is described by a `[[mapper]]` in the
configuration, and free names of known families by a `[[naming]]`: `idlewatt check --print-config` explains both.
`idlewatt discover` shows what speaks on a broker, `idlewatt decode` what is made of single messages.

Units are W, Wh, V and A, whatever the meter sends. A value that is missing, null, NaN or a word such as `unavailable` is
no value, never zero. Signs are kept: + is consumption.
";

const TRIED: &str = "\
## What each family was tried on

| Word | Family | Tried on |
|---|---|---|
";

/// Writes the whole document.
///
/// # Errors
/// When writing fails.
pub(super) fn write(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{OPENING}\n{}", TRIED.trim_end())?;
    for family in FAMILIES {
        let tried = tried(family.evidence);
        writeln!(out, "| `{}` | {} | {tried} |", family.name, cell(family.title))?;
    }
    for family in FAMILIES {
        section(family, out)?;
    }
    Ok(())
}

const fn tried(evidence: Evidence) -> &'static str {
    match evidence {
        Evidence::Messages => "messages of real meters, as people published them",
        Evidence::Fixtures => "messages of tests and source code of other projects",
        Evidence::Documentation => "its documentation alone; nobody has shown us a real message",
    }
}

fn section(family: &FamilyEntry, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "\n## {}\n", family.title)?;
    writeln!(
        out,
        "`{}`. Reads {}.",
        family.name,
        family.reads.trim_end_matches('.')
    )?;
    if !family.leaves_out.is_empty() {
        writeln!(out, "\nNot read, or only with configuration:\n")?;
        for phrase in family.leaves_out {
            writeln!(out, "- {}", escaped(phrase))?;
        }
    }
    let mut topics: Vec<&str> = family.samples.iter().map(|(topic, _)| *topic).collect();
    topics.sort_unstable();
    topics.dedup();
    writeln!(out, "\nTopics such as:\n")?;
    for topic in topics {
        writeln!(out, "    {topic}")?;
    }
    Ok(())
}

/// A text as Markdown that shows it as it is: `<id>` is no HTML, `**` no emphasis.
fn escaped(text: &str) -> String {
    text.replace('<', "\\<").replace('*', "\\*")
}

/// A text inside a table.
fn cell(text: &str) -> String {
    escaped(text).replace('|', "\\|")
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_document_is_what_the_table_says() {
        let mut out = Vec::new();
        super::write(&mut out).expect("memory does not fail");
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/meters.md");
        let written = std::fs::read_to_string(file).expect("docs/meters.md is there");
        assert!(
            String::from_utf8(out).expect("text") == written,
            "write it again: cargo run -- decode --families > docs/meters.md"
        );
    }
}
