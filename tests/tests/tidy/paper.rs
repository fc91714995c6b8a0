//! What the documents claim: links, paths, commands, invariants, decisions; and that nothing is copied.

use std::path::Path;

use ingest::decode::FAMILIES;

use crate::room::dependencies;
use crate::table::COMMANDS;
use crate::tree::{Fault, Tree};

const ARCHITECTURE: &str = "ARCHITECTURE.md";
const README: &str = "README.md";
const INDEX: &str = "docs/decisions/README.md";
const ROOMS: [&str; 9] = [
    "analyzer/",
    "deliver/",
    "deploy/",
    "docs/",
    "idlewatt/",
    "ingest/",
    "simulator/",
    "tests/",
    ".ci/",
];
/// A shorter text is anybody's.
const PAYLOAD_BYTES_MIN: usize = 40;

/// Lines outside of fenced blocks, numbered from 1.
fn prose(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut is_fenced = false;
    text.lines().enumerate().filter_map(move |(index, line)| {
        let is_fence = line.trim_start().starts_with("```");
        is_fenced ^= is_fence;
        (!is_fenced && !is_fence).then_some((index + 1, line))
    })
}

/// Every relative link leads to a file, and its anchor to a heading there.
pub(crate) fn links(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (file, text) in tree.ending(".md") {
        for (line, words) in prose(text) {
            for (at, _) in words.match_indices("](") {
                let target = words[at + 2..].split(')').next().unwrap_or_default();
                if target.contains("://") || target.starts_with("mailto:") {
                    continue;
                }
                let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
                let place = if path.is_empty() {
                    file.to_owned()
                } else {
                    beside(file, path)
                };
                if !tree.has(&place) {
                    faults.push(Fault::new(
                        file,
                        line,
                        format!("links {target}, which is not there"),
                        "correct it",
                    ));
                } else if !anchor.is_empty() && !anchors(tree.text(&place)).any(|known| known == anchor) {
                    let what = format!("links {target}, but {place} has no such heading");
                    faults.push(Fault::new(file, line, what, "correct the part behind '#'"));
                }
            }
        }
    }
    faults
}

/// A path as it is meant in `file`.
fn beside(file: &str, path: &str) -> String {
    let mut levels: Vec<&str> = file.split('/').collect();
    levels.pop();
    for level in path.split('/') {
        match level {
            ".." => drop(levels.pop()),
            "" | "." => {}
            _ => levels.push(level),
        }
    }
    levels.join("/")
}

/// The anchors that GitHub makes of headings.
fn anchors(text: &str) -> impl Iterator<Item = String> {
    let headings = prose(text).filter(|(_, line)| line.starts_with('#'));
    headings.map(|(_, line)| {
        let heading = line.trim_start_matches('#').trim().to_lowercase();
        let kept = heading
            .chars()
            .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.map(|c| if c == ' ' { '-' } else { c }).collect()
    })
}

/// The spans between backticks.
fn code_spans(line: &str) -> impl Iterator<Item = &str> {
    line.split('`').skip(1).step_by(2)
}

/// Every path of ours between backticks exists.
pub(crate) fn paths(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (file, text) in tree.ending(".md") {
        for (line, words) in prose(text) {
            let is_path = |span: &&str| {
                ROOMS.iter().any(|room| span.starts_with(room)) && !span.contains(['<', '*', ' ', '{', '…'])
            };
            for span in code_spans(words).filter(is_path) {
                let path = span.split(':').next().unwrap_or_default();
                if !tree.has(path) && !tree.has(&beside(file, path)) {
                    faults.push(Fault::new(
                        file,
                        line,
                        format!("names {path}, which is not there"),
                        "correct it",
                    ));
                }
            }
        }
    }
    faults
}

/// Every row below "Invariants" names a file and the tests in it that guard the row.
pub(crate) fn invariants(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    let (mut is_inside, mut rows) = (false, 0);
    for (line, words) in prose(tree.text(ARCHITECTURE)) {
        if words.starts_with('#') {
            is_inside = words.trim_start_matches('#').trim() == "Invariants";
        }
        if !is_inside || !words.starts_with('|') || words.starts_with("|--") || words.contains("| Guarded by")
        {
            continue;
        }
        rows += 1;
        let guards = words.trim_end_matches('|').rsplit('|').next().unwrap_or_default();
        let (mut file, mut tests) = ("", 0);
        for span in code_spans(guards) {
            if span.ends_with(".rs") {
                file = span;
                continue;
            }
            tests += 1;
            if !has_test(tree.text(file), span) {
                let what = format!("{file} has no test {span}");
                faults.push(Fault::new(
                    ARCHITECTURE,
                    line,
                    what,
                    "name the test that guards this, or write it",
                ));
            }
        }
        if tests == 0 {
            faults.push(Fault::new(
                ARCHITECTURE,
                line,
                "this invariant has no guard",
                "name file and test",
            ));
        }
    }
    if rows == 0 {
        faults.push(Fault::new(
            ARCHITECTURE,
            0,
            "has no invariants",
            "bring the table below '## Invariants' back",
        ));
    }
    faults
}

