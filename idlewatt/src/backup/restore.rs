//! Putting a backup back: checked first, then beside what is there, then in its place.
//!
//! A note in the state folder says that a restore is under way; the service does not start while it lies there, so a
//! restore that was killed in the middle is never taken for a sound folder. Doing it again finishes it.

use std::fs::File;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use deliver::report::write_whole;
use jiff::Timestamp;

use super::manifest::{Entry, Manifest, is_restored, verify};
use super::{Progress, Tally, digest, sync_folder};
use crate::config::Config;
use crate::pipeline::Files;

/// The note.
const NOTE: &str = "restore.unfinished";
/// What a file is called until all are there.
const NEW: &str = ".restoring";
/// What SQLite keeps beside a database.
const COMPANIONS: [&str; 3] = ["", "-wal", "-shm"];

/// What was put back.
pub struct Restored {
    /// What the backup says.
    pub manifest: Manifest,
    /// What stood in its place, under its new names.
    pub moved_aside: Vec<PathBuf>,
}

/// Puts a backup into the state folder; what stands there is renamed, never deleted.
///
/// # Errors
/// The backup is damaged, the service runs, or the folder cannot be written.
pub fn restore(
    config: &Config,
    backup: &Path,
    now: Timestamp,
    progress: Progress<'_>,
) -> anyhow::Result<Restored> {
    let manifest = verify(backup, &mut *progress)?;
    let state = &config.state_dir;
    std::fs::create_dir_all(state)
        .with_context(|| format!("the state folder {} cannot be made", state.display()))?;
    let held = ingest::journal::hold(&Files(state).journal())
        .context("the service runs: stop it first (systemctl stop idlewatt)")?;
    put_note(state, backup)?;
    let entries = || manifest.files.iter().filter(|entry| is_restored(entry));
    let mut tally = Tally::new(entries().map(|entry| entry.bytes).sum(), progress);
    for entry in entries() {
        bring(entry, backup, state, &mut tally)?;
    }
    let mut moved_aside = Vec::new();
    for entry in entries() {
        moved_aside.extend(move_aside(&state.join(&entry.name), now)?);
        let name = state.join(&entry.name);
        std::fs::rename(state.join(entry.name.clone() + NEW), &name)
            .with_context(|| format!("{} cannot be put in its place", name.display()))?;
    }
    sync_folder(state)?;
    std::fs::remove_file(state.join(NOTE))?;
    sync_folder(state)?;
    own_like_folder(state, held)?;
    Ok(Restored {
        manifest,
        moved_aside,
    })
}

/// The service asks before it opens anything.
///
/// # Errors
/// A restore was not finished.
pub fn refuse_unfinished(state: &Path) -> anyhow::Result<()> {
    let Ok(backup) = std::fs::read_to_string(state.join(NOTE)) else {
        return Ok(());
    };
    bail!(
        "{} holds parts of a backup that was not restored to its end; run `idlewatt restore {}` again",
        state.display(),
        backup.trim()
    )
}

fn put_note(state: &Path, backup: &Path) -> anyhow::Result<()> {
    let backup = backup.canonicalize()?;
    let note = state.join(NOTE);
    write_whole(&note, format!("{}\n", backup.display()).as_bytes())
        .and_then(|()| sync_folder(state))
        .with_context(|| format!("{} cannot be written", note.display()))
}

/// Copies a file under its provisional name; what was copied must be what was backed up.
fn bring(entry: &Entry, backup: &Path, state: &Path, tally: &mut Tally<'_>) -> anyhow::Result<()> {
    let new = state.join(entry.name.clone() + NEW);
    let found = digest::copy(&backup.join(&entry.name), &new, |bytes| {
        tally.at(&entry.name, bytes);
    })
    .with_context(|| format!("{} cannot be written; is there room?", new.display()))?;
    std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o600))?;
    tally.done(entry.bytes);
    entry.must_be(&found)
}

/// Renames what stands in the way, with what SQLite keeps beside it.
fn move_aside(path: &Path, now: Timestamp) -> anyhow::Result<Vec<PathBuf>> {
    let stamp = format!(".before-{}", now.strftime("%Y%m%dT%H%M%SZ"));
    let named = |ending: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    };
    let mut moved = Vec::new();
    for companion in COMPANIONS {
        let aside = named(&format!("{stamp}{companion}"));
        match std::fs::rename(named(companion), &aside) {
            Ok(()) => moved.push(aside),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => {
                return Err(error).with_context(|| format!("{} cannot be moved aside", path.display()));
            }
        }
    }
    Ok(moved)
}

/// What root restores belongs to whom the folder belongs to; the held lock's file among it.
fn own_like_folder(state: &Path, held: File) -> anyhow::Result<()> {
    drop(held);
    let owner = std::fs::metadata(state)?;
    for entry in std::fs::read_dir(state)? {
        let path = entry?.path();
        let now = std::fs::symlink_metadata(&path)?;
        if now.is_file() && (now.uid(), now.gid()) != (owner.uid(), owner.gid()) {
            std::os::unix::fs::chown(&path, Some(owner.uid()), Some(owner.gid()))
                .with_context(|| format!("{} cannot be given to the folder's owner", path.display()))?;
        }
    }
    Ok(())
}
