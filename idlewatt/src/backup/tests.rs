//! A state folder of real files, backed up and put back; and what is said of backups that are not whole.

use std::fs;
use std::path::{Path, PathBuf};

use analyzer::Finding;
use deliver::history::History;
use deliver::log::{FindingsLog, LogConfig};
use ingest::account::Noted;
use ingest::journal::{Journal, JournalReader};
use jiff::Timestamp;
use tempfile::TempDir;

use super::*;
use crate::config::Config;
use crate::example;

/// A hospital's folder, with something in each file, and a shelf beside it.
struct World {
    folder: TempDir,
    config: Config,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = example::config(&folder.path().join("state"));
        fs::create_dir(&config.state_dir).expect("made");
        let world = Self { folder, config };
        fs::write(world.configuration(), "# what a person wrote\n").expect("written");
        world.live(3);
        world
    }

    /// So many batches come, and are taken in as far as the history.
    fn live(&self, batches: u64) {
        let files = Files(&self.config.state_dir);
        let mut journal = Journal::open(files.journal(), &self.config.journal).expect("a journal");
        let mut log = FindingsLog::open(&files.findings(), &LogConfig::default()).expect("a log");
        let mut history = History::open(&files.history(), &self.config.history).expect("a history");
        log.register(&["history"]).expect("registered");
        for _ in 0..batches {
            let seq = journal
                .append(at(100), &[], 0, &Noted::default())
                .expect("on disk");
            let findings: [Finding; 0] = [];
            let row = log.append(seq, at(100), &findings, None).expect("written");
            history.apply(row, &findings).expect("taken in");
        }
    }

    fn configuration(&self) -> PathBuf {
        self.folder.path().join("idlewatt.toml")
    }

    fn shelf(&self) -> PathBuf {
        self.folder.path().join("shelf")
    }

    fn make(&self, second: i64, keep: Option<usize>) -> anyhow::Result<Made> {
        make(
            &self.config,
            &self.configuration(),
            &self.shelf(),
            at(second),
            keep,
            &mut |_, _, _| {},
        )
    }

    fn restore(&self, backup: &Path) -> anyhow::Result<Restored> {
        restore(&self.config, backup, at(9000), &mut |_, _, _| {})
    }

    fn last_batch(&self) -> u64 {
        let journal = JournalReader::open(Files(&self.config.state_dir).journal()).expect("a journal");
        journal.last_seq().expect("readable")
    }

    /// Names and contents of the state folder.
    fn state(&self) -> Vec<(String, Vec<u8>)> {
        let mut all: Vec<_> = fs::read_dir(&self.config.state_dir)
            .expect("a folder")
            .map(|entry| entry.expect("an entry").path())
            .map(|path| {
                (
                    path.file_name().expect("named").to_string_lossy().into_owned(),
                    fs::read(&path).expect("a file"),
                )
            })
            .collect();
        all.sort();
        all
    }
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("in range")
}

fn refusal<T>(outcome: anyhow::Result<T>) -> String {
    outcome
        .err()
        .map(|error| format!("{error:#}"))
        .expect("it is refused")
}

#[test]
fn what_came_after_a_backup_is_gone_after_its_restore_and_lies_beside_it() {
    let world = World::new();
    let made = world.make(1000, None).expect("made");
    assert_eq!(
        (
            made.manifest.journal_seq,
            made.manifest.analyzed_seq,
            made.manifest.findings_seq,
            made.manifest.history_seq
        ),
        (3, 3, made.manifest.history_seq, made.manifest.findings_seq)
    );
    world.live(2);
    assert_eq!(world.last_batch(), 5);
    let restored = world.restore(&made.folder).expect("restored");
    assert_eq!(restored.manifest, made.manifest);
    assert_eq!(world.last_batch(), 3);
    let aside = world
        .config
        .state_dir
        .join("journal.sqlite.before-19700101T023000Z");
    assert!(
        restored.moved_aside.contains(&aside),
        "{:?}",
        restored.moved_aside
    );
    assert_eq!(
        JournalReader::open(aside)
            .expect("a journal")
            .last_seq()
            .expect("readable"),
        5
    );
    // all three go on from there together
    world.live(1);
    assert_eq!(world.last_batch(), 4);
    assert_eq!(
        fs::read_to_string(made.folder.join(CONFIGURATION)).expect("there"),
        "# what a person wrote\n"
    );
}

#[test]
fn an_empty_folder_takes_a_backup() {
    let world = World::new();
    let made = world.make(1000, None).expect("made");
    fs::remove_dir_all(&world.config.state_dir).expect("wiped");
    assert!(
        world
            .restore(&made.folder)
            .expect("restored")
            .moved_aside
            .is_empty()
    );
    assert_eq!(world.last_batch(), 3);
}