/// Whether a function of that name has a test's attribute above it.
fn has_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let is_function = |line: &str| {
        let declared = line.strip_prefix("async ").unwrap_or(line).strip_prefix("fn ");
        declared.is_some_and(|rest| rest.strip_prefix(name).is_some_and(|rest| rest.starts_with('(')))
    };
    let is_test = |line: &str| line == "#[test]" || line.starts_with("#[tokio::test");
    let mut at = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| is_function(line))
        .map(|(index, _)| index);
    at.any(|index| {
        let above = lines[..index]
            .iter()
            .rev()
            .take_while(|line| line.starts_with(['#', '/']) || line.ends_with(")]"));
        above.into_iter().any(|line| is_test(line))
    })
}

/// The README's tables name every command and every meter family.
pub(crate) fn readme(tree: &Tree) -> Vec<Fault> {
    let text = tree.text(README);
    let commands = tree
        .modules(COMMANDS)
        .into_iter()
        .map(|name| format!("| `idlewatt {name}` |"));
    let commands = commands.filter(|row| !text.contains(row.as_str()));
    let commands = commands.map(|row| {
        Fault::new(
            README,
            0,
            format!("has no row {row}"),
            "say what the command is for",
        )
    });
    let families = FAMILIES.iter().filter(|family| !text.contains(family.title));
    let families = families.map(|family| {
        let what = format!("does not name the family \"{}\"", family.title);
        Fault::new(README, 0, what, "list it among the meters that are understood")
    });
    commands.chain(families).collect()
}

/// The index links every decision; the decision on dependencies names each of them.
pub(crate) fn decisions(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    let files = tree
        .ending(".md")
        .filter_map(|(path, _)| path.strip_prefix("docs/decisions/"));
    for file in files.filter(|file| *file != "README.md") {
        if !tree.text(INDEX).contains(&format!("]({file})")) {
            faults.push(Fault::new(
                INDEX,
                0,
                format!("does not link {file}"),
                "add a line with what was decided",
            ));
        }
    }
    let (manifest, decision) = (tree.text("Cargo.toml"), "docs/decisions/0003-dependencies.md");
    let is_ours = |name: &str| tree.has(&format!("{name}/Cargo.toml"));
    for (line, name) in dependencies(manifest)
        .into_iter()
        .filter(|(_, name)| !is_ours(name))
    {
        if !tree.text(decision).contains(&format!("`{name}`")) {
            let mend =
                format!("say in {decision} what it saves, its licence and who keeps it, or leave it out");
            faults.push(Fault::new(
                "Cargo.toml",
                line,
                format!("{name} was never decided on"),
                mend,
            ));
        }
    }
    faults
}

/// Files that others rely on.
pub(crate) fn release(tree: &Tree) -> Vec<Fault> {
    let needed = [
        "deploy/idlewatt.toml",
        "deploy/mosquitto.conf",
        "deploy/mosquitto.acl",
        "docs/first.toml",
        "LICENSE",
        "CHANGELOG.md",
    ];
    let missing = needed.iter().filter(|file| !tree.has(file));
    let mut faults: Vec<Fault> = missing
        .map(|file| Fault::new(file, 0, "is missing", "bring it back"))
        .collect();
    if !tree
        .text("CHANGELOG.md")
        .lines()
        .any(|line| line.starts_with("## [Unreleased]"))
    {
        faults.push(Fault::new(
            "CHANGELOG.md",
            0,
            "has no Unreleased section",
            "begin it with '## [Unreleased]'",
        ));
    }
    faults
}

/// The payloads in a folder of JSON lines; none where there is no such folder.
pub(crate) fn read_payloads(folder: &Path) -> Vec<String> {
    let Ok(files) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let texts = files.filter_map(|file| std::fs::read_to_string(file.ok()?.path()).ok());
    let lines: Vec<String> = texts
        .flat_map(|text| text.lines().map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let parsed = lines
        .iter()
        .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    parsed
        .filter_map(|line| line.get("payload")?.as_str().map(str::to_owned))
        .collect()
}

/// No file holds one of the payloads, however it is spaced or escaped.
pub(crate) fn payloads(tree: &Tree, payloads: &[String]) -> Vec<Fault> {
    let bare = |text: &str| {
        text.chars()
            .filter(|c| !c.is_whitespace() && *c != '\\')
            .collect::<String>()
    };
    let payloads: Vec<String> = payloads.iter().map(|text| bare(text)).collect();
    let payloads: Vec<&String> = payloads
        .iter()
        .filter(|text| text.len() >= PAYLOAD_BYTES_MIN)
        .collect();
    let ends = [".rs", ".md", ".toml", ".json", ".jsonl", ".js", ".txt"];
    let mut faults = Vec::new();
    for (file, text) in ends.into_iter().flat_map(|end| tree.ending(end)) {
        let text = bare(text);
        let copied = payloads.iter().find(|payload| text.contains(payload.as_str()));
        faults.extend(copied.map(|payload| {
            let begin: String = payload.chars().take(60).collect();
            Fault::new(
                file,
                0,
                format!("holds somebody else's payload, {begin}…"),
                "write a message of our own",
            )
        }));
    }
    faults
}
