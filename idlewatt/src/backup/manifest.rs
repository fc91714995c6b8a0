//! What a backup says of itself, and whether it is so.

use std::path::Path;

use anyhow::{Context, ensure};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::{CONFIGURATION, Progress, Tally, copy, digest};

/// The name of the file.
pub(super) const NAME: &str = "backup.json";
/// Raised when a backup is another thing.
const FORMAT: u32 = 1;

/// What `backup.json` says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    format: u32,
    /// When its instant was.
    pub at: Timestamp,
    /// The version of the program that made it.
    pub idlewatt: String,
    /// The site's name, so that two hospitals are not mistaken for each other.
    pub site: String,
    /// The last batch of the journal.
    pub journal_seq: u64,
    /// The batch up to which it was analyzed.
    pub analyzed_seq: u64,
    /// The last row of the findings log.
    pub findings_seq: u64,
    /// The row up to which the history had taken it in.
    pub history_seq: u64,
    /// The files.
    pub files: Vec<Entry>,
}

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Its name in the folder.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, hexadecimal.
    pub sha256: String,
}

/// How far the databases were.
pub(super) struct Standing {
    pub(super) journal_seq: u64,
    pub(super) analyzed_seq: u64,
    pub(super) findings_seq: u64,
    pub(super) history_seq: u64,
}

impl Manifest {
    pub(super) fn new(at: Timestamp, site: &str, standing: &Standing, files: Vec<Entry>) -> Self {
        Self {
            format: FORMAT,
            at,
            idlewatt: env!("CARGO_PKG_VERSION").to_owned(),
            site: site.to_owned(),
            journal_seq: standing.journal_seq,
            analyzed_seq: standing.analyzed_seq,
            findings_seq: standing.findings_seq,
            history_seq: standing.history_seq,
            files,
        }
    }

    /// Reads that of a backup.
    ///
    /// # Errors
    /// The folder is no backup, or one of a newer program.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        let path = folder.join(NAME);
        let text = std::fs::read_to_string(&path).with_context(|| {
            format!(
                "{} is no backup, or one that was not finished: name a folder that `idlewatt backup` has made",
                folder.display()
            )
        })?;
        let manifest: Self = serde_json::from_str(&text)
            .with_context(|| format!("{} is damaged: take another backup", path.display()))?;
        ensure!(
            manifest.format == FORMAT,
            "{} is of format {}, this idlewatt knows {FORMAT}: use idlewatt {} or newer",
            path.display(),
            manifest.format,
            manifest.idlewatt
        );
        for entry in &manifest.files {
            let is_name = !entry.name.contains('/') && !entry.name.starts_with('.');
            ensure!(is_name, "{}: {:?} is no file's name", path.display(), entry.name);
        }
        Ok(manifest)
    }

    /// All bytes of its files.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|entry| entry.bytes).sum()
    }
}

impl Entry {
    /// What was written under a name.
    pub(super) fn new(name: &str, (bytes, sha256): (u64, String)) -> Self {
        let name = name.to_owned();
        Self { name, bytes, sha256 }
    }

    /// Refuses bytes that are not what they were.
    pub(super) fn must_be(&self, (bytes, sha256): &(u64, String)) -> anyhow::Result<()> {
        ensure!(
            *bytes == self.bytes && *sha256 == self.sha256,
            "{} is damaged: it has {bytes} bytes and not the content that was written, {} bytes; take another backup",
            self.name,
            self.bytes
        );
        Ok(())
    }
}

/// Whether everything is there and sound: lengths, hashes, and the databases by SQLite's own check.
///
/// # Errors
/// What is wrong with it.
pub fn verify(folder: &Path, progress: Progress<'_>) -> anyhow::Result<Manifest> {
    let manifest = Manifest::read(folder)?;
    let mut tally = Tally::new(manifest.bytes(), progress);
    for entry in &manifest.files {
        let path = folder.join(&entry.name);
        let found = digest::of_file(&path, |bytes| tally.at(&entry.name, bytes))
            .with_context(|| format!("{} cannot be read; take another backup", path.display()))?;
        entry.must_be(&found)?;
        tally.done(entry.bytes);
        let is_database = super::DATABASES
            .iter()
            .any(|database| database.name == entry.name);
        if let Some(fault) = is_database.then(|| copy::fault(&path)).flatten() {
            anyhow::bail!("{} is damaged: {fault}; take another backup", path.display());
        }
    }
    Ok(manifest)
}

/// Which files are put back.
pub(super) fn is_restored(entry: &Entry) -> bool {
    entry.name != CONFIGURATION
}
