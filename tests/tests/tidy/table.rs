//! Tables equal their folders: a family, sink, channel, form of a report, modality, figure, rule or command is a file and an
//! entry.

use analyzer::alert::RULES;
use analyzer::kpi::KPIS;
use analyzer::modality::MODALITIES;
use deliver::channel::KINDS as CHANNELS;
use deliver::report::FORMATS;
use deliver::sink::KINDS;
use ingest::decode::FAMILIES;

use crate::tree::{Fault, Tree};

pub(crate) const COMMANDS: &str = "idlewatt/src/command";
/// Kinds that have their own test beside the table; here only its presence is looked at.
const OWN_TESTS: [(&str, &str); 4] = [
    ("simulator/src/fault/mod.rs", "folder_and_table_agree"),
    ("simulator/src/load/mod.rs", "folder_and_table_agree"),
    ("simulator/src/meter/mod.rs", "folder_and_table_agree"),
    (
        "simulator/tests/scenarios.rs",
        "every_file_is_in_the_table_and_plays",
    ),
];

/// Every kind at once.
pub(crate) fn folders(tree: &Tree) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut equal = |folder: &str, table: Vec<&str>| faults.extend(compare(tree, folder, &table));
    equal("analyzer/src/alert", RULES.iter().map(|rule| rule.name).collect());
    equal("analyzer/src/kpi", KPIS.iter().map(|kpi| kpi.name).collect());
    equal(
        "analyzer/src/modality",
        MODALITIES.iter().map(|modality| modality.name).collect(),
    );
    equal(
        "deliver/src/channel",
        CHANNELS.iter().map(|kind| kind.name).collect(),
    );
    equal(
        "deliver/src/report/format",
        FORMATS.iter().map(|format| format.name).collect(),
    );
    equal("deliver/src/sink", KINDS.iter().map(|kind| kind.name).collect());
    equal(
        "ingest/src/decode/family",
        FAMILIES.iter().map(|family| family.name).collect(),
    );
    faults.extend(commands(tree));
    let missing = OWN_TESTS
        .iter()
        .filter(|(file, test)| !tree.text(file).contains(&format!("fn {test}()")));
    faults.extend(
        missing.map(|(file, test)| Fault::new(file, 0, format!("has no test {test}"), "bring it back")),
    );
    faults
}

/// Each meter family has a fuzzer, and each fuzzer is a target.
pub(crate) fn fuzzers(tree: &Tree) -> Vec<Fault> {
    const MANIFEST: &str = "ingest/fuzz/Cargo.toml";
    let targets = tree.text(MANIFEST);
    let is_missing = |name: &&str| {
        !targets.contains(&format!("path = \"fuzz_targets/{name}.rs\""))
            || !tree.has(&format!("ingest/fuzz/fuzz_targets/{name}.rs"))
    };
    let missing = FAMILIES.iter().map(|family| family.name).filter(is_missing);
    let missing = missing.map(|name| {
        let what = format!("the family {name} has no fuzzer");
        Fault::new(MANIFEST, 0, what, "copy another's file and its [[bin]]")
    });
    missing.collect()
}

fn compare(tree: &Tree, folder: &str, table: &[&str]) -> Vec<Fault> {
    let files = tree.modules(folder);
    let place = format!("{folder}/mod.rs");
    let unlisted = files.iter().filter(|file| !table.contains(&file.as_str()));
    let unlisted = unlisted.map(|file| {
        let what = format!("the table does not have {file}, the folder does");
        Fault::new(
            &place,
            0,
            what,
            "add the `mod` line and the entry, or move the file",
        )
    });
    let gone = table
        .iter()
        .filter(|name| !files.iter().any(|file| file == *name));
    let gone = gone.map(|name| {
        let what = format!("the table has {name}, the folder does not");
        Fault::new(&place, 0, what, "a file has the name of its entry")
    });
    unlisted.chain(gone).collect()
}

/// Each file of the commands is a variant and an arm.
fn commands(tree: &Tree) -> Vec<Fault> {
    let place = format!("{COMMANDS}/mod.rs");
    let text = tree.text(&place);
    let files = tree.modules(COMMANDS);
    let is_listed = |file: &&String| {
        text.contains(&format!("({file}::Arguments)")) && text.contains(&format!("{file}::run("))
    };
    let unlisted = files.iter().filter(|file| !is_listed(file));
    unlisted
        .map(|file| {
            let what = format!("{file}.rs is not a command of the table");
            Fault::new(
                &place,
                0,
                what,
                "add the variant and the arm, or put helpers into the command's own folder",
            )
        })
        .collect()
}
