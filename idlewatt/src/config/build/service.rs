//! Where things are kept, and how much of them.

use std::path::PathBuf;

use deliver::history::HistoryConfig;
use deliver::log::LogConfig;
use ingest::journal::JournalConfig;

use crate::config::review::Review;
use crate::config::schema;
use crate::config::secret::resolve;

/// Set by systemd for a unit with `StateDirectory=`.
const STATE_DIRECTORY: &str = "STATE_DIRECTORY";
/// Where nothing else is said, beside the file.
const STATE_FOLDER: &str = "idlewatt-state";

/// The folder in which everything is kept.
pub(crate) fn state_dir(review: &Review<'_>, file: &schema::File) -> PathBuf {
    let given_by_systemd = std::env::var_os(STATE_DIRECTORY).filter(|folder| !folder.is_empty());
    match (&*file.service.state_dir, given_by_systemd) {
        (Some(folder), _) => resolve(review, folder),
        (None, Some(folder)) => folder.into(),
        (None, None) => resolve(review, STATE_FOLDER.as_ref()),
    }
}

/// The journal.
pub(crate) fn journal(review: &mut Review<'_>, file: &schema::File) -> JournalConfig {
    let section = &file.journal;
    let built = JournalConfig {
        commit_after_ms: *section.commit_after_ms,
        commit_records_max: *section.commit_records_max,
        commit_bytes_max: *section.commit_bytes_max,
        heartbeat_every_s: *section.heartbeat_every_s,
        qos0_waiting_max: *section.qos0_waiting_max,
        keep_days: *section.keep_days,
        keep_bytes_max: *section.keep_bytes_max,
        prune_every_s: *section.prune_every_s,
        quarantine_rows_max: *section.quarantine_rows_max,
        quarantine_bytes_max: *section.quarantine_bytes_max,
    };
    for (key, what, mend) in built.check() {
        review.fault_key(section, key, what, mend);
    }
    built
}

/// The findings log.
pub(crate) fn findings(review: &mut Review<'_>, file: &schema::File) -> LogConfig {
    let section = &file.findings;
    if *section.keep_bytes_max < 1 << 20 {
        let what = format!(
            "{} bytes do not hold an hour of findings",
            *section.keep_bytes_max
        );
        review.fault(
            section.keep_bytes_max.span(),
            what,
            "give it at least 1048576; 4 GiB is a good value",
        );
    }
    LogConfig {
        bytes_max: *section.keep_bytes_max,
        rejected_max: *section.rejected_max,
        ..LogConfig::default()
    }
}

/// The local history.
pub(crate) fn history(review: &mut Review<'_>, file: &schema::File) -> HistoryConfig {
    let section = &file.history;
    for days in [&section.minute_rows_keep_days, &section.keep_days] {
        if **days == 0 {
            review.fault(days.span(), "0 days keep nothing", "write at least 1");
        }
    }
    HistoryConfig {
        minute_rows_kept_days: *section.minute_rows_keep_days,
        kept_days: *section.keep_days,
        faults_max: *section.faults_max,
    }
}
