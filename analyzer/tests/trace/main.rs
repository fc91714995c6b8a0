//! Traces: what a meter says, and what is found of it, in files that a person can read (`analyzer/tests/traces`).
//!
//! A file has a header, a line `readings:` with the readings (see [`notation`]), and a line `findings:` with what the
//! real analyzer says of them (see [`report`]). When something else is found on purpose, the files are rewritten and the
//! difference is reviewed:
//!
//! ```sh
//! IDLEWATT_REWRITE=1 cargo test -p analyzer --test trace && git diff analyzer/tests/traces
//! ```

#[path = "../common/mod.rs"]
mod common;
mod notation;
mod report;

use std::fs;
use std::path::Path;

use analyzer::Analyzer;
use notation::{Said, Trace};

const MARK: &str = "\nfindings:\n";

/// What is found, as the file should say it.
fn findings(name: &str, text: &str) -> String {
    let trace = Trace::parse(text).unwrap_or_else(|fault| panic!("{name}: {fault}"));
    let mut analyzer = Analyzer::new(trace.config());
    let mut out = Vec::new();
    for (at, said) in trace.said() {
        match said {
            Said::Reading(reading) => {
                analyzer.observe(analyzer::Arrival::live(at), &[reading], &mut out);
                analyzer.advance(at, &mut out);
            }
            Said::Availability(availability) => analyzer.availability(at, &availability, &mut out),
            Said::Nothing => analyzer.advance(at, &mut out),
        }
    }
    analyzer.finish(trace.until, &mut out);
    report::of(&out, &trace.zone)
}

#[test]
fn traces_are_found_to_be_what_they_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/traces");
    let is_rewritten = std::env::var_os("IDLEWATT_REWRITE").is_some();
    let mut paths: Vec<_> = fs::read_dir(&folder)
        .expect("the folder of traces")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    assert!(!paths.is_empty(), "no traces in {}", folder.display());
    let mut differing = Vec::new();
    for path in paths {
        let name = path.file_name().unwrap_or_default().display().to_string();
        let text = fs::read_to_string(&path).expect("a trace is text");
        let (readings, expected) = text.split_once(MARK).unwrap_or((text.trim_end(), ""));
        let found = findings(&name, readings);
        if found == expected {
            continue;
        }
        if is_rewritten {
            fs::write(&path, format!("{readings}{MARK}{found}")).expect("it can be written");
        } else {
            differing.push(format!("{name}\n{}", report::difference(expected, &found)));
        }
    }
    assert!(
        differing.is_empty(),
        "{}\nIf this is meant: IDLEWATT_REWRITE=1 cargo test -p analyzer --test trace, then review the diff",
        differing.join("\n")
    );
}
