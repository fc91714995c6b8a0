//! The tidy test: reads the source tree and fails with file and mend where it is not as ARCHITECTURE.md says.
//!
//! Each check is a function of the tree in memory, so [`each_check_finds_what_it_is_for`] can try it on a tree with a
//! fault in it. Nothing here builds, runs or fetches anything.

mod figure;
mod paper;
mod room;
mod size;
mod table;
mod tree;

use std::path::Path;

use tree::{Fault, Tree};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

fn tree() -> Tree {
    Tree::read(Path::new(ROOT))
}

fn none(faults: &[Fault]) {
    let said: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert!(said.is_empty(), "{} faults:\n{}\n", said.len(), said.join("\n"));
}

#[test]
fn rooms_import_only_what_they_may() {
    none(&room::imports(&tree()));
}

#[test]
fn the_analyzer_is_pure() {
    none(&room::purity(&tree()));
}

#[test]
fn one_module_reads_clocks() {
    none(&room::clocks(&tree()));
}

#[test]
fn files_are_short() {
    none(&size::sizes(&tree()));
}

#[test]
fn modules_say_what_they_are_for() {
    none(&size::openings(&tree()));
}

#[test]
fn tables_equal_their_folders() {
    none(&table::folders(&tree()));
    none(&table::fuzzers(&tree()));
}

#[test]
fn links_and_paths_lead_somewhere() {
    let tree = tree();
    none(&paper::links(&tree));
    none(&paper::paths(&tree));
}

#[test]
fn every_invariant_has_a_test_that_exists() {
    none(&paper::invariants(&tree()));
}

#[test]
fn the_readme_names_every_command_and_family() {
    none(&paper::readme(&tree()));
}

#[test]
fn every_decision_is_in_the_index_and_every_dependency_in_a_decision() {
    none(&paper::decisions(&tree()));
}

#[test]
fn what_belongs_to_a_release_is_there() {
    none(&paper::release(&tree()));
}

#[test]
fn figures_in_the_documents_are_those_of_the_code() {
    none(&figure::states(&tree()));
    none(&figure::kpis(&tree()));
    none(&figure::alerts(&tree()));
}

#[test]
fn no_payload_of_others_is_in_the_tree() {
    let folder = Path::new(ROOT).join("../shared/payloads");
    none(&paper::payloads(&tree(), &paper::read_payloads(&folder)));
}

type Check = fn(&Tree) -> Vec<Fault>;

/// A tree with one fault, and the words the check must find for it.
fn finds(check: Check, tree: &Tree, words: &str) {
    let said: Vec<String> = check(tree).iter().map(ToString::to_string).collect();
    assert!(
        said.iter().any(|fault| fault.contains(words)),
        "nobody said {words:?}; said was {said:?}"
    );
}

#[test]
fn each_check_finds_what_it_is_for() {
    let tree = tree();
    finds(
        table::fuzzers,
        &tree.without("ingest/fuzz/fuzz_targets/tasmota.rs"),
        "tasmota has no fuzzer",
    );
    finds(
        room::imports,
        &tree.and("ingest/src/lib.rs", "use deliver::log;\n"),
        "ingest uses deliver::",
    );
    finds(
        room::imports,
        &tree.and("deliver/Cargo.toml", "ingest.workspace = true\n"),
        "deliver depends on ingest",
    );
    finds(
        room::purity,
        &tree.and("analyzer/src/lib.rs", "use std::fs;\n"),
        "std::fs",
    );
    finds(
        room::purity,
        &tree.with("analyzer/Cargo.toml", "[dependencies]\ntracing = \"1\"\n"),
        "links tracing",
    );
    let clock = "fn f() { std::time::Instant::now(); }\n";
    finds(
        room::clocks,
        &tree.and("ingest/src/lib.rs", clock),
        "ingest/src/lib.rs",
    );
    finds(
        room::clocks,
        &tree.and("ingest/src/lib.rs", "fn f() { jiff::Timestamp::now(); }\n"),
        "reads a clock",
    );
    finds(
        size::sizes,
        &tree.and("ingest/src/lib.rs", &"//\n".repeat(501)),
        "ingest/src/lib.rs: 5",
    );
    finds(
        size::openings,
        &tree.with("deliver/src/lib.rs", "//! deliver\n"),
        "deliver/src/lib.rs:1",
    );
    finds(
        table::folders,
        &tree.with("analyzer/src/kpi/tea.rs", "//! Tea.\n"),
        "tea",
    );
    finds(table::folders, &tree.without("analyzer/src/modality/ct.rs"), "ct");
    finds(
        table::folders,
        &tree.with("idlewatt/src/command/tea.rs", "//! Tea.\n"),
        "tea.rs is not a command",
    );
}

#[test]
fn each_check_of_paper_finds_what_it_is_for() {
    let tree = tree();
    finds(
        paper::links,
        &tree.and("README.md", "\n[x](docs/none.md)\n"),
        "docs/none.md",
    );
    finds(
        paper::links,
        &tree.and("README.md", "\n[x](ARCHITECTURE.md#no-such-place)\n"),
        "no-such-place",
    );
    finds(
        paper::paths,
        &tree.and("ARCHITECTURE.md", "\nSee `ingest/src/none.rs`.\n"),
        "ingest/src/none.rs",
    );
    let architecture = tree.text("ARCHITECTURE.md");
    let lie = architecture.replacen(
        "`intervals_tile_time_and_energies_add_up`",
        "`intervals_are_nice`",
        1,
    );
    finds(
        paper::invariants,
        &tree.with("ARCHITECTURE.md", lie),
        "intervals_are_nice",
    );
    let readme = tree
        .text("README.md")
        .replace("`idlewatt decode", "`idlewatt undo");
    finds(paper::readme, &tree.with("README.md", readme), "idlewatt decode");
    finds(
        paper::decisions,
        &tree.with("docs/decisions/9999-tea.md", "# Tea\n"),
        "9999-tea.md",
    );
    let manifest = tree
        .text("Cargo.toml")
        .replacen("anyhow = \"1\"", "anyhow = \"1\"\ntea = \"1\"", 1);
    finds(paper::decisions, &tree.with("Cargo.toml", manifest), "tea");
    finds(
        paper::release,
        &tree.with("CHANGELOG.md", "# Changelog\n"),
        "Unreleased",
    );
    finds(
        paper::release,
        &tree.without("deploy/idlewatt.toml"),
        "deploy/idlewatt.toml",
    );
    let states = tree.text("docs/states.md").replacen("10000", "10001", 1);
    finds(
        figure::states,
        &tree.with("docs/states.md", states),
        "docs/states.md",
    );
    let kpis = tree
        .text("docs/kpis.md")
        .replacen("E_idle / E_total", "E_idle", 1);
    finds(figure::kpis, &tree.with("docs/kpis.md", kpis), "idle_share");
    finds(figure::alerts, &tree.with("docs/alerts.md", ""), "overnight_idle");
    let payload = "a payload that somebody else has written, long enough to be told";
    let copied = tree.and(
        "ingest/src/lib.rs",
        "// a payload that somebody else has written, long enough to be told\n",
    );
    let said = paper::payloads(&copied, &[payload.to_owned()]);
    assert!(said.iter().any(|fault| fault.file == "ingest/src/lib.rs"));
}
