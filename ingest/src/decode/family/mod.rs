//! The meter families: one file each. A new family is a file and two lines here: its `mod` line and its entry.
//!
//! The order of the table is the order of the questions: a family that needs more evidence to recognise a message
//! stands later. No family claims a message only because its payload holds numbers.

mod shelly_gen1;
mod shelly_gen2;
mod tasmota;
mod zigbee2mqtt;

use super::{DecoderConfig, Input, Outcome};

/// All families, in the order in which they are asked.
pub static FAMILIES: &[FamilyEntry] = &[
    FamilyEntry {
        name: "shelly_gen1",
        title: "Shelly Gen1",
        begin: shelly_gen1::begin,
    },
    FamilyEntry {
        name: "shelly_gen2",
        title: "Shelly Gen2, Gen3, Gen4",
        begin: shelly_gen2::begin,
    },
    FamilyEntry {
        name: "tasmota",
        title: "Tasmota",
        begin: tasmota::begin,
    },
    FamilyEntry {
        name: "zigbee2mqtt",
        title: "zigbee2mqtt",
        begin: zigbee2mqtt::begin,
    },
];

/// What is known of a family before any message.
#[derive(Debug)]
pub struct FamilyEntry {
    /// The stable word in outputs; the name of the family's file.
    pub name: &'static str,
    /// What people call it.
    pub title: &'static str,
    /// A decoder that has seen nothing yet.
    pub begin: fn(&DecoderConfig) -> Box<dyn Family>,
}

/// One family's decoder. It keeps only what its format's partial updates need, bounded by the configuration.
pub trait Family: Send {
    /// What a message says; none where it is not this family's. A look at the topic comes first: it costs nothing.
    fn decode(&mut self, input: &Input<'_>) -> Option<Outcome>;
}

/// A family that remembers nothing: a function is all it needs.
struct Stateless(fn(&Input<'_>) -> Option<Outcome>);

impl Family for Stateless {
    fn decode(&mut self, input: &Input<'_>) -> Option<Outcome> {
        self.0(input)
    }
}

/// `online`/`offline` and their kin, as wills and availability topics say it.
fn is_online(text: &str) -> Option<bool> {
    let is = |words: [&str; 3]| words.iter().any(|word| text.eq_ignore_ascii_case(word));
    match () {
        () if is(["online", "true", "connected"]) => Some(true),
        () if is(["offline", "false", "disconnected"]) => Some(false),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_and_folder_are_equal() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/decode/family");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|file| file.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
            .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
            .filter(|name| name != "mod")
            .collect();
        let mut names: Vec<_> = FAMILIES.iter().map(|entry| entry.name.to_owned()).collect();
        files.sort();
        names.sort();
        assert_eq!(files, names);
    }
}
