//! The commands of the runbook, word by word: a block of shell behind a line `<!-- run: name -->`.

use std::collections::BTreeMap;

use anyhow::{Context, ensure};

const RUNBOOK: &str = include_str!("../../../docs/runbook.md");

/// The marked blocks by their name.
pub(crate) struct Runbook(BTreeMap<String, String>);

impl Runbook {
    pub(crate) fn read() -> anyhow::Result<Self> {
        let mut blocks = BTreeMap::new();
        let mut lines = RUNBOOK.lines();
        while let Some(line) = lines.next() {
            let mark = line
                .strip_prefix("<!-- run: ")
                .and_then(|rest| rest.strip_suffix(" -->"));
            let Some(name) = mark else { continue };
            ensure!(
                lines.next() == Some("```sh"),
                "behind the mark of {name} there is no block of shell"
            );
            let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            ensure!(
                blocks.insert(name.to_owned(), block.join("\n")).is_none(),
                "two blocks are named {name}"
            );
        }
        Ok(Self(blocks))
    }

    /// The commands of one block.
    pub(crate) fn block(&self, name: &str) -> anyhow::Result<&str> {
        self.0
            .get(name)
            .map(String::as_str)
            .with_context(|| format!("no block named {name}"))
    }
}
