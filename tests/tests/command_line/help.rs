//! Every command explains itself, its examples can be typed, and the documents say the same.

use std::path::Path;

use clap::Command;
use idlewatt::help::{all, called, chapters, reference, tree};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
/// What stands between commands of a shell's line.
const BETWEEN: [&str; 5] = ["|", ">", ";", "&&", "<"];

/// The words of a line as a shell takes them, with what stands between commands as words of their own.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for letter in line.chars() {
        match (quote, letter) {
            (Some(open), _) if open == letter => quote = None,
            (Some(_), _) => word.get_or_insert_default().push(letter),
            (None, '\'' | '"') => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take()),
            (None, ';') => {
                words.extend(word.take());
                words.push(";".to_owned());
            }
            (None, _) => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

/// The calls of idlewatt in an example.
fn calls(line: &str) -> Vec<Vec<String>> {
    let words = words(line);
    let parts = words.split(|word| BETWEEN.contains(&word.as_str()));
    let calls = parts.filter(|part| part.first().is_some_and(|first| first == "idlewatt"));
    calls.map(<[String]>::to_vec).collect()
}

fn examples(command: &Command) -> Vec<String> {
    let chapters = chapters(command);
    let examples = chapters.into_iter().filter(|chapter| chapter.title == "Examples");
    examples.flat_map(|chapter| chapter.lines).collect()
}

#[test]
fn every_command_has_examples_and_each_of_them_can_be_typed() {
    let tree = tree();
    for command in all(&tree) {
        let name = called(command);
        let examples = examples(command);
        assert!(!examples.is_empty(), "{name} has no examples in its after_help");
        let mut own = 0;
        for line in &examples {
            for call in calls(line) {
                own += usize::from(call.join(" ").starts_with(name));
                let parsed = idlewatt::command::tree().try_get_matches_from(&call);
                assert!(parsed.is_ok(), "{name}: {line}: {}", parsed.unwrap_err());
            }
        }
        assert!(own > 0, "{name}: no example calls it");
    }
}

#[test]
fn every_command_and_every_argument_says_what_it_is_for() {
    let tree = tree();
    for command in all(&tree) {
        let name = called(command);
        assert!(command.get_about().is_some(), "{name} says nothing of itself");
        for argument in command.get_arguments() {
            let help = argument.get_help().map(ToString::to_string);
            let is_long = help.is_some_and(|help| help.len() > 3);
            assert!(is_long, "{name}: {} has no help", argument.get_id());
        }
        let has_json = command
            .get_arguments()
            .any(|argument| argument.get_id() == "json");
        let says_json = chapters(command)
            .iter()
            .any(|chapter| chapter.title == "With --json");
        assert_eq!(
            has_json, says_json,
            "{name}: --json and the chapter on it go together"
        );
    }
}

#[test]
fn what_several_commands_take_is_called_the_same() {
    let tree = tree();
    for command in all(&tree) {
        for argument in command.get_arguments() {
            let short = match argument.get_id().as_str() {
                "config" => Some('c'),
                "quiet" => Some('q'),
                "output" => Some('o'),
                _ => None,
            };
            let name = called(command);
            assert_eq!(
                argument.get_short().filter(|short| !"hV".contains(*short)),
                short,
                "{name} {}",
                argument.get_id()
            );
        }
    }
}

#[test]
fn the_reference_is_what_the_tree_says() {
    let mut text = Vec::new();
    reference::write(&mut text).expect("memory grows");
    let written = std::fs::read_to_string(Path::new(ROOT).join("docs/cli.md")).unwrap_or_default();
    let text = String::from_utf8(text).expect("text");
    assert!(
        text == written,
        "docs/cli.md is not up to date: cargo run -- man --markdown > docs/cli.md"
    );
}

#[test]
fn the_readme_has_a_row_for_each_command_and_no_other() {
    let readme = std::fs::read_to_string(Path::new(ROOT).join("README.md")).expect("it is there");
    let rows = readme
        .lines()
        .filter_map(|line| line.strip_prefix("| `idlewatt "));
    let rows: Vec<&str> = rows.filter_map(|row| row.split('`').next()).collect();
    let tree = tree();
    let mut commands: Vec<&str> = tree.get_subcommands().map(Command::get_name).collect();
    commands.sort_unstable();
    assert_eq!(rows, commands, "the table is in the order of the alphabet");
}
