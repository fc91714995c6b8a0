//! Which room may import which, what the analyzer must do without, and who may read a clock.

use crate::tree::{Fault, Tree, code_lines, is_test, statements};

/// Each room and the rooms it may import.
const ROOMS: [(&str, &[&str]); 6] = [
    ("analyzer", &[]),
    ("deliver", &["analyzer"]),
    ("idlewatt", &["analyzer", "deliver", "ingest", "simulator"]),
    ("ingest", &["analyzer"]),
    ("simulator", &[]),
    (
        "tests",
        &["analyzer", "deliver", "idlewatt", "ingest", "simulator"],
    ),
];
/// All that the analyzer may be built of.
const ANALYZER_CRATES: [&str; 4] = ["jiff", "postcard", "serde", "thiserror"];
/// What would make the analyzer's answer depend on more than its readings.
const IMPURE: [&str; 12] = [
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::process",
    "std::thread",
    "HashMap",
    "HashSet",
    "RandomState",
    "println!",
    "eprintln!",
    "unsafe ",
];
const CLOCK: &str = "ingest/src/clock.rs";
/// Where clippy's ban on clocks may be lifted outside of tests.
const MEASURES: &str = "simulator/examples/";

/// Cargo.toml and `use` paths keep the arrows between rooms.
pub(crate) fn imports(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (room, allowed) in ROOMS {
        let mend = |other: &str| {
            let may = if allowed.is_empty() {
                "none of ours".to_owned()
            } else {
                allowed.join(", ")
            };
            format!("{room} may import {may}; a new arrow to {other} is a decision (docs/decisions)")
        };
        let manifest = format!("{room}/Cargo.toml");
        if !tree.has(&manifest) {
            faults.push(Fault::new(
                &manifest,
                0,
                "is missing",
                "each room is a workspace member",
            ));
        }
        let is_wrong = |other: &&str| *other != room && !allowed.contains(other);
        let others: Vec<&str> = ROOMS.iter().map(|(name, _)| *name).filter(is_wrong).collect();
        for (line, name) in dependencies(tree.text(&manifest)) {
            if let Some(other) = others.iter().find(|other| **other == name) {
                faults.push(Fault::new(
                    &manifest,
                    line,
                    format!("{room} depends on {other}"),
                    mend(other),
                ));
            }
        }
        let own = format!("{room}/");
        for (path, text) in tree.ending(".rs").filter(|(path, _)| path.starts_with(&own)) {
            let code = text
                .lines()
                .enumerate()
                .filter(|(_, line)| !line.trim_start().starts_with("//"));
            for (index, line) in code {
                // `tests` is also what modules of tests are called; nothing can use the room without Cargo.toml
                let used = others
                    .iter()
                    .find(|other| **other != "tests" && uses(line, other));
                if let Some(other) = used {
                    faults.push(Fault::new(
                        path,
                        index + 1,
                        format!("{room} uses {other}::"),
                        mend(other),
                    ));
                }
            }
        }
    }
    faults
}

/// Whether a line of code names a path that begins with the crate.
fn uses(line: &str, krate: &str) -> bool {
    let path = format!("{krate}::");
    let is_in_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | ':');
    line.match_indices(&path)
        .any(|(at, _)| !line[..at].ends_with(is_in_name))
}

/// The names in every section of dependencies, with their lines.
pub(crate) fn dependencies(manifest: &str) -> Vec<(usize, &str)> {
    let (mut names, mut is_inside) = (Vec::new(), false);
    for (index, line) in manifest.lines().map(str::trim).enumerate() {
        if line.starts_with('[') {
            is_inside = line.ends_with("dependencies]");
        } else if is_inside && !line.starts_with('#') {
            let name = line.split(['.', '=', ' ']).next().unwrap_or_default();
            names.extend((!name.is_empty()).then_some((index + 1, name)));
        }
    }
    names
}

/// Nothing but its readings moves the analyzer.
pub(crate) fn purity(tree: &Tree) -> Vec<Fault> {
    let mend = "time and data come into the analyzer as arguments, findings go out";
    let manifest = tree.text("analyzer/Cargo.toml");
    let linked = manifest.split("[dev-dependencies]").next().unwrap_or_default();
    let crates = dependencies(linked)
        .into_iter()
        .filter(|(_, name)| !ANALYZER_CRATES.contains(name));
    let crates =
        crates.map(|(line, name)| Fault::new("analyzer/Cargo.toml", line, format!("links {name}"), mend));
    let mut faults: Vec<Fault> = crates.collect();
    for (path, text) in tree
        .ending(".rs")
        .filter(|(path, _)| path.starts_with("analyzer/src/"))
    {
        for (line, code) in statements(text) {
            let words = IMPURE.iter().filter(|word| code.contains(**word));
            faults.extend(words.map(|word| Fault::new(path, line, format!("has {word}"), mend)));
        }
    }
    faults
}

/// One module reads clocks; waiting goes by tokio's timer.
pub(crate) fn clocks(tree: &Tree) -> Vec<Fault> {
    let mend = format!("take the time as an argument, or ask {CLOCK} at the edge; to wait use tokio::time");
    let mut faults = Vec::new();
    let code = tree
        .ending(".rs")
        .filter(|(path, _)| *path != CLOCK && !is_test(path) && !path.starts_with(MEASURES));
    for (path, text) in code {
        let is_timer =
            code_lines(text).any(|(_, line)| line.contains("tokio::time") && line.contains("Instant"));
        for (line, code) in statements(text) {
            let wall = [
                "SystemTime::now",
                "Timestamp::now",
                "Zoned::now",
                "ZonedDateTime::now",
                "TimeZone::system",
            ];
            let is_clock = wall.iter().any(|call| code.contains(call))
                || code.contains("Instant::now") && !is_timer
                || code.contains("clippy::disallowed_methods");
            if is_clock {
                faults.push(Fault::new(path, line, "reads a clock", mend.clone()));
            }
        }
    }
    faults
}
