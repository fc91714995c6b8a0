//! axe-core, which knows the rules of accessibility, over a page in the browser.
//!
//! It is no part of idlewatt: `./test` fetches it from the npm registry at one version, whose hash is checked, into
//! `target/axe`. A missing one is a failure that says how to get it.

use std::path::Path;

use anyhow::{Context, Result};

use crate::chromium::Chromium;

/// Where `./test` puts it.
const FILE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/axe/axe.min.js");

/// Runs in the page: the serious and critical faults, each with the first elements that have it.
const RUN: &str = "axe.run(document, { resultTypes: ['violations'] }).then((result) => result.violations
    .filter((fault) => ['serious', 'critical'].includes(fault.impact))
    .map((fault) => `${fault.id}: ${fault.help}: ` + fault.nodes.slice(0, 3).map((node) => node.html + ' (' + node.failureSummary + ')').join(' | ')))";

/// axe-core, read once.
pub struct Axe {
    source: String,
}

impl Axe {
    /// Reads it.
    ///
    /// # Errors
    /// When it was not fetched.
    pub fn read() -> Result<Self> {
        let source = std::fs::read_to_string(Path::new(FILE)).with_context(|| {
            format!("{FILE} is missing: run ./test, or the lines of it that fetch axe-core")
        })?;
        Ok(Self { source })
    }

    /// What is seriously or critically wrong with the page that is open.
    ///
    /// # Errors
    /// When the page cannot be looked at.
    pub fn faults(&self, browser: &mut Chromium) -> Result<Vec<String>> {
        browser.evaluate(&self.source)?;
        let faults = browser.evaluate(RUN)?;
        let faults = faults.as_array().context("a list of faults")?;
        Ok(faults
            .iter()
            .filter_map(|fault| fault.as_str().map(str::to_owned))
            .collect())
    }
}
