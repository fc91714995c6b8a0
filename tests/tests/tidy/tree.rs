//! The source tree in memory, so that a check can be tried on a tree with a fault in it.
//!
//! Limits: files above [`BYTES_MAX`] and files that are not text are known by name alone.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

/// Longer files are data, not writing.
const BYTES_MAX: u64 = 2 << 20;
/// Folders that hold nothing written by hand.
const SKIPPED: [&str; 3] = ["target", ".git", "node_modules"];

/// Files by their path from the root, with `/` between levels.
#[derive(Clone, Default)]
pub(crate) struct Tree(BTreeMap<String, String>);

/// Something that is not as it should be.
pub(crate) struct Fault {
    pub(crate) file: String,
    /// Counts from 1; 0 where it is the whole file.
    pub(crate) line: usize,
    pub(crate) what: String,
    pub(crate) mend: String,
}

impl Fault {
    pub(crate) fn new(file: &str, line: usize, what: impl Into<String>, mend: impl Into<String>) -> Self {
        let (file, what, mend) = (file.to_owned(), what.into(), mend.into());
        Self {
            file,
            line,
            what,
            mend,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(formatter, "{}: {}; {}", self.file, self.what, self.mend),
            line => write!(formatter, "{}:{line}: {}; {}", self.file, self.what, self.mend),
        }
    }
}

impl Tree {
    /// Reads everything below `root`.
    pub(crate) fn read(root: &Path) -> Self {
        let mut tree = Self::default();
        tree.add(root, "");
        tree
    }

    /// Somebody else may be at work in the tree: what has just gone is no fault.
    fn add(&mut self, folder: &Path, prefix: &str) {
        let Ok(entries) = std::fs::read_dir(folder) else {
            return;
        };
        for entry in entries.filter_map(Result::ok) {
            let name = entry.file_name().to_string_lossy().into_owned();
            let Ok(metadata) = entry.metadata() else { continue };
            if metadata.is_dir() && !SKIPPED.contains(&name.as_str()) {
                self.add(&entry.path(), &format!("{prefix}{name}/"));
            } else if metadata.is_file() {
                let is_short = metadata.len() <= BYTES_MAX;
                let text = is_short
                    .then(|| std::fs::read_to_string(entry.path()).ok())
                    .flatten();
                self.0.insert(format!("{prefix}{name}"), text.unwrap_or_default());
            }
        }
    }

    /// The same tree with one file written anew.
    pub(crate) fn with(&self, path: &str, text: impl Into<String>) -> Self {
        let mut tree = self.clone();
        tree.0.insert(path.to_owned(), text.into());
        tree
    }

    /// The same tree without one file.
    pub(crate) fn without(&self, path: &str) -> Self {
        let mut tree = self.clone();
        tree.0.remove(path);
        tree
    }

    /// The same tree with something more at the end of a file.
    pub(crate) fn and(&self, path: &str, more: &str) -> Self {
        self.with(path, format!("{}{more}", self.text(path)))
    }

    /// A file's text; empty where there is none.
    pub(crate) fn text(&self, path: &str) -> &str {
        self.0.get(path).map_or("", String::as_str)
    }

    /// Whether it is a file or a folder of the tree.
    pub(crate) fn has(&self, path: &str) -> bool {
        let folder = format!("{}/", path.trim_end_matches('/'));
        let next = self.0.range(folder.clone()..).next();
        path.is_empty()
            || self.0.contains_key(path)
            || next.is_some_and(|(file, _)| file.starts_with(&folder))
    }

    /// All files whose name ends so.
    pub(crate) fn ending<'a>(&'a self, end: &'a str) -> impl Iterator<Item = (&'a str, &'a str)> {
        let files = self.0.iter().map(|(path, text)| (path.as_str(), text.as_str()));
        files.filter(move |(path, _)| path.ends_with(end))
    }

    /// The modules that are files right in a folder, `mod` and `tests` left out.
    pub(crate) fn modules(&self, folder: &str) -> Vec<String> {
        let files = self
            .ending(".rs")
            .filter_map(|(path, _)| path.strip_prefix(folder)?.strip_prefix('/'));
        let stems = files
            .filter_map(|name| name.strip_suffix(".rs"))
            .filter(|stem| !stem.contains('/'));
        stems
            .filter(|stem| !["mod", "tests"].contains(stem))
            .map(str::to_owned)
            .collect()
    }
}

/// Whether a file holds nothing but tests.
pub(crate) fn is_test(path: &str) -> bool {
    path.contains("/tests/") || path.ends_with("/tests.rs")
}

/// The lines of a file before its tests, numbered from 1.
pub(crate) fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let lines: Vec<&str> = text.lines().collect();
    let is_tail = |index: &usize| {
        lines[*index] == "#[cfg(test)]"
            && lines
                .get(index + 1)
                .is_some_and(|next| next.starts_with("mod ") && next.ends_with('{'))
    };
    let end = (0..lines.len()).find(is_tail).unwrap_or(lines.len());
    lines
        .into_iter()
        .take(end)
        .enumerate()
        .map(|(index, line)| (index + 1, line))
}

/// [`code_lines`] without comments that have a line of their own.
pub(crate) fn statements(text: &str) -> impl Iterator<Item = (usize, &str)> {
    code_lines(text).filter(|(_, line)| !line.trim_start().starts_with("//"))
}
