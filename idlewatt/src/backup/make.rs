//! Making a backup: into a folder that bears its name only when it is whole.

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};
use deliver::history::Reader;
use deliver::log::standing;
use deliver::report::write_whole;
use ingest::journal::JournalReader;
use jiff::Timestamp;

use super::copy::{Snapshot, fault};
use super::manifest::{self, Entry, Manifest, Standing};
use super::{CONFIGURATION, DATABASES, Progress, REPORTS, Tally, digest, sync_folder};
use crate::config::Config;
use crate::pipeline::Files;

/// What the folders' names begin with.
const PREFIX: &str = "idlewatt-";
/// While it is being made.
const UNFINISHED: &str = ".unfinished";
/// The service may delete what is done with between two snapshots; then they are taken again.
const TRIES: usize = 3;

/// What was made.
pub struct Made {
    /// Its folder.
    pub folder: PathBuf,
    /// What it says.
    pub manifest: Manifest,
    /// Older backups that were deleted.
    pub deleted: Vec<PathBuf>,
    /// What others began and did not finish, or are at.
    pub left_over: Vec<PathBuf>,
}

/// Makes a backup below `shelf`, named by its instant; then deletes the oldest of those there but for `keep`.
///
/// # Errors
/// A file cannot be read, or the copy not be written: nothing is left then.
pub fn make(
    config: &Config,
    configuration: &Path,
    shelf: &Path,
    now: Timestamp,
    keep: Option<usize>,
    progress: Progress<'_>,
) -> anyhow::Result<Made> {
    std::fs::create_dir_all(shelf).with_context(|| format!("{} cannot be made", shelf.display()))?;
    let inside = || {
        Some(
            shelf
                .canonicalize()
                .ok()?
                .starts_with(config.state_dir.canonicalize().ok()?),
        )
    };
    ensure!(
        inside() != Some(true),
        "{} is in the state folder: it would be lost with it; name a folder on another disk",
        shelf.display()
    );
    let left_over = unfinished_on(shelf)?;
    let name = format!("{PREFIX}{}", now.strftime("%Y%m%dT%H%M%S.%3fZ"));
    let (folder, unfinished) = (shelf.join(&name), shelf.join(name + UNFINISHED));
    ensure!(!folder.exists(), "{} is there already", folder.display());
    std::fs::create_dir(&unfinished).with_context(|| {
        format!(
            "{} cannot be made; is another backup under way?",
            unfinished.display()
        )
    })?;
    let filled = fill(config, configuration, &unfinished, now, progress);
    let manifest = match filled {
        Ok(manifest) => manifest,
        Err(error) => {
            let _ = std::fs::remove_dir_all(&unfinished);
            return Err(error);
        }
    };
    std::fs::rename(&unfinished, &folder)
        .and_then(|()| sync_folder(shelf))
        .with_context(|| format!("{} cannot be made", folder.display()))?;
    let deleted = keep.map_or_else(|| Ok(Vec::new()), |keep| delete_oldest(shelf, keep))?;
    Ok(Made {
        folder,
        manifest,
        deleted,
        left_over,
    })
}

/// Backups on a shelf that are not whole.
fn unfinished_on(shelf: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = on(shelf)?;
    found.retain(|(_, name)| name.starts_with(PREFIX) && name.ends_with(UNFINISHED));
    Ok(found.into_iter().map(|(path, _)| path).collect())
}

/// Paths and names on a shelf, sorted.
fn on(shelf: &Path) -> anyhow::Result<Vec<(PathBuf, String)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(shelf).with_context(|| format!("{} cannot be read", shelf.display()))? {
        let entry = entry?;
        found.push((entry.path(), entry.file_name().to_string_lossy().into_owned()));
    }
    found.sort();
    Ok(found)
}

