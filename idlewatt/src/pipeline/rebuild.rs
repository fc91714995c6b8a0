//! Saying the past again: how a command asks for it, and how the service takes it up.
//!
//! The journal and the findings log have one writer each, the service. So a command leaves a note in the state folder
//! ([`ask`]), and the service takes it up at its next start or reload ([`take_up`]): exactly when it also takes up the
//! configuration that the past is to be said with. Killed in the middle it is taken up again, once.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::Context;
use deliver::history::History;
use deliver::log::{FindingsLog, LogReader};
use deliver::rebuild::Rebuild;
use ingest::journal::JournalReader;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::config::Config;

/// What a person does next.
pub const HOW: &str = "The service takes it up at its next start or reload (systemctl reload idlewatt, or kill -HUP), together \
                       with the configuration; `idlewatt status` shows how far it is. Messages go on being journalled meanwhile.";

/// Findings handed to the history at once.
const FINDINGS_MAX: usize = 20_000;

/// The note.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// Names it, so that it is done once.
    pub id: String,
    /// From here on.
    pub since: Timestamp,
}

fn file(state_dir: &Path) -> PathBuf {
    state_dir.join("rebuild.json")
}

/// The note that waits, if one does.
///
/// # Errors
/// It cannot be read.
pub fn pending(state_dir: &Path) -> anyhow::Result<Option<Request>> {
    let path = file(state_dir);
    match std::fs::read(&path) {
        Ok(bytes) => {
            let request = serde_json::from_slice(&bytes);
            Ok(Some(request.with_context(|| {
                format!(
                    "{} is no request of `idlewatt replay --write`; delete it",
                    path.display()
                )
            })?))
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
    }
}

/// Leaves a note for the service, durably. One that waits already is widened.
///
/// # Errors
/// The state folder cannot be written.
pub fn ask(state_dir: &Path, since: Timestamp) -> anyhow::Result<Request> {
    let before = pending(state_dir)?.map(|request| request.since);
    let request = Request {
        id: format!(
            "{}-{}",
            ingest::clock::wall().as_microsecond(),
            std::process::id()
        ),
        since: before.map_or(since, |before| before.min(since)),
    };
    let (path, new) = (file(state_dir), state_dir.join("rebuild.json.new"));
    let write = || -> std::io::Result<()> {
        let mut file = File::create(&new)?;
        file.write_all(&serde_json::to_vec(&request)?)?;
        file.sync_all()?;
        std::fs::rename(&new, &path)?;
        File::open(state_dir)?.sync_all()
    };
    write().with_context(|| {
        format!(
            "{} cannot be written; run it as the service's user",
            path.display()
        )
    })?;
    Ok(request)
}

/// From where on the past can be said again: the journal must hold what came before, for the analyzer hears nothing else.
/// Ledger rows are whole hours, so it is the beginning of a local hour.
///
/// # Errors
/// The journal cannot be read.
pub fn earliest(config: &Config, journal: &JournalReader, since: Timestamp) -> anyhow::Result<Timestamp> {
    let site = &config.site.site;
    let hour = site.hour_start(since);
    if journal.total_before_first()? == 0 {
        return Ok(hour);
    }
    let first = journal.first_committed()?.unwrap_or(since);
    Ok(hour.max(site.hour_start(first) + SignedDuration::from_hours(1)))
}

/// Takes up what a command has asked for, before any stage runs.
///
/// # Errors
/// A file cannot be read or written; nothing has changed then.
pub(super) fn take_up(
    config: &Config,
    journal: &JournalReader,
    log: &mut FindingsLog,
    reader: &LogReader,
    history: &mut History,
) -> anyhow::Result<()> {
    let Some(request) = pending(&config.state_dir)? else {
        return Ok(());
    };
    // what lasts over the instant is looked up in the history, which has to know all that was said
    loop {
        let rows = reader.read_after(history.cursor(), FINDINGS_MAX)?;
        if rows.is_empty() {
            break;
        }
        for row in &rows {
            history.apply(row.seq, &row.findings)?;
        }
    }
    let since = earliest(config, journal, request.since)?;
    let rebuild = Rebuild::new(request.id, since, history.seams(since)?);
    if log.rewind(&rebuild, journal.last_seq()?)? {
        tracing::info!(%since, "the past is analyzed again with this configuration; sinks write it in place of what they have");
    }
    let path = file(&config.state_dir);
    std::fs::remove_file(&path).with_context(|| format!("{} cannot be deleted", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_note_is_kept_until_it_is_taken_up_and_a_second_one_widens_it() {
        let folder = tempfile::tempdir().expect("a folder");
        let at = |second| Timestamp::from_second(second).expect("in range");
        assert_eq!(pending(folder.path()).expect("readable"), None);
        ask(folder.path(), at(1000)).expect("written");
        ask(folder.path(), at(2000)).expect("written");
        let waiting = pending(folder.path()).expect("readable").expect("it waits");
        assert_eq!(waiting.since, at(1000));
        std::fs::write(file(folder.path()), "{").expect("written");
        let fault = pending(folder.path()).expect_err("half a note");
        assert!(fault.to_string().contains("delete it"), "{fault}");
    }
}