#[test]
fn what_is_not_whole_is_said_and_changes_nothing() {
    let world = World::new();
    let folder = world.make(1000, None).expect("made").folder;
    let before = world.state();
    let journal = folder.join("journal.sqlite");
    let sound = fs::read(&journal).expect("a file");
    let mut flipped = sound.clone();
    flipped[sound.len() / 2] ^= 1;
    for (content, says) in [
        (Some(&flipped[..]), "journal.sqlite is damaged"),
        (Some(&sound[..sound.len() - 1]), "journal.sqlite is damaged"),
        (None, "cannot be read; take another backup"),
    ] {
        match content {
            Some(content) => fs::write(&journal, content).expect("written"),
            None => fs::remove_file(&journal).expect("removed"),
        }
        let refused = refusal(world.restore(&folder));
        assert!(refused.contains(says), "{refused}");
        assert!(refusal(verify(&folder, &mut |_, _, _| {})).contains(says));
    }
    fs::write(&journal, &sound).expect("written");
    let manifest = fs::read_to_string(folder.join(manifest::NAME)).expect("there");
    for (text, says) in [
        (
            manifest.replace("\"format\": 1", "\"format\": 2"),
            "is of format 2, this idlewatt knows 1",
        ),
        (
            manifest.replace("journal.sqlite", "../journal.sqlite"),
            "is no file's name",
        ),
        ("{".to_owned(), "backup.json is damaged"),
    ] {
        fs::write(folder.join(manifest::NAME), text).expect("written");
        let refused = refusal(world.restore(&folder));
        assert!(refused.contains(says), "{refused}");
    }
    fs::remove_file(folder.join(manifest::NAME)).expect("removed");
    let refused = refusal(world.restore(&folder));
    assert!(
        refused.contains("is no backup, or one that was not finished"),
        "{refused}"
    );
    assert_eq!(world.state(), before);
}

#[test]
fn a_running_service_is_left_alone() {
    let world = World::new();
    let folder = world.make(1000, None).expect("made").folder;
    let files = Files(&world.config.state_dir);
    let _service = Journal::open(files.journal(), &world.config.journal).expect("a journal");
    let refused = refusal(world.restore(&folder));
    assert!(refused.contains("stop it first"), "{refused}");
    refuse_unfinished(&world.config.state_dir).expect("nothing was begun");
}

#[test]
fn a_restore_that_was_cut_short_is_known_and_can_be_done_again() {
    let world = World::new();
    let folder = world.make(1000, None).expect("made").folder;
    // what stands in a new file's way ends it in the middle
    let obstacle = world.config.state_dir.join("findings.sqlite.restoring");
    fs::create_dir(&obstacle).expect("made");
    let refused = refusal(world.restore(&folder));
    assert!(refused.contains("cannot be written"), "{refused}");
    let refused = refusal(refuse_unfinished(&world.config.state_dir));
    assert!(
        refused.contains("not restored to its end") && refused.contains(&folder.display().to_string()),
        "{refused}"
    );
    fs::remove_dir(&obstacle).expect("removed");
    world.restore(&folder).expect("restored");
    refuse_unfinished(&world.config.state_dir).expect("finished");
    assert_eq!(world.last_batch(), 3);
}

#[test]
fn only_the_oldest_of_our_own_backups_are_deleted() {
    let world = World::new();
    let first = world.make(1000, None).expect("made").folder;
    let strange = world.shelf().join("idlewatt-19700101T000000.000Z");
    fs::create_dir(&strange).expect("made");
    world.make(1001, None).expect("made");
    assert!(refusal(world.make(1001, None)).contains("is there already"));
    let made = world.make(1002, Some(2)).expect("made");
    assert_eq!(made.deleted, std::slice::from_ref(&first));
    assert!(!first.exists() && strange.exists());
    assert_eq!(fs::read_dir(world.shelf()).expect("a folder").count(), 3);
}

#[test]
fn a_backup_that_cannot_be_made_leaves_nothing() {
    let mut world = World::new();
    fs::remove_file(Files(&world.config.state_dir).history()).expect("removed");
    let refused = refusal(world.make(1000, None));
    assert!(refused.contains("history.sqlite cannot be read"), "{refused}");
    assert_eq!(fs::read_dir(world.shelf()).expect("a folder").count(), 0);
    world.config.state_dir = world.folder.path().to_owned();
    let refused = refusal(world.make(1000, None));
    assert!(refused.contains("is in the state folder"), "{refused}");
}