/// Everything, and last what is said of it.
fn fill(
    config: &Config,
    configuration: &Path,
    folder: &Path,
    now: Timestamp,
    progress: Progress<'_>,
) -> anyhow::Result<Manifest> {
    let standing = copy_databases(config, folder, progress)?;
    let mut entries = Vec::new();
    for database in DATABASES {
        let written = digest::of_file(&folder.join(database.name), |_| {})?;
        entries.push(Entry::new(database.name, written));
    }
    let files = Files(&config.state_dir);
    for (name, from, is_needed) in [
        (REPORTS, files.reports(), false),
        (CONFIGURATION, configuration.to_owned(), true),
    ] {
        if is_needed || from.exists() {
            let written = digest::copy(&from, &folder.join(name), |_| {})
                .with_context(|| format!("{} cannot be copied", from.display()))?;
            entries.push(Entry::new(name, written));
        }
    }
    let manifest = Manifest::new(now, &config.site.name, &standing, entries);
    let text = serde_json::to_string_pretty(&manifest)? + "\n";
    write_whole(&folder.join(manifest::NAME), text.as_bytes())?;
    sync_folder(folder)?;
    Ok(manifest)
}

fn copy_databases(config: &Config, folder: &Path, progress: Progress<'_>) -> anyhow::Result<Standing> {
    let files = Files(&config.state_dir);
    for _ in 0..TRIES {
        let snapshots = DATABASES
            .iter()
            .map(|database| Ok((database.name, Snapshot::take(&(database.path)(&files))?)))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let mut of = 0;
        for (_, snapshot) in &snapshots {
            of += snapshot.bytes()?;
        }
        let mut tally = Tally::new(of, &mut *progress);
        for (name, snapshot) in snapshots {
            let target = folder.join(name);
            snapshot.copy_to(&target, |bytes| tally.at(name, bytes))?;
            tally.done(snapshot.bytes()?);
            if let Some(fault) = fault(&target) {
                bail!(
                    "{name} of the running service is damaged: {fault}; look at its disk, and keep the backups you have"
                );
            }
        }
        if let Some(standing) = stands_together(folder)? {
            return Ok(standing);
        }
        for database in DATABASES {
            std::fs::remove_file(folder.join(database.name))?;
        }
    }
    bail!(
        "the history lags behind what the findings log still has, {TRIES} times; see `idlewatt status`, and try again later"
    )
}

/// How far the copies are; none where one refers to what the other does not have.
fn stands_together(folder: &Path) -> anyhow::Result<Option<Standing>> {
    let at = Files(folder);
    let (journal, findings) = (
        JournalReader::open(at.journal())?.last_seq()?,
        standing(&at.findings())?,
    );
    let history_seq = Reader::open(&at.history())?.cursor()?;
    let has_all = findings.first_kept.is_none_or(|first| first <= history_seq + 1);
    let is_in_order = history_seq <= findings.last_seq && findings.journal_seq <= journal;
    Ok((has_all && is_in_order).then_some(Standing {
        journal_seq: journal,
        analyzed_seq: findings.journal_seq,
        findings_seq: findings.last_seq,
        history_seq,
    }))
}

/// Deletes whole backups of ours alone, the oldest first, until `keep` are left.
fn delete_oldest(shelf: &Path, keep: usize) -> anyhow::Result<Vec<PathBuf>> {
    let mut ours = on(shelf)?;
    ours.retain(|(path, name)| {
        name.starts_with(PREFIX) && !name.ends_with(UNFINISHED) && Manifest::read(path).is_ok()
    });
    let mut ours: Vec<PathBuf> = ours.into_iter().map(|(path, _)| path).collect();
    let surplus = ours.len().saturating_sub(keep.max(1));
    ours.truncate(surplus);
    for folder in &ours {
        let manifest = Manifest::read(folder)?;
        // the word that it is whole goes first
        let files = std::iter::once(manifest::NAME).chain(manifest.files.iter().map(|entry| &*entry.name));
        for name in files {
            std::fs::remove_file(folder.join(name))
                .with_context(|| format!("{}: {name} cannot be deleted", folder.display()))?;
        }
        std::fs::remove_dir(folder)
            .with_context(|| format!("{} holds files that are not of a backup", folder.display()))?;
    }
    Ok(ours)
}
