//! `--print-config`: every key with its comment, as a file that loads.
//!
//! Lines that begin with `#key` show a default or an example; taking the `#` away gives a line that can be read. What
//! must be said stands there with an example.

use std::fmt::Write as _;

use super::schema::File;
use super::section::{Key, Keys, Kind, Section, Shown};

/// The whole file, with every key.
#[must_use]
pub fn print_config() -> String {
    let mut text = String::new();
    comment(&mut text, File::SECTION.comment);
    print_tables(&mut text, &File::SECTION, "");
    text
}

fn print_tables(text: &mut String, section: &Section, heading: &str) {
    for key in (section.keys)() {
        let (below, open, close, shown) = match &key.kind {
            Kind::Table(below) => (below, "[", "]", Shown::Live),
            Kind::Tables(below, shown) => (below, "[[", "]]", *shown),
            Kind::Preset(_) | Kind::Optional(_) | Kind::Required(_) | Kind::Inline(..) => continue,
        };
        let name = if heading.is_empty() {
            key.name.to_owned()
        } else {
            format!("{heading}.{}", key.name)
        };
        let keys = (below.keys)();
        let is_heading_only = keys.iter().all(|key| matches!(key.kind, Kind::Table(_)));
        if !is_heading_only {
            text.push('\n');
            comment(text, key.comment);
            line(text, &format!("{}{open}{name}{close}", mark(shown)));
        }
        for key in &keys {
            print_key(text, key, shown);
        }
        print_tables(text, below, &name);
    }
}

const fn mark(shown: Shown) -> &'static str {
    match shown {
        Shown::Live => "",
        Shown::Comment => "#",
    }
}

fn print_key(text: &mut String, key: &Key, table: Shown) {
    let (shown, note) = match &key.kind {
        Kind::Preset(_) => (Shown::Comment, "default"),
        Kind::Optional(_) | Kind::Inline(_, _, Shown::Comment) => (Shown::Comment, "example, not set"),
        Kind::Inline(_, _, Shown::Live) => (table, "example"),
        Kind::Required(_) => (table, "must be said"),
        Kind::Table(_) | Kind::Tables(..) => return,
    };
    comment(text, key.comment);
    if let Kind::Inline(section, ..) = &key.kind {
        print_inline(text, section, "");
    }
    let (mark, example, words) = (mark(shown), key.example(), key.words);
    line(text, &format!("{mark}{example}  # {note}; {words}"));
}

/// The keys of a table that is written on one line.
fn print_inline(text: &mut String, section: &Section, indent: &str) {
    for key in (section.keys)() {
        let comment = key
            .comment
            .iter()
            .map(|line| line.trim())
            .collect::<Vec<_>>()
            .join(" ");
        line(
            text,
            &format!("#   {indent}{}: {comment} ({})", key.name, key.words),
        );
        if let Some(below) = key.section() {
            print_inline(text, below, &format!("{indent}  "));
        }
    }
}

fn comment(text: &mut String, lines: &[&str]) {
    for comment in lines {
        line(text, format!("#{comment}").trim_end());
    }
}

fn line(text: &mut String, line: &str) {
    // writing to a String cannot fail
    let _ = writeln!(text, "{line}");
}
