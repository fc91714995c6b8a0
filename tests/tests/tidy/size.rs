//! How long files are, and that each says what it is for.

use crate::tree::{Fault, Tree, code_lines, is_test};

/// No file of code is longer, its tests left out.
const CODE_LINES_MAX: usize = 500;
/// Nine in ten are shorter than this.
const CODE_LINES_USUAL: usize = 400;
/// No file of tests is longer.
const TEST_LINES_MAX: usize = 600;

/// Files are of a size that is read in one sitting.
pub(crate) fn sizes(tree: &Tree) -> Vec<Fault> {
    let (mut faults, mut code, mut long) = (Vec::new(), 0, Vec::new());
    for (path, text) in tree.ending(".rs") {
        let (lines, max) = if is_test(path) {
            (text.lines().count(), TEST_LINES_MAX)
        } else {
            code += 1;
            (code_lines(text).count(), CODE_LINES_MAX)
        };
        if lines > max {
            let what = format!("{lines} lines, more than {max}");
            faults.push(Fault::new(path, 0, what, "split it by noun"));
        }
        if !is_test(path) && lines >= CODE_LINES_USUAL {
            long.push(path);
        }
    }
    if long.len() * 10 > code {
        let what = format!(
            "{} of {code} files have {CODE_LINES_USUAL} lines or more: {}",
            long.len(),
            long.join(", ")
        );
        faults.push(Fault::new(
            "Cargo.toml",
            0,
            what,
            "nine in ten should be shorter: split by noun",
        ));
    }
    faults
}

/// The head of a module says its purpose; a crate says more than its name.
pub(crate) fn openings(tree: &Tree) -> Vec<Fault> {
    let mend = "begin it with `//!` and its purpose, then limits and invariants";
    let files = tree
        .ending(".rs")
        .filter(|(path, _)| path.contains("/src/") && !is_test(path));
    let bare = files.filter(|(path, text)| {
        let first = text.lines().next().unwrap_or_default();
        let room = path.split('/').next().unwrap_or_default();
        first
            .strip_prefix("//! ")
            .is_none_or(|words| words.trim().is_empty() || words.trim() == room)
    });
    bare.map(|(path, _)| Fault::new(path, 1, "does not say what it is for", mend))
        .collect()
}
